"""A user-space process touched memory it may not, and had no handler for the signal."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The offset to resolve, and the x86 error bits in words."""
    fields = reading.fields
    ip, base, error = fields.get("ip"), fields.get("base"), fields.get("error")
    if ip is not None and base is not None:
        fields["ip_offset"] = ip - base
    if error is not None:
        what = "instruction fetch" if error & 16 else "write" if error & 2 else "read"
        fields["access"] = f"{what} of {'a protected' if error & 1 else 'an unmapped'} page"


KIND = Kind(
    id="segfault",
    title="segfault in user space",
    class_="state",
    severity="info",
    subsystem="mm",
    patterns=(
        # 6.12 prints the instruction's offset within the file before the mapping's address, 6.1 does not;
        # `likely on CPU` since 6.1.
        Pattern(
            literal="segfault at ",
            regex=(
                r"(?P<comm>.{0,64})\[(?P<pid>\d+)\]: segfault at (?P<address>[0-9a-f]+) ip "
                r"(?P<ip>[0-9a-f]+) sp (?P<sp>[0-9a-f]+) error (?P<error>[0-9a-f]+)(?: in "
                r"(?P<mapping>.{1,255}?)\[(?:(?P<file_offset>[0-9a-f]+),)?(?P<base>[0-9a-f]+)\+"
                r"(?P<size>[0-9a-f]+)\])?(?: likely on CPU (?P<cpu>\d+) \(core (?P<core>\d+), socket "
                r"(?P<socket>\d+)\))?"
            ),
            printed=("%s%s[%d]: segfault at %lx ip %px sp %px error %lx",),
        ),
        # arm64 names the exception class and the fault.
        Pattern(
            literal="unhandled exception: ",
            regex=(
                r"(?P<comm>.{0,64})\[(?P<pid>\d+)\]: unhandled exception: (?P<exception>[^,]{1,80}), ESR"
                r" 0x(?P<esr>[0-9a-f]+), (?P<cause>[^\[]{1,80}?)(?: in (?P<mapping>[^\[]{1,255})\[(?:"
                r"(?P<file_offset>[0-9a-f]+),)?(?P<base>[0-9a-f]+)\+(?P<size>[0-9a-f]+)\])?$"
            ),
            unprinted="arm64 only",
        ),
        # arm64 before 4.18 or so.
        Pattern(
            literal=": unhandled ",
            regex=(
                r"(?P<comm>.{0,64})\[(?P<pid>\d+)\]: unhandled (?P<cause>(?:level \d |translation"
                r" |permission |alignment |page |synchronous )[^(]{1,60}) \(\d+\) at 0x"
                r"(?P<address>[0-9a-f]+), esr 0x(?P<esr>[0-9a-f]+)(?:, in (?P<mapping>[^\[]{1,255})\["
                r"(?P<base>[0-9a-f]+)\+(?P<size>[0-9a-f]+)\])?"
            ),
            unprinted="arm64 only, and of old releases",
        ),
    ),
    fields=(
        Field("comm", "str", "the process (its thread's name)"),
        Field("pid", "int", "its thread id"),
        Field("address", "hex", "address it touched; near 0 means a null pointer with an offset"),
        Field("ip", "hex", "address of the instruction"),
        Field("sp", "hex", "its stack pointer"),
        Field(
            "error",
            "hex",
            (
                "x86 page fault error bits: 1 protection, 2 write, 4 user, 8 reserved "
                "bit, 16 instruction fetch"
            ),
        ),
        Field("access", "str", "what the error bits say, in words"),
        Field("mapping", "str", "file that holds the instruction"),
        Field("file_offset", "hex", "offset of the instruction within that file, where the kernel prints it"),
        Field("base", "hex", "address at which the mapping starts"),
        Field("size", "hex", "its length"),
        Field("ip_offset", "int", "offset of the instruction within the mapping"),
        Field("cpu", "int", "CPU it likely ran on; one CPU in all of a host's segfaults points at hardware"),
        Field("core", "int", "that CPU's core"),
        Field("socket", "int", "that CPU's socket"),
        Field("exception", "str", "arm64: class of the exception"),
        Field("esr", "hex", "arm64: exception syndrome register"),
        Field("cause", "str", "arm64: kind of fault"),
    ),
    key=("mapping",),
    read=read,
    printed_by=(
        "arch/x86/mm/fault.c:show_signal_msg",
        "arch/arm64/kernel/traps.c:arm64_show_signal",
    ),
    meaning=(
        "A program accessed an address that is not mapped, or not in the way it tried, and got SIGSEGV. It "
        "is a bug of that program or of a library in its address space, rarely of the kernel. On a fleet it "
        "becomes the kernel's business when unrelated programs die on one host or on one CPU (bad memory, a "
        "failing core) or when they begin to on one kernel release. The line is rate-limited, so fewer "
        "lines than crashes is normal."
    ),
    next_steps=(
        (
            "Resolve the instruction: `addr2line -fe FILE OFFSET` with `file_offset`; older kernels do not "
            "print it, then add the mapping's place in the file (`readelf -lW FILE`) to `ip_offset`."
        ),
        "Get the core: `coredumpctl info PID`, or the handler that /proc/sys/kernel/core_pattern names.",
        (
            "Count by host, CPU and program: one host with many programs points at hardware; look for mce "
            "and edac events there."
        ),
    ),
    confused_with=(
        (
            "user-trap: general protection, invalid opcode or divide error of a program; this one is a page "
            "fault"
        ),
        "general-protection-fault: a fault of the kernel itself; there a report with a stack follows",
    ),
    example="""\
[  812.402117] nginx[2314]: segfault at 18 ip 00005581d3a4c1f7 sp 00007ffc0b0d1a40 error 4 in nginx[5581d3a0f000+d5000] likely on CPU 3 (core 1, socket 0)
[  812.402141] Code: 48 8b 43 10 48 85 c0 74 0c 48 89 df ff d0 48 83 f8 ff 74 2a 48 8b 5b 08 <48> 8b 43 18 48 85 c0 75 e3 48 83 c4 08 5b 5d c3""",
    near_miss=(
        '[  812.402117] audit: type=1400 audit(1700000000.123:77): apparmor="ALLOWED" comm="gdb" info="segfault at breakpoint"'
    ),
)
