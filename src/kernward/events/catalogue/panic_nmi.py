"""The kernel panicked on a non-maskable interrupt that hardware or an operator raised."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-nmi",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="Kernel panic - not syncing: NMI",
            regex=r"Kernel panic - not syncing: (?P<reason>NMI[^\n]{0,120})",
            printed=(
                "NMI: Not continuing",
                "NMI IOCK error: Not continuing",
            ),
        ),
    ),
    fields=(Field("reason", "str", "in the kernel's words"),),
    key=("reason",),
    extent=Extent.REPORT,
    printed_by=("arch/x86/kernel/nmi.c:unknown_nmi_error",),
    meaning=(
        "An NMI with no known source arrived while unknown_nmi_panic or panic_on_io_nmi is "
        "set, or the chipset reported a serious error (SERR, IOCK). Operators also send NMIs "
        "from the BMC to get a dump of a hanging machine."
    ),
    next_steps=(
        "Was it sent on purpose (`ipmitool chassis power diag`)? Ask, and read the BMC log.",
        "Otherwise look for PCIe (AER) and memory errors in the BMC log.",
        (
            "Make the next one leave more: kdump (`kdump-config show`), pstore (`ls "
            "/sys/fs/pstore`), or a serial or net console."
        ),
    ),
    confused_with=("panic-hard-lockup: the NMI watchdog found a CPU that hangs.",),
    example=(
        "[ 7833.262196] Kernel panic - not syncing: NMI: Not continuing\n"
        "[ 7833.262203] CPU: 0 PID: 0 Comm: swapper/0 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 7833.262226] Call Trace:\n"
        "[ 7833.262232]  <TASK>\n"
        "[ 7833.262248]  dump_stack_lvl+0xd8/0x150\n"
        "[ 7833.262256]  panic+0xee/0xd10\n"
        "[ 7833.262265]  nmi_panic+0x4fa/0x660\n"
        "[ 7833.262284]  unknown_nmi_error+0x92/0x380\n"
        "[ 7833.262298]  default_do_nmi+0x301/0xb70\n"
        "[ 7833.262308]  exc_nmi+0x1da/0xd10\n"
        "[ 7833.262357]  </TASK>\n"
        "[ 7833.262391] ---[ end Kernel panic - not syncing: NMI: Not continuing ]---"
    ),
    near_miss="[    0.300011] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
