"""The memory controller corrected errors of a DIMM."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="edac-corrected",
    title="EDAC corrected memory error",
    class_="hardware",
    severity="warning",
    subsystem="edac",
    patterns=(
        Pattern(
            literal=" page:0x",
            regex=(
                r"EDAC (?:[\w-]+ )?MC(?P<controller>\d+): (?P<count>\d+) CE (?P<message>.{0,300}?) ?on "
                r"(?P<label>.{1,300}?) \((?P<location>.{0,300}?) ?page:0x(?P<page>[0-9a-f]+) offset:0x"
                r"(?P<offset>[0-9a-f]+) grain:(?P<grain>-?\d+) syndrome:0x(?P<syndrome>[0-9a-f]+)(?: -"
                r"(?P<detail>.{0,400}))?"
            ),
            printed=("%d CE %s%son %s (%s page:0x%lx offset:0x%lx grain:%ld syndrome:0x%lx%s%s)",),
        ),
        # The wording of drivers before the memory controller core was unified.
        Pattern(
            literal=": CE page 0x",
            regex=(
                r"EDAC MC(?P<controller>\d+): CE page 0x(?P<page>[0-9a-f]+), offset 0x"
                r"(?P<offset>[0-9a-f]+), grain (?P<grain>\d+), syndrome 0x(?P<syndrome>[0-9a-f]+), "
                r'(?P<location>row \d+, channel \d+), label "(?P<label>[^"]{0,200})"'
            ),
            unprinted="the wording of old releases",
        ),
    ),
    fields=(
        Field("controller", "int", "number of the memory controller"),
        Field("count", "int", "errors that this line stands for"),
        Field("label", "str", "the DIMM, as the driver or the board's vendor calls it"),
        Field("message", "str", "kind of error"),
        Field("location", "str", "channel, slot, rank or row"),
        Field("page", "hex", "page frame number"),
        Field("offset", "hex", "offset within the page"),
        Field("grain", "int", "bytes within which the address is exact"),
        Field("syndrome", "hex", "ECC syndrome"),
        Field("detail", "str", "the driver's further decoding"),
    ),
    key=("label",),
    printed_by=("drivers/edac/edac_mc.c:edac_ce_error",),
    meaning=(
        "The memory controller's ECC repaired one or more wrong bits. Nothing was lost. A DIMM that does so "
        "again and again wears out, and the next fault may be one that ECC cannot repair. The label is as "
        "good as the driver's knowledge of the board: without labels from firmware it names channel and "
        "slot by number."
    ),
    next_steps=(
        (
            "Count by label over days: `ras-mc-ctl --error-count`, "
            "/sys/devices/system/edac/mc/mc*/dimm*/dimm_ce_count."
        ),
        (
            "Same page and offset: one cell, the page can be retired "
            "(`/sys/devices/system/memory/soft_offline_page`). Spread over the DIMM: replace it."
        ),
        (
            "A sudden flood over all DIMMs of a channel is a contact, a voltage or a training fault: "
            "reseat, check firmware."
        ),
    ),
    confused_with=(
        "edac-uncorrected: UE instead of CE: data was lost",
        "mce-corrected: the processor's raw report of the same event",
    ),
    example="""\
[ 5120.700201] EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x3f1a2b offset:0x4c0 grain:32 syndrome:0x0 -  area:DRAM err_code:0001:0091 socket:0 ha:0 channel_mask:2 rank:1)""",
    near_miss="[    1.204455] EDAC MC: Ver: 3.0.0",
)
