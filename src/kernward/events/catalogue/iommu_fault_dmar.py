"""Intel's IOMMU blocked a device's memory access."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="iommu-fault-dmar",
    title="DMAR fault: {access}: {reason}",
    class_="hardware",
    severity="error",
    subsystem="iommu/vt-d",
    patterns=(
        Pattern(
            literal="] Request device [",
            regex=(
                r"(?:DMAR: )?\[(?P<access>DMA Read|DMA Write)(?: NO_PASID| PASID (?P<pasid>0x[0-9a-f]+))?\]"
                r" Request device \[(?P<device>[0-9a-f:.]{7,20})\](?: PASID [0-9a-f]{1,8})? fault addr "
                r"(?:0x)?(?P<address>[0-9a-f]+) \[fault reason (?P<reason_code>[0-9a-fx]{1,6})\] "
                r"(?P<reason>.{1,100})"
            ),
            printed=(
                "[%s NO_PASID] Request device [%02x:%02x.%d] fault addr 0x%llx [fault reason 0x%02x] %s",
            ),
        ),
        Pattern(
            literal="] Request device [",
            regex=(
                r"(?:DMAR: )?\[(?P<access>INTR-REMAP)\] Request device \[(?P<device>[0-9a-f:.]{7,20})\]"
                r" fault index (?:0x)?(?P<index>[0-9a-f]+) \[fault reason (?P<reason_code>[0-9a-fx]{1,6})\]"
                r" (?P<reason>.{1,100})"
            ),
            printed=(
                "[INTR-REMAP] Request device [%02x:%02x.%d] fault index 0x%llx [fault reason 0x%02x] %s",
            ),
        ),
    ),
    fields=(
        Field("access", "str", "DMA Read, DMA Write or INTR-REMAP"),
        Field("device", "str", "bus, device and function of the device"),
        Field("address", "hex", "address it asked for"),
        Field("index", "hex", "interrupt remapping entry it asked for"),
        Field("pasid", "hex", "address space id"),
        Field("reason_code", "str", "fault reason"),
        Field("reason", "str", "the same in words"),
    ),
    key=(
        "access",
        "reason",
    ),
    printed_by=("drivers/iommu/intel/dmar.c:dmar_fault_do_one",),
    meaning=(
        "A device read or wrote an address that its driver had not mapped for it, or had unmapped already, "
        "and the IOMMU refused. It is a driver that frees a buffer too early, a device that prefetches past "
        "the end, firmware that goes on using a device (a USB controller, a BMC's graphics) after "
        "hand-over, or a kdump kernel that met transfers of the crashed one. Data of that transfer is lost; "
        "memory is safe."
    ),
    next_steps=(
        "Identify the device: `lspci -s DEVICE -k`; look for its driver's errors around this line.",
        "One page again and again at boot: firmware's reserved region is missing (RMRR); update firmware.",
        (
            "Under load: a driver bug. Try `iommu.strict=1` to make it immediate; note the kernel at which "
            "it began."
        ),
    ),
    confused_with=(
        "iommu-fault-amd: the same on AMD",
        "pcie-aer-uncorrected: the device's own error",
    ),
    example="""\
[ 1402.665101] DMAR: DRHD: handling fault status reg 2
[ 1402.665109] DMAR: [DMA Write NO_PASID] Request device [3b:00.0] fault addr 0xfd5f1000 [fault reason 0x05] PTE Write access is not set""",
    near_miss="[    0.665101] DMAR: Host address width 46",
)
