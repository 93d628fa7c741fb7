"""The kernel accessed a model-specific register that this CPU does not have."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The function without its offset."""
    symbol = reading.fields.get("symbol")
    if symbol:
        reading.fields["accessor"] = symbol.partition("+")[0]


KIND = Kind(
    id="unchecked-msr-access",
    title="unchecked MSR access error: {operation} {msr}",
    class_="state",
    severity="warning",
    subsystem="x86",
    patterns=(
        Pattern(
            literal="unchecked MSR access error: ",
            regex=(
                r"unchecked MSR access error: (?P<operation>RDMSR|WRMSR) (?:from|to) (?P<msr>0x[0-9a-f]+)"
                r"(?: \(tried to write (?P<value>0x[0-9a-f]+)\))? at rIP: 0x[0-9a-f]+ \("
                r"(?P<symbol>[^)]{1,200})\)"
            ),
            printed=("unchecked MSR access error: RDMSR from 0x%x at rIP: 0x%lx (%pS)",),
        ),
    ),
    fields=(
        Field("operation", "str", "RDMSR or WRMSR"),
        Field("msr", "str", "the register"),
        Field("value", "str", "what was to be written"),
        Field("symbol", "str", "function that did it, with offset"),
        Field("accessor", "str", "the same without offset"),
    ),
    key=(
        "operation",
        "msr",
    ),
    read=read,
    printed_by=("arch/x86/mm/extable.c:ex_handler_msr",),
    meaning=(
        "A register was read or written that the processor, or the hypervisor in front of it, does not "
        "provide; the access faulted, was skipped, and gave 0. In a virtual machine it is a feature that "
        "CPUID promises and the hypervisor does not back; on hardware, microcode or firmware that hides it. "
        "Printed once for reads and once for writes. A call trace follows; it is not a crash."
    ),
    next_steps=(
        "Look the register up (arch/x86/include/asm/msr-index.h) and the feature it belongs to.",
        "Compare the CPU model that the hypervisor gives with the host's; update microcode.",
    ),
    confused_with=("general-protection-fault: an access that nobody expected to fail",),
    example="""\
[    1.330001] unchecked MSR access error: RDMSR from 0x852 at rIP: 0xffffffff9a05b0a3 (native_read_msr+0x3/0x30)
[    1.330004] Call Trace:""",
    near_miss="[    1.330001] msr: Write to unrecognized MSR 0x150 by tool (pid: 400).",
)
