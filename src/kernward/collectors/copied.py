"""A copied tree: files of a machine that is somewhere else, or that has gone.

A sosreport holds many files of /proc and /sys as they were, and for others the output of a command that had
read them: sysctl -a for /proc/sys, df for the file systems, ps for the processes, nstat for the counters of the
network. Such a file is made from the output where it is missing, so that sources need not know where they
read. What neither tells stays absent.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from pathlib import Path

from kernward.collectors.clock import Clock
from kernward.collectors.root import Root, Unavailable
from kernward.records.errors import InputError

COMMANDS = "/sos_commands"
# Lines of an output that are read; ps has one for each thread.
_MOST_LINES = 200_000
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PF_KTHREAD = 0x00200000
_NUMBER = re.compile(r"\d{1,18}\Z")
_CPU_TIME = re.compile(r"(?:(\d{1,6})-)?(?:(\d{1,6}):)?(\d{1,6}):(\d{1,2})(?:\.\d+)?\Z")
_LOAD = re.compile(r"load average: ([\d.]{1,12}), ([\d.]{1,12}), ([\d.]{1,12})")
_DAYS = re.compile(r"\bup +(?:(\d{1,6}) days?, +)?(?:(\d{1,2}):(\d{2})|(\d{1,2}) min)")
# What nstat puts before each counter, and the file and line it is from.
_PROTOCOLS = (
    ("TcpExt", "netstat"),
    ("IpExt", "netstat"),
    ("MPTcpExt", "netstat"),
    ("IcmpMsg", "snmp"),
    ("UdpLite", "snmp"),
    ("Icmp", "snmp"),
    ("Tcp", "snmp"),
    ("Udp", "snmp"),
    ("Ip", "snmp"),
)


class CopiedRoot(Root):
    """The root of a copied tree."""

    def __init__(self, path: Path | str) -> None:
        super().__init__(_top(Path(path)))
        self._made: dict[str, bytes | None] = {}

    def read(self, path: str, limit_bytes: int = 16 << 20) -> bytes:
        """The file, else what the output of a command tells of it."""
        try:
            return super().read(path, limit_bytes)
        except Unavailable:
            made = self._from_output(path)
            if made is None:
                raise
            return made

    def names(self, folder: str) -> list[str]:
        """The names in a folder; those of processes as ps listed them where none were copied."""
        if folder.rstrip("/") != "/proc":
            return super().names(folder)
        try:
            found = super().names(folder)
        except Unavailable:
            if not self._processes:
                raise
            found = []
        return found if any(map(str.isdigit, found)) else [*found, *self._processes]

    def exists(self, path: str) -> bool:
        """Whether there is such a file, or an output that tells it."""
        return super().exists(path) or self._from_output(path) is not None

    @property
    def knows_file_systems(self) -> bool:
        """Whether df was run."""
        return bool(self._file_systems)

    def statvfs(self, path: str) -> os.statvfs_result:
        """What df printed."""
        found = self._file_systems.get(path)
        if found is None:
            raise Unavailable(path, "no output of df tells of this file system")
        return found

    def _from_output(self, path: str) -> bytes | None:
        if path not in self._made:
            self._made[path] = None  # a maker asks for other files, never for its own
            self._made[path] = self._make(path)
        return self._made[path]

    def _make(self, path: str) -> bytes | None:
        if path.startswith("/proc/sys/"):
            return self._settings.get(path.removeprefix("/proc/sys/"))
        maker = _MAKERS.get(path)
        if maker is not None:
            return maker(self)
        process = re.fullmatch(r"/proc/(\d{1,10})/(stat|wchan|cgroup)", path)
        return self._processes.get(process[1], {}).get(process[2]) if process else None

    @cached_property
    def _settings(self) -> dict[str, bytes]:
        """`net.ipv4.conf.eth0/100.rp_filter = 1` of sysctl -a, by path below /proc/sys."""
        swapped = str.maketrans("./", "/.")
        found = {}
        for line in self._output("kernel/sysctl_-a"):
            name, equals, value = line.partition(" = ")
            if equals:
                found[name.strip().translate(swapped)] = value.encode("utf-8", "surrogateescape") + b"\n"
        return found

    @cached_property
    def _file_systems(self) -> dict[str, os.statvfs_result]:
        outputs = [self._outputs("filesys/df_-al_"), self._outputs("filesys/df_-ali"), self._output("df")]
        sizes = dict(chain(*(_df(lines) for lines in outputs if lines and "-blocks" in lines[0])))
        inodes = dict(chain(*(_df(lines) for lines in outputs if lines and "Inodes" in lines[0])))
        return {
            point: os.statvfs_result(
                (1024, 1024, size, size - used, free, *_inodes(inodes.get(point)), 0, 255)
            )
            for point, (size, used, free) in sizes.items()
        }

    @cached_property
    def _processes(self) -> dict[str, dict[str, bytes]]:
        """The files of each process, by pid, from all outputs of ps: one has what another lacks."""
        known: dict[str, dict[str, str]] = {}
        for lines in (
            self._outputs("process/ps_alx"),
            self._outputs("process/ps_aux"),
            self._output("ps"),
            # What these tell of times is of single threads.
            self._outputs("process/ps_axo_pid"),
            self._outputs("process/ps_-elfL"),
        ):
            for row in _table(lines):
                pid = row.get("PID", "")
                if _NUMBER.match(pid):
                    kept = known.setdefault(pid, {})
                    for name, value in row.items():
                        kept.setdefault(name, value)
        return {pid: _files(pid, row) for pid, row in known.items()}

    def _uptime(self) -> bytes | None:
        """From when it was booted and when it was copied, else as uptime prints it, to the minute."""
        booted = re.search(r"^btime (\d{1,12})$", self.text("/proc/stat") or "", re.MULTILINE)
        now = _told(self)
        if booted and now is not None:
            up_s = now.timestamp() - int(booted[1])
        else:
            text = " ".join(chain(self._output("host/uptime"), self._output("uptime")))
            up = _DAYS.search(text)
            days, hours, minutes, alone = (int(each or 0) for each in up.groups()) if up else (0,) * 4
            up_s = ((days * 24 + hours) * 60 + minutes + alone) * 60
            if up is None and booted:
                up_s = _when(self).timestamp() - int(booted[1])
        return f"{up_s:.2f} 0.00\n".encode() if up_s > 0 else None

    def _load(self) -> bytes | None:
        text = " ".join(chain(self._output("host/uptime"), self._output("uptime")))
        load = _LOAD.search(text)
        # How many tasks there are, uptime does not say; 0 is what no machine has.
        return f"{load[1]} {load[2]} {load[3]} 0/0 0\n".encode() if load else None

    def _mounts(self) -> bytes | None:
        """/proc/mounts has all of mountinfo but the numbers."""
        try:
            lines = super().read("/proc/mounts").decode("utf-8", "surrogateescape").splitlines()
        except Unavailable:
            return None
        rows = [line.split(" ") for line in lines]
        return "\n".join(
            f"{number} 1 0:{number} / {row[1]} {row[3]} - {row[2]} {row[0]} {row[3]}"
            for number, row in enumerate(rows, 100)
            if len(row) >= 4
        ).encode("utf-8", "surrogateescape")

    def _counters(self, file: str) -> bytes | None:
        """/proc/net/snmp and netstat from `nstat -zas`: `TcpRetransSegs    12    0.0`."""
        counted: dict[str, dict[str, str]] = {}
        for line in self._outputs("networking/nstat_-zas"):
            words = line.split()
            if len(words) < 2 or not _NUMBER.match(words[1]):
                continue
            protocol = next((name for name, _ in _PROTOCOLS if words[0].startswith(name)), None)
            if protocol is not None:
                counted.setdefault(protocol, {})[words[0].removeprefix(protocol)] = words[1]
        lines = [
            f"{name}: {' '.join(counted[name])}\n{name}: {' '.join(counted[name].values())}\n"
            for name, of in _PROTOCOLS
            if of == file and name in counted
        ]
        return "".join(lines).encode() or None

    def _output(self, name: str) -> list[str]:
        """The lines of a command's output."""
        path = f"{COMMANDS}/{name}" if "/" in name else f"/{name}"
        try:
            data = super().read(path)
        except Unavailable:
            return []
        return data.decode("utf-8", "surrogateescape").splitlines()[:_MOST_LINES]

    def _outputs(self, begins: str) -> list[str]:
        """The same of the first command that begins so: options differ between versions of sos."""
        folder, _, begin = begins.rpartition("/")
        try:
            names = sorted(name for name in super().names(f"{COMMANDS}/{folder}") if name.startswith(begin))
        except Unavailable:
            return []
        return self._output(f"{folder}/{names[0]}") if names else []


