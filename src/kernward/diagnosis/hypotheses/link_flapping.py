"""A network link goes down and up again."""

from collections.abc import Iterator

from kernward.collectors.sources import links, uptime
from kernward.collectors.sources.kernel_events import RECENT_S
from kernward.collectors.sources.links import Link
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
from kernward.diagnosis.network import event_evidence, events
from kernward.diagnosis.view import View
from kernward.records.check import Action, Evidence, Scope

KIND = "link-down"
CHANGES = Threshold(
    "changes of the carrier in the window",
    2.0,
    "",
    "a link that goes and comes back within seconds was not unplugged by a person",
)
LOSSES = Threshold(
    "losses of the carrier since boot",
    3.0,
    "",
    "bringing an interface up counts one, in some drivers two: reset by the driver, and negotiated anew",
)
EVERY_S = Threshold(
    "time between two losses, since boot",
    1800.0,
    "s",
    "maintenance takes a link down a few times in a machine's life; twice an hour since boot is the link itself",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    found = window.each(links.SOURCE)
    if not found:
        yield Unknown(reason=window.why_absent(links.SOURCE) or "no interface could be read")
        return
    over = {} if window.since_boot else window.each_over(links.SOURCE)
    confirmed = 0
    for name, link in found.items():
        if name == "lo":
            continue
        verdict = _of(view, name, link, getattr(over.get(name), "carrier_changes", None) or 0)
        if verdict is not None:
            confirmed += 1
            yield verdict
    if not confirmed:
        changed = sum(getattr(each, "carrier_changes", None) or 0 for each in over.values())
        yield Refuted(
            reason=f"the carrier of {len(found)} interfaces changed {changed} times"
            if over
            else f"no carrier of {len(found)} interfaces was lost often since boot"
        )


def _of(view: View, name: str, link: Link, changes: int) -> Confirmed | None:
    scope = Scope("interface", name)
    printed = [each for each in events(view, KIND, RECENT_S) if each.fields.get("interface") == name]
    evidence = []
    if printed:
        evidence.append(event_evidence(view, KIND, printed[-1], scope))
    if changes >= CHANGES.value:
        evidence.insert(
            0,
            view.evidence(
                links.SOURCE, "carrier_changes", changes, scope=scope, says="times its link came or went"
            ),
        )
        return _confirmed(scope, link, f"changed {changes} times within the window", 0.95, 0.8, evidence)
    if changes and link.carrier == 0 and link.up:
        evidence.append(
            view.evidence(links.SOURCE, "carrier", 0, scope=scope, change=False, says="it has no link now")
        )
        return _confirmed(
            scope, link, "went away within the window and has not come back", 0.7, 1.0, evidence
        )
    if len(printed) >= CHANGES.value:
        return _confirmed(
            scope,
            link,
            f"went away {len(printed)} times within {RECENT_S / 60:.0f} minutes",
            0.85,
            0.5,
            evidence,
        )
    losses = link.carrier_losses if link.carrier_losses is not None else (link.carrier_changes or 0) // 2
    running = view.window.of(uptime.SOURCE)
    up_s = running.up_s if running is not None else None
    # A virtual interface follows its other end, which containers come and go with.
    if up_s is None or link.kind is not None or not link.up or losses < LOSSES.value:
        return None
    if up_s / losses > EVERY_S.value:
        return None
    evidence.append(
        view.evidence(
            links.SOURCE,
            "carrier_losses" if link.carrier_losses is not None else "carrier_changes",
            losses,
            scope=scope,
            change=False,
            says=f"times its link went since boot, {_time(up_s)} ago; when is not told",
        )
    )
    return _confirmed(
        scope, link, f"went away {losses} times in the {_time(up_s)} since boot", 0.7, 0.5, evidence
    )


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _confirmed(
    scope: Scope, link: Link, how: str, confidence: float, impact: float, evidence: list[Evidence]
) -> Confirmed:
    again = "" if link.carrier else " It is down now."
    return Confirmed(
        scope=scope,
        confidence=confidence,
        impact=impact,
        mechanism=(
            f"The link of {scope.name} {how}.{again} Each time linkwatch_do_dev() takes its queues down: what was on its "
            "way is lost, routes over it are unusable, and TCP waits for its time-out, which doubles each time."
        ),
        evidence=tuple(evidence),
        chain=(
            "a cable, a transceiver, a port or the driver loses the link",
            f"{scope.name} goes down and up",
            "packets are lost, and connections wait for their time-outs",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="link-flapping",
    title="A network link goes down and up",
    group="network",
    claim="An interface loses its carrier and gets it back, again and again.",
    signals=(
        Signal("links.carrier_changes", "grows: the link came or went in the window"),
        Signal("links.carrier_losses", "large for the time since boot: it happened before"),
        Signal("kernel_events.count", "link-down: drivers of hardware print it, virtual ones do not"),
    ),
    thresholds=(CHANGES, LOSSES, EVERY_S),
    rivals=(
        Rival("packet-loss", "there the link stays up"),
        Rival("link-errors", "there packets come damaged over a link that stays up"),
    ),
    explains=("packet-loss", "packet-delay", "link-errors", "packet-drops"),
    mechanism=(
        "The driver tells netif_carrier_off() in net/sched/sch_generic.c, which counts, and linkwatch_do_dev() in "
        "net/core/link_watch.c takes the queues down; netif_carrier_on() the other way round. Bonds and routing daemons "
        "move traffic each time."
    ),
    actions=(
        Action(
            "now",
            "Take the link out of use until it is mended: out of the bond, or down.",
            "Less bandwidth and redundancy.",
            "ip link set IFACE down",
        ),
        Action(
            "now",
            "See what the other end says: the switch port's log, its errors, the module's light levels.",
            "None.",
            "ethtool IFACE; ethtool -m IFACE; ip -s -s link show IFACE",
        ),
        Action(
            "for good",
            "Change cable, transceiver and port, one after the other; update the card's firmware.",
            "The link is down meanwhile.",
        ),
    ),
    kinds=(KIND, "link-up", "bond-slave-down"),
    see=("net/core/link_watch.c", "Documentation/networking/operstates.rst"),
    test=_test,
)
