"""AMD's IOMMU logged an event, most often a device's access that it blocked."""

import re

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_PARAMETER = re.compile(r"(device|domain|address|flags)=([0-9a-fx:.]{1,20})")


def read(reading: Reading) -> None:
    """The parameters differ from event to event."""
    for name, value in _PARAMETER.findall(reading.fields.get("rest") or ""):
        if name == "device":
            reading.fields["device"] = value
        elif value.startswith("0x"):
            reading.fields[name] = int(value, 16) if re.fullmatch(r"0x[0-9a-f]{1,16}", value) else None


KIND = Kind(
    id="iommu-fault-amd",
    title="AMD-Vi: {event}",
    class_="hardware",
    severity="error",
    subsystem="iommu/amd",
    patterns=(
        Pattern(
            literal="AMD-Vi: Event logged [",
            regex=(
                r"(?:(?P<driver>[\w.:-]{1,40}) (?P<device>[\w.:-]{1,40}): )?AMD-Vi: Event logged \["
                r"(?P<event>[A-Z_]{3,40})(?P<rest>[^\]]{0,200})"
            ),
            printed=("Event logged [IO_PAGE_FAULT domain=0x%04x address=0x%llx flags=0x%04x]",),
        ),
    ),
    fields=(
        Field("event", "str", "IO_PAGE_FAULT, ILLEGAL_DEV_TABLE_ENTRY, COMMAND_HARDWARE_ERROR, …"),
        Field("driver", "str", "driver of the device"),
        Field("device", "str", "PCI address of the device"),
        Field("domain", "hex", "protection domain"),
        Field("address", "hex", "address it asked for"),
        Field("flags", "hex", "0x20 a write; see the IOMMU specification for the rest"),
        Field("rest", "str", "the event's parameters as printed"),
    ),
    key=("event",),
    read=read,
    printed_by=("drivers/iommu/amd/iommu.c:iommu_print_event",),
    meaning=(
        "IO_PAGE_FAULT: a device accessed an address that was not mapped for it and was refused: a driver "
        "that unmapped too early, a device that prefetches, or firmware using a device still. The other "
        "events say that the IOMMU's own tables or commands are broken, or that a device does not answer an "
        "invalidation (IOTLB_INV_TIMEOUT), which is the device's or the link's failure."
    ),
    next_steps=(
        "Identify the device: `lspci -s DEVICE -k`; look for its driver's errors around this line.",
        "IOTLB_INV_TIMEOUT: look for PCIe errors of the device; it may have fallen off the bus.",
        "Note the kernel at which it began; try `iommu.strict=1` to make late faults immediate.",
    ),
    confused_with=("iommu-fault-dmar: the same on Intel",),
    example="""\
[ 3211.700011] nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x001a address=0xf7e0a000 flags=0x0020]""",
    near_miss="[    0.700011] AMD-Vi: Interrupt remapping enabled",
)
