"""The kernel dealt with a page whose memory is broken."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="memory-failure",
    title="Memory failure: {page_type}: {result}",
    class_="hardware",
    severity="error",
    subsystem="mm",
    patterns=(
        Pattern(
            literal=": recovery action for ",
            regex=(
                r"Memory failure: 0x(?P<pfn>[0-9a-f]+): recovery action for (?P<page_type>.{1,60}): "
                r"(?P<result>Ignored|Failed|Delayed|Recovered)"
            ),
            printed=("%#lx: recovery action for %s: %s",),
        ),
    ),
    fields=(
        Field("pfn", "hex", "page frame number: the physical address shifted right by 12"),
        Field("page_type", "str", "what the page was used for"),
        Field("result", "str", "Recovered, Delayed, Ignored or Failed"),
    ),
    key=(
        "page_type",
        "result",
    ),
    printed_by=("mm/memory-failure.c:action_result",),
    meaning=(
        "Hardware reported uncorrectable memory at this page, and the kernel tried to take it out of use. A "
        "clean page of a file is simply read again; a dirty or anonymous one costs its process, which gets "
        "SIGBUS; a huge page costs all of it. `Ignored` is a page of the kernel itself: nothing can be "
        "done, and the next access may be fatal. `Failed` and `Delayed` pages may still be in use."
    ),
    next_steps=(
        "Find who lost the page: the SIGBUS line next to this one, and the mce or ghes event before.",
        "After Ignored or Failed drain and restart the host: the page is still mapped somewhere.",
        "Watch HardwareCorrupted in /proc/meminfo; replace the DIMM that EDAC or the BMC names.",
    ),
    confused_with=(
        "memory-failure-sigbus: the process that got the signal",
        "mce-uncorrected: the hardware's report that led here",
    ),
    example="[91002.711402] Memory failure: 0x1f3a40c: recovery action for dirty LRU page: Recovered",
    near_miss="""\
[91002.711402] Memory failure: 0x1f3a40c: Sending SIGBUS to qemu-kvm:4410 due to hardware memory corruption""",
)