_MAKERS: Mapping[str, Callable[[CopiedRoot], bytes | None]] = {
    "/proc/uptime": CopiedRoot._uptime,
    "/proc/loadavg": CopiedRoot._load,
    "/proc/self/mountinfo": CopiedRoot._mounts,
    "/proc/net/snmp": lambda root: root._counters("snmp"),
    "/proc/net/netstat": lambda root: root._counters("netstat"),
    "/etc/hostname": lambda root: next((line.encode() for line in root._output("hostname")), None),
}


class CopiedClock(Clock):
    """The clocks of the machine when its files were copied."""

    def __init__(self, root: Root) -> None:
        self._utc = _when(root)
        self.up_s = _up(root)

    def monotonic_s(self) -> float:
        """Seconds since boot; 0 where nothing tells."""
        return self.up_s or 0.0

    def utc(self) -> datetime:
        """When the files were copied."""
        return self._utc

    def sleep(self, seconds: float) -> None:
        """Nothing changes any more."""


def _top(path: Path) -> Path:
    """The folder in which proc and sys are: `path`, or the only folder in it."""
    if not path.is_dir():
        raise InputError(f"{path}: a folder was expected that holds proc and sys")
    if any((path / name).is_dir() for name in ("proc", "sys", "sos_commands")):
        return path
    inside = [each for each in path.iterdir() if (each / "proc").is_dir() or (each / "sos_commands").is_dir()]
    if len(inside) != 1:
        raise InputError(f"{path}: it holds no proc, no sys and no sos_commands")
    return inside[0]


