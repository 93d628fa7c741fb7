"""The kernel panicked on a non-maskable interrupt that hardware or an operator raised."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-nmi",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
    subsystem=None,
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
        "[ 5512.880021] Kernel panic - not syncing: NMI: Not continuing\n"
        "[ 5512.880030] CPU: 0 PID: 0 Comm: swapper/0 Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1"
    ),
    near_miss="[    0.300011] NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
)
