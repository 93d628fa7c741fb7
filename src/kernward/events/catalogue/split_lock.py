"""A program's atomic access crossed a cache line and locked the whole memory bus."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="split-lock",
    title="split lock: {trap}",
    class_="state",
    severity="warning",
    subsystem="x86",
    patterns=(
        Pattern(
            literal="x86/split lock detection: #",
            regex=(
                r"x86/split lock detection: #(?P<exception>AC|DB): (?P<comm>.{0,64})/(?P<pid>\d+) (?:took"
                r" a|[\w ]{1,40}) (?P<trap>split_lock|bus_lock) trap at address: 0x(?P<address>[0-9a-f]+)"
            ),
            printed=("x86/split lock detection: #AC: %s/%d took a split_lock trap at address: 0x%lx",),
        ),
    ),
    fields=(
        Field("exception", "str", "AC (split lock) or DB (bus lock)"),
        Field("comm", "str", "the process"),
        Field("pid", "int", "its thread id"),
        Field("trap", "str", "split_lock or bus_lock"),
        Field("address", "hex", "address of the instruction"),
    ),
    key=(
        "trap",
        "comm",
    ),
    printed_by=(
        "arch/x86/kernel/cpu/intel.c:split_lock_warn",
        "arch/x86/kernel/cpu/intel.c:handle_bus_lock",
    ),
    meaning=(
        "A locked instruction on memory that spans two cache lines, or is uncached, stops all other CPUs' "
        "memory accesses for a thousand cycles. One such program slows every neighbour on the machine. The "
        "kernel traps it, names it, and by default slows that program down deliberately, which users see as "
        "a program that became ten times slower after a kernel or hardware update."
    ),
    next_steps=(
        (
            "Resolve the address in the program, and align the variable: packed structures with atomics are "
            "the usual reason."
        ),
        (
            "`split_lock_detect=warn|fatal|off` on the command line; `kernel.split_lock_mitigate=0` stops "
            "the slow-down."
        ),
        "On a hypervisor the process is a virtual machine: the program is in the guest.",
    ),
    confused_with=("user-trap: a trap that kills the program",),
    example="""\
[ 6120.770001] x86/split lock detection: #AC: CPU 2/KVM/41102 took a split_lock trap at address: 0x7f11a2b4d0aa""",
    near_miss="[    0.770001] x86/split lock detection: warning about user-space split_locks",
)
