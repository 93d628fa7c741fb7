"""An indirect call went to a function of another type; control-flow integrity stopped it."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="cfi-failure",
    title="CFI failure in {function}",
    title_without_function="CFI failure in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="CFI failure at ",
            regex=(
                r"CFI failure at (?P<at_function>[\w.$]+)\S*(?: \[[\w-]+\])? \(target: "
                r"(?P<target>[\w.$]+)\S*(?: \[[\w-]+\])?; expected type: 0x(?P<type>[0-9a-f]+)\)"
            ),
            unprinted="needs a kernel built by clang with CONFIG_CFI_CLANG",
        ),
        Pattern(
            literal="CFI failure (target: ",
            regex=r"CFI failure \(target: (?P<target>[\w.$]+)",
            unprinted="clang kernels before 6.1",
        ),
    ),
    fields=(
        Field("at_function", "str", "the function that called"),
        Field("target", "str", "the function that was called"),
        Field("type", "hex", "hash of the type that was expected"),
    ),
    key=("target",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "warning",
        "invalid-opcode",
        "oops",
        "internal-error",
    ),
    printed_by=("kernel/cfi.c:report_cfi_failure",),
    meaning=(
        "With CONFIG_CFI_CLANG every indirect call checks that its target has the expected "
        "type. This one did not: a function was cast to another type (a bug in the source "
        "that C forgives), or a function pointer was overwritten."
    ),
    next_steps=(
        (
            "Compare the prototypes of caller and target: a cast is the usual reason and the fix "
            "is the prototype."
        ),
        "A target that makes no sense at all: memory corruption or an attack.",
    ),
    confused_with=("missing-endbr: the hardware's coarser check.",),
    example=(
        "[   24.118812] CFI failure at nf_hook_slow+0x3c/0xf0 (target: my_hook+0x0/0x20 "
        "[badmod]; expected type: 0x1d2f5c4e)"
    ),
    near_miss="[    0.000000] SMP alternatives: Using kCFI",
)
