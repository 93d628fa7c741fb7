"""The table of neighbours is full."""

from collections.abc import Iterator

from kernward.collectors.sources import neighbour_tables, neighbours
from kernward.collectors.sources.neighbour_tables import NeighbourTable
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
from kernward.diagnosis.view import HOST, View
from kernward.records.check import Action, Evidence, Scope

KIND = "neighbour-table-overflow"
FULL = Threshold(
    "part of the table in use",
    0.95,
    "",
    "neigh_alloc() refuses at gc_thresh3 exactly; a table that refused is still nearly full seconds later, since "
    "an entry nobody answers is kept for some seconds",
)
INTERFACE = Threshold(
    "part of the entries that one interface has",
    0.5,
    "",
    "the interface with most of the entries is where they come from",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    tables = window.each(neighbour_tables.SOURCE)
    if not tables:
        yield Unknown(
            reason=window.why_absent(neighbour_tables.SOURCE) or "no table of neighbours could be read"
        )
        return
    reasons = []
    confirmed = False
    for name, table in tables.items():
        over = window.each_over(neighbour_tables.SOURCE).get(name, table)
        overflows = 0 if window.since_boot else over.overflows or 0
        recent = tuple(each for each in events(view, KIND) if each.fields.get("table") in (name, None))
        if table.entries is None or not table.most:
            continue
        entries = max(
            each.entries or 0
            for sample in window.samples
            if (each := sample.each(neighbour_tables.SOURCE).get(name)) is not None
        )
        full = entries >= FULL.value * table.most
        if overflows or full and (recent or table.overflows):
            sure = 0.95 if overflows else 0.9 if recent else 0.75
        else:
            reasons.append(f"{name} holds {entries} of {table.most}")
            continue
        confirmed = True
        yield _confirmed(
            view, name, table, entries, overflows, sure,
            [event_evidence(view, KIND, recent[-1])] if recent else [],
        )  # fmt: skip
    if not confirmed and reasons:
        yield Refuted(reason=f"{', '.join(reasons)}, and every neighbour found room")
    elif not confirmed:
        yield Unknown(reason="the tables' entries or their limit gc_thresh3 cannot be read")


def _confirmed(
    view: View,
    name: str,
    table: NeighbourTable,
    entries: int,
    overflows: int,
    sure: float,
    printed: list[Evidence],
) -> Confirmed:
    field = "entries" if name == "arp_cache" else "entries6"
    counts = {
        interface: getattr(each, field) or 0
        for interface, each in view.window.each(neighbours.SOURCE).items()
    }
    most = max(counts, key=lambda each: counts[each], default=None)
    # The table is the whole machine's, the list that of one network namespace.
    scope = (
        Scope("interface", most)
        if most is not None and counts[most] >= INTERFACE.value * min(entries, table.most or entries)
        else HOST
    )
    evidence = [
        view.evidence(
            neighbour_tables.SOURCE,
            "overflows",
            overflows or table.overflows or 0,
            change=bool(overflows),
            says="times a neighbour did not fit" + ("" if overflows else " since boot"),
            file=f"/proc/net/stat/{name}",
        ),
        view.evidence(
            neighbour_tables.SOURCE,
            "entries",
            entries,
            change=False,
            says=f"neighbours in {name}, gc_thresh3 is {table.most}",
            file=f"/proc/net/stat/{name}",
        ),
        *printed,
    ]
    if most is not None and scope is not HOST:
        evidence.append(
            view.evidence(
                neighbours.SOURCE,
                field,
                counts[most],
                scope=scope,
                change=False,
                says=f"of them are on {most}",
            )
        )
    protocol = "ARP (IPv4)" if name == "arp_cache" else "NDISC (IPv6)"
    return Confirmed(
        scope=scope,
        confidence=sure,
        impact=0.9,
        mechanism=(
            f"The table of {protocol} holds {entries} neighbours and may hold {table.most} (gc_thresh3): neigh_alloc() "
            "finds no room, neigh_forced_gc() nothing to throw out, and packets to an address that is not in the table "
            "are dropped with ENOBUFS." + (f" Most of them are on {most}." if scope is not HOST else "")
        ),
        evidence=tuple(evidence),
        chain=(
            "more addresses of directly connected networks are talked to than the table holds",
            "the table of neighbours is full",
            "packets to others are dropped",
            "some peers cannot be reached, others can",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="neighbour-table-full",
    title="The table of neighbours (ARP) is full",
    group="network",
    claim="More neighbours are talked to than gc_thresh3 lets the table hold.",
    signals=(
        Signal("neighbour_tables.overflows", "grows: a neighbour did not fit"),
        Signal("neighbour_tables.entries", "at neighbour_tables.most: there is no room"),
        Signal("neighbours.entries", "which interface has most of them"),
    ),
    thresholds=(FULL, INTERFACE),
    rivals=(
        Rival("conntrack-table-full", "there new connections fail to all addresses, also behind a gateway"),
        Rival("packet-loss", "there packets to addresses that worked before get lost"),
    ),
    explains=("packet-loss", "packet-drops", "log-flood"),
    mechanism=(
        "neigh_alloc() in net/core/neighbour.c counts entries against gc_thresh3 of the whole machine, whatever network "
        "namespace they are in. Beyond gc_thresh2 unused ones of 5 s are thrown out; those that are being asked for are "
        "not."
    ),
    actions=(
        Action(
            "now",
            "Raise the limits.",
            "Some kilobytes of kernel memory for each thousand neighbours.",
            "sysctl -w net.ipv4.neigh.default.gc_thresh3=8192 net.ipv4.neigh.default.gc_thresh2=4096",
        ),
        Action(
            "now",
            "See who talks to so many addresses: a scan, a discovery, a route that makes everything a neighbour.",
            "None.",
            "ip -s neigh show | awk '{print $3}' | sort | uniq -c; ip route",
        ),
        Action(
            "for good",
            "Divide large flat networks, and put gateways between; size gc_thresh3 for the largest one.",
            "Routes have to be changed.",
        ),
    ),
    kinds=(KIND,),
    see=("net/core/neighbour.c", "Documentation/networking/ip-sysctl.rst (neigh/default/gc_thresh3)"),
    test=_test,
)
