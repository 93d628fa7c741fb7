"""A NUMA node is full while another one has memory left."""

from collections.abc import Iterator

from kernward.collectors.sources import memory_settings, node, zoneinfo
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
from kernward.diagnosis.memory import page_bytes
from kernward.diagnosis.view import HOST, View
from kernward.diagnosis.wording import size
from kernward.records.check import Action, Evidence

FOREIGN = Threshold(
    "part of the pages wanted of a node that another one gave",
    0.1,
    "",
    "each such page is reached over the interconnect for as long as it lives; a tenth of all is felt",
)
WANTED = Threshold(
    "pages a second that are wanted of the node",
    256.0,
    "1/s",
    "a few pages of a node that nobody uses say nothing",
)
FULL = Threshold(
    "part of the node that is free",
    0.05,
    "",
    "below it, or below what the watermarks keep where that is more, kswapd works on the node, and allocations fall "
    "back",
)
KEPT = Threshold(
    "times the high watermarks of its zones that is free",
    1.25,
    "",
    "allocations fall back at the low watermark, 20 percent below the high one with the usual settings; per-CPU lists "
    "hold a little more",
)
LEFT = Threshold(
    "part of another node that is free",
    0.2,
    "",
    "with less the whole machine is short, which has another name",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    nodes = {name: each for name, each in window.each(node.SOURCE).items() if each.total_bytes}
    missing = window.why_absent(node.SOURCE)
    if missing:
        yield Unknown(reason=f"NUMA nodes cannot be seen: {missing}")
        return
    if len(nodes) < 2:
        yield Refuted(reason="the machine has one node with memory")
        return
    if window.since_boot:
        yield Unknown(reason="where pages come from now takes two readings, and there is one")
        return
    over = window.each_over(node.SOURCE)
    highest: tuple[float, str, str, Evidence] | None = None
    confirmed = False
    for name, each in nodes.items():
        grown = over.get(name)
        if grown is None or grown.numa_hit_pages is None or grown.numa_foreign_pages is None:
            continue
        wanted = grown.numa_hit_pages + grown.numa_foreign_pages
        if view.per_second(node.SOURCE, wanted) < WANTED.value:
            continue
        part = grown.numa_foreign_pages / wanted
        evidence = view.evidence(
            node.SOURCE,
            "numa_foreign_pages",
            part,
            unit="",
            says=f"part of the pages wanted of {name} that another node gave",
            file=f"/sys/devices/system/node/{name}/numastat",
        )
        free = (each.free_bytes or 0) / (each.total_bytes or 1)
        roomy = max(
            (other for other in nodes if other != name),
            key=lambda other: (nodes[other].free_bytes or 0) / (nodes[other].total_bytes or 1),
        )
        left = (nodes[roomy].free_bytes or 0) / (nodes[roomy].total_bytes or 1)
        why = ""
        if part >= FOREIGN.value:
            if free >= max(FULL.value, KEPT.value * _kept(view, name, each.total_bytes or 1)):
                why = f", though {free:.0%} of it is free now"
            elif left < LEFT.value:
                why = f", and no node has room: {roomy} has {left:.0%} left"
        if highest is None or part > highest[0]:
            highest = (part, name, why, evidence)
        if part < FOREIGN.value or why:
            continue
        confirmed = True
        settings = window.of(memory_settings.SOURCE)
        reclaiming = settings is not None and bool(settings.zone_reclaim_mode)
        yield Confirmed(
            scope=HOST,
            confidence=0.85,
            impact=min(0.5, part),
            mechanism=(
                f"{name} is full ({free:.0%} free) while {roomy} has {left:.0%} left: get_page_from_freelist() in "
                f"mm/page_alloc.c falls back along the zonelist, and {part:.0%} of the pages wanted of {name} lie "
                "elsewhere, where each access crosses the interconnect."
                + (" vm.zone_reclaim_mode makes it reclaim first." if reclaiming else "")
            ),
            evidence=(
                evidence,
                _free(view, name, each.free_bytes or 0, each.total_bytes or 1),
                _free(view, roomy, nodes[roomy].free_bytes or 0, nodes[roomy].total_bytes or 1),
            ),
            chain=(
                f"the memory of {name} is used up by programs and page cache",
                f"its CPUs get pages of {roomy}",
                "each access to them takes longer",
            ),
        )
    if confirmed:
        return
    if highest is None:
        yield Refuted(reason="too few pages were allocated to tell a fallback from chance")
    else:
        yield Refuted(
            reason=f"{highest[0]:.1%} of the pages wanted of {highest[1]} came from another node{highest[2]}",
            evidence=(highest[3],),
        )


def _kept(view: View, name: str, total_bytes: int) -> float:
    """The part of the node below which its zones' high watermarks lie, 0 where nothing tells it."""
    zones = [
        each
        for zone, each in view.window.each(zoneinfo.SOURCE).items()
        if f"node{zone.partition('/')[0]}" == name
    ]
    return sum(each.high_pages or 0 for each in zones) * page_bytes(view) / total_bytes


def _free(view: View, name: str, free: int, total: int) -> Evidence:
    return view.evidence(
        node.SOURCE,
        "free_bytes",
        free,
        says=f"free on {name}, of {size(total)}",
        change=False,
        file=f"/sys/devices/system/node/{name}/meminfo",
    )


HYPOTHESIS = Hypothesis(
    id="numa-imbalance",
    title="A NUMA node is full beside one with room",
    group="memory",
    claim="Memory of one node is used up, so that its CPUs work on another node's, which is slower.",
    signals=(
        Signal("node.numa_foreign_pages", "grows: pages wanted of a node that another one gave"),
        Signal("node.free_bytes", "nearly none on one node, much on another"),
        Signal("zoneinfo.high_pages", "what the allocator keeps free on the node: less than that is none"),
        Signal("vmstat.numa_pages_migrated", "NUMA balancing moves pages back"),
        Signal("memory_settings.zone_reclaim_mode", "above 0: the node reclaims before it falls back"),
    ),
    thresholds=(FOREIGN, WANTED, FULL, KEPT, LEFT),
    rivals=(
        Rival("memory-pressure", "there all nodes are short"),
        Rival("cpu-affinity-pileup", "there CPUs are uneven, whatever memory does"),
    ),
    mechanism=(
        "alloc_pages() walks the zonelist of the CPU's node; get_page_from_freelist() in mm/page_alloc.c takes the next "
        "node's zone where the watermark of the own is not met, and zone_statistics() counts a miss there and a foreign "
        "page here."
    ),
    actions=(
        Action(
            "now",
            "See whose memory fills the node with `numastat -p`, and move it with migratepages.",
            "Moving pages stalls the process for as long as it takes.",
            "migratepages PID 0 1",
        ),
        Action(
            "for good",
            "Bind services to nodes by what they need (numactl, cpuset.mems), or interleave what all CPUs share.",
            "A strict binding fails where the node is full.",
        ),
    ),
    see=("Documentation/admin-guide/numastat.rst", "mm/page_alloc.c"),
    test=_test,
)
