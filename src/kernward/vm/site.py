"""What makes a machine a host of a site: a name and addresses of its own, a clock, and its logging.

Restored machines of one Spec are alike to the last byte, so all of this is done after the restore: host
name, MAC and IPv4 address, boot and machine id, clock, then the daemons that send logs to the collector.
"""

import re
import shlex
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from kernward.kernels import modules
from kernward.kernels.kernel import Kernel
from kernward.records.errors import UsageError
from kernward.records.fleet import LogForm, PlannedHost, Value
from kernward.vm import collector, disk_images, programs
from kernward.vm.fault import Fault
from kernward.vm.faults import fault as fault_named
from kernward.vm.inject import spec_for
from kernward.vm.machine import Machine
from kernward.vm.spec import Disk, File, Nic, Spec
from kernward.vm.verdict import Verdict

# Faults between machines take the cards that are on this segment.
SEGMENT = "wire"
SETUP_S = 120.0
CARRIER_TRIES = 200
ISSUE = b"Debian GNU/Linux 12 \\n \\l\n\n"
# How rsyslogd sends: as syslog always was, with precise times, as RFC 5424 has it.
RSYSLOG_TEMPLATES: Mapping[str, str] = {
    "syslog": "RSYSLOG_TraditionalForwardFormat",
    "syslog-iso": "RSYSLOG_ForwardFormat",
    "syslog-5424": "RSYSLOG_SyslogProtocol23Format",
}
MESSAGES = "/var/log/messages"
PSTORE = "/sys/fs/pstore"
_RECORD = re.compile(r"dmesg-[\w-]{1,60}")


class Place(msgspec.Struct, frozen=True):
    """Where a host is on the segment."""

    address: str
    mac: str


class Identity(msgspec.Struct, frozen=True):
    """What a boot of a host is known by, and by how much its clock is ahead of the real time."""

    boot_id: str
    clock_offset_s: float


def place(number: int) -> Place:
    """The addresses of the host of this number, counted from 0."""
    high, low = 1 + number // 250, 1 + number % 250
    return Place(f"10.77.{high}.{low}", f"52:54:00:4d:{high:02x}:{low:02x}")


