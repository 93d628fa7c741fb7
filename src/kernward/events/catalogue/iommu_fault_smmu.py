"""An Arm SMMU blocked a device's memory access."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="iommu-fault-smmu",
    title="SMMU fault: {event}",
    class_="hardware",
    severity="error",
    subsystem="iommu/arm-smmu",
    patterns=(
        Pattern(
            literal="Unhandled context fault: fsr=",
            regex=(
                r"arm-smmu (?P<smmu>[\w.:-]{1,60}): (?P<event>Unhandled context fault): fsr=0x"
                r"(?P<fsr>[0-9a-f]+), iova=0x(?P<address>[0-9a-f]+)"
            ),
            unprinted="arm64 only",
        ),
        Pattern(
            literal="arm-smmu-v3 ",
            regex=r"arm-smmu-v3 (?P<smmu>[\w.:-]{1,60}): (?P<event>event 0x[0-9a-f]{2}) received:",
            unprinted="arm64 only",
        ),
    ),
    fields=(
        Field("smmu", "str", "the SMMU"),
        Field("event", "str", "event number (0x10 is a translation fault), or context fault"),
        Field("fsr", "hex", "fault status register"),
        Field("address", "hex", "address the device asked for"),
    ),
    key=("event",),
    printed_by=(
        "drivers/iommu/arm/arm-smmu/arm-smmu.c:arm_smmu_context_fault",
        "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c:arm_smmu_evtq_thread",
    ),
    meaning=(
        "A device accessed an address that was not mapped for it, or with the wrong permission, and the "
        "SMMU refused. A driver unmapped too early, a device prefetched past the end, or firmware still "
        "uses the device."
    ),
    next_steps=(
        (
            "Find the device by its stream id (in the lines that follow): the IORT table or the device tree "
            "maps it."
        ),
        "Note the kernel at which it began; try `iommu.strict=1` to make late faults immediate.",
    ),
    confused_with=("iommu-fault-dmar: the same on Intel",),
    example="""\
[  512.880011] arm-smmu-v3 arm-smmu-v3.2.auto: event 0x10 received:
[  512.880014] arm-smmu-v3 arm-smmu-v3.2.auto: 	0x0000020000000010""",
    near_miss="[    0.880011] arm-smmu-v3 arm-smmu-v3.2.auto: ias 44-bit, oas 44-bit (features 0x000c1eff)",
)
