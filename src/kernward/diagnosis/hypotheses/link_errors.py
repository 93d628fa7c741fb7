"""A network link damages packets."""

from collections.abc import Iterator

from kernward.collectors.sources import link_speed, net_dev
from kernward.collectors.sources.net_dev import NetDev
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

SHARE = Threshold(
    "damaged packets for each good one",
    1e-4,
    "",
    "Ethernet is specified for less than one wrong bit in 10^12, which is one packet in some 10^8; one in ten thousand "
    "is a defect, and already halves what TCP carries over some distance",
)
NUMBER = Threshold("damaged packets", 5.0, "packets", "one or two are left by a link that just came up")
# Each with what it means, receiving and sending.
_FIELDS = {
    "receive_frame_errors": "came in with a wrong checksum or length",
    "receive_errors": "came in damaged",
    "send_errors": "could not be sent",
    "carrier_errors": "lost their carrier while being sent",
    "collisions": "collided, which a link in full duplex never has",
}


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    found = window.each_over(net_dev.SOURCE)
    if not found:
        yield Unknown(reason=window.why_absent(net_dev.SOURCE) or "no interface could be read")
        return
    confirmed = 0
    most: tuple[int, str] = (0, "")
    for name, each in found.items():
        damaged, good = _damaged(each), (each.received or 0) + (each.sent or 0)
        most = max(most, (damaged, name))
        if name == "lo" or damaged < NUMBER.value or damaged < SHARE.value * (good + damaged):
            continue
        if window.since_boot:
            continue
        confirmed += 1
        yield _confirmed(view, name, each, damaged, good)
    if confirmed:
        return
    if window.since_boot and most[0] >= NUMBER.value:
        yield Unknown(
            reason=f"{most[1]} has damaged {most[0]} packets since it was made, and nothing tells when",
        )
    elif most[0]:
        yield Refuted(reason=f"{most[1]} damaged most packets, {most[0]}, fewer than matter")
    else:
        yield Refuted(reason=f"none of {len(found)} interfaces damaged a packet")


def _damaged(each: NetDev) -> int:
    # Errors of sending and receiving contain their special kinds, in most drivers; collisions are apart.
    received = max(each.receive_errors or 0, each.receive_frame_errors or 0)
    sent = max(each.send_errors or 0, each.carrier_errors or 0)
    return received + sent + (each.collisions or 0)


def _confirmed(view: View, name: str, each: NetDev, damaged: int, good: int) -> Confirmed:
    scope = Scope("interface", name)
    share = damaged / (damaged + good)
    evidence: list[Evidence] = [
        view.evidence(net_dev.SOURCE, field, getattr(each, field), scope=scope, says=f"packets {says}")
        for field, says in _FIELDS.items()
        if getattr(each, field)
    ]
    speed = view.window.each(link_speed.SOURCE).get(name)
    half = speed is not None and speed.duplex == "half"
    if half and speed is not None:
        evidence.append(
            view.evidence(
                link_speed.SOURCE, "duplex", "half", scope=scope, change=False, says="is its duplex"
            )
        )
    persistent = max(growing_steps(view, net_dev.SOURCE, name, field) for field in _FIELDS) > 1
    return Confirmed(
        scope=scope,
        confidence=0.93 if persistent else 0.75,
        # A loss of one in a hundred already leaves TCP a small part of its rate.
        impact=min(1.0, max(0.2, 30 * share)),
        mechanism=(
            f"{name} damaged {damaged:,} packets, {share:.2%} of its traffic. The card drops them before the kernel sees "
            "them, and TCP takes each for a sign of congestion and slows down."
            + (" It runs in half duplex, which the other end most likely does not." if half else "")
        ),
        evidence=tuple(evidence),
        chain=(
            "a cable, a transceiver, a port or a setting damages packets",
            f"{name} drops them",
            "TCP sends again and slows down",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="link-errors",
    title="A network link damages packets",
    group="network",
    claim="An interface counts errors of receiving or sending.",
    signals=(
        Signal("net_dev.receive_errors", "grows: packets come in damaged"),
        Signal("net_dev.receive_frame_errors", "grows: of them those with a wrong checksum or length"),
        Signal("net_dev.send_errors", "grows: packets cannot be sent"),
        Signal("net_dev.collisions", "grows: half duplex at one end"),
    ),
    thresholds=(SHARE, NUMBER),
    rivals=(
        Rival("packet-loss", "there packets get lost elsewhere: this machine's card counts no error"),
        Rival("softnet-squeeze", "there the packets are whole and the machine does not take them in in time"),
        Rival("link-flapping", "there the link goes away altogether, and comes back"),
    ),
    explains=("packet-loss", "packet-drops"),
    mechanism=(
        "The card checks each frame's checksum (CRC) and length, drops what is wrong and counts it in rx_crc_errors, "
        "rx_length_errors and rx_errors of struct rtnl_link_stats64; dev_seq_printf_stats() in net/core/net-procfs.c "
        "prints them."
    ),
    actions=(
        Action(
            "now",
            "See which error it is, and whether the switch's port counts errors too.",
            "None.",
            "ethtool -S IFACE | grep -iE 'err|crc|fec|symbol'; ethtool -m IFACE",
        ),
        Action(
            "now",
            "Take the link out of its bond, or move traffic to another one.",
            "Less bandwidth and redundancy.",
        ),
        Action(
            "for good",
            "Change cable, transceiver and port, one after the other; set speed and duplex alike at both ends.",
            "The link is down meanwhile.",
        ),
    ),
    kinds=("nic-transmit-hang", "rx-checksum-fault"),
    see=("net/core/net-procfs.c", "Documentation/networking/statistics.rst"),
    test=_test,
)
