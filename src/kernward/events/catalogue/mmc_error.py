"""An SD card or eMMC, or its controller, did not answer or failed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="mmc-error",
    title="mmc: {problem}",
    class_="storage",
    severity="error",
    subsystem="mmc",
    patterns=(
        Pattern(
            literal="Timeout waiting for hardware ",
            regex=r"(?P<device>mmc\d+): (?P<problem>Timeout waiting for hardware (?:cmd )?interrupt)",
            printed=("%s: Timeout waiting for hardware interrupt.",),
        ),
        Pattern(
            literal="cache flush error ",
            regex=r"(?P<device>mmc\d+): (?P<problem>cache flush error) (?P<error>-?\d+)",
            printed=("%s: cache flush error %d",),
        ),
        Pattern(
            literal=": recovery failed!",
            regex=r"(?P<device>mmcblk\d+): (?P<problem>recovery failed)!",
            printed=("%s: recovery failed!",),
        ),
        Pattern(
            literal=" whilst initialising ",
            regex=(
                r"(?P<device>mmc\d+): error (?P<error>-?\d+) whilst (?P<problem>initialising "
                "(?:SD|MMC|SDIO)) card"
            ),
            printed=("%s: error %d whilst initialising SD card",),
        ),
        # The request error path was rewritten; 6.1 and 6.12 have no such line.
        Pattern(
            literal=" transferring data, sector ",
            regex=(
                r"(?P<device>mmcblk\d+): error (?P<error>-?\d+) (?P<problem>transferring data), sector "
                r"(?P<sector>\d+), nr (?P<sectors>\d+)"
            ),
            until="4.20",
        ),
    ),
    fields=(
        Field("device", "str", "host (mmc0) or card (mmcblk0)"),
        Field("problem", "str", "what failed"),
        Field("error", "int", "errno, negative: -110 timeout, -84 checksum of the transfer"),
        Field("sector", "int", "first sector, of 512 bytes"),
        Field("sectors", "int", "number of sectors"),
    ),
    key=("problem",),
    continues=(r"mmc\d+: sdhci: ",),
    reach=30,
    printed_by=(
        "drivers/mmc/host/sdhci.c:sdhci_timeout_timer",
        "drivers/mmc/host/sdhci.c:sdhci_timeout_data_timer",
        "drivers/mmc/core/mmc.c:_mmc_flush_cache",
        "drivers/mmc/core/block.c:mmc_blk_mq_rw_recovery",
        "drivers/mmc/core/sd.c:mmc_attach_sd",
    ),
    meaning=(
        "The card did not answer a command, returned damaged data, or could not be recovered by a "
        "reset. A dump of the controller's registers follows some of these lines. -110 is "
        "silence, -84 bits lost on the wires. Causes: worn or fake cards, contacts, voltage, a "
        "clock that is too fast for the board, and controllers with quirks."
    ),
    next_steps=(
        "mmc extcsd read /dev/mmcblkN: life time estimation, pre-EOL",
        "-84: lower the bus speed in the device tree or firmware as an experiment; contacts",
        "The same card in another reader; another card in this slot",
        "cat /sys/kernel/debug/mmc0/ios and err_stats",
    ),
    confused_with=(
        "block-io-error: the request that failed, with sector",
        "f2fs-error: what a file system makes of it",
    ),
    example="[ 1502.100110] mmc0: Timeout waiting for hardware interrupt.",
    near_miss="[    1.100110] mmc0: SDHCI controller on ACPI [80860F14:00] using ADMA",
)
