"""What machines do that is no fault: work within what the machine has. Shell for busybox, and for this host."""

from typing import NamedTuple

from kernward.vm.fault import DiskNeed
from kernward.vm.fault_parts import DISK, MAKE_CGROUP, SERVE


class Load(NamedTuple):
    """A script that sets the load going and returns; `undo` ends it."""

    script: str
    disks: tuple[DiskNeed, ...] = ()
    modules: tuple[str, ...] = ()
    peers: int = 0
    undo: str = ""


_BEHIND = " </dev/null >/dev/null 2>&1 &"
# Many short processes that compute, as a compiler's are; so many at a time as there are processors.
_COMPILE = """
    cat >/tmp/unit <<'END'
while :; do dd if=/dev/urandom bs=64k count=4 2>/dev/null | gzip | sha256sum >/tmp/object.$1; done
END
    for job in $(seq $(nproc)); do sh /tmp/unit $job </dev/null >/dev/null 2>&1 & done
"""
_MOUNT = "mkdir -p /mnt/work && mount -t ext4 $(disk work) /mnt/work || exit 1\n"
_WORK = (DiskNeed("work", "ext4", 400),)

GUEST_HEALTHY = {
    "idle": Load("true"),
    "compile": Load(_COMPILE),
    # Copied once and synced, then again: what backups and package managers do.
    "file-copy": Load(
        DISK + _MOUNT + "dd if=/dev/urandom of=/mnt/work/from bs=1M count=60 2>/dev/null; sync\n"
        "(while :; do cp /mnt/work/from /mnt/work/to; sync; sleep 1; done)" + _BEHIND,
        _WORK, ("ext4",),
    ),
    "read-through": Load(
        DISK + _MOUNT + "dd if=/dev/zero of=/mnt/work/data bs=1M count=100 2>/dev/null; sync\n"
        "(while :; do cat /mnt/work/data >/dev/null; sleep 0.2; done)" + _BEHIND,
        _WORK, ("ext4",),
    ),
    # 60 % of one processor's quota, in bursts that stay within each period.
    "within-quota": Load(
        MAKE_CGROUP + """
        make_cgroup cpu /system.slice/report.service
        echo 90000 100000 >$folder/cpu.max
        (echo 0 >$folder/cgroup.procs; while :; do sha256sum /bin/busybox; usleep 60000; done)""" + _BEHIND,
    ),
    "within-memory": Load(
        MAKE_CGROUP + SERVE + """
        make_cgroup memory /system.slice/cache.service
        echo $((160 << 20)) >$folder/memory.high; echo $((192 << 20)) >$folder/memory.max
        serve cached $folder eat 90
        """,
    ),
    "timer-service": Load(SERVE + "serve poller '' timers 4 20000"),
    "request-server": Load(
        "ip link set lo up\n"
        "(while :; do nc -l -p 7000 -e cat; done)" + _BEHIND +
        "\n(while :; do echo hello | nc -w 1 127.0.0.1 7000; usleep 100000; done)" + _BEHIND,
    ),
    # UDP of 400 packets a second to a service that reads them.
    "network-transfer": Load(
        SERVE + "ip link set lo up\n"
        "serve sink '' serve 7001\n"
        "(while :; do dd if=/dev/zero bs=16k count=20 2>/dev/null; usleep 100000; done | nc 127.0.0.1 7001)" + _BEHIND,
    ),
    "half-busy": Load("(while :; do timeout 0.3 sha256sum /dev/zero; sleep 0.3; done)" + _BEHIND),
    "log-writer": Load(
        DISK + _MOUNT + "(while :; do dd if=/dev/zero bs=4k count=8 2>/dev/null >>/mnt/work/log; sync; usleep 300000; "
        "done)" + _BEHIND, _WORK, ("ext4",),
    ),
}  # fmt: skip

# Beside a fault: something else that is going on, and is none.
GUEST_SIDE = {
    name: GUEST_HEALTHY[name] for name in ("timer-service", "half-busy", "within-quota", "request-server")
}

# On this machine, in bash, in a folder of its own; ended as a process group.
HOST_HEALTHY = {
    "idle": "sleep 1000",
    "compile": (
        'for n in 1 2 3 4 5 6 7 8; do { for i in $(seq 3000); do echo "int f${n}_$i(int a) {{ return a * $i; }}"; done; } '
        ">u$n.c; done; while :; do ls u*.c | xargs -P 2 -I @ gcc -O2 -c @ -o @.o; done"
    ),
    "file-copy": "dd if=/dev/urandom of=from bs=1M count=300; while :; do cp from to; sync; sleep 1; done",
    "one-busy-core": "while :; do timeout 1 sha256sum /dev/zero; sleep 0.2; done",
    "transfer": (
        "python3 -c 'import socket,threading,time\n"
        's=socket.create_server(("127.0.0.1",0))\n'
        "def sink(c):\n"
        " while c.recv(65536): pass\n"
        "def take():\n"
        " while True: threading.Thread(target=sink,args=(s.accept()[0],),daemon=True).start()\n"
        "threading.Thread(target=take,daemon=True).start()\n"
        "c=socket.create_connection(s.getsockname())\n"
        "while True: c.sendall(bytes(65536)); time.sleep(0.005)'"
    ),
}
