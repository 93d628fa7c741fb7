"""A file system has free blocks and no free inode."""

from collections.abc import Iterator

from kernward.collectors.sources import filesystem
from kernward.collectors.sources.filesystem import Filesystem
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.storage import Storage, statfs_evidence
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence, Scope

NEARLY = Threshold(
    "part of the inodes that is used where the end is near",
    0.8,
    "",
    "together with the next: what makes files by the thousand takes the rest within minutes",
)
ROOM = Threshold(
    "part of the blocks that can still be taken",
    0.005,
    "",
    "XFS makes inodes of free blocks, and says that none is free when it is full: that is filesystem-full",
)
FEW = Threshold(
    "inodes that are left where the end is near",
    1000.0,
    "",
    "a package, a mail queue or a session store makes a thousand files at a time",
)


def _test(view: View) -> Iterator[Verdict]:
    missing = view.window.why_absent(filesystem.SOURCE)
    if missing:
        yield Unknown(reason=f"how many inodes are free could not be asked: {missing}")
        return
    storage = Storage(view)
    fullest: tuple[float, str, Filesystem] | None = None
    found = False
    for point, each in view.window.each(filesystem.SOURCE).items():
        mount = storage.mounts.get(point)
        if not each.inodes or each.inodes_free is None or mount is not None and mount.read_only:
            continue
        if (each.available_bytes or 0) <= ROOM.value * (each.size_bytes or 0):
            continue
        used = 1 - each.inodes_free / each.inodes
        if fullest is None or used > fullest[0]:
            fullest = used, point, each
        if each.inodes_free == 0 or used >= NEARLY.value and each.inodes_free < FEW.value:
            found = True
            yield _confirmed(view, storage, point, each)
    if found:
        return
    if fullest is None:
        yield Refuted(reason="no local file system that has blocks left has a limit on its inodes")
        return
    yield Refuted(
        reason=f"{fullest[1]} uses the largest part of its inodes, {fullest[0]:.0%}, and has {fullest[2].inodes_free} left",
        evidence=(_free(view, fullest[1], fullest[2], Scope("filesystem", fullest[1])),),
    )


def _confirmed(view: View, storage: Storage, point: str, of: Filesystem) -> Confirmed:
    scope, victims = storage.place_of(point)
    none_left = of.inodes_free == 0
    return Confirmed(
        scope=scope,
        confidence=0.96 if none_left else 0.75,
        impact=1.0 if none_left else 0.5,
        mechanism=(
            f"{point} has {of.inodes_free} of {of.inodes} inodes left while {size(of.available_bytes or 0)} are free: "
            + ("no file can be made" if none_left else "soon no file can be made")
            + " (ENOSPC), although df shows room. __ext4_new_inode() in fs/ext4/ialloc.c finds no group with a free inode; "
            "ext4 fixes their number when it is made."
        ),
        evidence=(
            _free(view, point, of, scope),
            statfs_evidence(
                view,
                point,
                "available_bytes",
                of.available_bytes or 0,
                scope=scope,
                says="blocks are free: it is not full",
            ),
        ),
        chain=(
            f"{of.inodes} inodes of {point} are taken",
            "no inode is free",
            "creat() and mkdir() give ENOSPC",
        ),
        victims=victims,
    )


def _free(view: View, point: str, of: Filesystem, scope: Scope) -> Evidence:
    return statfs_evidence(
        view,
        point,
        "inodes_free",
        of.inodes_free or 0,
        scope=scope,
        says=f"{point}: {of.inodes_free} of {of.inodes} inodes are free",
    )


HYPOTHESIS = Hypothesis(
    id="filesystem-inodes-exhausted",
    title="No inode left",
    group="io",
    claim="A file system has blocks left and no inode, so that no file can be made.",
    signals=(
        Signal("filesystem.inodes_free", "files that can still be made"),
        Signal("filesystem.available_bytes", "blocks that are free all the same"),
    ),
    thresholds=(NEARLY, FEW, ROOM),
    rivals=(Rival("filesystem-full", "there the blocks are used up, and df shows it"),),
    mechanism=(
        "ext4 makes a fixed number of inodes with the file system, one for each 16 KiB by default, of which "
        "__ext4_new_inode() in fs/ext4/ialloc.c takes one for each file; many small files use "
        "them up before the blocks. XFS and btrfs make inodes as they need them."
    ),
    actions=(
        Action(
            "now",
            "Find the folder with the very many small files (sessions, mail queue, cache) and delete what is old.",
            "Deleting a million files keeps the journal busy for minutes.",
            "du --inodes -xd 3 MOUNTPOINT | sort -n | tail; find FOLDER -type f -mtime +7 -delete",
        ),
        Action(
            "for good",
            "Have what makes them clean up; make the file system again with more inodes, or as XFS.",
            "The number of inodes of an ext4 cannot be changed but by growing it.",
            "mkfs.ext4 -i 4096 /dev/DEVICE",
        ),
    ),
    see=("fs/ext4/ialloc.c",),
    test=_test,
)
