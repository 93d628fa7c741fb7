"""arm64: an asynchronous system error, usually a bus access that failed some time ago."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="serror",
    title="SError in {function}",
    title_without_function="SError in corrupted",
    class_="crash",
    severity="fatal",
    subsystem=None,
    patterns=(
        Pattern(
            literal="SError Interrupt on CPU",
            regex=(
                r"SError Interrupt on CPU(?P<cpu>\d+), code 0x(?P<esr>[0-9a-f]+)(?: -- "
                r"(?P<what>[^\n]{1,60}))?"
            ),
            unprinted="printed by arm64 only",
        ),
        Pattern(
            literal="Asynchronous SError Interrupt",
            regex=r"Kernel panic - not syncing: Asynchronous SError Interrupt",
            unprinted="printed by arm64 only",
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that took it"),
        Field("esr", "hex", "the syndrome register"),
        Field("what", "str", "the exception class in words"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "serror",
        "internal-error",
        "oops",
    ),
    printed_by=("arch/arm64/kernel/traps.c:arm64_serror_panic",),
    meaning=(
        "The memory system reported an error that it could not tie to an instruction: a "
        "posted write that nobody accepted, a device whose power or clock was off, an "
        "uncorrectable ECC error. The shown pc is only where the CPU was when the message "
        "arrived. The machine panics unless firmware handles it."
    ),
    next_steps=(
        (
            "Look at what was accessed just before: MMIO writes in the frames shown, a driver "
            "that was suspended, a PCIe device that was removed."
        ),
        "Read RAS records: `ras-mc-ctl --errors`, GHES lines in the log, the BMC's event log.",
        ("Boot with `pcie_aspm=off` or the suspect driver blacklisted to tell which device it is."),
    ),
    confused_with=("synchronous-external-abort: the instruction shown is the culprit.",),
    example=(
        "[   93.112004] SError Interrupt on CPU2, code 0x00000000bf000002 -- SError\n"
        "[   93.112010] CPU: 2 PID: 0 Comm: swapper/2 Not tainted 6.1.0-28-arm64 #1  Debian 6.1.119-1"
    ),
    near_miss="[    0.000000] CPU features: detected: SError handling (RAS Extension Support)",
)
