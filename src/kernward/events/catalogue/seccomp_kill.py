"""A seccomp filter reported, or killed, a process for a system call."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

# The upper half of a filter's return value (include/uapi/linux/seccomp.h).
_ACTIONS = {
    0x80000000: "kill process",
    0x00000000: "kill thread",
    0x00030000: "trap",
    0x00050000: "errno",
    0x7FC00000: "notify",
    0x7FF00000: "trace",
    0x7FFC0000: "log",
}


def read(reading: Reading) -> None:
    """The action in words."""
    code = reading.fields.get("code")
    if code is not None:
        reading.fields["action"] = _ACTIONS.get(code & 0xFFFF0000)


KIND = Kind(
    id="seccomp-kill",
    title="seccomp: system call refused",
    class_="state",
    severity="info",
    subsystem="seccomp",
    patterns=(
        Pattern(
            literal="type=1326 audit(",
            regex=(
                r'audit: type=1326 audit\([\d.:]{1,40}\): (?:.{0,200}?)\bpid=(?P<pid>\d+) comm=(?:"'
                r'(?P<comm>[^"]{0,64})"|(?P<comm_hex>[0-9A-F]{2,128}))(?: exe=(?:"'
                r'(?P<exe>[^"]{0,1000})"|\S{1,2000}))? sig=(?P<signal>\d+) arch=(?P<arch>[0-9a-f]+)'
                r" syscall=(?P<syscall>\d+) compat=(?P<compat>[01]) ip=0x(?P<ip>[0-9a-f]+) code=0x"
                r"(?P<code>[0-9a-f]+)"
            ),
            unprinted="an audit record: its parts are formatted one by one",
        ),
    ),
    fields=(
        Field("pid", "int", "the process"),
        Field("comm", "str", "its name"),
        Field("comm_hex", "str", "its name in hexadecimal, when it holds special characters"),
        Field("exe", "str", "its program"),
        Field("signal", "int", "signal it was killed with; 0: only logged"),
        Field("arch", "hex", "audit architecture of the call"),
        Field("syscall", "int", "number of the system call"),
        Field("compat", "int", "1 for a 32-bit call on a 64-bit kernel"),
        Field("ip", "hex", "address of the call"),
        Field("code", "hex", "action: 0x80000000 kill process, 0x00000000 kill thread, 0x7ffc0000 log"),
        Field("action", "str", "the same in words"),
    ),
    key=(
        "action",
        "syscall",
    ),
    read=read,
    printed_by=("kernel/auditsc.c:audit_seccomp",),
    meaning=(
        "A process made a system call that its seccomp filter does not allow. With a signal it was killed "
        "for it, else the call was only logged. After an update of a C library or a kernel, programs begin "
        "to use newer calls that an old sandbox profile does not know; that is the usual reason on a fleet. "
        "Otherwise it is what the filter is for."
    ),
    next_steps=(
        "Name the call: `ausyscall --exact` or `scmp_sys_resolver NUMBER` for the architecture.",
        (
            "Find the profile: the container's seccomp profile, SystemCallFilter= of the unit, the "
            "browser's sandbox."
        ),
        "Did it begin with a new library, container engine or kernel? Then update the profile.",
    ),
    confused_with=("user-trap: SIGSYS shows as no trap; invalid opcode does",),
    example="""\
[ 3001.440001] audit: type=1326 audit(1700000301.440:912): auid=4294967295 uid=33 gid=33 ses=4294967295 subj=unconfined pid=9120 comm="php-fpm" exe="/usr/sbin/php-fpm8.2" sig=31 arch=c000003e syscall=435 compat=0 ip=0x7f11a2b4d0aa code=0x80000000""",
    near_miss=(
        '[ 3001.440001] audit: type=1400 audit(1700000301.440:913): apparmor="DENIED" operation="open" pid=9120 comm="php-fpm"'
    ),
)
