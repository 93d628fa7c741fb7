"""Where the cgroups are: the hierarchies of version 1 and 2 that are mounted, and the groups in each.

A group is named by its path as /proc/PID/cgroup shows it to whoever reads, "/" for the root. The list is
made once a sample. A group that vanishes while it is read is left out; a tree that is too large is cut
off with a word in `missing`.

On a machine with thousands of groups most are idle. What is read of a group is remembered, and what cannot
have changed since is not read again: settings of a group that has not run are looked at every few samples.
"""

import os
from collections.abc import Collection, Iterator
from typing import Generic, TypeVar

import msgspec

from kernward.collectors.root import Root, Unavailable

MOUNTS = "/proc/self/mountinfo"
# What controllers are called in the options of a version 1 mount.
CONTROLLERS = frozenset({"cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", "freezer", "devices"})
# Groups of one hierarchy that are looked at; the kernel's own bound on descendants is far beyond it.
MOST = 20_000
DEEPEST = 64
_FILE_BYTES = 1 << 20
# In every so many samples a group is read as a whole, whether or not anything speaks for a change.
AFRESH = 8
_IDLE = "idle cgroups"

T = TypeVar("T", bound=msgspec.Struct)


class Hierarchy(msgspec.Struct, frozen=True):
    """One mounted tree of groups. `prefix` is the path of the group that is mounted, "" for the root.

    `controllers` are those of a version 1 tree; a version 2 tree says in each group what it controls.
    """

    version: int
    mount: str
    prefix: str = ""
    controllers: frozenset[str] = frozenset()


class Group(msgspec.Struct, frozen=True):
    """A group: its name, its folder below the root, and the id that tells it from a later one."""

    name: str
    folder: str
    id: int | None = None

    @property
    def top(self) -> bool:
        """Whether it is the root of its tree, which has fewer files than the others."""
        return self.name == "/"


def hierarchies(root: Root) -> tuple[Hierarchy, ...]:
    """All mounted trees, each once."""
    found: tuple[Hierarchy, ...] | None = root.kept.get("cgroup hierarchies")
    if found is None:
        turn, before, known = root.remembered.get(MOUNTS, (0, None, ()))
        data = before
        # Mounts of cgroups are made at boot, and the list of all mounts is long.
        if not root.live or not known or turn % AFRESH == 0:
            data = root.read_or_none(MOUNTS)
        found = known if data == before and known else tuple(_mounted(data)) or tuple(_laid_out(root))
        root.remembered[MOUNTS] = (turn + 1, data, found)
        root.kept["cgroup hierarchies"] = found
    return found


def hierarchy(root: Root, controller: str) -> Hierarchy | None:
    """The tree in which this controller is: a version 1 tree of its own, else the version 2 tree."""
    for each in hierarchies(root):
        if controller in each.controllers:
            return each
    return version_2(root)


def version_2(root: Root) -> Hierarchy | None:
    """The version 2 tree, where pressure is accounted also when all controllers are in version 1 trees."""
    return next((each for each in hierarchies(root) if each.version == 2), None)


def groups(root: Root, tree: Hierarchy, names: Collection[str] | None = None) -> list[Group]:
    """The groups of a tree, parents before children; only those named where `names` is given."""
    kept = f"cgroups of {tree.mount}"
    found: list[Group] | None = root.kept.get(kept)
    if found is None:
        found = root.kept[kept] = list(_walk(root, tree))
    return found if names is None else [each for each in found if each.name in names]


class Memory(Generic[T]):
    """What a source has read of each group in the sample before. Begins a new sample when it is made.

    `known` gives a group's record while `told`, whatever the source can read cheaply of it, is what it was.
    """

    def __init__(self, root: Root, source: str) -> None:
        self._sample, self._before = root.remembered.get(source, (0, {}))
        self._now: dict[str, tuple[int | None, bytes, T]] = {}
        root.remembered[source] = (self._sample + 1, self._now)

    def known(self, group: Group, told: bytes) -> T | None:
        """The record as it was; None when it has to be read."""
        found: tuple[int | None, bytes, T] | None = self._before.get(group.name)
        # Of a copied tree, which has no ids, everything is read.
        if found is None or group.id is None or found[0] != group.id or found[1] != told:
            return None
        if (group.id + self._sample) % AFRESH == 0:
            return None
        self._now[group.name] = found
        return found[2]

    def learn(self, group: Group, told: bytes, record: T) -> T:
        """Remember it for the next sample."""
        self._now[group.name] = (group.id, told, record)
        return record


def note_idle(root: Root, group: Group) -> None:
    """It has used no CPU time since the sample before."""
    root.kept.setdefault(_IDLE, set()).add(group.name)


