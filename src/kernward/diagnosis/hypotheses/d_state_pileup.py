"""Tasks are stuck uninterruptibly, whatever for."""

from collections import Counter
from collections.abc import Iterator, Sequence

from kernward.collectors.sources import loadavg, task_waits
from kernward.diagnosis.blocked import (
    Stuck,
    reported,
    stuck,
    waits_for_device,
    waits_for_lock,
    waits_frozen,
)
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
from kernward.diagnosis.log_events import RECENT_S, ago, evidence, freshness, logged, task
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import counted, names
from kernward.records.check import Action, Evidence, Scope

_EVENT = "hung-task"
SECONDS = Threshold(
    "length of a wait",
    4.0,
    "s",
    "a disk answers within milliseconds and a flush within a second or two; who did not run once in that time is stuck",
)
KERNEL_THREADS = Threshold(
    "threads of the kernel that are stuck, where no process is",
    2,
    "",
    "the kernels' threads of some drivers sleep uninterruptibly by habit, one each, and nobody waits for them",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    blind = window.why_absent(task_waits.SOURCE)
    all_ = stuck(view)
    hung = logged(view, _EVENT, within_s=RECENT_S)
    lately = [each for each in hung.events if each.age_s is None or each.age_s <= RECENT_S]
    proof = _load(view, len(all_))
    if window.since_boot:
        if lately:
            yield _reported(view)
        else:
            yield Unknown(
                reason=f"{len(all_)} tasks sleep uninterruptibly; whether they are stuck takes two readings"
                if not blind
                else f"what tasks wait for could not be read: {blind}"
            )
        return
    kernel = [each for each in all_ if each.kernel_thread]
    many = len(kernel) < len(all_) or len(kernel) > KERNEL_THREADS.value or bool(kernel and lately)
    said = reported(view, all_, RECENT_S)
    if all_ and many and (said or window.seconds_of(task_waits.SOURCE) >= SECONDS.value):
        yield _stuck(view, all_, proof)
    elif lately:
        yield _reported(view)
    elif blind:
        yield Unknown(reason=f"what tasks wait for could not be read: {blind}")
    else:
        yield Refuted(
            reason=f"{len(all_)} threads of the kernel sleep uninterruptibly, as those of some drivers always do"
            if all_
            else "no task slept uninterruptibly from the first reading to the last",
            evidence=proof,
        )


def _load(view: View, count: int) -> tuple[Evidence, ...]:
    load = view.window.of(loadavg.SOURCE)
    if load is None or load.load_1m is None:
        return ()
    return (
        view.evidence(
            loadavg.SOURCE,
            "load_1m",
            load.load_1m,
            change=False,
            says=f"tasks in state D count; {count} are stuck",
        ),
    )


def _stuck(view: View, all_: Sequence[Stuck], proof: tuple[Evidence, ...]) -> Confirmed:
    seconds = view.window.seconds_of(task_waits.SOURCE)
    places = Counter(
        each.task.wait or (each.task.stack[0] if each.task.stack else "an unknown place") for each in all_
    )
    place, count = places.most_common(1)[0]
    first = next((each for each in all_ if not each.kernel_thread), all_[0])
    scopes = tuple(each.scope for each in all_)
    said = reported(view, all_, RECENT_S)
    stacks = [said[each.task.task].stack if each.task.task in said else each.task.stack for each in all_]
    what = (
        "locks of the kernel"
        if any(map(waits_for_lock, stacks))
        else "a file system that is frozen"
        if any(map(waits_frozen, stacks))
        else "I/O"
        if any(map(waits_for_device, stacks))
        else "something of the kernel"
    )
    return Confirmed(
        scope=first.scope,
        confidence=0.6,
        impact=0.8,
        mechanism=(
            f"{counted(len(all_), 'task')} ({names(scopes)}) did not run once within {seconds:.0f} s, asleep uninterruptibly and "
            f"waiting for {what}; {count} of them in {place}(). No signal ends them."
        ),
        evidence=(
            *(
                view.evidence(
                    task_waits.SOURCE,
                    "blocked_tasks",
                    " < ".join(each.task.stack[:5]) or each.task.wait or "?",
                    scope=each.scope,
                    change=False,
                    file=f"/proc/{each.task.task}/stack",
                    says=f"did not run within {seconds:.0f} s",
                )
                for each in all_[:4]
            ),
            *proof,
        ),
        chain=(
            f"what is waited for in {place}() does not come",
            "tasks pile up in state D",
            "the load average grows",
        ),
        victims=scopes,
    )


def _reported(view: View) -> Confirmed:
    hung = logged(view, _EVENT, within_s=RECENT_S).events
    last = hung[-1]
    scope = task(last) or Scope()
    victims = tuple(each for each in map(task, hung) if each is not None)
    return Confirmed(
        scope=scope,
        confidence=0.55,
        impact=0.7 * freshness(last, RECENT_S),
        mechanism=(
            f"The kernel reported {counted(len(dict.fromkeys(victims)), 'task')} that hung ({names(victims)}), last {ago(last.age_s)}, in "
            f"{last.function or 'an unknown function'}(). What they waited for did not come in "
            f"{last.fields.get('blocked_s', 'very many')} s."
        ),
        evidence=tuple(evidence(view, each) for each in hung[-3:]),
        chain=("what is waited for does not come", "tasks hang in state D", "the kernel reports them"),
        victims=victims,
    )


HYPOTHESIS = Hypothesis(
    id="d-state-pileup",
    title="Tasks stuck uninterruptibly",
    group="tasks",
    claim="Tasks sleep in state D and do not come back; what for is a further question.",
    signals=(
        Signal(
            "task_waits.blocked_tasks", "tasks in state D that did not run from the first reading to the last"
        ),
        Signal("kernel_events.latest", "the kernel reports tasks that hang"),
        Signal("loadavg.load_1m", "counts them, so that it is high while processors idle"),
    ),
    thresholds=(SECONDS, KERNEL_THREADS),
    rivals=(
        Rival("lock-held-asleep", "tells more where they wait for a lock of the kernel"),
        Rival("filesystem-frozen", "tells more where they wait for a thaw"),
        Rival("device-hung", "tells more where they wait for a device that does not answer"),
        Rival("remote-storage-hung", "tells more where they wait for a server"),
    ),
    mechanism=(
        "TASK_UNINTERRUPTIBLE is for waits that must not be broken off. Signals are kept until the wait ends, and "
        "calc_load() in kernel/sched/loadavg.c counts such tasks as load. check_hung_task() in kernel/hung_task.c "
        "reports those that were not switched for kernel.hung_task_timeout_secs."
    ),
    actions=(
        Action(
            "now",
            "Read where they wait, and look for the device, the server or the task that they wait for.",
            "None.",
            "ps -eo pid,stat,wchan:30,comm | awk '$2 ~ /D/'; cat /proc/PID/stack; echo w > /proc/sysrq-trigger",
        ),
        Action(
            "for good",
            "Mount what is remote with time limits (soft, or hard with timeo), and have drivers use killable waits.",
            "A soft mount gives errors to programs that may not expect them.",
        ),
    ),
    kinds=(_EVENT,),
    see=("kernel/hung_task.c", "kernel/sched/loadavg.c"),
    test=_test,
)
