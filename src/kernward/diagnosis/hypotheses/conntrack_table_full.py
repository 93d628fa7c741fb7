"""The table of tracked connections is full."""

from collections.abc import Iterator

from kernward.collectors.sources import conntrack
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
from kernward.records.check import Action

KIND = "conntrack-table-full"
FULL = Threshold(
    "part of the table in use",
    0.9,
    "",
    "__nf_conntrack_alloc() refuses only when more than all entries are taken; an entry that ended since the last "
    "drop frees its place, so a table that drops is never far below all",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    now, over = window.of(conntrack.SOURCE), window.over(conntrack.SOURCE)
    if now is None or over is None:
        reason = window.why_absent(conntrack.SOURCE) or "it could not be read"
        if "not tracked" in reason and not window.since_boot:
            yield Refuted(
                reason="no connection is tracked: the kernel's connection tracking is not in use here"
            )
        else:
            yield Unknown(reason=reason)
        return
    if now.entries is None or not now.most:
        yield Unknown(reason="nf_conntrack_count or nf_conntrack_max cannot be read")
        return
    # The fullest that it was in the window: entries come and go between samples.
    entries = max(
        each.entries or 0 for sample in window.samples if (each := sample.of(conntrack.SOURCE)) is not None
    )
    used = entries / now.most
    dropped = 0 if window.since_boot else over.dropped or 0
    recent = events(view, KIND)
    evidence = [
        view.evidence(
            conntrack.SOURCE,
            "entries",
            entries,
            change=False,
            says=f"connections are tracked, {now.most} may be ({used:.0%})",
        )
    ]
    if over.dropped is not None:
        since = " since boot" if window.since_boot else ""
        evidence.append(
            view.evidence(
                conntrack.SOURCE, "dropped", over.dropped, says=f"packets of new connections dropped{since}"
            )
        )
    if recent:
        evidence.append(event_evidence(view, KIND, recent[-1]))
    full = used >= FULL.value
    if full and dropped:
        sure = 0.97 if recent else 0.93
    elif full and (recent or now.dropped and entries >= now.most - 1):
        sure = 0.9 if recent else 0.75
    elif recent and dropped:
        sure = 0.8
    else:
        yield Refuted(
            reason=f"{entries} of {now.most} connections are tracked ({used:.0%}), and {dropped} packets were dropped",
            evidence=tuple(evidence),
        )
        return
    yield Confirmed(
        scope=HOST,
        confidence=sure,
        impact=0.9,
        mechanism=(
            f"{entries} of at most {now.most} connections are tracked: __nf_conntrack_alloc() refuses a new one, "
            "early_drop() finds none to throw out, and the packet is dropped. What is connected goes on, and nothing "
            "new gets through."
        ),
        evidence=tuple(evidence),
        chain=(
            "connections come faster than their entries expire, or the table is too small",
            "the table of tracked connections is full",
            "the first packet of each new connection is dropped",
            "new connections time out, old ones work",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="conntrack-table-full",
    title="The connection tracking table is full",
    group="network",
    claim="As many connections are tracked as nf_conntrack_max allows, and new ones are dropped.",
    signals=(
        Signal("conntrack.entries", "at conntrack.most: there is no room for another"),
        Signal("conntrack.dropped", "grows: packets of new connections are dropped"),
    ),
    thresholds=(FULL,),
    rivals=(
        Rival("packet-loss", "there packets of established connections get lost as well"),
        Rival("listen-queue-overflow", "there one port is concerned, and its program does not accept"),
        Rival("neighbour-table-full", "there addresses of a directly connected network cannot be reached"),
    ),
    explains=("packet-loss", "packet-drops", "log-flood"),
    mechanism=(
        "A rule that looks at the state of connections, or translates addresses, has each one tracked. "
        "__nf_conntrack_alloc() in net/netfilter/nf_conntrack_core.c counts entries against nf_conntrack_max; beyond it "
        "early_drop() looks for one that was never answered in a few hash buckets, and when there is none the packet "
        "is dropped and 'table full, dropping packet' printed."
    ),
    actions=(
        Action(
            "now",
            "Raise the limit, and the hash with it.",
            "About 320 bytes of unswappable kernel memory an entry.",
            "sysctl -w net.netfilter.nf_conntrack_max=524288",
        ),
        Action(
            "now",
            "See who fills it: by source, by state.",
            "Listing a large table takes processor time.",
            "conntrack -L 2>/dev/null | awk '{print $1, $4}' | sort | uniq -c | sort -n | tail",
        ),
        Action(
            "for good",
            "Exempt traffic that needs no tracking (notrack), shorten time-outs of dead connections, and watch "
            "nf_conntrack_count against its limit.",
            "Untracked traffic must be allowed by rules without state.",
        ),
    ),
    kinds=(KIND,),
    see=("net/netfilter/nf_conntrack_core.c", "Documentation/networking/nf_conntrack-sysctl.rst"),
    test=_test,
)
