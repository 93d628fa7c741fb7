"""The hosts of the examples: which kernel each runs, what befalls it, and what is captured.

The clock is what the guest's hardware clock shows at boot; it puts the hosts into one night.
"""

from dataclasses import dataclass

BOOKWORM_OLD, BOOKWORM = "6.1.0-50-cloud-amd64", "6.1.0-56-cloud-amd64"
BACKPORT_OLD, BACKPORT = "6.12.107+deb12-cloud-amd64", "6.12.117+deb12-cloud-amd64"

RACK_OLD, RACK = "6.1.0-56-amd64", "6.12.117+deb12-amd64"


@dataclass(frozen=True)
class Host:
    name: str
    kernel: str
    clock: str
    faults: tuple[str, ...]
    # Any of: console (the serial console), dmesg (dmesg --json of util-linux), busybox (the file of
    # busybox's syslogd), rsyslog (kern.log in rsyslog's traditional form), rsyslog-iso (the same with
    # the time stamps Debian 12 writes), netconsole and netconsole-extended (what a UDP receiver got),
    # pstore (what ramoops kept over a restart).
    captures: tuple[str, ...]
    append: str = ""
    memory_mb: int = 512
    bios_on_serial: bool = False
    hardware: bool = False


HOSTS = (
    Host("web-1", BACKPORT_OLD, "2026-11-18T01:04:10", ("segfault", "oom-cgroup"), ("dmesg",)),
    Host(
        "web-2", BACKPORT, "2026-11-18T01:11:37", ("syn-flood", "conntrack-full", "oom-cgroup"), ("rsyslog",)
    ),
    Host("web-3", BOOKWORM, "2026-11-18T01:12:02", ("segfault", "syn-flood", "conntrack-full"), ("busybox",)),
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
    Host("ci-1", BOOKWORM, "2026-11-18T03:00:00", ("sysrq-crash",), ("console",), bios_on_serial=True),
    Host("edge-1", BACKPORT, "2026-11-18T03:05:19", ("no-root",), ("console",)),
    Host("edge-2", BOOKWORM_OLD, "2026-11-18T03:06:40", ("init-killed",), ("console",)),
    Host(
        "node-1",
        BACKPORT,
        "2026-11-18T04:10:03",
        ("driver-refcount", "driver-warn", "driver-null"),
        ("dmesg",),
    ),
    Host("node-2", BOOKWORM, "2026-11-18T04:18:30", ("driver-warn", "driver-null"), ("busybox",)),
    Host("node-3", BACKPORT_OLD, "2026-11-18T04:21:11", ("driver-atomic-sleep", "driver-null"), ("console",)),
    Host("node-4", BACKPORT, "2026-11-18T04:29:47", ("driver-list",), ("console",)),
    Host("node-5", BOOKWORM, "2026-11-18T04:33:15", ("driver-interrupt",), ("console",), bios_on_serial=True),
    Host("node-6", BOOKWORM_OLD, "2026-11-18T04:36:00", ("panic-on-warn",), ("console",)),
    Host("queue-1", BACKPORT, "2026-11-18T04:40:00", ("driver-spin",), ("console",)),
    Host("queue-2", BOOKWORM_OLD, "2026-11-18T04:42:26", ("driver-mutex",), ("rsyslog",)),
    Host(
        "ci-2",
        BACKPORT,
        "2026-11-18T03:20:00",
        ("driver-slab", "driver-cache-leak", "driver-kfence"),
        ("dmesg",),
    ),
    Host(
        "ci-3",
        BOOKWORM,
        "2026-11-18T03:24:10",
        ("driver-page-allocation",),
        ("rsyslog-iso",),
    ),
    Host(
        "gw-1",
        BACKPORT,
        "2026-11-18T04:48:13",
        ("segfault", "driver-warn", "driver-interrupt"),
        ("netconsole",),
    ),
    Host(
        "gw-2",
        BOOKWORM,
        "2026-11-18T04:50:40",
        ("oom-cgroup", "driver-warn", "driver-interrupt"),
        ("netconsole-extended",),
    ),
    Host("gw-3", BACKPORT, "2026-11-18T04:52:02", ("driver-warn", "sysrq-crash"), ("netconsole-extended",)),
    Host("edge-4", BACKPORT, "2026-11-18T03:14:51", ("pstore-panic",), ("pstore",)),
    Host("edge-5", BOOKWORM, "2026-11-18T03:16:37", ("pstore-panic",), ("pstore",)),
    Host("ci-7", BACKPORT, "2026-11-18T03:33:20", ("driver-vmalloc", "driver-bad-page"), ("busybox",)),
    Host("ci-4", BOOKWORM_OLD, "2026-11-18T03:26:52", ("driver-wild",), ("console",)),
    Host("ci-5", BACKPORT_OLD, "2026-11-18T03:28:05", ("driver-paging",), ("dmesg",)),
    Host("ci-6", BACKPORT, "2026-11-18T03:31:48", ("driver-usercopy",), ("console",)),
    Host("ml-1", BACKPORT, "2026-11-18T02:05:31", ("memory-failure",), ("rsyslog",)),
    Host("store-1", BOOKWORM, "2026-11-18T02:50:12", ("xfs-corrupt",), ("console",)),
    Host(
        "web-5",
        BOOKWORM,
        "2026-11-18T01:16:20",
        ("pids-limit", "neighbour-overflow", "file-max", "tcp-memory"),
        ("rsyslog-iso",),
    ),
    Host("edge-3", BACKPORT_OLD, "2026-11-18T03:09:33", ("restart",), ("console",), bios_on_serial=True),
    Host(
        "store-2",
        BACKPORT,
        "2026-11-18T02:54:40",
        ("verity-corrupt", "md-failure"),
        ("dmesg",),
    ),
    Host(
        "rack-4", RACK, "2026-11-18T05:14:25", ("nvme-timeout", "sata-timeout"), ("console",), hardware=True
    ),
    Host(
        "rack-1",
        RACK,
        "2026-11-18T05:00:00",
        ("mce-corrected", "nmi", "pcie-aer"),
        ("rsyslog", "console"),
        hardware=True,
    ),
    Host("rack-2", RACK_OLD, "2026-11-18T05:03:39", ("sata-error", "nvme-error"), ("dmesg",), hardware=True),
    Host("rack-3", RACK_OLD, "2026-11-18T05:09:01", ("mce-fatal",), ("console",), hardware=True),
)

# Boots on which nothing goes wrong; their logs are tests/healthy/.
HEALTHY = tuple(
    Host(
        f"healthy-{number}",
        kernel,
        "2026-11-17T09:00:00",
        faults,
        ("console", "dmesg", "busybox") if faults else ("console",),
        bios_on_serial=not faults,
        hardware="cloud" not in kernel,
    )
    for number, (kernel, faults) in enumerate(
        (kernel, faults)
        for kernel in (BOOKWORM_OLD, BOOKWORM, BACKPORT_OLD, BACKPORT, RACK_OLD, RACK)
        for faults in ((), ("ordinary-use",))
    )
)
