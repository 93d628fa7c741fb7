"""/proc/self/mountinfo: what is mounted where, from which device, and with which options.

File systems that the kernel makes up (proc, sysfs, cgroup, …) are left out, and so are overlays, which show
others, and further mounts of the same part of a device. The mount point is the entity.
"""

import re
from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource

_SHOW = "show_mountinfo() in fs/proc_namespace.c"
# Mounts kept; a machine with thousands of containers has a tmpfs or two for each.
_MOST = 4096
_OCTAL = re.compile(rb"\\([0-7]{3})")
_MADE_UP = frozenset(
    b"proc sysfs devtmpfs devpts securityfs cgroup cgroup2 pstore bpf debugfs tracefs configfs fusectl mqueue "
    b"hugetlbfs overlay rpc_pipefs nsfs binfmt_misc efivarfs selinuxfs autofs nfsd ramfs rootfs fuse.lxcfs".split()
)


class Mount(msgspec.Struct, frozen=True):
    """`27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,errors=remount-ro`"""

    number: Annotated[
        str | None, fact("major and minor number of its device; 0:N where it has none of its own", _SHOW)
    ] = None
    source: Annotated[str | None, fact("the device, or the server and its path", _SHOW)] = None
    kind: Annotated[str | None, fact("ext4, xfs, nfs4, …", _SHOW)] = None
    subtree: Annotated[
        str | None, fact("the part of the file system that is mounted, / for all of it", _SHOW)
    ] = None
    options: Annotated[
        str | None, fact("options of this mount", "show_mnt_opts() in fs/proc_namespace.c")
    ] = None
    filesystem_options: Annotated[
        str | None,
        fact("options of the file system, for all its mounts", "show_sb_opts() in fs/proc_namespace.c"),
    ] = None
    read_only: Annotated[int | None, gauge("", "1 when this mount cannot be written", _SHOW)] = None
    filesystem_read_only: Annotated[
        int | None, gauge("", "1 when no mount of the file system can be written", _SHOW)
    ] = None
    shut_down: Annotated[
        int | None,
        gauge(
            "",
            "1 when it has stopped after an error and says so in its options",
            "ext4_show_options() in fs/ext4/super.c",
        ),
    ] = None


def read(root: Root, points: Collection[str] | None) -> Mapping[str, Mount]:
    """The mounts that this process sees; of a copied tree those that the first one saw."""
    return of_kinds(root, None, points)


def of_kinds(
    root: Root, kinds: Collection[bytes] | None, points: Collection[str] | None = None
) -> dict[str, Mount]:
    """The same, of these kinds of file system only: of thousands of mounts few are of interest."""
    found: dict[str, Mount] = {}
    seen: set[tuple[str | None, str | None]] = set()
    for line in _lines(root):
        # Optional fields, of any number, end with " - ".
        before, _, after = line.partition(b" - ")
        other = after.split(b" ", 2)
        if len(other) < 2 or other[0] in _MADE_UP or kinds is not None and other[0] not in kinds:
            continue
        one = before.split(b" ", 6)
        if len(one) < 6:
            continue
        point = unescaped(one[4])
        if points is not None and point not in points:
            continue
        record = _mount(one, other)
        # A folder bound elsewhere, and a device mounted twice, say nothing new; what hides an earlier mount does.
        if point not in found:
            if (record.number, record.subtree) in seen or len(found) >= _MOST:
                continue
            seen.add((record.number, record.subtree))
        found[point] = record
    return found


def _lines(root: Root) -> list[bytes]:
    paths = ("/proc/self/mountinfo", "/proc/1/mountinfo")
    for path in paths:
        try:
            return root.read(path).splitlines()
        except Unavailable as error:
            last = error
    raise last


def _mount(one: list[bytes], other: list[bytes]) -> Mount:
    whole = unescaped(other[2]) if len(other) > 2 else ""
    flags = whole.split(",")
    return Mount(
        number=unescaped(one[2]),
        source=unescaped(other[1]),
        kind=unescaped(other[0]),
        subtree=unescaped(one[3]),
        options=unescaped(one[5]),
        filesystem_options=whole or None,
        read_only=int("ro" in unescaped(one[5]).split(",") or "ro" in flags),
        filesystem_read_only=int("ro" in flags),
        shut_down=int(any(each in flags for each in ("abort", "shutdown", "emergency_ro"))),
    )


def unescaped(text: bytes) -> str:
    """Blanks, tabs, line ends and backslashes are written as octal numbers (mangle() in fs/proc_namespace.c)."""
    if b"\\" in text:
        text = _OCTAL.sub(lambda match: bytes((int(match[1], 8) & 0xFF,)), text)
    return text.decode("utf-8", "surrogateescape")


SOURCE = EntitySource(
    name="mounts",
    doc="What is mounted where, from which device, with which options.",
    files=("/proc/self/mountinfo",),
    record=Mount,
    read=read,
    scope="filesystem",
    when="check",
)
