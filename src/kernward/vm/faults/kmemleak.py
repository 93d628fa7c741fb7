"""A driver forgets objects, on a kernel that looks for such."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="kmemleak",
    title="a leak that kmemleak finds",
    doc=(
        "A driver allocates objects and forgets them, on a kernel with CONFIG_DEBUG_KMEMLEAK: a scan of all "
        "memory finds no pointer to them, and /sys/kernel/debug/kmemleak names who allocated them."
    ),
    group="memory",
    parameters=(
        Parameter("size", 512, "bytes", "one object", least=8, most=8192),
        Parameter("total_kb", 16, "KiB", "all objects", least=8, most=4096),
    ),
    needs=Needs(lab=True, config={"CONFIG_DEBUG_KMEMLEAK": "y"}),
    inject="""
        echo "memory-leak size=$size total_kb=$total_kb" >/proc/kernward_faults
        # Objects younger than 5 s are left out, and what a scan finds is believed at the second.
        sleep 6
        echo scan >/sys/kernel/debug/kmemleak
        sleep 1
        echo scan >/sys/kernel/debug/kmemleak
        head -n 12 /sys/kernel/debug/kmemleak >/dev/console
    """,
    symptom=Symptom(
        doc="kmemleak counts new leaks, and its file names the function.",
        console=r"kmemleak: \d+ new suspected memory leaks",
        command="grep -m 1 'kf_leak+' /sys/kernel/debug/kmemleak",
        within_s=60,
    ),
    truth=Truth(
        kinds=("kmemleak-summary", "kmemleak"),
        cause="kernel-memory-leak",
        mechanism=(
            "kmemleak_scan() in mm/kmemleak.c; the objects were allocated by kf_leak() of the module "
            "kernward_faults."
        ),
    ),
)
