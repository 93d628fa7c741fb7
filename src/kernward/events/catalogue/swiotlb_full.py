"""The bounce buffers for DMA are used up."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="swiotlb-full",
    title="swiotlb buffer is full",
    class_="resource",
    severity="error",
    subsystem="dma-mapping",
    patterns=(
        Pattern(
            literal="swiotlb buffer is full",
            regex=(
                r"(?:(?P<driver>[\w.:-]{1,40}) (?P<device>[\w.:-]{1,60}): )?(?:DMA: )?swiotlb buffer is"
                r" full \(sz: (?P<size_bytes>-?\d+) bytes\)(?:, total (?P<total_slots>\d+) \(slots\), used"
                r" (?P<used_slots>\d+) \(slots\))?"
            ),
        ),
    ),
    fields=(
        Field("driver", "str", "driver"),
        Field("device", "str", "device"),
        Field("size_bytes", "int", "what was asked for"),
        Field("total_slots", "int", "slots of 2 KiB in all"),
        Field("used_slots", "int", "slots in use"),
    ),
    key=("driver",),
    printed_by=("kernel/dma/swiotlb.c:swiotlb_tbl_map_single",),
    meaning=(
        "A device cannot reach all memory (or must not, in a confidential guest), so its data is copied "
        "through a reserved area, and that area is full or too cut up. The transfer fails: I/O errors, "
        "dropped packets. One request may be larger than the largest piece (256 KiB)."
    ),
    next_steps=(
        (
            "Compare used with total: /sys/kernel/debug/swiotlb/io_tlb_used, io_tlb_hiwater. Nearly all "
            "used: enlarge by `swiotlb=131072` (slots)."
        ),
        "If little is used, single requests are too large or buffers leak: see the driver.",
        "Better: give the device an IOMMU or a 64-bit DMA mask.",
    ),
    confused_with=("page-allocation-failure: memory itself",),
    example="""\
[ 4120.880001] nvme 0000:00:05.0: swiotlb buffer is full (sz: 131072 bytes), total 32768 (slots), used 32760 (slots)""",
    near_miss="[    0.880001] software IO TLB: mapped [mem 0x00000000bbfdb000-0x00000000bffdb000] (64MB)",
)
