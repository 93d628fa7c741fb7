"""A CPU reported an error that destroyed its own state: the machine cannot go on."""

from kernward.events.catalogue.mce_corrected import read
from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="mce-fatal",
    title="Machine check: fatal {error_type} error",
    class_="hardware",
    severity="fatal",
    subsystem="x86/mce",
    patterns=(
        Pattern(
            literal=": Machine Check Exception: ",
            regex=(
                r"(?:mce: )?\[Hardware Error\]: CPU (?P<cpu>\d+): Machine Check Exception: "
                r"(?P<mcgstatus>[0-9a-f]+) Bank (?P<bank>\d+): (?P<status>[2367abef][2367abef][0-9a-f]{14})"
            ),
            printed=("CPU %d: Machine Check%s: %Lx Bank %d: %016Lx",),
        ),
        Pattern(
            literal=": Machine Check: ",
            regex=(
                r"(?:mce: )?\[Hardware Error\]: CPU (?P<cpu>\d+): Machine Check: (?P<mcgstatus>[0-9a-f]+)"
                r" Bank (?P<bank>\d+): (?P<status>[2367abef][2367abef][0-9a-f]{14})"
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
        "The processor found an uncorrected error and says that its context is corrupt (status bit 57), or "
        "the kernel judged that it cannot go on (`verdict`): the error hit the kernel itself, or this "
        "processor cannot recover. The kernel prints what all banks hold and panics with `Fatal machine "
        "check`. Several banks and CPUs report one fault: the first in time with the lowest error class is "
        "the origin, the `internal timer` and `bus` ones that follow are CPUs that waited for it. Power, a "
        "PCIe device that does not answer and a failing processor are the causes, besides memory."
    ),
    next_steps=(
        (
            "Take all mce-fatal events of the boot together and decode them: `mcelog --ascii`, or the "
            "vendor's decoder for the banks."
        ),
        (
            "Internal timer (a CPU could not retire an instruction for seconds): suspect a device behind "
            "MMIO, look for PCIe errors."
        ),
        (
            "Read the BMC's event log of that minute, and the BERT of the next boot (ghes-error events at "
            "its start)."
        ),
        (
            "Compare microcode with the fleet's; look for other hosts of this model with the same bank and "
            "model_code."
        ),
    ),
    confused_with=(
        "mce-uncorrected: the context is sound, the kernel can recover",
        "panic-machine-check: the panic that follows is the consequence",
    ),
    example="""\
[30412.118800] mce: [Hardware Error]: CPU 22: Machine Check Exception: 5 Bank 3: be00000000800400
[30412.118801] mce: [Hardware Error]: RIP !INEXACT! 10:<ffffffffa6c8d1f2> {mwait_idle_with_hints.constprop.0+0x52/0x90}
[30412.118801] mce: [Hardware Error]: TSC 3c5512a9d1e40 ADDR ffffffffa6c8d1f2 MISC 7fff 
[30412.118801] mce: [Hardware Error]: PROCESSOR 0:50654 TIME 1700004001 SOCKET 1 APIC 40 microcode 2006e05
[30412.118801] mce: [Hardware Error]: Run the above through 'mcelog --ascii'""",
    near_miss="[30412.118800] mce: [Hardware Error]: CPU 22: Machine Check: 0 Bank 3: 8c00004000010090",
)
