"""arm and arm64: the bus or memory refused an access and said so at once."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="synchronous-external-abort",
    title="synchronous external abort in {function}",
    title_without_function="synchronous external abort in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="synchronous external abort",
            regex=(
                r"Synchronous External Abort: (?P<what>[^\n]{0,80}?) \(0x(?P<esr>[0-9a-f]+)\) at 0x"
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm64 only",
        ),
        Pattern(
            literal="Unhandled fault: synchronous",
            regex=(
                r"Unhandled fault: synchronous (?P<what>[^\n]{0,80}?) \(0x(?P<esr>[0-9a-f]+)\) at 0x"
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm64 only",
        ),
    ),
    fields=(
        Field("what", "str", "the fault status in words"),
        Field("esr", "hex", "the syndrome register"),
        Field("address", "hex", "the address that was accessed"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "internal-error",
        "oops",
    ),
    printed_by=("arch/arm64/mm/fault.c:do_sea",),
    meaning=(
        "An access left the CPU and the interconnect answered with an error: nothing lives "
        "at that physical address, the device was off, or memory had an uncorrectable error. "
        "It is reported synchronously, so the instruction is the culprit."
    ),
    next_steps=(
        "Find which device or memory range the address belongs to: `/proc/iomem`.",
        ("Check that the device's clocks, resets and power domain were on when it was accessed."),
        "Look for EDAC or GHES reports near by: memory errors arrive this way too.",
    ),
    confused_with=("serror: asynchronous; the instruction shown is not the culprit.",),
    example=("[    4.496440] Unhandled fault: synchronous external abort (0x96000050) at 0xffff800011a20000"),
    near_miss="[    4.496440] pcieport 0000:00:01.0: synchronous external abort handling enabled",
)
