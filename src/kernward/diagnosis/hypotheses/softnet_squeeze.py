"""A CPU does not take in packets as fast as they come."""

from collections.abc import Iterator

from kernward.collectors.sources import net_dev, net_limits, softnet
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
from kernward.records.check import Action, Scope

DROPPED = Threshold(
    "packets that a CPU dropped for each that it took in",
    0.001,
    "",
    "TCP halves its rate for one loss in a thousand; below that a drop is a single burst",
)
RATE = Threshold("packets dropped a second", 5.0, "1/s", "fewer are a burst that went by")
MISSED = Threshold(
    "packets that a card missed for each that came in, while CPUs left work over",
    0.001,
    "",
    "the card's ring fills when nobody empties it in time; work left over says who did not",
)
SQUEEZED = Threshold(
    "times a second that a CPU left work over, for cards that miss packets",
    10.0,
    "1/s",
    "a full ring without work left over has another reason, such as an interrupt that comes late",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    cpus = window.each_over(softnet.SOURCE)
    if not cpus:
        yield Unknown(reason=window.why_absent(softnet.SOURCE) or "no CPU's packets are counted")
        return
    total = sum((each.dropped or 0) + (each.flow_limited or 0) for each in cpus.values())
    squeezed = sum(each.squeezed or 0 for each in cpus.values())
    if window.since_boot:
        if total:
            yield Unknown(reason=f"{total} packets were dropped by CPUs since boot, and nothing tells when")
        else:
            yield Refuted(reason="no CPU has dropped a packet since boot")
        return
    found = False
    for cpu, each in cpus.items():
        dropped = (each.dropped or 0) + (each.flow_limited or 0)
        taken = each.processed or 0
        if (
            view.per_second(softnet.SOURCE, dropped) < RATE.value
            or dropped < DROPPED.value * (taken + dropped)
            or max(growing_steps(view, softnet.SOURCE, cpu, field) for field in ("dropped", "flow_limited"))
            < 2
        ):
            continue
        found = True
        yield _dropping(view, cpu, each, dropped)
    if not found:
        missing = tuple(_missing(view, squeezed))
        found = bool(missing)
        yield from missing
    if not found:
        yield Refuted(
            reason=f"CPUs left work over {squeezed} times and dropped {total} packets",
            evidence=tuple(
                view.evidence(
                    softnet.SOURCE,
                    "dropped",
                    each.dropped or 0,
                    scope=Scope("cpu", cpu),
                    says="packets that did not fit in its backlog",
                )
                for cpu, each in sorted(cpus.items(), key=lambda item: -(item[1].dropped or 0))[:1]
            ),
        )


def _dropping(view: View, cpu: str, each: softnet.Softnet, dropped: int) -> Confirmed:
    scope = Scope("cpu", cpu)
    share = dropped / (dropped + (each.processed or 0))
    limits = view.window.of(net_limits.SOURCE)
    most = "" if limits is None or limits.backlog_most is None else f" ({limits.backlog_most} packets)"
    return Confirmed(
        scope=scope,
        confidence=0.93,
        impact=min(1.0, max(0.3, 5 * share)),
        mechanism=(
            f"{cpu} dropped {dropped:,} packets, {share:.1%} of those that came to it: enqueue_to_backlog() finds its "
            f"backlog at net.core.netdev_max_backlog{most}, because net_rx_action() gets too little of the CPU, or all "
            "packets come to this one."
        ),
        evidence=(
            view.evidence(
                softnet.SOURCE,
                "dropped",
                dropped,
                scope=scope,
                says="packets that did not fit in its backlog",
            ),
            view.evidence(
                softnet.SOURCE,
                "squeezed",
                each.squeezed or 0,
                scope=scope,
                says="times it left work over at the end of its budget",
            ),
        ),
        chain=(
            "packets come to a CPU faster than it takes them in",
            "its backlog is full",
            "packets are dropped before any program sees them",
        ),
    )


def _missing(view: View, squeezed: int) -> Iterator[Confirmed]:
    """Cards whose rings were not emptied in time."""
    if view.per_second(softnet.SOURCE, squeezed) < SQUEEZED.value:
        return
    for name, each in view.window.each_over(net_dev.SOURCE).items():
        # Drivers count what a full ring missed as drops, overruns, or both.
        missed = max(each.receive_drops or 0, each.receive_overruns or 0)
        if (
            name == "lo"
            or missed < MISSED.value * ((each.received or 0) + missed)
            or view.per_second(net_dev.SOURCE, missed) < RATE.value
        ):
            continue
        scope = Scope("interface", name)
        share = missed / (missed + (each.received or 0))
        yield Confirmed(
            scope=scope,
            confidence=0.75,
            impact=min(1.0, max(0.3, 5 * share)),
            mechanism=(
                f"{name} missed {missed:,} packets ({share:.1%}) while CPUs left work over {squeezed:,} times: "
                "net_rx_action() uses up its budget (net.core.netdev_budget, netdev_budget_usecs) before the card's ring "
                "is empty, and the ring overflows."
            ),
            evidence=(
                view.evidence(
                    net_dev.SOURCE,
                    "receive_drops",
                    missed,
                    scope=scope,
                    says="packets came in and were missed",
                ),
                view.evidence(softnet.SOURCE, "squeezed", squeezed, says="times a CPU left work over"),
            ),
            chain=(
                "packets come to a card faster than its CPU takes them in",
                "the card's ring is full",
                "packets are lost",
            ),
        )


HYPOTHESIS = Hypothesis(
    id="softnet-squeeze",
    title="A CPU drops packets that it cannot take in",
    group="network",
    claim="Packets come to a CPU faster than its network softirq takes them in, and are dropped.",
    signals=(
        Signal("softnet.dropped", "grows: the CPU's backlog is full"),
        Signal(
            "softnet.squeezed",
            "grows: work was left over when the budget was used up; alone it loses nothing",
        ),
        Signal("net_dev.receive_drops", "grows beside it: a card's ring overflows"),
    ),
    thresholds=(DROPPED, RATE, MISSED, SQUEEZED),
    rivals=(
        Rival(
            "network-softirq-load", "there packets take a CPU's time from programs; none needs to be dropped"
        ),
        Rival("link-errors", "there packets come damaged, at any load"),
        Rival("socket-buffer-limit", "there the packets reach their socket and find it full"),
    ),
    explains=("packet-loss", "packet-drops"),
    mechanism=(
        "Packets of loopback, of virtual interfaces and of receive steering wait in a CPU's backlog; enqueue_to_backlog() "
        "in net/core/dev.c drops them beyond net.core.netdev_max_backlog. Cards are polled by net_rx_action(), which stops "
        "after netdev_budget packets or netdev_budget_usecs and leaves the rest for later (time_squeeze)."
    ),
    actions=(
        Action(
            "now",
            "Spread packets over CPUs: more queues, receive-side scaling, receive packet steering (rps_cpus).",
            "Packets of one flow stay on one CPU; caches are used less well.",
            "ethtool -l IFACE; cat /sys/class/net/IFACE/queues/rx-*/rps_cpus",
        ),
        Action(
            "now",
            "Let more packets wait, or be taken in one go.",
            "A longer backlog adds delay; a larger budget keeps programs waiting.",
            "sysctl -w net.core.netdev_max_backlog=5000 net.core.netdev_budget=600",
        ),
        Action(
            "for good",
            "Keep other work off the CPUs that take in packets, and fit the number of queues to the load.",
            "CPUs set aside are missing elsewhere.",
        ),
    ),
    see=(
        "net/core/dev.c",
        "Documentation/networking/scaling.rst",
        "Documentation/admin-guide/sysctl/net.rst",
    ),
    test=_test,
)
