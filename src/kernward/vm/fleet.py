"""Runs a fleet: hosts on one segment, each started, broken as planned, listened to, and stopped.

Hosts are run a few at a time; those that take part in one another's faults run together. What becomes of
one stops no other: a host that never boots, hangs or dies is written down as such.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from kernward.kernels.kernel import Kernel
from kernward.records.fleet import FleetHost, Plan, PlannedHost
from kernward.vm import site
from kernward.vm.bed import Bed
from kernward.vm.collector import Collector
from kernward.vm.fleet_host import Fleet, Host, Tell

CONSOLE_LIMIT_BYTES = 16 << 20


def run_fleet(
    plan: Plan,
    kernels: Mapping[str, Kernel],
    scripts: Mapping[str, str],
    folder: Path,
    home: Path,
    *,
    only: Collection[str] | None = None,
    jobs: int,
    tell: Tell,
) -> tuple[FleetHost, ...]:
    """Run the hosts, `jobs` at once, and write their logs to a folder each below `folder`.

    `kernels` are by the names that the plan has for them, `scripts` the texts of its scripts. With
    `only`, just these hosts are run, and those that run with them. `tell` is called with a host's name
    and a sentence, from any thread.
    """
    stopping = threading.Event()
    free = threading.Semaphore(jobs)
    with (
        Collector(folder) as collector,
        ThreadPoolExecutor(max(2, 2 * len(plan.hosts))) as pool,
        Bed(home, console_limit_bytes=CONSOLE_LIMIT_BYTES) as bed,
    ):
        bed.segment(site.SEGMENT).station(collector.frame)
        fleet = Fleet(plan, kernels, scripts, folder, home, bed, collector, stopping, tell)
        hosts = {each.name: Host(fleet, number, each) for number, each in enumerate(plan.hosts)}
        chosen = [group for group in groups(plan.hosts) if only is None or set(group) & set(only)]
        running: list[Future[None]] = []
        try:
            for group in chosen:
                members = [hosts[name] for name in group]
                slots = min(len(members), jobs)
                for _ in range(slots):
                    free.acquire()
                running.append(pool.submit(_run_group, members, pool, free, slots))
            for each in running:
                each.result()
        finally:
            stopping.set()
    ran = {name for group in chosen for name in group}
    return tuple(host.record() for name, host in hosts.items() if name in ran)


def groups(hosts: Sequence[PlannedHost]) -> list[list[str]]:
    """The hosts that must run together, by name, in the plan's order."""
    group_of = {host.name: [host.name] for host in hosts}
    for host in hosts:
        for peer in (peer for fault in host.faults for peer in fault.peers):
            mine, theirs = group_of[host.name], group_of[peer]
            if mine is not theirs:
                mine += theirs
                group_of.update(dict.fromkeys(theirs, mine))
    return list({id(group): group for group in group_of.values()}.values())


def _run_group(members: list[Host], pool: ThreadPoolExecutor, free: threading.Semaphore, slots: int) -> None:
    try:
        lives = [pool.submit(host.live, members) for host in members]
        for each in lives:
            each.result()
    finally:
        free.release(slots)
