"""arm64: an asynchronous system error, usually a bus access that failed some time ago."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="serror",
    title="SError in {function}",
    title_without_function="SError in corrupted",
    class_="crash",
    severity="fatal",
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
        "[ 1656.700920] SError Interrupt on CPU2, code 0x00000000bf000002 -- SError\n"
        "[ 1656.700927] CPU: 2 PID: 0 Comm: swapper/2 Not tainted 6.1.0-28-arm64 #1  Debian 6.1.119-1\n"
        "[ 1656.700969] pc : rockchip_pcie_rd_conf+0x237/0xb60 [pcie_rockchip_host]\n"
        "[ 1656.700973] lr : pci_bus_read_config_dword+0x741/0xb30\n"
        "[ 1656.700993] Kernel panic - not syncing: Asynchronous SError Interrupt\n"
        "[ 1656.701000] CPU: 2 PID: 0 Comm: swapper/2 Not tainted 6.1.0-28-arm64 #1  Debian 6.1.119-1\n"
        "[ 1656.701022] Call trace:\n"
        "[ 1656.701036]  dump_backtrace+0x15f/0x300\n"
        "[ 1656.701043]  show_stack+0x31e/0x570\n"
        "[ 1656.701059]  dump_stack_lvl+0x1f8/0x490\n"
        "[ 1656.701071]  panic+0x7d/0x6f0\n"
        "[ 1656.701088]  nmi_panic+0x8b4/0xd00\n"
        "[ 1656.701098]  arm64_serror_panic+0x5dd/0xa40\n"
        "[ 1656.701290] ---[ end Kernel panic - not syncing: Asynchronous SError Interrupt ]---"
    ),
    near_miss="[    0.000000] CPU features: detected: SError handling (RAS Extension Support)",
)
