"""A watchdog's owner closed it without stopping it: the machine will be reset unless somebody pings it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="watchdog-not-stopped",
    title="watchdog did not stop",
    class_="state",
    severity="warning",
    subsystem="watchdog",
    patterns=(
        Pattern(
            literal=": watchdog did not stop!",
            regex=r"watchdog: (?P<watchdog>watchdog\d+): watchdog did not stop!",
        ),
    ),
    fields=(Field("watchdog", "str", "the device"),),
    printed_by=("drivers/watchdog/watchdog_dev.c:watchdog_release",),
    meaning=(
        "The program that fed the watchdog ended without the magic close, or the watchdog cannot be stopped "
        "(nowayout). The timer runs. At an orderly reboot under systemd it is normal, since systemd leaves "
        "it armed to guard the reboot; at any other moment the daemon crashed and a reset follows within "
        "the timeout."
    ),
    next_steps=(
        "Is it followed by `reboot: Restarting system`? Then it is the ordinary shutdown.",
        (
            "Otherwise look for the end of the daemon (watchdog, systemd, corosync) just before, and for an "
            "unexpected boot after."
        ),
    ),
    confused_with=("soft-lockup: the kernel's own watchdog of its CPUs",),
    example="[88120.880001] watchdog: watchdog0: watchdog did not stop!",
    near_miss="[    4.880001] watchdog: watchdog0: nowayout prevents watchdog being stopped!",
)
