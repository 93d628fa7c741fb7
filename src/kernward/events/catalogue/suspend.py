"""The machine was put to sleep."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="suspend",
    title="System suspend",
    class_="state",
    severity="info",
    subsystem="PM",
    patterns=(
        Pattern(
            literal="PM: suspend entry (",
            regex=r"PM: suspend entry \((?P<state>[\w-]{1,20})\)",
            printed=("PM: suspend entry (%s)",),
        ),
        Pattern(
            literal="PM: hibernation: hibernation entry",
            regex=r"PM: hibernation: (?P<state>hibernation) entry",
        ),
    ),
    fields=(Field("state", "str", "s2idle, shallow, deep, or hibernation"),),
    key=("state",),
    printed_by=(
        "kernel/power/suspend.c:pm_suspend",
        "kernel/power/hibernate.c:hibernate",
    ),
    meaning=(
        "The machine goes to sleep; time stops for its programs until it wakes. On a server that should not "
        "sleep this is itself the incident. A gap in the log after this line is the sleep."
    ),
    next_steps=(
        "Who asked: `journalctl -u systemd-suspend -u systemd-logind`.",
        "To forbid it: `systemctl mask sleep.target suspend.target hibernate.target`.",
    ),
    confused_with=(
        "suspend-failed: it did not come to sleep",
        "reboot: the machine went down",
    ),
    example="[90110.001001] PM: suspend entry (deep)",
    near_miss="[    0.001001] PM: hibernation: Registered nosave memory: [mem 0x00000000-0x00000fff]",
)