def _when(root: Root) -> datetime:
    """When the files were copied, as nearly as anything tells."""
    told = _told(root)
    if told is not None:
        return told
    for name in ("proc/uptime", "proc/meminfo", "sos_commands", "proc", ""):
        try:
            return datetime.fromtimestamp(os.stat(f"{root.path}/{name}").st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            continue
    return datetime.now(UTC)


def _told(root: Root) -> datetime | None:
    """When the commands were run, by date --utc."""
    for line in (root.text(f"{COMMANDS}/date/date_--utc") or "").splitlines():
        # Sun Nov 22 02:34:33 AM UTC 2026, with or without AM; the zone is UTC.
        words = [word for word in line.split() if word not in ("AM", "PM")]
        shift = 12 if "PM" in line.split() else 0
        try:
            told = f"{' '.join((*words[1:4], words[-1]))} +0000"
            found = datetime.strptime(told, "%b %d %H:%M:%S %Y %z")
        except (ValueError, IndexError):
            continue
        hour = found.hour % 12 + shift if "AM" in line.split() or shift else found.hour
        return found.replace(hour=hour)
    return None


def _up(root: Root) -> float | None:
    words = (root.text("/proc/uptime") or "").split()
    try:
        return float(words[0])
    except (IndexError, ValueError):
        return None


def _df(lines: list[str]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """`/dev/vda1  1000 400 600 40% /data`, each by mount point; names may have spaces, points too."""
    for line in lines:
        found = re.search(r" (\d{1,18}) +(\d{1,18}) +(\d{1,18}) +(?:\d+%|-) (/.*)\Z", line)
        if found:
            yield found[4], (int(found[1]), int(found[2]), int(found[3]))


def _inodes(counts: tuple[int, int, int] | None) -> tuple[int, int, int]:
    total, _, free = counts or (0, 0, 0)
    return total, free, free


def _table(lines: list[str]) -> Iterator[dict[str, str]]:
    """The rows of an output of ps; the last column goes to the end of the line, and `-` is nothing."""
    heading: list[str] = []
    for line in lines:
        if "PID" in line.split() and not heading:
            heading = line.split()
            continue
        cells = line.split(None, len(heading) - 1) if heading else []
        if len(cells) == len(heading):
            yield {name: cell for name, cell in zip(heading, cells, strict=True) if cell != "-"}


def _files(pid: str, row: Mapping[str, str]) -> dict[str, bytes]:
    """What ps tells of a process, as do_task_stat() in fs/proc/array.c would have printed it."""
    command = row.get("COMM") or row.get("CMD") or row.get("COMMAND") or "?"
    kernel_thread = command.startswith("[")
    comm = command.strip("[]") if kernel_thread else command.split(" ", 1)[0].rsplit("/", 1)[-1]
    parent, nice, threads = (_whole(row, name) for name in ("PPID", "NI", "NLWP"))
    size_kib, resident_kib = _whole(row, "VSZ"), _whole(row, "RSS")
    ran = _CPU_TIME.match(row.get("TIME", ""))
    days, hours, minutes, seconds = (int(each or 0) for each in ran.groups()) if ran else (0, 0, 0, 0)
    ticks = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * _TICKS
    state = (row.get("STAT") or row.get("S") or "S")[:1]
    fields = [
        *(state, parent, 0, 0, 0, 0, _PF_KTHREAD if kernel_thread else 0, 0, 0, 0, 0, ticks, 0, 0, 0),
        *(20 + nice, nice, threads or 1, 0, 0, size_kib * 1024, resident_kib * 1024 // _PAGE_BYTES),
        *([0] * 28),
    ]
    stat = f"{pid} ({comm[:15]}) {' '.join(map(str, fields))}\n"
    files = {"stat": stat.encode("utf-8", "surrogateescape")}
    if re.fullmatch(r"[a-zA-Z_][\w.]*", row.get("WCHAN", "")):
        files["wchan"] = row["WCHAN"].encode()
    if re.match(r"\d+:", row.get("CGROUP", "")):
        groups = re.split(r",(?=\d+:)", row["CGROUP"])
        files["cgroup"] = "".join(f"{each}\n" for each in groups).encode("utf-8", "surrogateescape")
    return files


def _whole(row: Mapping[str, str], name: str) -> int:
    value = row.get(name, "")
    return int(value) if re.fullmatch(r"-?\d{1,12}", value) else 0
