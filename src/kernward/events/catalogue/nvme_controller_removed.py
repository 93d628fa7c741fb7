"""The NVMe driver gave up on a controller: it did not become ready, or could not be set up."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nvme-controller-removed",
    title="nvme: {reason}",
    class_="storage",
    severity="error",
    subsystem="nvme",
    patterns=(
        Pattern(
            literal="Removing after probe failure",
            regex=r"nvme (?P<device>\S+): (?P<reason>Removing after probe failure) status: (?P<status>-?\d+)",
            until="6.1",
            printed=("Removing after probe failure status: %d",),
        ),
        Pattern(
            literal="Disabling device after reset failure",
            regex=(
                r"nvme (?P<device>\S+): (?P<reason>Disabling device after reset failure): "
                r"(?P<status>-?\d+)"
            ),
            since="6.2",
            printed=("Disabling device after reset failure: %d",),
        ),
        Pattern(
            literal="Device not ready; aborting ",
            regex=(
                r"nvme (?P<device>\S+): (?P<reason>Device not ready); aborting (?P<phase>\w+)(?:, "
                "CSTS=0x(?P<csts>[0-9a-f]+))?"
            ),
            printed=("Device not ready; aborting %s, CSTS=0x%x",),
        ),
        Pattern(
            literal=": Identify Controller failed (",
            regex=r"nvme (?P<device>\S+): (?P<reason>Identify Controller failed) \((?P<status>-?\d+)\)",
            printed=("Identify Controller failed (%d)",),
        ),
        # Not in 6.1.
        Pattern(
            literal="IO queues lost",
            regex=r"nvme (?P<device>\S+): (?P<reason>IO queues lost)",
            since="6.12",
        ),
        Pattern(
            literal="IO queues not created",
            regex=r"nvme (?P<device>\S+): (?P<reason>IO queues not created)",
        ),
    ),
    fields=(
        Field("device", "str", "controller (nvme0)"),
        Field("reason", "str", "what failed"),
        Field("status", "int", "errno (negative) or NVMe status"),
        Field("phase", "str", "initialisation or reset"),
        Field("csts", "hex", "controller status register"),
    ),
    key=("reason",),
    printed_by=(
        "drivers/nvme/host/pci.c:nvme_reset_work",
        "drivers/nvme/host/pci.c:nvme_probe",
        "drivers/nvme/host/core.c:nvme_wait_ready",
        "drivers/nvme/host/core.c:nvme_init_identify",
    ),
    meaning=(
        "Bringing an NVMe controller up, at boot or after a reset, failed. After a reset the disk "
        "disappears: every request fails, file systems on it shut down or become read-only. "
        "'Device not ready' means that it did not set CSTS.RDY within the time it itself "
        "announced. 'IO queues not created' leaves only the admin queue: the controller can be "
        "asked but holds no disks. Failed firmware, a dead drive, lost power to the slot or a "
        "broken passthrough are the usual causes."
    ),
    next_steps=(
        "lsblk and nvme list: which disks are missing now, and what was on them",
        "Read back: timeouts and 'controller is down' tell how it came to this",
        "A cold power cycle of the drive (slot power, not a reboot) tells dead from stuck",
        "nvme error-log -e 64 and smart-log if it still answers on the admin queue",
    ),
    confused_with=(
        "nvme-controller-down: the driver is still trying",
        "nvme-timeout: one command is late",
    ),
    example=(
        "[20546.310110] nvme nvme0: Device not ready; aborting reset, CSTS=0x1\n"
        "[20546.310502] nvme nvme0: Disabling device after reset failure: -19"
    ),
    near_miss="[    1.310110] nvme nvme0: allocated 64 MiB host memory buffer.",
)
