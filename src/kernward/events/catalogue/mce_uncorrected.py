"""A CPU reported an error that was not corrected but is contained: the machine may go on."""

from kernward.events.catalogue import mce_corrected
from kernward.events.kind import Kind, Pattern

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
