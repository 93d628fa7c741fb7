"""An NVMe command was not answered in time, and what the driver does about it."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """NVMe over TCP and RDMA name no action: they tear down and reconnect."""
    if reading.fields.get("action") is None:
        reading.title = "nvme: I/O timeout"


KIND = Kind(
    id="nvme-timeout",
    title="nvme: I/O timeout, {action}",
    class_="storage",
    severity="error",
    subsystem="nvme",
    patterns=(
        # Since 'nvme-pci: enhance timeout kernel log'.
        Pattern(
            literal=": I/O tag ",
            regex=(
                r"nvme (?P<device>\S+): I/O tag (?P<tag>\d+) \([0-9a-f]{4}\) (?:type \d+ )?(?:opcode "
                r"(?P<opcode>(?:0x)?[0-9a-f]+) \((?P<operation>[^)]*)\) )?QID (?P<queue>\d+) timeout(?:, "
                "(?P<action>aborting|reset controller|completion polled|disable controller))?"
            ),
            since="6.8",
            printed=(
                "I/O tag %d (%04x) opcode %#x (%s) QID %d timeout, reset controller",
                "I/O tag %d (%04x) QID %d timeout, completion polled",
            ),
        ),
        Pattern(
            literal="timeout, aborting",
            regex=(
                r"nvme (?P<device>\S+): I/O (?P<tag>\d+) (?:\((?P<operation>[^)]+)\) )?QID (?P<queue>\d+) "
                "timeout, (?P<action>aborting)"
            ),
            until="6.7",
            printed=("I/O %d (%s) QID %d timeout, aborting",),
        ),
        Pattern(
            literal="timeout, reset controller",
            regex=(
                r"nvme (?P<device>\S+): I/O (?P<tag>\d+) (?:\((?P<operation>[^)]+)\) )?QID (?P<queue>\d+) "
                "timeout, (?P<action>reset controller)"
            ),
            until="6.7",
            printed=("I/O %d QID %d timeout, reset controller",),
        ),
        Pattern(
            literal="timeout, completion polled",
            regex=(
                r"nvme (?P<device>\S+): I/O (?P<tag>\d+) (?:\((?P<operation>[^)]+)\) )?QID (?P<queue>\d+) "
                "timeout, (?P<action>completion polled)"
            ),
            until="6.7",
            printed=("I/O %d QID %d timeout, completion polled",),
        ),
        Pattern(
            literal="timeout, disable controller",
            regex=(
                r"nvme (?P<device>\S+): I/O (?P<tag>\d+) (?:\((?P<operation>[^)]+)\) )?QID (?P<queue>\d+) "
                "timeout, (?P<action>disable controller)"
            ),
            until="6.7",
            printed=("I/O %d QID %d timeout, disable controller",),
        ),
        # NVMe over TCP.
        Pattern(
            literal=": timeout request 0x",
            regex=(
                r"nvme (?P<device>\S+): queue (?P<queue>\d+): timeout request 0x(?P<tag>[0-9a-f]+) type "
                r"(?P<operation>\d+)"
            ),
            until="6.7",
            printed=("queue %d: timeout request %#x type %d",),
        ),
    ),
    fields=(
        Field("device", "str", "controller (nvme0); the PCI address in old kernels"),
        Field("tag", "str", "tag of the command in its queue; the request id for NVMe over TCP before 6.8"),
        Field("opcode", "hex", "opcode of the command"),
        Field("operation", "str", "name of the command, or NVMe/TCP's PDU type"),
        Field("queue", "int", "queue; 0 is the admin queue"),
        Field(
            "action",
            "str",
            "what the driver does: aborting, reset controller, disable controller, completion polled",
        ),
    ),
    key=("action",),
    read=read,
    printed_by=(
        "drivers/nvme/host/pci.c:nvme_timeout",
        "drivers/nvme/host/tcp.c:nvme_tcp_timeout",
        "drivers/nvme/host/rdma.c:nvme_rdma_timeout",
    ),
    meaning=(
        "The controller did not complete a command within nvme_core.io_timeout (30 s) or "
        "admin_timeout (60 s). First the command is aborted; if that does not help the controller "
        "is reset, and every command in flight is retried. 'completion polled' means that the "
        "answer had been there and only its interrupt was missing: an interrupt or IOMMU problem, "
        "not the disk. Tasks waiting for the disk stand still meanwhile and may show as hung. "
        "Causes: firmware bugs, garbage collection stalls, power states the device does not come "
        "back from, PCIe errors, and in virtual machines a slow or frozen host; cloud block "
        "storage recommends io_timeout=4294967295."
    ),
    next_steps=(
        "Next lines: 'Abort status' and a reset that works, or 'controller is down'",
        (
            "nvme smart-log and nvme error-log of the device; firmware revision in "
            "/sys/class/nvme/nvme0/firmware_rev against the vendor's notes"
        ),
        "dmesg | grep -iE 'AER|PCIe Bus Error|DMAR' : an error of the link",
        "cat /sys/module/nvme_core/parameters/io_timeout; in a cloud VM set it to its maximum",
        (
            "For 'completion polled': /proc/interrupts of that queue, the CPUs it is bound to, IRQ "
            "affinity tools"
        ),
    ),
    confused_with=(
        "nvme-controller-down: the controller's status register says it has failed",
        "block-io-error: the request failed after all; a timeout alone loses nothing",
    ),
    example=(
        "[20455.511002] nvme nvme0: I/O tag 512 (f200) opcode 0x2 (Read) QID 7 timeout, aborting "
        "req_op:READ(0) size:131072"
    ),
    near_miss="[    1.511002] nvme nvme0: Shutdown timeout set to 10 seconds",
)
