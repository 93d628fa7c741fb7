"""The kernel executed an instruction that the CPU does not know, outside of BUG() and WARN()."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="invalid-opcode",
    title="invalid opcode in {function}",
    title_without_function="invalid opcode in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="invalid opcode: ",
            regex=r"(?:Oops: )?invalid opcode: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("invalid opcode",),
        ),
    ),
    fields=(
        Field("error_code", "hex", "the CPU's error code or the offending instruction"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c:handle_invalid_op",),
    meaning=(
        "The CPU refused an instruction. BUG() is itself an invalid instruction, so if a "
        "`kernel BUG at` line precedes, that is the event. Without it, the code jumped into "
        "data, kernel text was overwritten, a kernel built for another CPU is running, or "
        "the compiler placed a trap where code should be unreachable."
    ),
    next_steps=(
        (
            "`scripts/decodecode < oops`: `ud2` after a complete function means unreachable code "
            "was reached or the BUG line was lost; anything else means a wild jump or damaged "
            "text."
        ),
        (
            "Compare the code bytes with `objdump -d vmlinux` at that address: a difference "
            "means memory damage or a live patch gone wrong."
        ),
        "Check that the CPU model has the feature (hypervisor CPU masks).",
    ),
    confused_with=("kernel-bug: prints `kernel BUG at file:line!` first.",),
    example="[  121.430010] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI",
    near_miss=(
        "[  121.430010] traps: app[510] trap invalid opcode ip:401136 sp:7ffd0 error:0 in app[401000+1000]"
    ),
)
