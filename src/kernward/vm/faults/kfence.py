"""A driver misuses an object that KFENCE watches."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="kfence",
    title="a misused object that KFENCE happens to watch",
    doc=(
        "A driver uses an object after it was freed, goes out of its bounds, or frees it twice. KFENCE, which is "
        "made for production, watches one allocation now and then (every interval_ms); the driver does it until "
        "its object is one of those."
    ),
    group="crash",
    parameters=(
        Parameter(
            "bug",
            "use-after-free",
            "",
            "what is done",
            choices=("use-after-free", "out-of-bounds", "double-free"),
        ),
        Parameter("access", "read", "", "read or write (not for double-free)", choices=("read", "write")),
        Parameter("interval_ms", 50, "ms", "kfence.sample_interval", least=1, most=1000),
    ),
    # KASAN takes the same reports for itself.
    needs=Needs(
        lab=True,
        append=("kfence.sample_interval=500",),
        config={"CONFIG_KFENCE": "y", "CONFIG_KASAN": ""},
    ),
    # Seldom until now, or its few hundred objects would be in use.
    inject="""
        echo $interval_ms >/sys/module/kfence/parameters/sample_interval
        echo "kfence bug=$bug access=$access" >/proc/kernward_faults
    """,
    undo="echo 500 >/sys/module/kfence/parameters/sample_interval",
    symptom=Symptom(
        doc="KFENCE's report, with the stacks of who allocated and who freed.",
        console=r"BUG: KFENCE: (use-after-free|out-of-bounds|invalid free|memory corruption)",
        within_s=20,
    ),
    truth=Truth(
        kinds=("kfence",),
        mechanism=(
            "kfence_handle_page_fault() or kfence_guarded_free() in mm/kfence/core.c; the access is in kf_touch() of "
            "the module kernward_faults."
        ),
    ),
)
