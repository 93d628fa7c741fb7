"""Queueing disciplines: what each interface keeps waiting, holds back and drops before it sends (rtnetlink).

What `tc -s qdisc` shows; in a copied tree its output is read, where a sosreport has it. Their entities are named after the interface and the place in its tree: "eth0 root",
"eth0 1:10", "eth0 ingress". noqueue, which has no queue, is left out.
"""

import re
import struct
from collections.abc import Collection
from typing import Annotated, Any

import msgspec

from kernward.collectors import netlink
from kernward.collectors.quantity import counter, fact, gauge, identity
from kernward.collectors.root import Root
from kernward.collectors.source import EntitySource

_STATS = "qdisc_qstats_drop() in include/net/sch_generic.h"
_NETEM = "netem_dump() in net/sched/sch_netem.c"


class Qdisc(msgspec.Struct, frozen=True):
    """The settings of delay and loss are those of netem, the rate those of tbf and netem."""

    interface: Annotated[str | None, fact("the interface that it belongs to")] = None
    kind: Annotated[str | None, fact("fq_codel, mq, tbf, netem …")] = None
    handle: Annotated[int | None, identity("", "its number: another one has another")] = None
    parent: Annotated[str | None, fact("root, ingress, or the class that it belongs to")] = None
    sent_bytes: Annotated[int | None, counter("bytes", "that it let pass", "bstats_update()")] = None
    sent: Annotated[int | None, counter("packets", "that it let pass", "bstats_update()", bits=32)] = None
    drops: Annotated[int | None, counter("packets", "that it dropped", _STATS, bits=32)] = None
    overlimits: Annotated[
        int | None, counter("", "times it held back because of its rate", _STATS, bits=32)
    ] = None
    requeues: Annotated[
        int | None, counter("packets", "that the card did not take at once", _STATS, bits=32)
    ] = None
    waiting: Annotated[int | None, gauge("packets", "in it now", _STATS)] = None
    waiting_bytes: Annotated[int | None, gauge("bytes", "in it now", _STATS)] = None
    delay_s: Annotated[float | None, gauge("s", "that it holds each packet back on purpose", _NETEM)] = None
    jitter_s: Annotated[float | None, gauge("s", "by which that varies", _NETEM)] = None
    loss_percent: Annotated[float | None, gauge("%", "of packets that it drops on purpose", _NETEM)] = None
    damage_percent: Annotated[float | None, gauge("%", "of packets that it changes a bit of", _NETEM)] = None
    most_waiting: Annotated[int | None, gauge("packets", "that it keeps at most", _NETEM)] = None
    rate_bytes_per_s: Annotated[
        float | None, gauge("bytes/s", "that it lets pass at most", "tbf_dump() in net/sched/sch_tbf.c")
    ] = None


_GETQDISC = 38
# struct tcmsg: family, padding, interface, handle, parent, info
_MESSAGE = struct.Struct("=BxxxiIII")
# Attributes: include/uapi/linux/rtnetlink.h, gen_stats.h, pkt_sched.h.
_KIND, _OPTIONS, _STATS2 = 1, 2, 7
_BASIC, _QUEUE = 1, 3
_NETEM_CORRUPT, _NETEM_LOSS, _NETEM_RATE, _NETEM_RATE64, _NETEM_LATENCY64, _NETEM_JITTER64 = (
    4,
    5,
    6,
    8,
    10,
    11,
)
_TBF_PARMS, _TBF_RATE64 = 1, 4
_BASIC_FORM = struct.Struct("=QI")
_QUEUE_FORM = struct.Struct("=IIIII")
# struct tc_netem_qopt: latency, limit, loss, gap, duplicate, jitter; times in ticks of the scheduler
_NETEM_FORM = struct.Struct("=IIIIII")
_PARENTS = {0xFFFFFFFF: "root", 0xFFFFFFF1: "ingress"}
# A class of nothing but numbers: a discipline for each of a card's queues is many on a large machine.
MOST = 2000
_WHAT = "tc -s qdisc"
COPY = "/sos_commands/networking/tc_-s_qdisc_show"


