"""A CPU reported an error that the hardware corrected."""

import re

from kernward.events.catalogue.ghes_error import refill
from kernward.events.index import kind
from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_NEXT = re.compile(r"(?:mce: )?\[Hardware Error\]: CPU \d+: Machine Check")


def error_type(code: int) -> str:
    """The class of an architectural error code (Intel SDM volume 3B; AMD uses the same codes)."""
    code &= 0xEFFF  # bit 12 only says how corrected errors are filtered
    if code & 0x0800:
        return "bus or interconnect"
    if code & 0x0400:
        return "internal timer" if code == 0x0400 else "internal"
    if code & 0x0280 == 0x0280:
        return "extended memory"
    if code & 0x0100:
        return "cache hierarchy"
    if code & 0x0080:
        return "memory controller"
    if code & 0x0010:
        return "TLB"
    if code & 0xFFFC == 0x000C:
        return "generic cache hierarchy"
    simple = {
        1: "unclassified",
        2: "microcode ROM parity",
        3: "external",
        4: "functional redundancy",
        5: "internal parity",
        6: "SMM handler code access",
    }
    return simple.get(code, "unknown")


def read(reading: Reading) -> None:
    """Take the status register apart. A next CPU's or bank's report may follow at once: it is another's."""
    again = next((at for at, line in enumerate(reading.lines) if at and _NEXT.match(line.text.lstrip())), 0)
    if again:
        refill(reading, reading.lines[:again], ("cpu", "bank", "status", "mcgstatus"))
    status = reading.fields.get("status")
    if status is None:
        return
    code = status & 0xFFFF
    reading.fields.update(
        error_code=code,
        model_code=status >> 16 & 0xFFFF,
        error_type=error_type(code),
        overflow=bool(status >> 62 & 1),
    )
    # Only on its way to a panic does the kernel say what it makes of an error.
    if reading.kind.id == "mce-uncorrected" and reading.fields.get("verdict"):
        reading.kind = kind("mce-fatal")
        reading.title = reading.kind.title


KIND = Kind(
    id="mce-corrected",
    title="Machine check: corrected {error_type} error",
    class_="hardware",
    severity="warning",
    subsystem="x86/mce",
    patterns=(
        Pattern(
            literal=": Machine Check Exception: ",
            regex=(
                r"(?:mce: )?\[Hardware Error\]: CPU (?P<cpu>\d+): Machine Check Exception: "
                r"(?P<mcgstatus>[0-9a-f]+) Bank (?P<bank>\d+): (?P<status>[014589cd][0-9a-f]{15})"
            ),
            printed=("CPU %d: Machine Check%s: %Lx Bank %d: %016Lx",),
        ),
        Pattern(
            literal=": Machine Check: ",
            regex=(
                r"(?:mce: )?\[Hardware Error\]: CPU (?P<cpu>\d+): Machine Check: (?P<mcgstatus>[0-9a-f]+)"
                r" Bank (?P<bank>\d+): (?P<status>[014589cd][0-9a-f]{15})"
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
        "A unit of the processor (a memory controller, a cache, an interconnect link) found an error and "
        "corrected it; no data was lost. One now and then is normal on a large fleet. Many from one bank or "
        "one address foretell an uncorrectable one: a DIMM row, a cache way or a link that wears out. "
        "Firmware may hide corrected errors below a threshold, so silence is not health."
    ),
    next_steps=(
        (
            "Count by host, bank and addr over days: a fixed addr is a cell, a fixed bank with changing "
            "addresses is a chip or a bus."
        ),
        "Get the DIMM's name: `ras-mc-ctl --errors`, rasdaemon's or mcelog's log, EDAC events near this one.",
        (
            "Decode the rest for the CPU model: `mcelog --ascii` (Intel), the processor's BIOS and kernel "
            "developer's guide (AMD)."
        ),
    ),
    confused_with=(
        "mce-uncorrected: the same line with status bit 61 set",
        "edac-corrected: the memory controller driver's decoding of the same event, with the DIMM's label",
        "cpu-thermal-throttle: a temperature event, not an error",
    ),
    example="""\
[88112.400112] mce: [Hardware Error]: CPU 12: Machine Check: 0 Bank 7: 8c00004000010090
[88112.400131] mce: [Hardware Error]: TSC 0 ADDR 3f1a2b4c0 MISC 140545486 PPIN 3d2a8f1c9b7e6a50 
[88112.400140] mce: [Hardware Error]: PROCESSOR 0:50657 TIME 1700000101 SOCKET 0 APIC 18 microcode 5003604""",
    near_miss="[    0.331200] mce: CPU12: Machine Check banks: 20 initialised",
)
