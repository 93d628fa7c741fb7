"""Errors that file systems have counted themselves: /sys/fs/ext4 and /sys/fs/btrfs.

ext4 keeps its count in the superblock: it outlives a mount and a boot, and fsck resets it. btrfs keeps a
count for each device, in the device tree. XFS counts none.
"""

from collections.abc import Collection, Mapping
from typing import Annotated

import msgspec

from kernward.collectors.quantity import counter, fact, gauge
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

_EXT4 = "fs/ext4/sysfs.c"
_BTRFS = "btrfs_devinfo_error_stats_show() in fs/btrfs/sysfs.c"


class FilesystemErrors(msgspec.Struct, frozen=True):
    """The errors of one file system, by the device that it lies on."""

    kind: Annotated[str | None, fact("ext4 or btrfs", _EXT4)] = None
    errors: Annotated[
        int | None, counter("", "errors since the last fsck; of btrfs all kinds together", _EXT4)
    ] = None
    warnings: Annotated[int | None, counter("", "warnings of ext4 since it was mounted", _EXT4)] = None
    last_error_at_unix_s: Annotated[
        int | None, gauge("s", "when the last error was met, in seconds since 1970", _EXT4)
    ] = None
    last_error_function: Annotated[str | None, fact("the function that met it", _EXT4)] = None
    last_error_block: Annotated[int | None, fact("the block that it was met in", _EXT4)] = None
    last_error_inode: Annotated[int | None, fact("the inode that it was met in", _EXT4)] = None
    write_errors: Annotated[int | None, counter("", "failed writes of btrfs", _BTRFS)] = None
    read_errors: Annotated[int | None, counter("", "failed reads of btrfs", _BTRFS)] = None
    flush_errors: Annotated[int | None, counter("", "failed flushes of btrfs", _BTRFS)] = None
    corruption_errors: Annotated[int | None, counter("", "blocks of btrfs with a wrong checksum", _BTRFS)] = (
        None
    )
    generation_errors: Annotated[
        int | None, counter("", "blocks of btrfs that should have been written and were not", _BTRFS)
    ] = None


def read(root: Root, devices: Collection[str] | None) -> Mapping[str, FilesystemErrors]:
    """All ext4 and btrfs file systems that are mounted."""
    found: dict[str, FilesystemErrors] = {}
    for device in root.optional_names("/sys/fs/ext4"):
        if device != "features" and (devices is None or device in devices):
            folder = f"/sys/fs/ext4/{device}"
            errors = root.optional_number(f"{folder}/errors_count")
            if errors is not None:
                found[device] = FilesystemErrors(
                    kind="ext4",
                    errors=errors,
                    warnings=root.optional_number(f"{folder}/warning_count"),
                    last_error_at_unix_s=root.optional_number(f"{folder}/last_error_time") or None,
                    last_error_function=root.optional(f"{folder}/last_error_func") or None,
                    last_error_block=root.optional_number(f"{folder}/last_error_block") or None,
                    last_error_inode=root.optional_number(f"{folder}/last_error_ino") or None,
                )
    for uuid in root.optional_names("/sys/fs/btrfs"):
        for number, device in zip(*_btrfs_devices(root, uuid), strict=False):
            if devices is None or device in devices:
                found[device] = _btrfs(root, f"/sys/fs/btrfs/{uuid}/devinfo/{number}/error_stats")
    return found


def _btrfs_devices(root: Root, uuid: str) -> tuple[list[str], list[str]]:
    """Ids and names; sysfs links the two only by their order, so of several devices nothing is said."""
    ids = root.optional_names(f"/sys/fs/btrfs/{uuid}/devinfo")
    names = root.optional_names(f"/sys/fs/btrfs/{uuid}/devices")
    return (ids, names) if len(ids) == len(names) == 1 else ([], [])


def _btrfs(root: Root, path: str) -> FilesystemErrors:
    """`write_errs 0`, and so on, one a line."""
    counts: dict[str, int] = {}
    for line in (root.optional(path) or "").splitlines():
        name, _, count = line.partition(" ")
        if count.isascii() and count.isdigit():
            counts[name] = int(count)
    return FilesystemErrors(
        kind="btrfs",
        errors=sum(counts.values()) if counts else None,
        write_errors=counts.get("write_errs"),
        read_errors=counts.get("read_errs"),
        flush_errors=counts.get("flush_errs"),
        corruption_errors=counts.get("corruption_errs"),
        generation_errors=counts.get("generation_errs"),
    )


SOURCE = EntitySource(
    name="filesystem_errors",
    doc="Errors that ext4 and btrfs have counted of themselves.",
    files=("/sys/fs/ext4/DEVICE", "/sys/fs/btrfs/UUID/devinfo/ID/error_stats"),
    record=FilesystemErrors,
    read=read,
    scope="device",
    when="check",
)
