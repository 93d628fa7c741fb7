"""Free memory lies in single pages that cannot be joined."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="memory-fragmentation",
    title="free memory is fragmented beyond what compaction can mend",
    doc=(
        "A service fills pipes with data, two at a time, and empties one of each two. What stays are single "
        "pages that belong to the kernel and cannot be moved, with single free pages between them: much "
        "memory is free, and next to none of it in blocks of 64 KiB or more."
    ),
    group="memory",
    parameters=(
        Parameter("percent", 80, "%", "part of the available memory that is taken apart", least=50, most=90),
        service_name("log-shipper"),
    ),
    needs=Needs(misbehave=True),
    inject=SERVE
    + """
        awk '/^MemAvailable/ { print int($2 / 4) }' /proc/meminfo >/run/$service.before
        serve $service "" fragment $percent
    """,
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc=(
            "Free blocks below 64 KiB (order 4) hold a third or more of the pages that were taken apart, where "
            "a half was given back."
        ),
        command="""
        before=$(cat /run/$service.before)
        [ -n "$before" ] || exit 1
        awk -v before=$before -v percent=$percent '
            { for (size = 1, i = 5; i <= NF; size *= 2, i++) { all += $i * size; if (i < 9) small += $i * size } }
            END { printf "%d of %d free pages lie in blocks below order 4\\n", small, all
                  exit !(small * 300 >= before * percent) }' /proc/buddyinfo
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="memory-fragmentation",
        entity_kind="host",
        mechanism=(
            "pipe_write() in fs/pipe.c allocates its pages as unmovable, and isolate_migratepages_block() in "
            "mm/compaction.c finds none of them on a list that it could move, so rmqueue() in "
            "mm/page_alloc.c has no block of a high order to give."
        ),
    ),
)
