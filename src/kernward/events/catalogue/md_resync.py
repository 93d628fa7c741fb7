"""A software RAID compares or rebuilds its members."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="md-resync",
    title="md: {action}",
    class_="state",
    severity="info",
    subsystem="md",
    patterns=(
        Pattern(
            literal=" of RAID array ",
            regex=(
                "md: "
                "(?P<action>resync|recovery|requested-resync|data-check|check|repair|reshape|recover) of "
                r"RAID array (?P<array>\S+)"
            ),
            printed=("md: %s of RAID array %s",),
        ),
    ),
    fields=(
        Field(
            "action",
            "str",
            "resync after an unclean stop; recovery onto a new member; data-check on request; reshape",
        ),
        Field("array", "str", "array (md0)"),
    ),
    key=("action",),
    printed_by=("drivers/md/md.c:md_do_sync",),
    meaning=(
        "The array reads, and if need be writes, all its members. A check is scheduled routine. A "
        "resync means that the array had not been stopped cleanly. A recovery rebuilds a member "
        "that was added: until it ends redundancy is reduced and all disks are read completely, "
        "which brings hidden bad sectors to light. Latency of everything on the array is higher "
        "meanwhile."
    ),
    next_steps=(
        "cat /proc/mdstat for progress; 'done' or 'interrupted' is printed at the end",
        "sysctl dev.raid.speed_limit_min dev.raid.speed_limit_max against the workload's latency",
        "cat /sys/block/mdX/md/mismatch_cnt after a check",
    ),
    confused_with=("md-disk-failure: what makes a recovery necessary",),
    example="[    5.330010] md: resync of RAID array md0",
    near_miss="[    5.330010] md: md0: resync done.",
)
