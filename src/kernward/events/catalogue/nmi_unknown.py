"""A non-maskable interrupt came and nobody knew why."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nmi-unknown",
    title="NMI received for unknown reason",
    class_="hardware",
    severity="error",
    subsystem="x86/nmi",
    patterns=(
        Pattern(
            literal="NMI received for unknown reason ",
            regex=r"Uhhuh\. NMI received for unknown reason (?P<reason>[0-9a-f]{2}) on CPU (?P<cpu>\d+)",
            printed=("Uhhuh. NMI received for unknown reason %02x on CPU %d.",),
        ),
    ),
    fields=(
        Field("reason", "hex", "the reason port (0x61) as read"),
        Field("cpu", "int", "CPU that took it"),
    ),
    printed_by=("arch/x86/kernel/nmi.c:unknown_nmi_error",),
    meaning=(
        "Hardware raised an NMI, and neither the performance counters nor any driver claimed it. A BMC's or "
        "hypervisor's `send NMI` looks like this, and so does a watchdog timer about to reset the machine, "
        "a failing PCI device, or a performance counter interrupt that came too late to be claimed. With "
        "kernel.unknown_nmi_panic=1 the kernel panics here."
    ),
    next_steps=(
        (
            "Ask the BMC and the hypervisor whether somebody sent it: `ipmitool sel elist`, `virsh` or the "
            "cloud's audit log."
        ),
        "Was a profiler running? Single ones under perf on some CPUs are lost counter interrupts.",
        (
            "If they come before unexplained resets, it is a watchdog: set kernel.unknown_nmi_panic=1 and "
            "kdump to learn what hung."
        ),
    ),
    confused_with=(
        "nmi-io-check: the reason port named an I/O check",
        "nmi-serr: the reason port named a PCI system error",
        "hard-lockup: the NMI watchdog's own finding",
    ),
    example="""\
[31022.600101] Uhhuh. NMI received for unknown reason 2d on CPU 14.
[31022.600108] Dazed and confused, but trying to continue""",
    near_miss="[    0.600108] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
