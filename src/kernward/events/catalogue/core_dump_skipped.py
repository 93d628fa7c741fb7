"""The core dump of a crashed process was not written."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="core-dump-skipped",
    title="core dump not written: {cause}",
    class_="state",
    severity="warning",
    subsystem="coredump",
    patterns=(
        Pattern(
            literal=" over core_pipe_limit",
            regex=r"Pid (?P<pid>\d+)\((?P<comm>.{0,64})\) (?P<cause>over core_pipe_limit)",
            until="6.1",
        ),
        Pattern(
            literal="coredump: ",
            regex=(
                r"coredump: (?P<pid>\d+)\((?P<comm>.{0,200})\): (?P<cause>over core_pipe_limit|RLIMIT_CORE"
                r" is set to 1|format_corename failed|this process can only dump core to a fully qualified"
                r" path|Unsafe core_pattern)"
            ),
            since="6.12",
            printed=("over core_pipe_limit, skipping core dump",),
        ),
        Pattern(
            literal="Core dump to ",
            regex=(
                r"(?:coredump: (?P<pid>\d+)\((?P<comm>.{0,200}?)\): )?Core dump to (?P<target>.{1,300}?)"
                r" (?P<cause>pipe failed|disabled|aborted: cannot preserve file owner|aborted: cannot"
                r" preserve file permissions)$"
            ),
            printed=("Core dump to |%s disabled",),
        ),
    ),
    fields=(
        Field("pid", "int", "the crashed process"),
        Field("comm", "str", "its name"),
        Field("cause", "str", "why"),
        Field("target", "str", "where the dump was to go"),
    ),
    key=("cause",),
    printed_by=("fs/coredump.c:do_coredump",),
    meaning=(
        "A process crashed and left no core: too many crash at once for the handler (core_pipe_limit), the "
        "handler could not be started, or the place does not allow it. The crash itself is another event."
    ),
    next_steps=(
        (
            "`sysctl kernel.core_pattern kernel.core_pipe_limit`; does the handler exist in the namespace "
            "it is run in?"
        ),
        "A storm of crashes: look at the segfault and user-trap events around it.",
    ),
    confused_with=("segfault: the crash",),
    example="""\
[ 3120.990001] Pid 4410(worker) over core_pipe_limit
[ 3120.990003] Skipping core dump""",
    near_miss="[ 3120.990003] Skipping core dump",
)
