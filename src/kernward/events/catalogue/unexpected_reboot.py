"""A kernel boots in the middle of a console log, and the one before it said nothing of a shutdown."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="unexpected-reboot",
    title="unexpected kernel reboot",
    class_="crash",
    severity="fatal",
    patterns=(
        # No line is one by itself: the reader tells it from the banner and what stands before it.
        Pattern(literal="Linux version ", regex=r"Linux version (?!)"),
    ),
    fields=(
        Field("uptime_s", "float", "time stamp of the last message before the banner"),
        Field("last_message", "str", "the last message before the banner"),
    ),
    extent=Extent.LINE,
    printed_by=("init/main.c:start_kernel",),
    meaning=(
        "The console shows a running kernel (at least a minute old) and, right after it, the banner of a "
        "new boot, with no panic, no `reboot:` line, no sysrq and no kexec between them. Something reset "
        "the machine from outside the kernel or so deep inside that it could not print: a power loss, a "
        "hardware or BMC watchdog, a triple fault, an uncorrected memory error handled by firmware, a "
        "hypervisor that was told to reset, or a console that lost its last lines."
    ),
    next_steps=(
        "Read the BMC's event log around that time: `ipmitool sel elist`, or the hypervisor's log for a guest.",
        "Look for what outlived the reset: `ls /sys/fs/pstore /var/lib/systemd/pstore /var/crash`.",
        "Look at the last messages before the banner: machine checks, thermal and PCIe errors announce resets.",
        "`journalctl --list-boots` and the other hosts of the rack or hypervisor: did they fall at the same time?",
        "Next time see more: `nmi_watchdog=panic`, kdump, netconsole, and a console at full log level.",
    ),
    confused_with=(
        "boot: the banner alone, as at the beginning of every log",
        "kernel-panic: the kernel said why it went down",
    ),
    example="""\
[ 4242.170000] eth0: entered promiscuous mode
[    0.000000] Linux version 6.1.0-13-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)""",
    near_miss="""\
[ 4242.170000] reboot: Restarting system
[    0.000000] Linux version 6.1.0-13-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)""",
)
