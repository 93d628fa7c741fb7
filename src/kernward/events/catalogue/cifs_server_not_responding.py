"""An SMB server did not answer for some time; the client reconnects."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """One name for the server whatever the wording."""
    reading.fields["server"] = reading.fields.get("server") or reading.fields.get("old_server")


KIND = Kind(
    id="cifs-server-not-responding",
    title="CIFS: server not responding",
    class_="storage",
    severity="error",
    subsystem="cifs",
    patterns=(
        Pattern(
            literal=" has not responded in ",
            regex=(
                r"CIFS(?:: VFS:| VFS:) (?:\\\\(?P<server>\S+) |Server (?P<old_server>\S+) )?has not "
                r"responded in (?P<silent_s>\d+) seconds\. ?Reconnecting"
            ),
            printed=("CIFS: VFS: \\\\%s has not responded in %lu seconds. Reconnecting...",),
        ),
    ),
    fields=(
        Field("server", "str", "name of the server"),
        Field("old_server", "str", "server, in the wording of older kernels"),
        Field("silent_s", "int", "time without an answer: three echo intervals"),
    ),
    read=read,
    printed_by=("fs/smb/client/connect.c:server_unresponsive",),
    meaning=(
        "The client sends an echo each echo_interval (60 s) and dropped the connection after "
        "three intervals without any answer. Processes that use the mount have been waiting all "
        "that time; with hard mounts they go on waiting, with soft ones they get EHOSTDOWN or "
        "EAGAIN. Afterwards the session is set up again; durable handles survive if the server "
        "grants them."
    ),
    next_steps=(
        "Reachability of port 445; the server's event log",
        "cat /proc/fs/cifs/DebugData and Stats: sessions, credits, requests in flight",
        "Other clients of the server at that time",
        "echo_interval= and soft or hard in the mount options",
    ),
    confused_with=("nfs-server-not-responding: the same for NFS mounts",),
    example="[52010.440110] CIFS: VFS: \\\\files-2 has not responded in 180 seconds. Reconnecting...",
    near_miss="[52010.440110] CIFS: Attempting to mount \\\\files-2\\share",
)
