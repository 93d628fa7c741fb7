"""The NFSv4 client could not recover its state with the server."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The step is printed only where it is known."""
    if reading.fields.get("step") is None:
        reading.title = "NFS: state manager failed"


KIND = Kind(
    id="nfs-state-manager-failed",
    title="NFS: state manager failed: {step}",
    class_="storage",
    severity="error",
    subsystem="nfs",
    patterns=(
        Pattern(
            literal="NFS: state manager",
            regex=(
                r"NFS: state manager(?:: (?P<step>[\w ]+?))? failed on NFSv4 server (?P<server>\S+) with "
                r"error (?P<error>\d+)"
            ),
            printed=("NFS: state manager%s%s failed on NFSv4 server %s with error %d",),
        ),
    ),
    fields=(
        Field("step", "str", "what was being done: lease expired, reclaim, session reset, …"),
        Field("server", "str", "server, as mounted"),
        Field("error", "int", "errno or NFS4ERR_*"),
    ),
    key=("step",),
    read=read,
    printed_by=("fs/nfs/nfs4state.c:nfs4_state_manager",),
    meaning=(
        "After an expired lease, a restarted server or a broken session the client has to "
        "establish itself and its opens and locks anew, and that failed. Processes may get EIO on "
        "files they had open, and locks may be lost. Error 13 or 10016 with Kerberos is an "
        "expired machine credential; 10022 a stale client id; 5 and 110 the network."
    ),
    next_steps=(
        "klist -k and rpc.gssd's log for sec=krb5",
        "The server's log: did it restart; grace period",
        "Two clients with the same host name or nfs4_unique_id fight over their state",
        "Remount when it does not recover",
    ),
    confused_with=("nfs-server-not-responding: no answer at all",),
    example="[41333.120010] NFS: state manager: lease expired failed on NFSv4 server nas-3 with error 13",
    near_miss="[41333.120010] NFS: nfs4_reclaim_open_state: Lock reclaim failed!",
)
