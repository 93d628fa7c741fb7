"""A page table refers to a swap slot that does not exist or is not in use."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="bad-swap-entry",
    title="BUG: {what} in {at_function}",
    class_="crash",
    severity="error",
    subsystem="mm",
    patterns=(
        Pattern(
            literal="swap file entry ",
            regex=(
                r"(?P<at_function>_{0,2}(?:get_swap_device|swap_info_get\w*|swap_free|swap_dup\w*|swap"
                r"_duplicate)): (?P<what>Bad swap file entry|Unused swap file entry) "
                r"(?P<entry>[0-9a-f]+)"
            ),
            printed=("Bad swap file entry ",),
        ),
        Pattern(
            literal="swap offset entry ",
            regex=(
                r"(?P<at_function>_{0,2}(?:get_swap_device|swap_info_get\w*|swap_free|swap_dup\w*|swap"
                r"_duplicate)): (?P<what>Bad swap offset entry|Unused swap offset entry) "
                r"(?P<entry>[0-9a-f]+)"
            ),
            printed=("Bad swap offset entry ",),
        ),
    ),
    fields=(
        Field("at_function", "str", "who found it"),
        Field("what", "str", "what is wrong"),
        Field("entry", "hex", "the entry"),
    ),
    key=("what",),
    printed_by=("mm/swapfile.c",),
    meaning=(
        "A page table entry says that its page is in swap, at a place that swap does not "
        "have. The entry was damaged: a flipped memory bit, a stray write, or a bug in code "
        "that changes page tables. The process that owns it will be killed or read wrong "
        "data."
    ),
    next_steps=(
        "Look at the entry's bits: few bits set that should not be means hardware.",
        "Look for `Bad page map` beside it.",
        "Test the memory; EDAC and machine checks.",
    ),
    confused_with=("bad-page-map: the entry refers to memory, not to swap.",),
    example="[  911.440127] get_swap_device: Bad swap file entry 3ffffc00004000",
    near_miss="[  911.440127] swapon: swap file entry bad",
)
