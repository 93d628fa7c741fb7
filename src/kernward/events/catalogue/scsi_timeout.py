"""A SCSI command was retried until its total time was used up, and is failed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="scsi-timeout",
    title="SCSI: command timed out after retries",
    class_="storage",
    severity="error",
    subsystem="scsi",
    patterns=(
        Pattern(
            literal="timing out command, waited ",
            regex=(
                r"(?:sd|st|sr|ses|scsi|ch|osst|sg) (?P<address>\d+:\d+:\d+:\d+): "
                r"(?:\[(?P<device>[^\]]+)\] )?(?:tag#(?P<tag>\d+) )?timing out command, waited "
                r"(?P<waited_s>\d+)s"
            ),
            printed=("timing out command, waited %lus",),
        ),
    ),
    fields=(
        Field("address", "str", "SCSI address, host:channel:target:lun"),
        Field("device", "str", "disk (sda)"),
        Field("tag", "int", "tag of the command"),
        Field("waited_s", "int", "time since it was first issued"),
    ),
    printed_by=("drivers/scsi/scsi_lib.c:scsi_cmd_runtime_exceeced",),
    meaning=(
        "The device or the path kept answering in a way that asks for another try (busy, unit "
        "attention, transport disrupted) until the number of retries times the timeout had "
        "passed. The command now fails upward. Often seen when an array changes its controller or "
        "a path flaps: each try gets an answer, none succeeds."
    ),
    next_steps=(
        "What came back each time: the sense or host byte in the lines before",
        "cat /sys/block/sdX/device/timeout and eh_timeout",
        "multipath -ll and the array's log for a failover at that time",
    ),
    confused_with=(
        "scsi-sense-error: one command's final answer",
        "scsi-task-abort: no answer; the command is aborted",
    ),
    example="[ 9011.400100] sd 1:0:0:3: [sdf] tag#77 timing out command, waited 180s",
    near_miss="[ 9011.400100] sd 1:0:0:3: [sdf] Synchronizing SCSI cache",
)
