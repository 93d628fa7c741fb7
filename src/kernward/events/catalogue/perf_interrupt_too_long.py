"""Handling performance counter interrupts took too much time, so perf samples less often."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="perf-interrupt-too-long",
    title="perf interrupt took too long",
    class_="state",
    severity="info",
    subsystem="perf",
    patterns=(
        Pattern(
            literal="perf: interrupt took too long (",
            regex=(
                r"perf: interrupt took too long \((?P<took_ns>\d+) > (?P<limit_ns>\d+)\), lowering"
                r" kernel\.perf_event_max_sample_rate to (?P<sample_rate_hz>\d+)"
            ),
        ),
    ),
    fields=(
        Field("took_ns", "int", "average time of one interrupt"),
        Field("limit_ns", "int", "what is allowed"),
        Field("sample_rate_hz", "int", "new maximum of samples a second"),
    ),
    printed_by=("kernel/events/core.c:perf_duration_warn",),
    meaning=(
        "perf limits itself to kernel.perf_cpu_time_max_percent of a CPU (25 by default), and an average "
        "sample took longer than that allows, so the highest sample rate was lowered. Virtual machines and "
        "machines with SMIs print it now and then. It matters to profiles: samples are fewer from here on, "
        "and the limit stays until it is raised again."
    ),
    next_steps=(
        (
            "`sysctl kernel.perf_event_max_sample_rate` shows the new limit; write it back if the cause was "
            "passing."
        ),
        (
            "A limit that falls to a few hundred points at SMIs, at a slow stack unwinder, or at a "
            "hypervisor that traps the counters."
        ),
    ),
    confused_with=("nmi-handler-too-long: one single NMI handler, for whatever purpose",),
    example="""\
[ 5231.980011] perf: interrupt took too long (2513 > 2500), lowering kernel.perf_event_max_sample_rate to 79500""",
    near_miss="""\
[    0.980011] Performance Events: PEBS fmt3+, Skylake events, 32-deep LBR, full-width counters, Intel PMU driver.""",
)
