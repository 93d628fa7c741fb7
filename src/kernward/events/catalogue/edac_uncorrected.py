"""The memory controller found an error that it could not correct."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="edac-uncorrected",
    title="EDAC uncorrected memory error",
    class_="hardware",
    severity="error",
    subsystem="edac",
    patterns=(
        Pattern(
            literal=" page:0x",
            regex=(
                r"EDAC (?:[\w-]+ )?MC(?P<controller>\d+): (?P<count>\d+) UE (?P<message>.{0,300}?) ?on "
                r"(?P<label>.{1,300}?) \((?P<location>.{0,300}?) ?page:0x(?P<page>[0-9a-f]+) offset:0x"
                r"(?P<offset>[0-9a-f]+) grain:(?P<grain>-?\d+)(?: -(?P<detail>.{0,400}))?"
            ),
            printed=("%d UE %s%son %s (%s page:0x%lx offset:0x%lx grain:%ld%s%s)",),
        ),
        # The wording of drivers before the memory controller core was unified.
        Pattern(
            literal=": UE page 0x",
            regex=(
                r"EDAC MC(?P<controller>\d+): UE page 0x(?P<page>[0-9a-f]+), offset 0x"
                r'(?P<offset>[0-9a-f]+), grain (?P<grain>\d+), (?P<location>row \d+), labels? "'
                r'(?P<label>[^"]{0,200})"'
            ),
            unprinted="the wording of old releases",
        ),
    ),
    fields=(
        Field("controller", "int", "number of the memory controller"),
        Field("count", "int", "errors that this line stands for"),
        Field("label", "str", "the DIMM, or those that it may have been"),
        Field("message", "str", "kind of error"),
        Field("location", "str", "channel, slot, rank or row"),
        Field("page", "hex", "page frame number"),
        Field("offset", "hex", "offset within the page"),
        Field("grain", "int", "bytes within which the address is exact"),
        Field("detail", "str", "the driver's further decoding"),
    ),
    key=("label",),
    printed_by=("drivers/edac/edac_mc.c:edac_ue_error",),
    meaning=(
        "More bits were wrong than ECC can repair, so what was stored at this address is lost. Whoever "
        "reads it gets a machine check; until then the page is poisoned. With edac_mc.edac_mc_panic_on_ue=1 "
        "the kernel stops here. A DIMM with uncorrected errors is to be replaced."
    ),
    next_steps=(
        "Drain the host and replace the DIMM that `label` names; if several are named, it was one of a pair.",
        "Look at the memory-failure and mce events next to this one: was anything using the page?",
        "See the DIMM's history of corrected errors: `ras-mc-ctl --errors`.",
    ),
    confused_with=(
        "edac-corrected: CE: repaired",
        "memory-failure: what the kernel did about the page",
    ),
    example="""\
[ 9120.700201] EDAC MC2: 1 UE memory read error on CPU_SrcID#1_MC#0_Chan#0_DIMM#1 (channel:0 slot:1 page:0x88d3f0 offset:0x80 grain:32 -  err_code:0x0101:0x0090  SystemAddress:0x88d3f0080 ProcessorSocketId:0x1)""",
    near_miss="""\
[ 9120.700201] EDAC MC2: Giving out device to module skx_edac controller Skylake Socket#1 IMC#0: DEV 0000:64:0a.0 (INTERRUPT)""",
)