def spec_of(
    host: PlannedHost, roles: Sequence[tuple[Fault, Mapping[str, Value]]], kernel: Kernel, home: Path
) -> Spec:
    """The machine of a host: what its faults need, what its logs need, and what the plan says besides.

    `roles` are the faults that it takes part in, its own and those that it is a peer of.
    """
    cgroup = 1 if any(fault.needs.cgroup == 1 for fault, _ in roles) else host.cgroup
    if not all(fault.needs.initramfs for fault, _ in roles):
        spec = Spec(
            kernel=kernel, memory_mb=host.memory_mb, smp=host.smp, machine=host.machine, append=host.append
        )
    else:
        spec = Spec(
            kernel=kernel,
            smp=host.smp,
            memory_mb=host.memory_mb,
            append=host.append,
            modules=(*host.modules, *_log_modules(host, kernel)),
            files=(File("/etc/issue", ISSUE), *_log_files(host, home)),
            programs=(*host.programs, *_log_programs(host.logs)),
            disks=tuple(
                Disk(
                    name=each.name,
                    image=disk_images.image(each.contents, each.size_mb, home),
                    size_mb=each.size_mb,
                    interface=each.interface,
                )
                for each in host.disks
            ),
            nics=(Nic(network=SEGMENT, model=host.card),),
            cgroup=cgroup,
            machine=host.machine,
            devices=host.devices,
        )
    if "pstore" in host.logs:
        kept = fault_named("pstore-panic").needs
        spec = msgspec.structs.replace(
            spec,
            modules=_once((*spec.modules, *kept.modules)),
            append=_once((*spec.append, *(each.replace("$$", "$") for each in kept.append))),
            reboots=True,
        )
    for fault, values in roles:
        spec = spec_for(fault, kernel, home=home, base=spec, **values)
    names = [disk.name for disk in spec.disks]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"host {host.name}: two of its faults need different disks named {twice[0]}")
    return msgspec.structs.replace(
        spec,
        firmware_on_console=host.firmware_on_console,
        clock=f"{host.clock:%Y-%m-%dT%H:%M:%S}" if host.clock and (host.cold or not spec.initramfs) else None,
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _log_modules(host: PlannedHost, kernel: Kernel) -> tuple[str, ...]:
    if not {"netconsole", "netconsole-extended"} & set(host.logs):
        return ()
    if modules.present(kernel, "netconsole") is None:
        raise UsageError(f"host {host.name}: {kernel.release} has no netconsole")
    return ("netconsole",)


def _log_files(host: PlannedHost, home: Path) -> tuple[File, ...]:
    if "journal" not in host.logs:
        return ()
    return (File("/usr/bin/journal_sender", programs.compiled("journal_sender", home), 0o755),)


def _log_programs(logs: Iterable[LogForm]) -> tuple[str, ...]:
    found = {"dmesg": "dmesg", **dict.fromkeys(RSYSLOG_TEMPLATES, "rsyslogd")}
    return tuple(sorted({found[form] for form in logs if form in found}))


# ---- moving in ----


def move_in(machine: Machine, host: PlannedHost, at: Place, *, restored: bool) -> Identity:
    """Give a machine that answers the host's name, addresses, ids, clock and daemons."""
    boot_id, machine_id = str(uuid.uuid4()), uuid.uuid5(uuid.NAMESPACE_DNS, host.name).hex
    if not restored:
        boot_id = machine.get("/proc/sys/kernel/random/boot_id").decode().strip()
    machine.put("/etc/hostname", f"{host.name}\n".encode())
    machine.put("/etc/hosts", f"127.0.0.1 localhost\n{at.address} {host.name}\n".encode())
    machine.put("/etc/machine-id", f"{machine_id}\n".encode())
    lines = [f"hostname {host.name}"]
    if restored:
        machine.put("/run/boot_id", f"{boot_id}\n".encode())
        lines.append("mount --bind /run/boot_id /proc/sys/kernel/random/boot_id")
        if host.clock is not None and not machine.channel.wake(int(host.clock.timestamp() * 1e9), 0, SETUP_S):
            raise Verdict("the host's clock could not be set: its agent does not answer")
    lines += [
        f"ip link set dev eth0 address {at.mac}",
        f"ip address add {at.address}/16 dev eth0",
        "ip link set dev eth0 up",
        f"ip route add default via {collector.ADDRESS}",
        # Until a wired card has its link, what is sent is lost.
        f"tries={CARRIER_TRIES}; until [ $(cat /sys/class/net/eth0/carrier) = 1 ] || [ $tries = 0 ]; do",
        "usleep 100000; tries=$((tries - 1)); done",
        # Of a boot's messages in one burst the first would be dropped while the neighbour is asked for.
        f"arp -s {collector.ADDRESS} {collector.MAC}",
        *_netconsole(host, at),
        *_syslog(machine, host, boot_id, machine_id),
        "setsid getty -L 115200 ttyS0 vt100 </dev/null >/dev/null 2>&1 &",
    ]
    done = machine.sh("set -e\n" + "\n".join(lines), timeout_s=SETUP_S)
    if done.status:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise Verdict(f"the host could not be set up: {said[-1]}")
    return Identity(boot_id, clock_offset(machine))


def _netconsole(host: PlannedHost, at: Place) -> list[str]:
    if not {"netconsole", "netconsole-extended"} & set(host.logs):
        return []
    values = {
        "dev_name": "eth0",
        "local_ip": at.address,
        "remote_ip": collector.ADDRESS,
        "remote_port": collector.NETCONSOLE_PORT,
        "remote_mac": collector.MAC,
        "extended": int("netconsole-extended" in host.logs),
        "enabled": 1,
    }
    target = "/sys/kernel/config/netconsole/site"
    return [
        "mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config",
        f"mkdir {target}",
        *(f"echo {value} >{target}/{name}" for name, value in values.items()),
    ]


def _syslog(machine: Machine, host: PlannedHost, boot_id: str, machine_id: str) -> list[str]:
    found = []
    senders = [RSYSLOG_TEMPLATES[form] for form in host.logs if form in RSYSLOG_TEMPLATES]
    if senders:
        to = f'type="omfwd" target="{collector.ADDRESS}" port="{collector.SYSLOG_PORT}" protocol="udp"'
        actions = [f'kern.* action({to} template="{template}")\n' for template in senders]
        machine.put("/etc/rsyslog.conf", ('module(load="imklog")\n' + "".join(actions)).encode())
        found.append("mkdir -p /var/spool/rsyslog; rsyslogd -i /run/rsyslogd.pid")
    if {"messages", "syslog-busybox"} & set(host.logs):
        local = f"-L -O {MESSAGES}" if "messages" in host.logs else ""
        remote = f"-R {collector.ADDRESS}:{collector.SYSLOG_PORT}" if "syslog-busybox" in host.logs else ""
        found.append(f"syslogd {local} {remote}; klogd")
    if "journal" in host.logs:
        words = ["/usr/bin/journal_sender", collector.ADDRESS, str(collector.SYSLOG_PORT)]
        words += [host.name, boot_id.replace("-", ""), machine_id]
        found.append(f"setsid {shlex.join(words)} </dev/null >/dev/null 2>&1 &")
    return found


def clock_offset(machine: Machine) -> float:
    """By how many seconds the host's clock is ahead of the real time; seen at the change of a second."""
    changed = machine.sh("from=$(date +%s); while [ $(date +%s) = $from ]; do usleep 5000; done; date +%s")
    return round(float(changed.stdout) - datetime.now(UTC).timestamp(), 3)


# ---- what only the guest has ----


def gather(machine: Machine, logs: Iterable[LogForm]) -> dict[str, bytes]:
    """The logs that lie in the guest now, by their file names."""
    found = {}
    if "dmesg" in logs:
        found["dmesg.json"] = machine.run(["dmesg", "--json"], timeout_s=SETUP_S).stdout
    if "messages" in logs:
        found["messages"] = machine.get(MESSAGES, timeout_s=SETUP_S)
    return found


def gather_pstore(machine: Machine) -> dict[str, bytes]:
    """What survived the restart, by its file names; it is removed from there, as systemd-pstore does."""
    machine.sh(f"mountpoint -q {PSTORE} || mount -t pstore pstore {PSTORE}")
    names = machine.sh(f"ls {PSTORE}").stdout.decode(errors="replace").split()
    found = {name: machine.get(f"{PSTORE}/{name}") for name in names if _RECORD.fullmatch(name)}
    machine.sh(f"rm -f {PSTORE}/dmesg-*")
    return {f"pstore/{name}": data for name, data in found.items()}