def read(root: Root, wanted: Collection[str] | None = None) -> dict[str, Qdisc]:
    """The disciplines of all interfaces of this network namespace."""
    if not root.live and root.exists(COPY):
        every = told_by_tc(root.read(COPY).decode("utf-8", "backslashreplace"))
        return {name: each for name, each in every.items() if wanted is None or name in wanted}
    found: dict[str, Qdisc] = {}
    names = netlink.interface_names(root)
    request = _MESSAGE.pack(0, 0, 0, 0, 0)
    for message in netlink.dump(root, netlink.ROUTE, _GETQDISC, request, _WHAT):
        if len(message) < _MESSAGE.size or len(found) >= MOST:
            continue
        _, index, handle, parent, _ = _MESSAGE.unpack_from(message)
        told = netlink.attributes(message[_MESSAGE.size :])
        kind = netlink.text(told.get(_KIND))
        interface = names.get(index)
        if interface is None or kind in (None, "noqueue"):
            continue
        place = _PARENTS.get(parent) or f"{parent >> 16:x}:{parent & 0xFFFF:x}"
        name = f"{interface} {place}"
        if wanted is None or name in wanted:
            found[name] = qdisc(interface, str(kind), handle, place, told)
    return found


def qdisc(interface: str, kind: str, handle: int, parent: str, told: dict[int, memoryview]) -> Qdisc:
    """The record from a message's attributes."""
    stats = netlink.attributes(told[_STATS2]) if _STATS2 in told else {}
    basic, queue = stats.get(_BASIC, memoryview(b"")), stats.get(_QUEUE, memoryview(b""))
    sent_bytes, sent = _BASIC_FORM.unpack_from(basic) if len(basic) >= _BASIC_FORM.size else (None, None)
    waiting, waiting_bytes, drops, requeues, overlimits = (
        _QUEUE_FORM.unpack_from(queue) if len(queue) >= _QUEUE_FORM.size else (None,) * 5
    )
    options = told.get(_OPTIONS, memoryview(b""))
    return Qdisc(
        interface=interface,
        kind=kind,
        handle=handle,
        parent=parent,
        sent_bytes=sent_bytes,
        sent=sent,
        drops=drops,
        overlimits=overlimits,
        requeues=requeues,
        waiting=waiting,
        waiting_bytes=waiting_bytes,
        **_settings(kind, options),
    )


def _settings(kind: str, options: memoryview) -> dict[str, Any]:
    if kind == "netem" and len(options) >= _NETEM_FORM.size:
        _, limit, loss, _, _, _ = _NETEM_FORM.unpack_from(options)
        told = netlink.attributes(options[_NETEM_FORM.size :])
        found: dict[str, Any] = {"most_waiting": limit, "loss_percent": 100 * loss / 0xFFFFFFFF}
        if _NETEM_LOSS in told:
            found["loss_percent"] = _modelled_loss_percent(netlink.attributes(told[_NETEM_LOSS]))
        if len(told.get(_NETEM_CORRUPT, b"")) >= 4:
            found["damage_percent"] = 100 * (netlink.number(told[_NETEM_CORRUPT][:4]) or 0) / 0xFFFFFFFF
        # In nanoseconds, since 4.15; before, only ticks whose length another file tells.
        for field, attribute in (("delay_s", _NETEM_LATENCY64), ("jitter_s", _NETEM_JITTER64)):
            nanoseconds = netlink.number(told.get(attribute))
            if nanoseconds is not None:
                found[field] = nanoseconds / 1e9
        rate = netlink.number(told.get(_NETEM_RATE64))
        if rate is None and len(told.get(_NETEM_RATE, b"")) >= 4:
            rate = netlink.number(told[_NETEM_RATE][:4])
        if rate:
            found["rate_bytes_per_s"] = float(rate)
        return found
    if kind == "tbf":
        told = netlink.attributes(options)
        rate = netlink.number(told.get(_TBF_RATE64))
        # struct tc_tbf_qopt begins with a struct tc_ratespec, whose rate is its last number.
        if rate is None and len(told.get(_TBF_PARMS, b"")) >= 12:
            rate = netlink.number(told[_TBF_PARMS][8:12])
        return {"rate_bytes_per_s": float(rate)} if rate else {}
    return {}


