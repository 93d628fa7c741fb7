"""A bonding interface has no working member left."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="bond-no-active-interface",
    title="bonding: no active interface left",
    class_="network",
    severity="error",
    subsystem="bonding",
    patterns=(
        Pattern(
            literal="now running without any active interface",
            regex=r"(?:bonding: )?(?P<interface>[\w.-]{1,15}): now running without any active interface",
            printed=("now running without any active interface!",),
        ),
    ),
    fields=(Field("interface", "str", "bonding interface"),),
    printed_by=("drivers/net/bonding/bond_main.c:bond_select_active_slave",),
    meaning=(
        "The last member that could carry traffic is gone, so the bond is down: everything that "
        "goes over it, often the whole machine, is off the network. The machine itself is "
        "healthy. It is also printed while a bond is being set up or taken apart on purpose."
    ),
    next_steps=(
        "cat /proc/net/bonding/BOND shows each member and its failures",
        ("Both links at once: the switch, a configuration change there, or the adapter both ports are on"),
        "With ARP monitoring: the target, not the links",
        "At boot only: harmless if members come up afterwards",
    ),
    confused_with=("bond-slave-down: one member; others carry on",),
    example="[90212.212200] bond0: now running without any active interface!",
    near_miss="[   12.212200] bond0: (slave ens1f0): making interface the new active one",
)
