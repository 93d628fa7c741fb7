"""The Ceph cluster, or a pool, is full; writes wait."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ceph-full",
    title="ceph: {full} is full",
    class_="resource",
    severity="error",
    subsystem="ceph",
    patterns=(
        Pattern(
            literal="cluster is full (osdmap FULL)",
            regex=r"libceph: (?P<full>cluster) is full \(osdmap FULL\)",
            printed=("libceph: cluster is full (osdmap FULL)",),
        ),
        Pattern(
            literal="is full or reached quota",
            regex=r"libceph: (?P<full>pool) (?P<pool>\d+) is full or reached quota",
            printed=("libceph: pool %lld is full or reached quota",),
        ),
    ),
    fields=(
        Field("full", "str", "cluster or pool"),
        Field("pool", "int", "id of the pool"),
    ),
    key=("full",),
    printed_by=("net/ceph/osd_client.c:__submit_request",),
    meaning=(
        "A write was held back because the cluster's map carries the full flag, or the pool's. "
        "Reads go on. Writers wait, and show as hung tasks, until space is freed or added; rbd "
        "images with a file system on them stand still."
    ),
    next_steps=(
        "ceph df, ceph osd df, ceph health detail",
        "Delete or expand; ceph osd set-full-ratio gives a little room to delete in",
        "The pool's quota: ceph osd pool get-quota",
    ),
    confused_with=("ceph-session-lost: a server does not answer",),
    example="[30111.200110] libceph: cluster is full (osdmap FULL)",
    near_miss="[30111.200110] libceph: osdmap 4411 decoded",
)
