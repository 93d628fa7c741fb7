"""The kernel shuts the machine down to protect the hardware."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="hardware-protection-shutdown",
    title="Hardware protection shutdown",
    class_="hardware",
    severity="fatal",
    subsystem="reboot",
    patterns=(
        Pattern(
            literal="HARDWARE PROTECTION shutdown (",
            regex=r"reboot: HARDWARE PROTECTION shutdown \((?P<reason>[^)]{1,120})\)",
            printed=("HARDWARE PROTECTION shutdown (%s)",),
        ),
        Pattern(
            literal="Hardware protection shutdown failed. Trying emergency restart",
            regex=r"reboot: Hardware protection shutdown failed\. Trying emergency restart",
        ),
        Pattern(
            literal="Hardware protection timed-out. Trying forced poweroff",
            regex=r"reboot: Hardware protection timed-out\. Trying forced poweroff",
        ),
    ),
    fields=(Field("reason", "str", "who asked for it"),),
    key=("reason",),
    printed_by=("kernel/reboot.c:__hw_protection_shutdown",),
    meaning=(
        "A driver found that going on would damage the hardware: temperature too high, voltage too low, a "
        "regulator's failure. The kernel tells user space to power off, and does it by force when that "
        "takes too long."
    ),
    next_steps=(
        "The lines before say which sensor or regulator; `reason` says it in short.",
        "Treat the host as a hardware case; do not just power it on again.",
    ),
    confused_with=(
        "thermal-critical: the sensor that asked for it",
        "reboot: an orderly restart that somebody asked for",
    ),
    example="[72001.120009] reboot: HARDWARE PROTECTION shutdown (Temperature too high)",
    near_miss="[72001.120009] reboot: Power down",
)
