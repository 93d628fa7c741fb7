"""An NMI handler ran for a long time."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nmi-handler-too-long",
    title="NMI handler took too long: {handler}",
    class_="state",
    severity="info",
    subsystem="x86/nmi",
    patterns=(
        Pattern(
            literal=") took too long to run: ",
            regex=(
                r"INFO: NMI handler \((?P<handler>[\w.]{1,100})(?: \[[\w-]+\])?\) took too long to run: "
                r"(?P<took_ms>\d+\.\d+) msecs"
            ),
            printed=("INFO: NMI handler (%ps) took too long to run: %lld.%03d msecs",),
        ),
    ),
    fields=(
        Field("handler", "str", "the function"),
        Field("took_ms", "float", "how long it ran"),
    ),
    key=("handler",),
    printed_by=("arch/x86/kernel/nmi.c:nmi_check_duration",),
    meaning=(
        "A handler that runs with everything blocked took longer than any before. While it ran, nothing "
        "else did on that CPU. Printing a backtrace to a slow console, an SMI in the middle, or a "
        "hypervisor that stopped the virtual CPU are the common reasons."
    ),
    next_steps=(
        (
            "perf_event_nmi_handler: see perf-interrupt-too-long; nmi_cpu_backtrace_handler: a stall report "
            "was printed then."
        ),
        "Count SMIs with `turbostat --show SMI`; on a VM look at steal time.",
    ),
    confused_with=("perf-interrupt-too-long: the average of perf's interrupts",),
    example="[ 5100.100011] INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.402 msecs",
    near_miss="[ 5100.100011] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
