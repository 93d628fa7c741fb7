"""A CPU or task kept an RCU grace period from ending for too long."""

import re

from kernward.events import parties
from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_CPU = re.compile(r"(?:rcu: )?\s*(?P<cpu>\d+)-[.?!OoN]{2,6}: \(")
_TIME = re.compile(r"(?:rcu: )?\s*\((?:detected by (?P<by>\d+), ?)?t=(?P<jiffies>\d+) jiffies")


def read(reading: Reading) -> None:
    """Which CPU stalls and for how long is told in the lines below the header."""
    fields = reading.fields
    for text in reading.texts[1:24]:
        if fields.get("cpu") is None and (found := _CPU.match(text)):
            fields["cpu"] = int(found["cpu"])
        elif fields.get("stall_jiffies") is None and (found := _TIME.match(text)):
            fields["stall_jiffies"] = int(found["jiffies"])
            fields["detected_by"] = int(found["by"]) if found["by"] else None
    parties.rcu_stall(reading)


KIND = Kind(
    id="rcu-stall",
    title="INFO: rcu detected stall in {function}",
    alt_titles=("stall in {function}",),
    title_without_function="INFO: rcu detected stall in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="self-detected stall on CPU",
            regex=(
                r"(?:rcu: )?INFO: (?P<flavour>rcu_\w+) self-detected stall on CPU(?: \{ ?"
                r"(?P<cpu>\d+)|$|\s)"
            ),
        ),
        Pattern(
            literal="detected stalls on CPUs/tasks",
            regex=r"(?:rcu: )?INFO: (?P<flavour>rcu_\w+) detected stalls on CPUs/tasks:",
        ),
        Pattern(
            literal="detected expedited stalls on CPUs/tasks",
            regex=r"(?:rcu: )?INFO: (?P<flavour>rcu_\w+) detected expedited stalls on CPUs/tasks:",
        ),
        Pattern(
            literal="detected stalls on tasks",
            regex=r"(?:rcu: )?INFO: (?P<flavour>rcu_\w+) detected stalls on tasks:",
            printed=("detected stalls on tasks",),
        ),
        Pattern(
            literal="detected stall",
            regex=r"(?:rcu: )?INFO: (?P<flavour>rcu_\w+) detected (?:expedited )?stalls?\b",
        ),
    ),
    fields=(
        Field("flavour", "str", "which RCU (rcu_preempt, rcu_sched, rcu_tasks, …)"),
        Field("cpu", "int", "a CPU that stalls"),
        Field("detected_by", "int", "the CPU that reports, where it is another"),
        Field("stall_jiffies", "int", "for how long, in jiffies"),
        Field("victim", "str", "who is kept waiting: a task, a CPU, or what waits"),
        Field("culprit", "str", "who keeps it waiting, where the report tells"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STALL,
    absorbs=(
        "rcu-kthread-starved",
        "rcu-stall",
    ),
    read=read,
    printed_by=(
        "kernel/rcu/tree_stall.h:print_cpu_stall",
        "kernel/rcu/tree_stall.h:print_other_cpu_stall",
        "kernel/rcu/tree_exp.h",
        "kernel/rcu/tasks.h",
    ),
    meaning=(
        "RCU waits until every CPU has passed a quiescent state; for 21 seconds (60 on some "
        "distributions) one did not. That CPU loops in the kernel with preemption or "
        "interrupts off, a task was preempted inside a read section, interrupts storm, or "
        "the RCU kthread itself got no time. Memory that waits for the grace period piles "
        "up, and synchronize_rcu() callers hang. The CPU that reports is often not the one "
        "that stalls."
    ),
    next_steps=(
        ("Which CPU? The line `N-....:` names it; `self-detected` means that the reporting CPU is it."),
        "Look at that CPU's back trace: what loops there?",
        ("`kthread starved`: RCU's own thread did not run; look for real-time tasks that take the CPU."),
        "Virtual machine: steal time first.",
    ),
    confused_with=(
        "soft-lockup: the watchdog's view of the same.",
        "rcu-kthread-starved: the reason within this report.",
        "hung-task: who waits for the grace period.",
    ),
    example=(
        "[ 5618.260395] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
        "[ 5618.260399] rcu: 	1-....: (10498 ticks this GP) idle=89c4/1/0x4000000000000000 "
        "softirq=7611/7611 fqs=5249\n"
        "[ 5618.260413] 	(detected by 0, t=5252 jiffies, g=9561, q=2134 ncpus=2)\n"
        "[ 5618.260426] Sending NMI from CPU 0 to CPUs 1:\n"
        "[ 5618.260441] NMI backtrace for cpu 1\n"
        "[ 5618.260459] CPU: 1 PID: 22099 Comm: stress-ng Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 5618.260474] RIP: 0010:acme_poll_ready+0x82e/0xc30 [acme]\n"
        "[ 5618.260618] Call Trace:\n"
        "[ 5618.260621]  <TASK>\n"
        "[ 5618.260636]  acme_wait_idle+0x60c/0x860 [acme]\n"
        "[ 5618.260641]  acme_ioctl+0x1f0/0x3e0 [acme]\n"
        "[ 5618.260644]  __x64_sys_ioctl+0x19c/0x5b0\n"
        "[ 5618.260658]  do_syscall_64+0x5be/0x610\n"
        "[ 5618.260662]  entry_SYSCALL_64_after_hwframe+0xd1/0x190\n"
        "[ 5618.260718]  </TASK>"
    ),
    near_miss="[    0.091200] rcu: 	RCU CPU stall warnings timeout set to 60 (rcu_cpu_stall_timeout).",
)
