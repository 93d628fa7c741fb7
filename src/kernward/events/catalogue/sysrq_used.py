"""Somebody gave a magic SysRq command."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="sysrq-used",
    title="sysrq: {command}",
    class_="state",
    severity="info",
    subsystem="sysrq",
    patterns=(
        Pattern(
            literal="sysrq: ",
            regex=(
                r"(?:sysrq: )(?:SysRq : )?(?P<command>Changing Loglevel|SAK|Keyboard mode set to system"
                r" default|Resetting|Emergency Sync|Show clockevent devices & pending hrtimers \(no"
                r" others\)|Emergency Remount R/O|Show Locks Held|Show backtrace of all active CPUs|Show"
                r" Regs|Show State|Show Blocked State|Dump ftrace buffer|Show Memory|Terminate All"
                r" Tasks|Manual OOM execution|Emergency Thaw of all frozen filesystems|Kill All Tasks|Nice"
                r" All RT Tasks|Replay kernel logs on consoles|This sysrq operation is disabled\.)\s*$"
            ),
            printed=("Show Blocked State", "Emergency Remount R/O", "This sysrq operation is disabled."),
        ),
    ),
    fields=(Field("command", "str", "what was asked for"),),
    key=("command",),
    printed_by=("drivers/tty/sysrq.c:__handle_sysrq",),
    meaning=(
        "A command was given by keyboard, by a break on the serial console, by the hypervisor or by "
        "/proc/sysrq-trigger. Somebody (or a tool) looks at a machine in trouble, or prepares to reset it. "
        "What such commands print (all tasks, all CPUs' stacks) is not by itself a crash."
    ),
    next_steps=(
        "Ask who did it: shell history, the console server's log, the orchestration's log of that minute.",
        (
            "Reports and stacks right after it are answers to the command; read them as a picture of the "
            "machine."
        ),
    ),
    confused_with=(
        "sysrq-crash: `Trigger a crash` is its own kind",
        "emergency-remount: the result of the R/O command",
    ),
    example="[44011.100001] sysrq: Show Blocked State",
    near_miss="[44011.100001] sysrq: HELP : loglevel(0-9) reboot(b) crash(c)",
)
