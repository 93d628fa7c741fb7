"""A user has as many processes and threads as its processes may."""

from collections import Counter
from collections.abc import Iterator

from kernward.collectors.sources import process_files, processes
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

FULL = Threshold(
    "part of RLIMIT_NPROC that is used",
    0.97,
    "",
    "a service at its limit ends and starts a few threads around it; one that is some percent below has not met it",
)
LEAST = Threshold(
    "limit",
    8,
    "",
    "programs that must not start others lock themselves in with a limit of none or of what they have",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    files = window.each(process_files.SOURCE)
    everybody = window.each(processes.SOURCE)
    owned = {pid: each for pid, each in files.items() if each.user is not None and pid in everybody}
    if not owned:
        reason = (
            window.why_absent(process_files.SOURCE) or "whose each process is, is not told by a copied tree"
        )
        yield Unknown(reason=f"tasks of users could not be counted: {reason}")
        return
    tasks: Counter[int] = Counter()
    for pid, each in owned.items():
        tasks[each.user or 0] += everybody[pid].threads or 1
    highest: tuple[float, str, int, int] | None = None
    struck: dict[int, list[str]] = {}
    for pid, each in owned.items():
        # Whoever has CAP_SYS_RESOURCE or CAP_SYS_ADMIN, root for one, is let through.
        if not each.user or each.tasks_limit is None or each.tasks_limit < LEAST.value:
            continue
        share = tasks[each.user] / each.tasks_limit
        if highest is None or share > highest[0]:
            highest = share, pid, tasks[each.user], each.tasks_limit
        # More than allowed: the limit was lowered afterwards, or is that of a single process of many.
        if FULL.value <= share <= 1.02:
            struck.setdefault(each.user, []).append(pid)
    for user, pids in struck.items():
        pid = max(pids, key=lambda each: everybody[each].threads or 1)
        limit = owned[pid].tasks_limit or 0
        scope = Scope("process", processes.label(pid, everybody[pid]))
        yield Confirmed(
            scope=scope,
            confidence=0.88,
            impact=0.9,
            mechanism=(
                f"User {user} has {tasks[user]} processes and threads, and {scope.name} and {len(pids) - 1} more of its "
                f"processes may have {limit} (RLIMIT_NPROC): their next fork() or pthread_create() fails with EAGAIN. "
                "The kernel prints nothing, and other users do not notice."
            ),
            evidence=(
                view.evidence(
                    processes.SOURCE,
                    "threads",
                    tasks[user],
                    scope=scope,
                    change=False,
                    says=f"all tasks of user {user}",
                ),
                view.evidence(
                    process_files.SOURCE,
                    "tasks_limit",
                    limit,
                    scope=scope,
                    change=False,
                    file=f"/proc/{pid}/limits",
                ),
            ),
            chain=(
                f"user {user} has as many tasks as it may",
                "copy_process() refuses",
                "fork() and pthread_create() fail",
            ),
        )
    if struck:
        return
    if highest is None:
        yield Refuted(reason="no process of a user other than root has a limit on its user's tasks")
        return
    share, pid, count, limit = highest
    yield Refuted(
        reason=f"no user is at its limit of tasks; nearest is that of {processes.label(pid, everybody[pid])} with "
        f"{count} of {limit}",
        evidence=(
            view.evidence(
                process_files.SOURCE, "tasks_limit", limit, change=False, says=f"{share:.0%} are used"
            ),
        ),
    )


HYPOTHESIS = Hypothesis(
    id="user-task-limit",
    title="A user at its limit of tasks",
    group="tasks",
    claim="A user has as many processes and threads as RLIMIT_NPROC of its processes allows.",
    signals=(
        Signal("processes.threads", "summed up over the user's processes"),
        Signal("process_files.tasks_limit", "how many the user may have, as each process of it says"),
    ),
    thresholds=(FULL, LEAST),
    rivals=(
        Rival("cgroup-pids-limit", "there the limit is the cgroup's, and the kernel counts what it refused"),
        Rival("pid-limit", "there the whole machine has no id left"),
        Rival("thread-leak", "that is why the number grows; this is where it ends"),
    ),
    mechanism=(
        "copy_process() in kernel/fork.c compares the user's count of tasks (UCOUNT_RLIMIT_NPROC) with RLIMIT_NPROC of "
        "whoever forks and gives EAGAIN beyond it. The count is the user's over all its sessions and containers that "
        "share a user namespace: two services that run as one user share it."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit of the running process, and see what the user's tasks are.",
            "A leak goes on to the next limit.",
            "prlimit --pid PID --nproc=65536; ps -u USER -L -o pid,comm | sort | uniq -c | sort -n",
        ),
        Action(
            "for good",
            "Set LimitNPROC= of the service, or better TasksMax=, which counts the service alone; give each service a "
            "user of its own.",
            "None.",
            "systemctl edit UNIT  # [Service] LimitNPROC=infinity TasksMax=8192",
        ),
    ),
    see=("kernel/fork.c", "getrlimit(2)"),
    test=_test,
)
