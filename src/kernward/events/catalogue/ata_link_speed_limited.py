"""libata lowers the speed of a link or device after repeated errors."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ata-link-speed-limited",
    title="ata: link speed limited",
    class_="storage",
    severity="warning",
    subsystem="libata",
    patterns=(
        Pattern(
            literal="limiting SATA link speed to ",
            regex=r"ata(?P<port>\d+)(?:\.\d+)?: limiting SATA link speed to (?P<speed>[\d.]+ Gbps|<unknown>)",
            printed=("limiting SATA link speed to %s",),
        ),
        Pattern(
            literal="limiting speed to ",
            regex=r"ata(?P<port>\d+)\.\d+: limiting speed to (?P<speed>[\w/:-]+)",
            printed=("limiting speed to %s",),
        ),
        Pattern(
            literal="NCQ disabled due to excessive errors",
            regex=r"ata(?P<port>\d+)\.\d+: NCQ disabled due to excessive errors",
            printed=("NCQ disabled due to excessive errors",),
        ),
    ),
    fields=(
        Field("port", "int", "ATA port"),
        Field("speed", "str", "new limit; absent when queueing was turned off instead"),
    ),
    printed_by=(
        "drivers/ata/libata-sata.c:sata_down_spd_limit",
        "drivers/ata/libata-core.c:ata_down_xfermask_limit",
        "drivers/ata/libata-eh.c:ata_eh_speed_down",
    ),
    meaning=(
        "Errors on this port came so often that libata turned queueing off or slowed the link "
        "down, hoping that it becomes reliable. The disk goes on working, slower, until the next "
        "boot. The cause is nearly always the physical link: cable, connector, backplane, or a "
        "disk of a faster standard behind an old backplane."
    ),
    next_steps=(
        "smartctl -x: UDMA_CRC_Error_Count, phy event counters",
        "Replace the cable or move the disk to another slot",
        "cat /sys/class/ata_link/link*/sata_spd for the speeds now",
    ),
    confused_with=(
        "ata-link-reset: without a change of speed",
        "ata-exception: the errors that led to it",
    ),
    example="[10101.330020] ata3: limiting SATA link speed to 3.0 Gbps",
    near_miss="[    1.330020] ata3: SATA link up 3.0 Gbps (SStatus 123 SControl 300)",
)
