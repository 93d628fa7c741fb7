"""The audit system recorded that a process was ended by a signal that dumps core."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="user-abnormal-end",
    title="process ended abnormally by signal {signal}",
    class_="state",
    severity="info",
    subsystem="audit",
    patterns=(
        Pattern(
            literal="type=1701 audit(",
            regex=(
                r'audit: type=1701 audit\([\d.:]{1,40}\): (?:.{0,200}?)\bpid=(?P<pid>\d+) comm=(?:"'
                r'(?P<comm>[^"]{0,64})"|(?P<comm_hex>[0-9A-F]{2,128}))(?: exe=(?:"'
                r'(?P<exe>[^"]{0,1000})"|\S{1,2000}))? sig=(?P<signal>\d+)'
            ),
            unprinted="an audit record: its parts are formatted one by one",
        ),
    ),
    fields=(
        Field("pid", "int", "the process"),
        Field("comm", "str", "its name"),
        Field("comm_hex", "str", "its name in hexadecimal, when it holds special characters"),
        Field("exe", "str", "its program"),
        Field(
            "signal",
            "int",
            ("the signal: 6 abort, 11 segmentation fault, 4 illegal instruction, 7 bus error"),
        ),
    ),
    key=(
        "signal",
        "comm",
    ),
    printed_by=("kernel/auditsc.c:audit_core_dumps",),
    meaning=(
        "A program aborted itself (6) or died of a fault (11, 4, 7, 8). It is a record of user space's "
        "failures; the kernel is not at fault. Unlike the segfault line it is not rate-limited, so it is "
        "the better count."
    ),
    next_steps=(
        "`coredumpctl list`; the program's own log.",
        "Many programs on one host: suspect memory; look for mce and edac events.",
    ),
    confused_with=("segfault: the fault's own line, with addresses",),
    example="""\
[ 5001.120001] audit: type=1701 audit(1700005001.120:77): auid=1000 uid=1000 gid=1000 ses=3 subj=unconfined pid=6123 comm="chrome" exe="/opt/google/chrome/chrome" sig=6 res=1""",
    near_miss="""\
[ 5001.120001] audit: type=1700 audit(1700005001.120:76): dev=eth0 prom=256 old_prom=0 auid=1000 uid=0 gid=0 ses=3""",
)