def is_idle(root: Root, group: Group) -> bool:
    """Whether that was noted in this sample."""
    return group.name in root.kept.get(_IDLE, ())


def contents(root: Root, group: Group, file: str) -> bytes | None:
    """A file of a group; None when it is not there: most groups lack some, and that is no defect."""
    try:
        return root.read(f"{group.folder}/{file}", _FILE_BYTES)
    except Unavailable:
        return None


def value(root: Root, group: Group, file: str) -> int | None:
    """The number in a file of a group; None when there is none, or when it says "max"."""
    return number(contents(root, group, file))


def number(data: bytes | None) -> int | None:
    """A whole number; None for what is none, and for the number that version 1 shows for "no limit"."""
    try:
        found = int(data or b"")
    except ValueError:
        return None
    return found if found < 1 << 62 else None


def pairs(data: bytes | None) -> dict[bytes, bytes]:
    """`nr_periods 12` on each line, as a dictionary."""
    words = (data or b"").split()
    return dict(zip(words[::2], words[1::2], strict=False))


def whole(found: dict[bytes, bytes], name: bytes) -> int | None:
    """The number of that name; None when there is none."""
    return number(found.get(name))


def seconds(found: dict[bytes, bytes], name: bytes, parts: int) -> float | None:
    """The same, of a time in so many parts of a second."""
    count = whole(found, name)
    return None if count is None else count / parts


def _mounted(data: bytes | None) -> Iterator[Hierarchy]:
    """`31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw` (proc_pid_mountinfo, fs/proc_namespace.c)."""
    seen: set[frozenset[str]] = set()
    for line in (data or b"").splitlines():
        before, _, after = line.partition(b" - ")
        fields, kind = before.split(b" "), after.split(b" ")
        if len(fields) < 6 or len(kind) < 3 or kind[0] not in (b"cgroup", b"cgroup2"):
            continue
        options = kind[2].decode("ascii", "replace").split(",")
        controllers = CONTROLLERS.intersection(options) if kind[0] == b"cgroup" else frozenset[str]()
        if kind[0] == b"cgroup" and not controllers or controllers in seen:
            continue
        seen.add(controllers)
        top = _unescaped(fields[3])
        yield Hierarchy(
            version=1 if controllers else 2,
            mount=_unescaped(fields[4]),
            # "/.." is shown when the group lies outside of the reader's namespace.
            prefix="" if top == "/" or top.startswith("/..") else top,
            controllers=controllers,
        )


def _laid_out(root: Root) -> Iterator[Hierarchy]:
    """Of a copied tree without mountinfo: by the folders that are there."""
    at = "/sys/fs/cgroup"
    for folder in (at, f"{at}/unified"):
        if root.exists(f"{folder}/cgroup.controllers"):
            yield Hierarchy(2, folder)
    try:
        names = sorted(root.names(at))
    except Unavailable:
        return
    for name in names:
        controllers = CONTROLLERS.intersection(name.split(","))
        if controllers and root.exists(f"{at}/{name}/cgroup.procs"):
            yield Hierarchy(1, f"{at}/{name}", controllers=controllers)


def _unescaped(field: bytes) -> str:
    """mountinfo writes a blank as \\040 (mangle_path() in fs/seq_file.c)."""
    for code, plain in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        field = field.replace(code, plain)
    return os.fsdecode(field)


def _walk(root: Root, tree: Hierarchy) -> Iterator[Group]:
    waiting = [(tree.mount, tree.prefix, 0)]
    count = 0
    while waiting:
        folder, name, depth = waiting.pop()
        links, identity = _inode(root, folder)
        if links is None:
            continue
        if count == MOST:
            root.missing[tree.mount] = f"there are more than {MOST} cgroups; the others were not read"
            return
        count += 1
        yield Group(printable(name) or "/", folder, identity)
        # A folder of cgroupfs has a link from each folder in it, besides its name and its ".". Folders of
        # most groups hold none, and listing the fifty files in each would be most of the work.
        if links == 2 or depth == DEEPEST:
            continue
        try:
            waiting.extend((f"{folder}/{each}", f"{name}/{each}", depth + 1) for each in root.folders(folder))
        except Unavailable:
            continue


def printable(name: str) -> str:
    """What is no UTF-8 as \\xNN, so that the name can be written as JSON."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def _inode(root: Root, folder: str) -> tuple[int | None, int | None]:
    """The number of links (0: not to be relied on) and the id; None when the folder is gone."""
    if not root.live:
        return (0, None) if root.exists(folder) else (None, None)
    try:
        found = os.stat(folder)
    except OSError:
        return None, None
    return found.st_nlink, found.st_ino
