"""The Ceph cluster's map says that a storage daemon is down."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ceph-osd-down",
    title="ceph: osd down",
    class_="state",
    severity="info",
    subsystem="ceph",
    patterns=(
        Pattern(
            literal="libceph: osd",
            regex=r"libceph: osd(?P<osd>\d+) down",
            printed=("osd%d down",),
        ),
    ),
    fields=(Field("osd", "int", "number of the storage daemon"),),
    printed_by=("net/ceph/osdmap.c:decode_new_up_state_weight",),
    meaning=(
        "The client received a new map of the cluster in which this daemon is down. Its placement "
        "groups are served by others after a moment in which requests to them wait. One daemon is "
        "routine (maintenance, a failed disk); many at once are a host, a rack or a network."
    ),
    next_steps=(
        "ceph osd tree down",
        "Slow or stuck requests here: cat /sys/kernel/debug/ceph/*/osdc",
        "Compare with the other clients' times",
    ),
    confused_with=("ceph-session-lost: the client itself lost a server",),
    example="[22001.400110] libceph: osd12 down",
    near_miss="[22031.400110] libceph: osd12 up",
)
