"""A network adapter reports a defective cable or transceiver."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nic-module-error",
    title="{driver}: port module error: {problem}",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="Port module event[error]: ",
            regex=(
                r"(?P<driver>mlx5_core) (?P<bus_id>[\w:.-]+): \w+:\d+:\(pid \d+\): Port module "
                r"event\[error\]: module (?P<module>\d+), (?P<problem>[^,]+)(?:, (?P<detail>.*))?"
            ),
            printed=("Port module event[error]: module %u, %s, %s",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the adapter"),
        Field("bus_id", "str", "PCI address"),
        Field("module", "int", "number of the port's module"),
        Field("problem", "str", "Cable error, …"),
        Field("detail", "str", "which error"),
    ),
    key=(
        "driver",
        "problem",
    ),
    printed_by=("drivers/net/ethernet/mellanox/mlx5/core/events.c:port_module",),
    meaning=(
        "The adapter looked at the module in its cage and refused it. Its memory is unreadable, "
        "it draws too much power or is too hot, or the cable is unsupported or shorted. The port "
        "has no link, or loses it, until the module is replaced."
    ),
    next_steps=(
        "ethtool -m IFACE: type, vendor, temperature, power levels",
        "Swap the module or cable with a good port's",
        "Is the module on the vendor's list; power budget of the slot",
    ),
    confused_with=("link-down: the link went down; the module may be well",),
    example=(
        "[ 4011.200010] mlx5_core 0000:5e:00.0: port_module:252:(pid 0): Port module "
        "event[error]: module 0, Cable error, Bus stuck (I2C or data shorted)"
    ),
    near_miss="[    7.200010] mlx5_core 0000:5e:00.0: Port module event: module 0, Cable plugged",
)
