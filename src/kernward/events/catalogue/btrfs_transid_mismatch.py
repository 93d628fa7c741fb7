"""Btrfs read a tree block of another generation than its parent says."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="btrfs-transid-mismatch",
    title="BTRFS: parent transid verify failed",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal="parent transid verify failed on ",
            regex=(
                r"BTRFS (?:error|critical|warning|info|alert) \(device (?P<device>[^\s):]+)(?::? state "
                r"\w+)?\): parent transid verify failed on (?:logical )?(?P<logical>\d+) (?:mirror "
                r"(?P<mirror>\d+) )?wanted (?P<wanted>\d+) found (?P<found>\d+)"
            ),
            printed=("parent transid verify failed on logical %llu mirror %u wanted %llu found %llu",),
        ),
    ),
    fields=(
        Field("device", "str", "file system, by the device it was mounted from"),
        Field("logical", "int", "logical address of the block, in bytes"),
        Field("mirror", "int", "copy that was read, from 1"),
        Field("wanted", "int", "generation that the parent has"),
        Field("found", "int", "generation of the block"),
    ),
    continues=(r"BTRFS error \(device [^)]+\): parent transid verify failed on ",),
    reach=4,
    absorbs=("btrfs-transid-mismatch",),
    printed_by=(
        "fs/btrfs/disk-io.c:btrfs_validate_extent_buffer",
        "fs/btrfs/disk-io.c:verify_parent_transid",
    ),
    meaning=(
        "The block at that address is valid but too old (found below wanted): the newer one was "
        "acknowledged by the device and never reached it. That is a broken promise of the "
        "storage: a cache that ignores flushes, a power failure with a write-back cache, a "
        "snapshot that is not of one moment, or a multi-device file system whose member was "
        "absent for a while. With a good second copy it is repaired; otherwise that tree cannot "
        "be read and a mount may fail."
    ),
    next_steps=(
        "Both mirrors bad, or one: the messages come in pairs",
        "A member that was missing and came back: btrfs scrub repairs it from the others",
        "cat /sys/block/DISK/queue/write_cache, controller battery, hypervisor cache mode",
        "Mount with -o ro,rescue=usebackuproot to get data off",
    ),
    confused_with=(
        "btrfs-checksum-failed: the content is damaged, not old",
        "btrfs-corrupt-leaf: the content makes no sense",
    ),
    example=(
        "[    4.771200] BTRFS error (device sdb1): parent transid verify failed on logical "
        "5364498432 mirror 1 wanted 189345 found 189340"
    ),
    near_miss=(
        "[    4.771200] BTRFS info (device sdb1): last unmount of filesystem "
        "1f2d0d5e-93ab-4a4c-8f2b-0e8a8a0f3b6d"
    ),
)
