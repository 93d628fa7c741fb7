"""statfs() of each file system on a device: blocks and inodes, used and free.

Only the running machine can be asked; of another the output of df tells the same. File systems behind a network or a user's process are not: a server
that does not answer would make the question wait for ever.
"""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import EntitySource
from kernward.collectors.sources import mounts

_STATFS = "statfs_by_dentry() in fs/statfs.c"
# Those whose figures come from the memory of this machine's kernel.
_ON_DEVICES = frozenset(
    b"ext2 ext3 ext4 xfs btrfs f2fs jfs reiserfs vfat msdos exfat ntfs3 hfsplus bcachefs nilfs2 minix udf zfs".split()
)
# Each pod of a cluster has some; one that is full is the pod's own trouble.
_IN_MEMORY = frozenset((b"tmpfs",))
_MOST_IN_MEMORY = 64


class Filesystem(msgspec.Struct, frozen=True):
    """What df and df -i print. Blocks that are kept for root are neither used nor available."""

    number: Annotated[
        str | None, fact("major and minor number of its device", "show_mountinfo() in fs/proc_namespace.c")
    ] = None
    size_bytes: Annotated[int | None, gauge("bytes", "its blocks", _STATFS)] = None
    free_bytes: Annotated[
        int | None, gauge("bytes", "its free blocks, with those kept for root", _STATFS)
    ] = None
    available_bytes: Annotated[int | None, gauge("bytes", "blocks that any user can still take", _STATFS)] = (
        None
    )
    inodes: Annotated[
        int | None, gauge("", "files that it can hold; None where there is no such limit", _STATFS)
    ] = None
    inodes_free: Annotated[int | None, gauge("", "files that can still be made", _STATFS)] = None

    @property
    def used_share(self) -> float | None:
        """As df counts: of what is used and what can be used."""
        if self.size_bytes is None or self.free_bytes is None or self.available_bytes is None:
            return None
        used = self.size_bytes - self.free_bytes
        return used / (used + self.available_bytes) if used + self.available_bytes > 0 else None


def read(root: Root, points: Collection[str] | None) -> Mapping[str, Filesystem]:
    """Each local file system once, at the first place where it is mounted."""
    if not root.knows_file_systems:
        raise Unavailable("statfs()", "only the running machine, or an output of df, tells of file systems")
    found: dict[str, Filesystem] = {}
    seen: set[str | None] = set()
    memory = mounts.of_kinds(root, _IN_MEMORY, points)
    shortest = sorted(memory.items(), key=lambda each: each[0].count("/"))[:_MOST_IN_MEMORY]
    for point, mount in (*mounts.of_kinds(root, _ON_DEVICES, points).items(), *shortest):
        if mount.number in seen:
            continue
        seen.add(mount.number)
        try:
            of = root.statvfs(point)
        except Unavailable:
            continue  # unmounted since, or hidden behind a folder that we may not enter
        found[point] = Filesystem(
            number=mount.number,
            size_bytes=of.f_blocks * of.f_frsize,
            free_bytes=of.f_bfree * of.f_frsize,
            available_bytes=of.f_bavail * of.f_frsize,
            # btrfs and vfat say 0: they make inodes as they need them.
            inodes=of.f_files or None,
            inodes_free=of.f_ffree if of.f_files else None,
        )
    return found


SOURCE = EntitySource(
    name="filesystem",
    doc="Blocks and inodes of each local file system, used and free.",
    files=("statfs()",),
    record=Filesystem,
    read=read,
    scope="filesystem",
)
