"""Machine checks were recorded, but not printed."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="mce-logged",
    title="Machine check events logged",
    class_="hardware",
    severity="warning",
    subsystem="x86/mce",
    patterns=(
        Pattern(
            literal="Machine check events logged",
            regex=r"(?:mce: )?\[Hardware Error\]: Machine check events logged",
            printed=("Machine check events logged",),
        ),
    ),
    printed_by=("arch/x86/kernel/cpu/mce/core.c:mce_notify_irq",),
    meaning=(
        "The kernel read corrected (or not fatal) errors from the machine check banks and handed them to "
        "whoever listens: EDAC, mcelog, rasdaemon. The line is rate-limited to one a minute and holds no "
        "details; they are with the listener."
    ),
    next_steps=(
        "Read them: `ras-mc-ctl --summary; ras-mc-ctl --errors`, or /var/log/mcelog.",
        "If nobody listens (`systemctl status rasdaemon mcelog`), the details are lost: install one.",
    ),
    confused_with=(
        "mce-corrected: the same events printed because nobody took them",
        "edac-corrected: the decoded memory errors among them",
    ),
    example="[ 4200.100001] mce: [Hardware Error]: Machine check events logged",
    near_miss="[    0.100001] mce: using 20 MCE banks",
)