def _modelled_loss_percent(models: dict[int, memoryview]) -> float:
    """The share of lost packets that a model of several states comes to (loss state, loss gemodel)."""
    unit = 100 / 0xFFFFFFFF
    states, gilbert = models.get(1, memoryview(b"")), models.get(2, memoryview(b""))
    if len(states) >= 8:
        to_loss, back = struct.unpack_from("=II", states)
        share: float = 100 * to_loss / (to_loss + back) if to_loss + back else 0.0
        return share
    if len(gilbert) >= 16:
        # struct tc_netem_gemodel: to the bad state, back, what the bad state lets pass, what the good one loses
        to_bad, to_good, passes, loses = struct.unpack_from("=IIII", gilbert)
        bad: float = to_bad / (to_bad + to_good) if to_bad + to_good else 0.0
        loss: float = bad * (100 - passes * unit) + (1 - bad) * loses * unit
        return loss
    return 0.0


# qdisc netem 8001: dev app0 root refcnt 2 limit 1000 delay 100ms  10ms loss 10%
_HEAD = re.compile(
    r"qdisc (?P<kind>\S{1,15}) (?P<handle>[0-9a-f]{1,4}): dev (?P<interface>\S{1,64}) "
    r"(?P<parent>root|ingress|parent (?P<class>[0-9a-f]{0,4}:[0-9a-f]{1,4}))(?P<rest>.{0,1000})"
)
_SENT = re.compile(
    r" Sent (?P<sent_bytes>\d{1,20}) bytes (?P<sent>\d{1,12}) pkt "
    r"\(dropped (?P<drops>\d{1,12}), overlimits (?P<overlimits>\d{1,12}) requeues (?P<requeues>\d{1,12})\)"
)
_BACKLOG = re.compile(r" backlog \d{1,10}[KMG]?b (?P<waiting>\d{1,10})p")
_DELAY = re.compile(r" delay (\d{1,9}(?:\.\d{1,9})?)(us|ms|s)(?:  ?(\d{1,9}(?:\.\d{1,9})?)(us|ms|s))?")
_PERCENT = {
    "loss_percent": re.compile(r" loss (\d{1,3}(?:\.\d{1,9})?)%"),
    "damage_percent": re.compile(r" corrupt (\d{1,3}(?:\.\d{1,9})?)%"),
}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def told_by_tc(text: str) -> dict[str, Qdisc]:
    """The disciplines that `tc -s qdisc show` printed."""
    found: dict[str, Qdisc] = {}
    name = None
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            name = None
            if head["kind"] != "noqueue" and len(found) < MOST:
                parent = head["class"] or head["parent"]
                # tc leaves out a number that is 0.
                name = f"{head['interface']} {'0' if parent.startswith(':') else ''}{parent}"
                found[name] = Qdisc(
                    interface=head["interface"],
                    kind=head["kind"],
                    handle=int(head["handle"], 16) << 16,
                    parent=name.rpartition(" ")[2],
                    **_printed_settings(head["kind"], head["rest"]),
                )
            continue
        counts = _SENT.match(line) or _BACKLOG.match(line)
        if name is not None and counts:
            numbers = {field: int(value) for field, value in counts.groupdict().items()}
            found[name] = msgspec.structs.replace(found[name], **numbers)
    return found


def _printed_settings(kind: str, rest: str) -> dict[str, Any]:
    if kind != "netem":
        return {}
    settings: dict[str, Any] = {"delay_s": 0.0, "loss_percent": 0.0}
    delay = _DELAY.search(rest)
    if delay:
        settings["delay_s"] = float(delay[1]) * _SECONDS[delay[2]]
        settings["jitter_s"] = float(delay[3]) * _SECONDS[delay[4]] if delay[3] else 0.0
    for field, pattern in _PERCENT.items():
        percent = pattern.search(rest)
        if percent:
            settings[field] = float(percent[1])
    return settings


SOURCE = EntitySource(
    name="qdiscs",
    doc="Queueing disciplines of network interfaces: what waits, what is held back, what is dropped.",
    files=(_WHAT, COPY),
    record=Qdisc,
    read=read,
    scope="other",
    waits="somebody holds the RTNL lock, which settings of the network take",
)
