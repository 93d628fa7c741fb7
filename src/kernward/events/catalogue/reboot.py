"""The kernel restarts or stops the machine because it was told to."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="reboot",
    title="{action}",
    class_="state",
    severity="info",
    subsystem="reboot",
    patterns=(
        Pattern(
            literal="reboot: Restarting system",
            regex=r"reboot: (?P<action>Restarting system)(?: with command '(?P<command>[^']{0,200})')?",
        ),
        Pattern(
            literal="reboot: Power down",
            regex=r"reboot: (?P<action>Power down)",
        ),
        Pattern(
            literal="reboot: System halted",
            regex=r"reboot: (?P<action>System halted)",
        ),
        Pattern(
            literal="reboot: Power off not available: System halted instead",
            regex=r"reboot: Power off not available: (?P<action>System halted) instead",
            since="6.12",
        ),
        Pattern(
            literal=": Starting new kernel",
            regex=r"kexec(?:_core)?: (?P<action>Starting new kernel)",
            printed=("Starting new kernel",),
        ),
    ),
    fields=(
        Field(
            "action", "str", "Restarting system, Power down, System halted, or Starting new kernel (kexec)"
        ),
        Field("command", "str", "argument of the restart"),
    ),
    key=("action",),
    printed_by=(
        "kernel/reboot.c:kernel_restart",
        "kernel/reboot.c:kernel_power_off",
        "kernel/kexec_core.c:kernel_kexec",
    ),
    meaning=(
        "The last line of an orderly end: user space was stopped and asked the kernel to restart or to "
        "switch off. A boot that ends with it did not crash; one that ends without it did, or lost power, "
        "or was reset from outside."
    ),
    next_steps=(
        "Who asked: `last -x`, the previous boot's journal (`journalctl -b -1 -e`), the orchestrator.",
        (
            "An emergency restart (`reboot -f`, watchdog daemon, SysRq) ends with this line too, but "
            "without services being stopped before."
        ),
    ),
    confused_with=(
        "hardware-protection-shutdown: the kernel's own decision, against damage",
        "kernel-panic: `Rebooting in N seconds` after a panic is no orderly end",
    ),
    example="[88120.990001] reboot: Restarting system",
    near_miss="[    0.990001] reboot: Reboot set to cold boot",
)
