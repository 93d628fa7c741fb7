"""A user-space process died of a CPU exception other than a page fault."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="user-trap",
    title="user-space trap: {trap}",
    class_="state",
    severity="info",
    subsystem="x86",
    patterns=(
        Pattern(
            literal="traps: ",
            regex=(
                r"traps: (?P<comm>.{0,64})\[(?P<pid>\d+)\] (?:trap )?(?P<trap>general protection"
                r" fault|general protection|invalid opcode|divide error|overflow|bounds|int3|stack"
                r" segment|segment not present|coprocessor segment overrun|invalid TSS|simd"
                r" exception|alignment check|control protection|device not available|#?[\w][\w -]{1,40}?)"
                r" ip:(?P<ip>[0-9a-f]+) sp:(?P<sp>[0-9a-f]+) error:(?P<error>[0-9a-f]+)(?: in "
                r"(?P<mapping>.{1,255}?)\[(?:(?P<file_offset>[0-9a-f]+),)?(?P<base>[0-9a-f]+)\+"
                r"(?P<size>[0-9a-f]+)\])?"
            ),
            printed=("%s[%d] %s%s ip:%lx sp:%lx error:%lx",),
        ),
    ),
    fields=(
        Field("comm", "str", "the process (its thread's name)"),
        Field("pid", "int", "its thread id"),
        Field("trap", "str", "the exception"),
        Field("ip", "hex", "address of the instruction"),
        Field("sp", "hex", "its stack pointer"),
        Field("error", "hex", "the exception's error code"),
        Field("mapping", "str", "file that holds the instruction"),
        Field("file_offset", "hex", "offset of the instruction within that file, where the kernel prints it"),
        Field("base", "hex", "address at which the mapping starts"),
        Field("size", "hex", "its length"),
    ),
    key=(
        "trap",
        "mapping",
    ),
    printed_by=("arch/x86/kernel/traps.c:show_signal",),
    meaning=(
        "A program executed something that the CPU refuses: an instruction this CPU does not have, a "
        "pointer that is not canonical, a division by zero, a deliberate `ud2` of an assertion. It got "
        "SIGILL, SIGSEGV or SIGFPE and had no handler. Invalid opcodes that begin after a migration or a "
        "rollout usually mean a binary built for a newer CPU, or a CPU feature that microcode or the "
        "hypervisor took away."
    ),
    next_steps=(
        (
            "Disassemble around the instruction: `objdump -d FILE --start-address=…` at ip minus the "
            "mapping's base."
        ),
        (
            "For invalid opcode compare `/proc/cpuinfo` flags with what the program was built for; `ud2` "
            "and `ud1` are assertions."
        ),
        "Many programs on one host: look for mce events and test the CPU.",
    ),
    confused_with=(
        "segfault: the page fault of a program, the commoner case",
        "general-protection-fault: the same exception in the kernel, which is an oops",
    ),
    example="""\
[ 2210.118802] traps: node[4120] trap invalid opcode ip:55cf11a2b4d0 sp:7ffe6d7f1230 error:0 in node[55cf10c00000+13e5000]""",
    near_miss="[    0.101202] traps: Unhandled exception vectors initialised",
)
