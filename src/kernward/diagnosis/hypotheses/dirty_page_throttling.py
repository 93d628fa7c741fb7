"""Writers are put to sleep because dirty pages are written more slowly than they are made."""

from collections.abc import Iterator

from kernward.collectors.sources import diskstats, process_io, task_waits, writeback
from kernward.collectors.sources.writeback import Writeback
from kernward.diagnosis.hypothesis import (
    Confirmed,
    Hypothesis,
    Open,
    Refuted,
    Rival,
    Signal,
    Threshold,
    Unknown,
    Verdict,
)
from kernward.diagnosis.memory import page_bytes, stall, stall_evidence
from kernward.diagnosis.storage import Disk, Storage, Waiter, asleep, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import names, size
from kernward.records.check import Action, Evidence, Scope

SLEEPS = Threshold(
    "part of the samples in which a writer sleeps in balance_dirty_pages()",
    0.5,
    "",
    "the kernel makes writers pause for 10 to 200 ms at a time; who is found so in every other sample is held back for "
    "half of its time",
)
LEVEL = Threshold(
    "dirty pages, as part of where the kernel begins to hold writers back",
    1.0,
    "",
    "below half way between the background limit and the limit (dirty_freerun_ceiling()) nobody is held back",
)
WRITTEN = Threshold(
    "dirty pages, as part of the background limit",
    0.8,
    "",
    "near it and above they are written because they are too many, not because they are old, and writing stops there; a "
    "journal that commits waits for those of its files (ordered mode), and a writer then waits for the journal before it "
    "is held back itself",
)
DRAINS = Threshold(
    "what the device takes in a second",
    20e6,
    "bytes/s",
    "a disk of the last twenty years takes 20 MB/s and more of what the page cache sorts for it: one that does so keeps "
    "pace, and the writer is a copy that is as fast as its disk",
)
SMALL_PART = Threshold(
    "part of all that is written, of a writer that pays for another",
    0.2,
    "",
    "the limit is for the whole machine: who writes a fifth and is held back all the same pays for who writes the rest",
)
BUSY = Threshold(
    "part of time in which the device was busy",
    0.5,
    "",
    "a device that is idle half of the time would take the pages if it were given them",
)


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    missing = window.why_absent(writeback.SOURCE)
    if missing:
        yield Unknown(reason=f"dirty pages could not be counted: {missing}")
        return
    if window.since_boot:
        yield from _one_reading(view)
        return
    level = _level(view)
    many = _level(view, background=True) >= WRITTEN.value
    held = [
        each
        for each in waiters(view)
        if not each.kernel
        and (
            each.part("throttled") >= SLEEPS.value
            or _may_be(each)
            and level >= LEVEL.value
            or each.part("throttled", "journal") >= SLEEPS.value
            and many
        )
    ]
    if not held:
        why = window.why_absent(task_waits.SOURCE)
        evidence = (_dirty(view, level),)
        if why and level >= LEVEL.value:
            yield Unknown(
                reason=f"dirty pages are at their limit; what tasks wait for could not be read: {why}",
                evidence=evidence,
            )
        else:
            yield Refuted(
                reason=f"no writer is held back; dirty pages are at {level:.0%} of where that begins",
                evidence=evidence,
            )
        return
    storage = Storage(view)
    device = _device(storage)
    slow = (
        device is not None
        and device.busy >= BUSY.value
        and (device.over.write_bytes or 0) / device.seconds < DRAINS.value
    )
    pids = tuple(each.pid for each in held)[:64]
    if not slow and len(held) > 1 and view.can_read(process_io.SOURCE, *pids):
        yield Open(
            suspicion=0.5,
            reason="several writers are held back; what each writes tells who pays for whom",
            sources=((process_io.SOURCE.name, pids),),
        )
        return
    paying = _paying(view, held)
    if device is None and not paying:
        yield Unknown(
            reason=f"{names(each.scope for each in held)} is held back, and which device takes the pages is not known",
            evidence=(_dirty(view, level),),
        )
        return
    if device is not None and not slow and not paying:
        yield Refuted(
            reason=f"{names(each.scope for each in held)} is held back to what {device.name} takes, "
            f"{size((device.over.write_bytes or 0) / device.seconds)} a second: a copy that is as fast as its disk",
            evidence=(_dirty(view, level),),
        )
        return
    yield _confirmed(view, device, level, held, paying)


