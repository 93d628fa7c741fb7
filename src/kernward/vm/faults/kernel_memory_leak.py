"""A driver forgets objects that it has allocated."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="kernel-memory-leak",
    title="a driver leaks kernel memory",
    doc=(
        "A driver allocates objects and forgets them. Nothing is printed: unreclaimable slab memory grows, no "
        "process owns it, and one day something else fails for want of memory."
    ),
    group="memory",
    parameters=(
        Parameter("size", 512, "bytes", "one object", least=8, most=8192),
        Parameter("total_kb", 16384, "KiB", "all objects", least=2048, most=131072),
        Parameter("seconds", 0, "s", "over how long it is spread", least=0, most=86400),
    ),
    needs=Needs(lab=True),
    inject="""
        awk '/^SUnreclaim/ { print $2 }' /proc/meminfo >/run/kernel-memory-leak
        echo "memory-leak size=$size total_kb=$total_kb seconds=$seconds" >/proc/kernward_faults
    """,
    symptom=Symptom(
        doc="SUnreclaim of /proc/meminfo has grown by most of it.",
        command="""
            before=$(cat /run/kernel-memory-leak)
            now=$(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo)
            echo "SUnreclaim grew from $before kB to $now kB"
            [ $((now - before)) -ge $((total_kb / 4 * 3)) ]
        """,
        within_s=20,
        plus=("seconds",),
    ),
    truth=Truth(
        cause="kernel-memory-leak",
        mechanism=(
            "kmalloc() in mm/slab_common.c (6.12: mm/slub.c), called by kf_leak() of the module kernward_faults in "
            "the thread kf_leak; kfree() is never called."
        ),
    ),
)
