"""dm-multipath stops using a path to a disk."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-path-failed",
    title="device-mapper: multipath: path failed",
    class_="storage",
    severity="warning",
    subsystem="dm",
    patterns=(
        Pattern(
            literal=": Failing path ",
            regex=r"device-mapper: multipath: (?:(?P<device>\d+:\d+): )?Failing path (?P<path>[\w:]+)\.?",
            printed=("Failing path %s.",),
        ),
    ),
    fields=(
        Field("device", "str", "major:minor of the multipath device (older kernels leave it out)"),
        Field("path", "str", "major:minor of the path, as in lsblk"),
    ),
    printed_by=("drivers/md/dm-mpath.c:fail_path",),
    meaning=(
        "A request on this path failed with an error that another path may not have, or "
        "multipathd's checker found it bad. Requests go over the paths that remain. With none "
        "left, requests are queued (queue_if_no_path: tasks hang) or fail, depending on the "
        "configuration. The path is reinstated when the checker finds it good."
    ),
    next_steps=(
        "multipath -ll: paths left, their states; ls -l /dev/block/MAJOR:MINOR names this one",
        "The SCSI or NVMe error just before: path (host byte, link) or device (sense key)",
        "All paths over one HBA port or one array controller: look there",
        ("multipathd show config | grep -E 'no_path_retry|queue': what happens when the last one fails"),
    ),
    confused_with=(
        "fc-remote-port-timeout: the fabric's reason",
        "iscsi-connection-error: the reason on an iSCSI path",
        "nvme-no-path: NVMe's own multipath",
    ),
    example="[ 6120.440010] device-mapper: multipath: 253:2: Failing path 8:32.",
    near_miss="[ 6180.440010] device-mapper: multipath: 253:2: Reinstating path 8:32.",
)
