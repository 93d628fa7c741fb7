"""GFS2 withdrew a file system from this node after an error."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="gfs2-withdraw",
    title="GFS2: file system withdrawn",
    class_="storage",
    severity="error",
    subsystem="gfs2",
    patterns=(
        Pattern(
            literal="about to withdraw this file system",
            regex=(
                r"gfs2: fsid=(?P<filesystem>[^\s:]+(?::[^\s:]+)?(?:\.\S+)?): about to withdraw this file "
                "system"
            ),
            printed=("gfs2: fsid=%s: about to withdraw this file system",),
        ),
    ),
    fields=(Field("filesystem", "str", "cluster and file system name, with the journal's number"),),
    printed_by=("fs/gfs2/util.c:gfs2_withdraw",),
    meaning=(
        "The node found its view of the shared file system inconsistent, or a write to the "
        "journal failed, and stops using the file system so as not to damage it for the others. "
        "Everything on that mount fails here; the other nodes recover this node's journal and go "
        "on. The line before, beginning with 'fatal:', has function and file of the check."
    ),
    next_steps=(
        "The 'fatal:' line just before: assertion, consistency error or I/O error",
        "Errors of the shared device on this node; fencing log of the cluster",
        (
            "Unmount (or reboot the node) everywhere and fsck.gfs2 before it is mounted again after a "
            "consistency error"
        ),
    ),
    confused_with=("xfs-shutdown: the same for a local file system",),
    example=(
        "[ 8810.220010] gfs2: fsid=alpha:data.0: fatal: I/O error - block = 131082, function = "
        "gfs2_ail1_start_one, file = fs/gfs2/log.c, line = 118\n"
        "[ 8810.220020] gfs2: fsid=alpha:data.0: about to withdraw this file system"
    ),
    near_miss="[   18.220010] gfs2: fsid=alpha:data.0: Joined cluster. Now mounting FS...",
)
