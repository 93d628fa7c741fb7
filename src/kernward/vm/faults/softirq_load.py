"""A driver spends a share of a CPU's time in softirqs."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="softirq-load",
    title="a CPU that is busy with softirqs",
    doc=(
        "A driver polls its device in a tasklet, for a given share of each tenth of a second. The time goes "
        "to no process of user space: it shows as softirq in /proc/stat, and whatever runs on that CPU gets slower."
    ),
    group="cpu",
    parameters=(
        Parameter("percent", 60, "%", "share of the CPU's time", least=10, most=90),
        Parameter("seconds", 30, "s", "how long", least=5, most=86400),
        Parameter("cpu", 0, "", "which CPU", least=0, most=7),
    ),
    needs=Needs(lab=True),
    inject='echo "softirq-load percent=$percent seconds=$seconds cpu=$cpu" > /proc/kernward_faults',
    symptom=Symptom(
        doc="Half of that share, at least, is softirq time of the CPU within two seconds.",
        command="""
            sample() { awk -v cpu=cpu$cpu '$1 == cpu { all = 0; for (i = 2; i <= 9; i++) all += $i; print $8, all }' /proc/stat; }
            set -- $(sample)
            sleep 2
            set -- $1 $2 $(sample)
            share=$((($3 - $1) * 100 / ($4 - $2 + 1)))
            echo "cpu$cpu spends $share % of its time in softirqs"
            [ $share -ge $((percent / 2)) ]
        """,
        within_s=15,
    ),
    truth=Truth(
        cause="softirq-load",
        mechanism=(
            "__do_softirq() (6.12: handle_softirqs()) in kernel/softirq.c, in ksoftirqd or on the way out of an "
            "interrupt, runs tasklet_action(), which calls kf_poll_device() of the module kernward_faults."
        ),
    ),
)