def _may_be(waiter: Waiter) -> bool:
    """It sleeps for I/O where writers are held back at times, or where is not known."""
    return waiter.share >= SLEEPS.value and (waiter.part("throttled") > 0 or not waiter.functions)


def _one_reading(view: View) -> Iterator[Verdict]:
    level = _level(view)
    evidence = (_dirty(view, level),)
    if level >= LEVEL.value:
        yield Unknown(
            reason="dirty pages are at their limit; whether that lasts takes two readings", evidence=evidence
        )
    else:
        yield Refuted(
            reason=f"dirty pages are at {level:.0%} of where writers are held back", evidence=evidence
        )


def _level(view: View, *, background: bool = False) -> float:
    """Dirty pages as part of the free-run ceiling or of the background limit, on average over the samples."""
    found = [
        level
        for sample in view.window.samples
        if (each := sample.of(writeback.SOURCE)) is not None
        and (level := _part(each, background)) is not None
    ]
    return sum(found) / len(found) if found else 0.0


def _part(of: Writeback, background: bool) -> float | None:
    if of.limit_pages is None or of.background_limit_pages is None or of.dirty_pages is None:
        return None
    limit = of.background_limit_pages if background else (of.limit_pages + of.background_limit_pages) / 2
    return (of.dirty_pages + (of.writeback_pages or 0)) / limit if limit else None


def _device(storage: Storage) -> Disk | None:
    """The lowest device that is being written to, the busiest of them."""
    # Of one that ended nothing at all the kernel counts no write.
    written = [
        name
        for name, disk in storage.disks.items()
        if disk.write_queue > 0 or disk.over.writes or storage.stuck(name)
    ]
    return max(
        (storage.disks[name] for name in storage.lowest(written)),
        key=lambda disk: (disk.write_queue, disk.busy),
        default=None,
    )


def _paying(view: View, held: list[Waiter]) -> list[Waiter]:
    """Writers that are held back although others write most."""
    counted = view.window.each_over(process_io.SOURCE)
    written = {each.pid: counted[each.pid].write_bytes or 0 for each in held if each.pid in counted}
    total = sum(written.values())
    if len(written) < 2 or not total:
        return []
    return [each for each in held if each.pid in written and written[each.pid] < SMALL_PART.value * total]


def _confirmed(
    view: View, device: Disk | None, level: float, held: list[Waiter], paying: list[Waiter]
) -> Confirmed:
    scope = device.scope if device is not None else Scope()
    now = view.window.of(writeback.SOURCE)
    page = page_bytes(view)
    limit = (now.limit_pages or 0) * page if now is not None else 0
    dirty = ((now.dirty_pages or 0) + (now.writeback_pages or 0)) * page if now is not None else 0
    evidence = [_dirty(view, level)]
    evidence += asleep(
        view,
        held,
        lambda each: (
            f"{each.scope.name} {_place(each)} in {each.part('throttled') or each.share:.0%} of the samples"
        ),
        as_share=True,
    )
    rate = 0.0
    if device is not None:
        rate = (device.over.write_bytes or 0) / device.seconds
        evidence.append(
            view.evidence(
                diskstats.SOURCE,
                "write_bytes",
                rate,
                unit="bytes/s",
                scope=scope,
                says=f"{device.name} takes {size(rate)} a second, is busy for {device.busy:.0%} of the time, with "
                f"{device.write_queue:.1f} writes under way",
            )
        )
    waited = stall(view, "io_some")
    if waited is not None:
        evidence.append(stall_evidence(view, waited, "io_some"))
    where = device.name if device is not None else "the device"
    victims = paying or held
    return Confirmed(
        scope=scope,
        confidence=_confidence(held),
        impact=max(each.part("throttled") or each.share for each in held),
        mechanism=(
            f"{size(dirty)} of dirty pages wait to be written to {where}, which takes {size(rate)} a second; the limit is "
            f"{size(limit)}. balance_dirty_pages() in mm/page-writeback.c makes {names(each.scope for each in victims)} "
            "sleep in plain write() calls, or for the journal of these pages, until wb_writeback() in fs/fs-writeback.c has caught up."
        ),
        evidence=tuple(evidence),
        chain=(
            f"pages are made dirty faster than {where} takes them",
            f"dirty pages reach their limit of {size(limit)}",
            f"write() of {names(each.scope for each in victims)} sleeps in balance_dirty_pages()",
        ),
        victims=tuple(each.scope for each in victims)[:8],
    )


