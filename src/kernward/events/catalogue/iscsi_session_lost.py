"""An iSCSI session was not re-established in time; its requests fail."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="iscsi-session-lost",
    title="iSCSI: session recovery timed out",
    class_="storage",
    severity="error",
    subsystem="iscsi",
    patterns=(
        Pattern(
            literal="session recovery timed out after ",
            regex=r"\s?session(?P<session>\d+): session recovery timed out after (?P<timeout_s>\d+) secs",
            printed=("session recovery timed out after %d secs",),
        ),
    ),
    fields=(
        Field("session", "int", "number of the session"),
        Field("timeout_s", "int", "how long it was tried: the replacement timeout"),
    ),
    printed_by=("drivers/scsi/scsi_transport_iscsi.c:session_recovery_timedout",),
    meaning=(
        "The connection was lost and could not be made again within replacement_timeout, so "
        "everything that waits for this session fails with DID_TRANSPORT_FAILFAST. With multipath "
        "other paths take over; without it file systems see I/O errors and become read-only or "
        "shut down. iscsid goes on trying."
    ),
    next_steps=(
        "iscsiadm -m session -P 3; is the target's address reachable",
        "The connection error before it tells when it began",
        "multipath -ll, findmnt for read-only file systems",
    ),
    confused_with=("iscsi-connection-error: the beginning; requests wait",),
    example="[ 3420.120001]  session1: session recovery timed out after 120 secs",
    near_miss="[    4.120001] scsi host2: iSCSI Initiator over TCP/IP",
)
