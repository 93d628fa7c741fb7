"""More is sent over a link than it carries."""

from collections.abc import Iterator

from kernward.collectors.sources import link_speed, net_dev, qdiscs
from kernward.collectors.sources.qdiscs import Qdisc
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
from kernward.diagnosis.network import growing_steps
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

USED = Threshold(
    "part of the link's rate in use",
    0.9,
    "",
    "headers and gaps between packets that the interface does not count take some percent of the rate, with small "
    "packets up to a quarter",
)
SHAPED = Threshold(
    "the same of a discipline that held packets back for its rate (overlimits) between all readings",
    0.7,
    "",
    "such a discipline says itself that it is at its rate; what is missing was sent before or after the window",
)
QUEUE = Threshold(
    "time that what waits needs to be sent",
    0.02,
    "s",
    "TCP keeps a few milliseconds of data in its own interface's queue; twenty are felt by everybody else who sends",
)
DROPPED = Threshold(
    "packets dropped for each that was sent",
    0.005,
    "",
    "a queue that overflows now and then is how TCP finds the rate; one in two hundred is more than that",
)
QUEUE_UNKNOWN = Threshold(
    "time that what waits needs to be sent, where nothing tells the link's rate",
    0.05,
    "s",
    "what waits divided by what is sent a second is how long the last one waits; a card that sends as fast as it can "
    "has some milliseconds, disciplines that keep queues short drop before it comes to this",
)
DROPPED_UNKNOWN = Threshold(
    "the same where nothing tells the link's rate",
    0.01,
    "",
    "without the rate only the queue's own overflow speaks, so it has to be plain",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    if window.since_boot:
        yield Unknown(reason="a rate needs two readings, and there is one")
        return
    cards = window.each_over(net_dev.SOURCE)
    if not cards:
        yield Unknown(reason=window.why_absent(net_dev.SOURCE) or "no interface could be read")
        return
    fullest: tuple[float, str] | None = None
    confirmed: set[str] = set()
    speeds = window.each(link_speed.SOURCE)
    grown = window.each_over(qdiscs.SOURCE)
    for name, each in grown.items():
        interface = each.interface
        if interface is None or interface in confirmed or each.parent == "ingress":
            continue
        speed = speeds.get(interface)
        rate = each.rate_bytes_per_s or (speed.bytes_per_s if speed else None)
        sent = (each.sent_bytes or 0) / window.seconds_of(qdiscs.SOURCE)
        if rate:
            fullest = max(fullest or (0.0, ""), (sent / rate, interface))
        verdict = _of(view, name, each, rate, sent)
        if verdict is not None:
            confirmed.add(interface)
            yield verdict
    for name, card in cards.items():
        speed = speeds.get(name)
        if name in confirmed or speed is None or not speed.bytes_per_s:
            continue
        seconds = window.seconds_of(net_dev.SOURCE)
        used = max(card.sent_bytes or 0, card.received_bytes or 0) / seconds / speed.bytes_per_s
        fullest = max(fullest or (0.0, ""), (used, name))
        missed = max(card.receive_drops or 0, card.receive_overruns or 0)
        if (
            card.received_bytes or 0
        ) / seconds >= USED.value * speed.bytes_per_s and missed >= DROPPED.value * (card.received or 1):
            confirmed.add(name)
            yield _confirmed(
                view, Scope("interface", name), speed.bytes_per_s, used, missed, card.received or 0, None,
                [view.evidence(net_dev.SOURCE, "receive_drops", missed, scope=Scope("interface", name),
                               says="packets came in and were missed")],
            )  # fmt: skip
    if confirmed:
        return
    if fullest is not None:
        yield Refuted(
            reason=f"the fullest link, {fullest[1]}, carries {fullest[0]:.0%} of its rate, or drops nothing"
        )
    elif (unread := window.why_absent(qdiscs.SOURCE)) is not None:
        yield Unknown(reason=f"neither rates nor queues of {len(cards)} interfaces are known: {unread}")
    elif grown:
        yield Refuted(reason="no queue of an interface overflows; their rates are not known")
    else:
        yield Refuted(
            reason=f"none of {len(cards)} interfaces has a queue that could be full, or a rate that is known"
        )


def _of(view: View, name: str, each: Qdisc, rate: float | None, sent: float) -> Confirmed | None:
    # What is dropped on purpose is not for want of room.
    if each.loss_percent or each.delay_s and not each.rate_bytes_per_s:
        return None
    drops, passed = each.drops or 0, each.sent or 0
    lasting = growing_steps(view, qdiscs.SOURCE, name, "drops") >= 2
    scope = Scope("interface", each.interface or "")
    drains = rate or sent
    queues = [
        (one.waiting_bytes or 0) / drains
        for sample in view.window.samples
        if drains and (one := sample.each(qdiscs.SOURCE).get(name)) is not None
    ]
    queue_s = sorted(queues)[len(queues) // 2] if queues else None
    holding = bool(each.rate_bytes_per_s) and all(
        (step.overlimits or 0) > 0 for _, _, step in view.window.each_steps(qdiscs.SOURCE, name)
    )
    full = rate is not None and sent >= (SHAPED if holding else USED).value * rate
    dropping = lasting and drops >= (DROPPED if rate else DROPPED_UNKNOWN).value * (drops + passed)
    long = queue_s is not None and queue_s >= (QUEUE if rate else QUEUE_UNKNOWN).value
    if not (dropping or long) or rate and not full:
        return None
    file = f"tc -s qdisc show dev {each.interface}"
    evidence = [
        view.evidence(
            qdiscs.SOURCE,
            "sent_bytes",
            sent,
            unit="bytes/s",
            scope=scope,
            says="were sent" + (f", {sent / rate:.0%} of its rate" if rate else ""),
            file=file,
        )
    ]
    if drops:
        evidence.append(
            view.evidence(
                qdiscs.SOURCE,
                "drops",
                drops,
                scope=scope,
                says=f"packets that did not fit in its queue, {passed} were sent",
                file=file,
            )
        )
    if queue_s is not None and each.waiting_bytes:
        evidence.append(
            view.evidence(
                qdiscs.SOURCE,
                "waiting_bytes",
                each.waiting_bytes,
                scope=scope,
                change=False,
                says=f"wait in its queue, {_ms(queue_s)} ms of sending",
                file=file,
            )
        )
    return _confirmed(view, scope, rate, sent / rate if rate else None, drops, passed, queue_s, evidence)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g}" if seconds < 0.1 else f"{seconds * 1e3:,.0f}"


def _confirmed(
    view: View,
    scope: Scope,
    rate: float | None,
    used: float | None,
    drops: int,
    passed: int,
    queue_s: float | None,
    evidence: list[Evidence],
) -> Confirmed:
    share = drops / (drops + passed) if drops + passed else 0.0
    at = "its rate" if rate is None else f"{rate * 8 / 1e6:,.4g} Mbit/s"
    waits = f" What is sent waits {_ms(queue_s)} ms in its queue." if queue_s and queue_s >= 0.001 else ""
    return Confirmed(
        scope=scope,
        confidence=0.92 if used is not None else 0.7,
        impact=min(1.0, max(0.4, 10 * share, (queue_s or 0) / ((queue_s or 0) + 0.02))),
        mechanism=(
            f"More is sent over {scope.name} than {at} lets through"
            + (f" ({used:.0%} of it is in use)" if used is not None else "")
            + (f", and its queue overflows: {drops} packets were dropped, {share:.1%}." if drops else ".")
            + waits
        ),
        evidence=tuple(evidence),
        chain=(
            "programs send more than the link, or its shaper, lets through",
            "its queue grows until it overflows",
            "everybody who sends over it waits, and TCP sends again what was dropped",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="link-saturated",
    title="A network link is full",
    group="network",
    claim="More is sent over an interface than its link, or the rate it is shaped to, carries.",
    signals=(
        Signal("net_dev.sent_bytes", "at the rate of link_speed.bytes_per_s"),
        Signal("qdiscs.sent_bytes", "at the rate that the interface is shaped to"),
        Signal("qdiscs.drops", "grows: its queue overflows"),
        Signal("qdiscs.waiting_bytes", "stays high: who sends has to wait"),
    ),
    thresholds=(USED, SHAPED, QUEUE, QUEUE_UNKNOWN, DROPPED, DROPPED_UNKNOWN),
    rivals=(
        Rival("packet-loss", "there packets get lost at any load, and the queue is short"),
        Rival("packet-delay", "there packets are held while the link has room"),
        Rival("softnet-squeeze", "there the machine, not the link, is at its end"),
    ),
    explains=("packet-loss", "packet-delay", "packet-drops"),
    mechanism=(
        "What the card does not take yet waits in the interface's queueing discipline; tbf and the like hold back what is "
        "beyond their rate (overlimits). A queue that is full drops (qdisc_drop() in include/net/sch_generic.h), which is "
        "how TCP learns the rate; until then everybody's packets wait behind the queue."
    ),
    actions=(
        Action(
            "now",
            "See who sends most, and hold it back or move it.",
            "What is held back takes longer.",
            "ss -tin state established | grep -B1 delivery_rate; tc -s qdisc show dev IFACE",
        ),
        Action(
            "now",
            "Use a discipline that shares fairly (fq_codel, cake), so that the others do not wait.",
            "None to speak of.",
            "tc qdisc replace dev IFACE root fq_codel",
        ),
        Action("for good", "A faster link, or several; a rate limit for what can wait.", "Cost."),
    ),
    see=("include/net/sch_generic.h", "net/sched/sch_tbf.c", "man 8 tc"),
    test=_test,
)