def _place(waiter: Waiter) -> str:
    if waiter.part("throttled"):
        return "slept in balance_dirty_pages()"
    return "waited for the journal" if waiter.functions else "slept uninterruptibly"


def _confidence(held: list[Waiter]) -> float:
    most = max(each.part("throttled") for each in held)
    if most >= SLEEPS.value:
        return 0.93
    return 0.85 if most > 0 or all(each.functions for each in held) else 0.7


def _dirty(view: View, level: float) -> Evidence:
    now = view.window.of(writeback.SOURCE)
    page = page_bytes(view)
    dirty = 0 if now is None else (now.dirty_pages or 0) + (now.writeback_pages or 0)
    limit = 0 if now is None else now.limit_pages or 0
    return view.evidence(
        writeback.SOURCE,
        "dirty_pages",
        dirty,
        change=False,
        says=f"{size(dirty * page)} dirty or being written, the limit is {size(limit * page)}; on average {level:.0%} of "
        "where writers begin to be held back",
    )


HYPOTHESIS = Hypothesis(
    id="dirty-page-throttling",
    title="Writers held back by dirty pages",
    group="io",
    claim="Plain writes sleep because dirty pages have reached their limit and the device takes them slowly.",
    signals=(
        Signal("task_waits.blocked", "writers that sleep in balance_dirty_pages()"),
        Signal("writeback.dirty_pages", "at or above half way between the background limit and the limit"),
        Signal("diskstats.write_bytes", "what the device takes: one that takes much keeps pace with a copy"),
        Signal("process_io.write_bytes", "who makes the pages dirty, and who pays for it"),
    ),
    thresholds=(SLEEPS, LEVEL, WRITTEN, DRAINS, SMALL_PART, BUSY),
    rivals=(
        Rival(
            "device-saturated",
            "there reads and synchronous writes queue; here it is the page cache being written",
        ),
        Rival("device-slow", "there reads and fsync() are late too, with few requests under way"),
        Rival("fsync-load", "there a process waits for its own fsync(); here for plain writes"),
        Rival("cgroup-io-limit", "there the device is not busy"),
    ),
    explains=("device-saturated", "writeback-storm", "d-state-pileup", "lock-held-asleep", "journal-stall"),
    mechanism=(
        "balance_dirty_pages() in mm/page-writeback.c is called as pages become dirty. Above dirty_freerun_ceiling(), half "
        "way between vm.dirty_background_bytes and vm.dirty_bytes, it makes each writer sleep so long that all of them "
        "together are as fast as the device; in cgroup v2 the same holds for a cgroup's own share of memory."
    ),
    actions=(
        Action(
            "now",
            "Slow down or stop what writes most, and let the device catch up.",
            "none but to that writer",
            "grep -E 'nr_dirty|nr_writeback' /proc/vmstat; cat /proc/PID/io",
        ),
        Action(
            "for good",
            "Give logs and bulk data a device that can take them; limit the bulk writer with io.max in cgroup v2, so that "
            "it alone is held back. A higher vm.dirty_bytes only makes it come later and last longer.",
            "More dirty pages are more to lose at a power cut, and a longer sync.",
            "sysctl vm.dirty_bytes vm.dirty_background_bytes",
        ),
    ),
    cost="reads /proc/PID/io of the writers, when several are held back",
    see=("mm/page-writeback.c", "Documentation/admin-guide/sysctl/vm.rst (dirty_bytes)"),
    test=_test,
)
