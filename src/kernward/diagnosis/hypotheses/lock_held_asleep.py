"""Tasks wait for a lock of the kernel that another holds while it sleeps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.measurements import kernel_locks
from kernward.collectors.sources import processes, stacks, task_waits
from kernward.diagnosis.blocked import (
    Stuck,
    own,
    reported,
    stuck,
    unclear,
    waits_for_device,
    waits_for_lock,
    waits_frozen,
    wanted_in,
)
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.log_events import RECENT_S, ago, evidence, freshness, logged, task, unread
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import counted, names
from kernward.records.check import Action, Evidence, Scope

_EVENT = "hung-task"
AGE = Threshold(
    "age of the last report of a hung task",
    RECENT_S,
    "s",
    "the kernel reports a task when it has waited for kernel.hung_task_timeout_secs, 120 by default, and then again",
)
STUCK = Threshold(
    "length of a wait",
    2.0,
    "s",
    "a mutex that is held for seconds is held by somebody who sleeps, not who computes",
)


class Holder(NamedTuple):
    """Who probably holds the lock, how that is known, and how sure it is."""

    scope: Scope
    how: str
    confidence: float


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    blind = window.why_absent(task_waits.SOURCE)
    all_ = stuck(view)
    said = reported(view, all_, AGE.value)
    waiters = [each for each in all_ if _at_lock(each, said)]
    # What /proc shows of their stacks leaves open whether it is a lock that they wait for.
    maybe = [each for each in all_ if each.task.task not in said and unclear(each.task.stack)]
    # A task that the kernel has reported has waited for long, however short the window is.
    long_enough = window.since_boot or bool(said) or window.seconds_of(task_waits.SOURCE) >= STUCK.value
    events = [
        each
        for each in logged(view, _EVENT, within_s=AGE.value).events
        if (waits_for_lock(each.stack) or each.fields.get("holder_comm")) and not waits_frozen(each.stack)
    ]
    if (waiters or maybe) and long_enough:
        if view.can_read(stacks.SOURCE):
            yield Open(
                suspicion=0.9 if waiters else 0.5,
                reason=f"{len(waiters or maybe)} tasks are stuck; the stacks of the others tell who keeps them waiting",
                sources=((stacks.SOURCE.name, tuple(window.each(processes.SOURCE))),),
            )
            return
        if waiters:
            yield _now(view, waiters, _holder(view, waiters, all_, events), events)
            return
        holder = _holder(view, maybe, (), events)
        if holder is not None:
            yield _now(view, maybe, holder, events)
            return
    if events:
        yield _earlier(view, events)
    elif maybe:
        yield Unknown(
            reason=f"{maybe[0].scope.name} is stuck in {maybe[0].task.stack[0]}(), and nobody shows who keeps it waiting; "
            "/proc does not tell whether it waits for a lock"
        )
    elif any(not each.task.stack for each in all_):
        yield Unknown(
            reason=f"{len(all_)} tasks sleep uninterruptibly, and where could not be read: that takes root"
        )
    elif blind:
        yield Unknown(reason=f"what tasks wait for could not be read: {blind}")
    else:
        log = (
            "the log could not be read"
            if unread(view)
            else "the log tells of none that hung on a lock lately"
        )
        yield Refuted(
            reason=f"none of the {len(all_)} tasks that are stuck waits for a lock"
            if all_
            else f"no task is stuck, and {log}"
        )


def _at_lock(each: Stuck, said: Mapping[str, LogEvent]) -> bool:
    report = said.get(each.task.task)
    stack = report.stack if report is not None else each.task.stack
    named = report is not None and report.fields.get("holder_comm") is not None
    return (named or waits_for_lock(stack)) and not waits_frozen(stack)


def _now(
    view: View,
    waiters: Sequence[Stuck],
    holder: Holder | None,
    events: Sequence[LogEvent],
) -> Confirmed:
    first = waiters[0]
    function = wanted_in(first.task.stack) or "a function of the kernel"
    sure = bool(events) or waits_for_lock(first.task.stack)
    victims = tuple(each.scope for each in waiters)
    seconds = view.window.seconds_of(task_waits.SOURCE)
    proof: list[Evidence] = [
        view.evidence(
            task_waits.SOURCE,
            "blocked_tasks",
            " < ".join(each.task.stack[:5]),
            scope=each.scope,
            change=False,
            file=f"/proc/{each.task.task}/stack",
            says=f"did not run once within {seconds:.0f} s",
        )
        for each in waiters[:3]
    ]
    proof += [evidence(view, each) for each in events[-2:]]
    if holder is not None:
        theirs = view.window.each(stacks.SOURCE).get(_pid(holder.scope))
        if theirs is not None:
            proof.append(
                view.evidence(
                    stacks.SOURCE,
                    "functions",
                    " < ".join(theirs.functions[:5]),
                    scope=holder.scope,
                    change=False,
                    says=holder.how,
                )
            )
    who = f"{holder.scope.name} holds it ({holder.how})" if holder else "who holds it does not show"
    what = "a lock" if sure else "what is a lock, by who sleeps besides"
    return Confirmed(
        scope=holder.scope if holder else first.scope,
        confidence=(holder.confidence if holder else 0.78) - (0.0 if sure else 0.15),
        impact=1.0,
        mechanism=(
            f"{counted(len(waiters), 'task')} ({names(victims)}) slept uninterruptibly in {function}() all the time for {what}; {who}. They "
            "count in the load average, cannot be killed, and go on only when the lock is given back."
        ),
        evidence=tuple(proof),
        chain=(
            f"{holder.scope.name if holder else 'a task'} sleeps with a lock held",
            f"whoever enters {function}() waits for it in state D",
            "requests that need it stand still; the load average grows without use of a CPU",
        ),
        victims=victims,
    )


def _earlier(view: View, events: Sequence[LogEvent]) -> Confirmed:
    last = events[-1]
    victims = tuple(scope for scope in map(task, events) if scope is not None)
    holder = _holder_of_log(view, events)
    function = wanted_in(last.stack) or last.function or "a function of the kernel"
    scope = holder.scope if holder else (victims[-1] if victims else Scope())
    who = f"{holder.scope.name} held it ({holder.how})" if holder else "the report does not tell who held it"
    return Confirmed(
        scope=scope,
        confidence=0.85 if holder else 0.8,
        impact=0.9 * freshness(last, AGE.value),
        mechanism=(
            f"The kernel reported {ago(last.age_s)} that {names(victims)} had waited in {function}() for a lock for "
            f"{last.fields.get('blocked_s', 'many')} s; {who}."
            + ("" if view.window.why_absent(task_waits.SOURCE) else " None of them is stuck now.")
        ),
        evidence=tuple(evidence(view, each) for each in events[-3:]),
        chain=("a task slept with a lock held", f"others waited for it in {function}()", "they go on since"),
        victims=victims,
    )


def _pid(scope: Scope) -> str:
    return scope.name.rpartition("[")[2].rstrip("]")


def _holder(
    view: View, waiters: Sequence[Stuck], all_: Sequence[Stuck], events: Sequence[LogEvent]
) -> Holder | None:
    """The one whom the kernel names; else one who sleeps in the same driver, or after the same function.

    `all_` are the tasks that are stuck; none where it is not certain that it is a lock: only close relations count then.
    """
    said = _named(events)
    if said is not None:
        return said
    if view.has("kernel-locks"):
        for lock in view.window.each_over(kernel_locks.SOURCE).values():
            if lock.holder and lock.kind in ("mutex", "rwsem"):
                return Holder(Scope("process", lock.holder), "the lock's owner field names it", 0.93)
    waiting = {each.task.task for each in waiters}
    modules = {each.task.modules[0] for each in waiters if each.task.modules}
    callers = {function for each in waiters if (function := wanted_in(each.task.stack))}
    tops = {each.task.stack[0] for each in waiters if each.task.stack}
    own_functions = set().union(*(own(each.task.stack) for each in waiters))
    found: list[tuple[int, str, Scope, str]] = []
    for pid, each in view.window.each(stacks.SOURCE).items():
        if pid in waiting or waits_for_lock(each.functions) or each.functions[0] in tops:
            continue
        scope = Scope("process", f"{each.comm}[{pid}]")
        shared = own(each.functions) & own_functions
        if modules and modules & set(each.modules):
            module = (modules & set(each.modules)).pop()
            found.append((0, pid, scope, f"it sleeps in the same module, {module}, and not for the lock"))
        elif callers & set(each.functions):
            found.append(
                (
                    1,
                    pid,
                    scope,
                    f"it sleeps in {(callers & set(each.functions)).pop()}() as well, past the lock",
                )
            )
        elif len(shared) >= 2:
            found.append(
                (2, pid, scope, f"it sleeps below the same functions, {', '.join(sorted(shared)[:2])}")
            )
    if not all_:
        found = [each for each in found if each[0] < 2]
    if found:
        best, _, scope, how = min(found, key=lambda each: (each[0], int(each[1])))
        alone = sum(each[0] == best for each in found) == 1
        return Holder(scope, how, (0.92, 0.85, 0.75)[best] - (0.0 if alone else 0.1))
    others = [each for each in all_ if each.task.task not in waiting]
    if len(others) == 1:
        where = "for I/O" if waits_for_device(others[0].task.stack) else "for something else"
        return Holder(others[0].scope, f"the only other task that is stuck, {where}", 0.7)
    return None


def _named(events: Sequence[LogEvent]) -> Holder | None:
    for each in reversed(events):
        comm, pid = each.fields.get("holder_comm"), each.fields.get("holder_pid")
        if comm and pid is not None:
            return Holder(
                Scope("process", f"{comm}[{pid}]"), "the kernel names it as the lock's likely owner", 0.95
            )
        culprit = each.fields.get("culprit")
        if isinstance(culprit, str) and ":" in culprit:
            comm, _, number = culprit.rpartition(":")
            return Holder(Scope("process", f"{comm}[{number}]"), "lockdep lists the lock as held by it", 0.95)
    return None


def _holder_of_log(view: View, events: Sequence[LogEvent]) -> Holder | None:
    said = _named(events)
    if said is not None:
        return said
    modules = {module for each in events for module in each.modules}
    for other in reversed(logged(view, _EVENT, within_s=AGE.value).events):
        scope = task(other)
        if scope is not None and not waits_for_lock(other.stack) and modules & set(other.modules):
            return Holder(scope, "it hung in the same module, and not for the lock", 0.8)
    # A thread of that driver that sleeps there now may well be the one that held it.
    found = [
        Scope("process", f"{each.comm}[{pid}]")
        for pid, each in view.window.each(stacks.SOURCE).items()
        if modules & set(each.modules)
    ]
    return Holder(found[0], "the only task in the same module now", 0.6) if len(found) == 1 else None


HYPOTHESIS = Hypothesis(
    id="lock-held-asleep",
    title="A kernel lock held by a task that sleeps",
    group="tasks",
    claim="Tasks wait in state D for a mutex or semaphore of the kernel whose holder sleeps and does not give it back.",
    signals=(
        Signal("task_waits.blocked_tasks", "tasks that do not run and whose stack ends in a lock"),
        Signal("kernel_events.latest", "the kernel reports tasks that hang, newer ones name the holder"),
        Signal("stacks.functions", "who else sleeps in the same driver, and not for the lock"),
        Signal("kernel-locks.holder", "the owner that the lock itself names, where measured"),
    ),
    thresholds=(AGE, STUCK),
    rivals=(
        Rival("lock-held-busy", "there waiters spin and processors are busy; here all sleep"),
        Rival("filesystem-frozen", "there the tasks wait for a thaw, in percpu_rwsem_wait()"),
        Rival("device-hung", "there they wait for I/O; a holder that waits for I/O makes both true"),
        Rival("user-lock-contention", "there the lock is the program's own, a futex, and the state is S"),
    ),
    explains=("d-state-pileup",),
    mechanism=(
        "__mutex_lock() (kernel/locking/mutex.c), rwsem_down_read_slowpath() and rwsem_down_write_slowpath() "
        "(kernel/locking/rwsem.c) queue the task and let it sleep in TASK_UNINTERRUPTIBLE until the owner gives the "
        "lock back. check_hung_task() in kernel/hung_task.c reports tasks that have not been switched for "
        "kernel.hung_task_timeout_secs; from 6.16 on it names the owner of a mutex."
    ),
    actions=(
        Action(
            "now",
            "Look at what the holder waits for and end that: an answer of a device, a server, memory. Nothing else "
            "frees the lock; the waiters cannot be killed.",
            "None in looking. A restart of the machine loses what was not written.",
            "cat /proc/PID/stack; echo w > /proc/sysrq-trigger; dmesg",
        ),
        Action(
            "for good",
            "Report it to the driver's maintainers with the stacks of holder and waiters: a lock must not be held over "
            "a wait that has no time limit. A kernel with CONFIG_DETECT_HUNG_TASK_BLOCKER names holders.",
            "None.",
        ),
    ),
    cost="where asked: the stack of each task, some 5 us each",
    kinds=(_EVENT,),
    see=("kernel/locking/mutex.c", "kernel/locking/rwsem.c", "kernel/hung_task.c"),
    test=_test,
)
