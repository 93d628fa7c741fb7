"""Resetting a SATA port did not bring its device back."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ata-reset-failed",
    title="ata: {failure}",
    class_="storage",
    severity="error",
    subsystem="libata",
    patterns=(
        # In 6.1, not in Debian's 6.12; which release dropped it is not known.
        Pattern(
            literal="COMRESET failed (errno=",
            regex=r"ata(?P<port>\d+)(?:\.\d+)?: (?P<failure>COMRESET failed) \(errno=(?P<errno>-?\d+)\)",
            until="6.11",
            printed=("COMRESET failed (errno=%d)",),
        ),
        Pattern(
            literal="softreset failed (",
            regex=r"ata(?P<port>\d+)(?:\.\d+)?: (?P<failure>softreset failed) \((?P<detail>[^)]*)\)",
            printed=("softreset failed (%s)",),
        ),
        Pattern(
            literal="reset failed, giving up",
            regex=r"ata(?P<port>\d+)(?:\.\d+)?: (?P<failure>reset failed, giving up)",
            printed=("reset failed, giving up",),
        ),
        Pattern(
            literal="revalidation failed (errno=",
            regex=r"ata(?P<port>\d+)\.\d+: (?P<failure>revalidation failed) \(errno=(?P<errno>-?\d+)\)",
            printed=("revalidation failed (errno=%d)",),
        ),
        Pattern(
            literal="failed to IDENTIFY (",
            regex=r"ata(?P<port>\d+)\.\d+: (?P<failure>failed to IDENTIFY) \((?P<detail>[^)]*)\)",
            printed=("failed to IDENTIFY (%s, err_mask=0x%x)",),
        ),
    ),
    fields=(
        Field("port", "int", "ATA port"),
        Field("failure", "str", "what failed"),
        Field("errno", "int", "errno, negative"),
        Field("detail", "str", "why it failed, in libata's words"),
    ),
    key=("failure",),
    printed_by=(
        "drivers/ata/libata-core.c:sata_link_hardreset",
        "drivers/ata/libahci.c:ahci_do_softreset",
        "drivers/ata/libata-eh.c:ata_eh_reset",
        "drivers/ata/libata-core.c:ata_dev_revalidate",
    ),
    meaning=(
        "After a reset the link did not come up, or the device on it did not answer or was not "
        "the one from before. libata tries again a few times with growing pauses, up to a minute "
        "in all, and then disables the device. Typical are a dead or hung disk, a lost power "
        "connector, a backplane slot, and at boot a disk that spins up slowly."
    ),
    next_steps=(
        "Does it end with a link up or with 'disable device'",
        "Power and data connector; try the disk in another slot",
        "At boot only: staggered spin-up or a slow disk; harmless if the disk appears",
        "smartctl -x if it answers again: power cycle count tells of power loss",
    ),
    confused_with=(
        "ata-exception: the error before the reset",
        "ata-device-disabled: libata gave the device up",
    ),
    example="[10033.101002] ata3: COMRESET failed (errno=-16)",
    near_miss="[10033.101002] ata3: link is slow to respond, please be patient (ready=0)",
)
