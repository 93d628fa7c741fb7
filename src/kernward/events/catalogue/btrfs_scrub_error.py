"""A scrub found data that it could not repair."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="btrfs-scrub-error",
    title="BTRFS: scrub: unable to fix an error",
    class_="storage",
    severity="error",
    subsystem="btrfs",
    patterns=(
        Pattern(
            literal="unable to fixup (regular) error at logical",
            regex=(
                r"BTRFS error \(device (?P<device>[^\s):]+)(?::? state \w+)?\): unable to fixup "
                r"\(regular\) error at logical (?P<logical>\d+) on (?:dev (?P<member>\S+)(?: physical "
                r"(?P<physical>\d+))?|mirror (?P<mirror>\d+))"
            ),
            printed=("unable to fixup (regular) error at logical %llu on dev %s",),
        ),
    ),
    fields=(
        Field("device", "str", "file system, by the device it was mounted from"),
        Field("member", "str", "device with the bad copy"),
        Field("logical", "int", "logical address, in bytes"),
        Field("physical", "int", "address on the device, in bytes"),
        Field("mirror", "int", "copy, from 1"),
    ),
    printed_by=("fs/btrfs/scrub.c:scrub_stripe_report_errors",),
    meaning=(
        "Scrub reads every copy and checks it. Here the copy is bad and there is no good one to "
        "repair it from: a single or RAID0 profile, or both copies bad. The data at that place is "
        "lost; every read of it fails with EIO. The lines around it name the file if it is file "
        "data."
    ),
    next_steps=(
        "btrfs inspect-internal logical-resolve LOGICAL MOUNTPOINT names the file",
        "Restore the file from a backup, delete the old one, scrub again",
        "smartctl -x of the member",
        "If metadata is concerned, copy the file system off while it mounts",
    ),
    confused_with=(
        "btrfs-checksum-failed: found by a normal read",
        "btrfs-device-errors: the counters that grow with it",
    ),
    example=(
        "[ 9100.300001] BTRFS error (device sdb1): unable to fixup (regular) error at logical "
        "13631488 on dev /dev/sdb1 physical 13631488"
    ),
    near_miss=(
        "[ 9100.300001] BTRFS error (device sdb1): fixed up error at logical 13631488 on dev "
        "/dev/sdc1 physical 13631488"
    ),
)
