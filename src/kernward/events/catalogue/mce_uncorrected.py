"""A CPU reported an error that was not corrected but is contained: the machine may go on."""

from kernward.events.catalogue.mce_corrected import read
from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="mce-uncorrected",
    title="Machine check: uncorrected {error_type} error",
    class_="hardware",
    severity="error",
    subsystem="x86/mce",
    patterns=(
        Pattern(
            literal=": Machine Check Exception: ",
            regex=(
                r"(?:mce: )?\[Hardware Error\]: CPU (?P<cpu>\d+): Machine Check Exception: "
                r"(?P<mcgstatus>[0-9a-f]+) Bank (?P<bank>\d+): (?P<status>[2367abef][014589cd][0-9a-f]{14})"
            ),
            printed=("CPU %d: Machine Check%s: %Lx Bank %d: %016Lx",),
        ),
        Pattern(
            literal=": Machine Check: ",
            regex=(
                r"(?:mce: )?\[Hardware Error\]: CPU (?P<cpu>\d+): Machine Check: (?P<mcgstatus>[0-9a-f]+)"
                r" Bank (?P<bank>\d+): (?P<status>[2367abef][014589cd][0-9a-f]{14})"
            ),
            printed=("CPU %d: Machine Check%s: %Lx Bank %d: %016Lx",),
        ),
    ),
    fields=(
        Field("cpu", "int", "CPU that reported it (the logical number)"),
        Field("bank", "int", "bank of machine check registers; which unit that is depends on the CPU model"),
        Field("status", "hex", "MCi_STATUS"),
        Field(
            "mcgstatus",
            "hex",
            (
                "MCG_STATUS: bit 0 the program can be restarted, bit 1 the address is "
                "exact, bit 2 exception in progress"
            ),
        ),
        Field("error_type", "str", "class of the error code, as the architecture defines it"),
        Field("error_code", "int", "architectural error code, status bits 0 to 15"),
        Field("model_code", "int", "model-specific error code, status bits 16 to 31"),
        Field("overflow", "bool", "an earlier error was overwritten: there were more than are shown"),
        Field("verdict", "str", "why the kernel stops, where it does"),
        Field("ip", "hex", "instruction at which the exception came"),
        Field("ip_symbol", "str", "the same as a kernel symbol"),
        Field("tsc", "hex", "time stamp counter"),
        Field("addr", "hex", "physical address (or another, as the error type says)"),
        Field("misc", "hex", "MCi_MISC"),
        Field("ppin", "hex", "the processor package's serial number"),
        Field("synd", "hex", "AMD: syndrome"),
        Field("ipid", "hex", "AMD: which hardware unit the bank is"),
        Field("vendor", "int", "CPU vendor: 0 Intel, 2 AMD"),
        Field("cpuid", "hex", "CPU family, model and stepping"),
        Field("time_s", "int", "when, in seconds since 1970"),
        Field("socket", "int", "processor package"),
        Field("apic", "hex", "APIC id of the CPU"),
        Field("microcode", "hex", "microcode revision"),
    ),
    key=(
        "error_type",
        "bank",
    ),
    continues=(
        (
            r"(?:mce: )?\[Hardware Error\]: RIP(?: !INEXACT!)? [0-9a-f]{2,4}:<(?P<ip>[0-9a-f]+)>(?: \{"
            r"(?P<ip_symbol>[^}]{1,200})\})?"
        ),
        (
            r"(?:mce: )?\[Hardware Error\]: TSC (?P<tsc>[0-9a-f]+)(?: ADDR (?P<addr>[0-9a-f]+))?(?: MISC"
            r" (?P<misc>[0-9a-f]+))?(?: PPIN (?P<ppin>[0-9a-f]+))?(?: SYND (?P<synd>[0-9a-f]+))?(?: IPID"
            r" (?P<ipid>[0-9a-f]+))?"
        ),
        (
            r"(?:mce: )?\[Hardware Error\]: PROCESSOR (?P<vendor>\d+):(?P<cpuid>[0-9a-f]+) TIME "
            r"(?P<time_s>\d+) SOCKET (?P<socket>\d+) APIC (?P<apic>[0-9a-f]+)(?: microcode "
            r"(?P<microcode>[0-9a-f]+))?"
        ),
        r"(?:mce: )?\[Hardware Error\]: Run the above through 'mcelog",
        r"(?:mce: )?\[Hardware Error\]: Machine check: (?P<verdict>.{1,120})",
        r"(?:mce: )?\[Hardware Error\]: CPU \d+: Machine Check",
    ),
    reach=7,
    read=read,
    printed_by=("arch/x86/kernel/cpu/mce/core.c:__print_mce",),
    meaning=(
        "Data was lost, but the processor's own state is sound and the address is known. If the poisoned "
        "data was found before use, by a scrubber, nothing has broken yet; if a program read it, that "
        "program gets SIGBUS and the page is taken out of use; if the kernel read it, a panic follows "
        "unless the access was one that can fail. What became of the page is told by a memory-failure event."
    ),
    next_steps=(
        (
            "Look for what followed: memory-failure events for `addr` shifted right by 12, SIGBUS of a "
            "process, or a panic."
        ),
        (
            "Replace the DIMM, at least after the second: find it with `ras-mc-ctl --errors` or the BMC's "
            "log (`ipmitool sel elist`)."
        ),
        "See how much memory was taken out: HardwareCorrupted in /proc/meminfo.",
    ),
    confused_with=(
        "mce-fatal: there the processor's context is lost and the machine must stop",
        "mce-corrected: status bit 61 is clear",
        "memory-failure: what the kernel then did about the page",
    ),
    example="""\
[91002.711201] mce: [Hardware Error]: CPU 3: Machine Check Exception: 7 Bank 1: bd80000000100134
[91002.711220] mce: [Hardware Error]: RIP 33:<00005581d3a4c1f7> 
[91002.711226] mce: [Hardware Error]: TSC 7a1f3c22b10 ADDR 1f3a40c0 MISC 86 
[91002.711233] mce: [Hardware Error]: PROCESSOR 0:606a6 TIME 1700003001 SOCKET 1 APIC 46 microcode d0003b9""",
    near_miss="[91002.711300] mce: Uncorrected errors are recovered by the machine check handler",
)
