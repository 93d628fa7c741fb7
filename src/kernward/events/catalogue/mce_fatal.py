"""A CPU reported an error that destroyed its own state: the machine cannot go on."""

from kernward.events.catalogue import mce_corrected
from kernward.events.kind import Kind, Pattern

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
    fields=mce_corrected.KIND.fields,
    key=(
        "error_type",
        "bank",
    ),
    continues=mce_corrected.KIND.continues,
    reach=7,
    read=mce_corrected.read,
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
