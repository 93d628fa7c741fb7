"""The kernel prints so much that older messages are lost."""

from collections.abc import Iterator

from kernward.collectors.sources import kernel_log
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
from kernward.diagnosis.log_events import ago
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

MANY = Threshold(
    "messages within 10 s",
    1000,
    "",
    "printk_ratelimit() lets 10 messages through in 5 s; whoever prints hundreds a second has no limit",
)
SAME = Threshold(
    "part of them that differ in numbers only",
    0.5,
    "",
    "a boot or a report prints as much, but each line once",
)


def _test(view: View) -> Iterator[Verdict]:
    log = view.window.of(kernel_log.SOURCE)
    if log is None:
        yield Unknown(
            reason=f"the kernel's log could not be read: {view.window.why_absent(kernel_log.SOURCE)}"
        )
        return
    burst = log.burst or 0
    proof = view.evidence(
        kernel_log.SOURCE,
        "burst",
        burst,
        change=False,
        says=f"messages in the densest 10 s of the last 10 min, {ago(log.burst_age_s)}",
    )
    if burst < MANY.value:
        yield Refuted(reason=f"no more than {burst} messages were printed within 10 s", evidence=(proof,))
        return
    same = (log.burst_same or 0) / burst
    if same < SAME.value:
        yield Refuted(
            reason=f"{burst} messages were printed within 10 s, but they are not the same one again and again",
            evidence=(proof,),
        )
        return
    over = view.window.over(kernel_log.SOURCE)
    now = (
        (over.messages or 0) / view.window.seconds_of(kernel_log.SOURCE)
        if over and not view.window.since_boot
        else 0
    )
    lost = log.overwritten or 0
    evidence = [
        proof,
        view.evidence(
            kernel_log.SOURCE,
            "burst_same",
            log.burst_same or 0,
            change=False,
            says=f'of these: "{log.burst_text}"',
        ),
    ]
    if lost:
        evidence.append(
            view.evidence(
                kernel_log.SOURCE,
                "overwritten",
                lost,
                change=False,
                says="messages since boot that the ring no longer holds",
            )
        )
    back = log.reaches_back_s
    reach = (
        ""
        if back is None
        else f"; the ring reaches back {back:.0f} s only"
        if lost
        else f"; the ring reaches back {back:.0f} s"
    )
    yield Confirmed(
        scope=Scope(),
        confidence=0.93 if lost else 0.8,
        # While it goes on, a console's driver prints each message with a CPU; afterwards only the past is lost.
        impact=(0.8 if now >= MANY.value / 10 else 0.6) if lost else 0.4,
        mechanism=(
            f"The kernel printed {burst} messages within 10 s, {ago(log.burst_age_s)}, {same:.0%} of them "
            f'"{log.burst_text}"{reach}. What was printed before, the reason of an error perhaps, is overwritten '
            "first, and each message is written to the consoles by whoever prints."
        ),
        evidence=tuple(evidence),
        chain=(
            "one place in the kernel prints without a limit",
            "the ring overwrites its oldest messages",
            "the log loses its past, and slow consoles keep a CPU busy",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="log-flood",
    title="A flood of kernel messages",
    group="tasks",
    claim="One place in the kernel prints so much that older messages are lost.",
    signals=(
        Signal("kernel_log.burst", "how many messages the densest 10 s had"),
        Signal("kernel_log.burst_same", "how many of these are the same but for numbers"),
        Signal("kernel_log.overwritten", "messages are lost"),
    ),
    thresholds=(MANY, SAME),
    rivals=(
        Rival(
            "device-failing",
            "there the messages tell of a device's errors, which is then the cause of the flood",
        ),
    ),
    mechanism=(
        "prb_reserve() in kernel/printk/printk_ringbuffer.c makes room by data_push_tail(), which drops the oldest "
        "records; log_buf_len sets the size. console_unlock() hands each message to each console, and a serial line "
        "takes 0.1 ms a character at 115200 baud."
    ),
    actions=(
        Action(
            "now",
            "Keep consoles out of it, and find who prints by the message's text.",
            "Messages no longer show on the console; they stay in dmesg.",
            "dmesg -n 3; dmesg | tail -1",
        ),
        Action(
            "for good",
            "Have the driver limit what it prints (dev_err_ratelimited()), and the device's trouble solved; a larger "
            "log_buf_len= keeps more of the past.",
            "None.",
        ),
    ),
    cost="the kernel's ring is read in each sample",
    see=("kernel/printk/printk_ringbuffer.c", "Documentation/core-api/printk-basics.rst"),
    test=_test,
)
