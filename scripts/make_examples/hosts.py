"""The hosts of the examples: which kernel each runs, what befalls it, and what is captured.

The clock is what the guest's hardware clock shows at boot; it puts the hosts into one night.
"""

from dataclasses import dataclass

BOOKWORM_OLD, BOOKWORM = "6.1.0-50-cloud-amd64", "6.1.0-56-cloud-amd64"
BACKPORT_OLD, BACKPORT = "6.12.101+deb12-cloud-amd64", "6.12.117+deb12-cloud-amd64"


@dataclass(frozen=True)
class Host:
    name: str
    kernel: str
    clock: str
    faults: tuple[str, ...]
    # Any of: console (the serial console), dmesg (dmesg --json of util-linux), busybox (the file of
    # busybox's syslogd), rsyslog (kern.log in rsyslog's traditional form), rsyslog-iso (the same with
    # the time stamps Debian 12 writes).
    captures: tuple[str, ...]
    append: str = ""
    memory_mb: int = 512
    bios_on_serial: bool = False


HOSTS = (
    Host("web-1", BACKPORT_OLD, "2026-11-18T01:04:10", ("segfault", "oom-cgroup"), ("dmesg",)),
    Host(
        "web-2", BACKPORT, "2026-11-18T01:11:37", ("syn-flood", "conntrack-full", "oom-cgroup"), ("rsyslog",)
    ),
    Host("web-3", BOOKWORM, "2026-11-18T01:12:02", ("segfault", "conntrack-full", "syn-flood"), ("busybox",)),
    Host(
        "web-4",
        BOOKWORM_OLD,
        "2026-11-18T01:02:44",
        ("oom-cgroup", "user-protection-fault"),
        ("rsyslog-iso",),
    ),
    Host("db-1", BOOKWORM, "2026-11-18T02:30:21", ("ext4-corrupt",), ("console",)),
    Host("db-2", BACKPORT_OLD, "2026-11-18T02:41:55", ("hung-task", "hung-task-panic"), ("console",)),
    Host("db-3", BACKPORT, "2026-11-18T02:29:08", ("io-error", "dm-error"), ("dmesg",)),
    Host("cache-1", BOOKWORM_OLD, "2026-11-18T01:30:00", ("oom-global",), ("dmesg", "console")),
    Host("cache-2", BACKPORT, "2026-11-18T01:31:12", ("oom-panic",), ("console",), bios_on_serial=True),
    Host("build-1", BOOKWORM, "2026-11-18T03:00:00", ("sysrq-crash",), ("console",), bios_on_serial=True),
    Host("edge-1", BACKPORT, "2026-11-18T03:05:19", ("no-root",), ("console",)),
    Host("edge-2", BOOKWORM_OLD, "2026-11-18T03:06:40", ("init-killed",), ("console",)),
)
