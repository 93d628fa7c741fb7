"""A driver prints so much that older messages are lost."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="printk-flood",
    title="a flood of kernel messages",
    doc=(
        "A driver complains about each of very many completions. The kernel's ring of messages keeps only the "
        "newest, so that what was printed before, the reason of an oops perhaps, is gone from dmesg; and a serial "
        "console keeps a CPU busy with it."
    ),
    group="limits",
    parameters=(Parameter("lines", 8000, "", "how many messages", least=4000, most=20000),),
    needs=Needs(lab=True),
    inject="""
        echo "kernward: before the flood" >/dev/kmsg
        echo "printk-flood lines=$lines" >/proc/kernward_faults
    """,
    symptom=Symptom(
        doc="The last message is there, and what was printed before the flood is not.",
        command="""
            dmesg | grep "completion $(printf %06d $((lines - 1))) " || exit 1
            ! dmesg | grep 'before the flood'
        """,
        within_s=120,
    ),
    truth=Truth(
        cause="log-flood",
        mechanism=(
            "data_push_tail() in kernel/printk/printk_ringbuffer.c drops the oldest records; the messages come "
            "from kf_complain() of the module kernward_faults."
        ),
    ),
)
