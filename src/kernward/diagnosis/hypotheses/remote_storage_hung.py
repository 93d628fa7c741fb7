"""The server of a network disk or a network file system does not answer."""

from collections.abc import Iterator

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import block, diskstats, kernel_events, nfs
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
from kernward.diagnosis.log_events import ago, gist, recent, summed_up
from kernward.diagnosis.storage import REPORTED_S, Storage, Waiter, victims, waiters
from kernward.diagnosis.view import View
from kernward.diagnosis.wording import names
from kernward.records.check import Action, Evidence, Scope

SILENT = Threshold(
    "time in which no request ended although some were in flight",
    3.0,
    "s",
    "three seconds are a thousand round trips of a network disk, and longer than TCP takes to send again once or twice",
)
COMPLAINS = Threshold(
    "age of a complaint about a server that tasks may still wait for",
    180.0,
    "s",
    "RPC complains once and is then silent until the server answers; iSCSI and NVMe give up after 2 to 10 minutes and say so",
)
SERVER_SILENT = (
    "nfs-server-not-responding",
    "nfs-server-timed-out",
    "cifs-server-not-responding",
    "ceph-session-lost",
    "iscsi-connection-error",
    "iscsi-session-lost",
    "nvme-fabrics-connection-lost",
    "fc-remote-port-timeout",
    "nbd-error",
    "drbd-error",
)
ANSWERS_AGAIN = "nfs-server-ok"


def _test(view: View) -> Iterator[Verdict]:
    window = view.window
    storage = Storage(view)
    remote = [name for name in storage.disks if storage.remote(name)]
    waiting = [each for each in waiters(view) if each.share >= 0.9]
    found = False
    if not window.since_boot and window.seconds_of(diskstats.SOURCE) >= SILENT.value:
        for name in storage.lowest([each for each in remote if storage.stuck(each)]):
            found = True
            yield _disk(view, storage, name, waiting)
    for point, evidence in _mounts(view, waiting):
        found = True
        yield _mount(view, point, evidence, waiting)
    if found:
        return
    events = [each for each in _silent(view) if each.age_s is None or each.age_s <= COMPLAINS.value]
    for_io = [each for each in waiting if each.part("network", "device", "read", "fsync", "journal") > 0]
    if events and (for_io or window.since_boot):
        yield _logged(view, storage, events, for_io)
        return
    servers = [
        each for each in storage.mounts.values() if (each.kind or "") in ("nfs", "nfs4", "cifs", "ceph")
    ]
    missing = window.why_absent(diskstats.SOURCE) and window.why_absent(block.SOURCE)
    if missing and window.why_absent(kernel_events.SOURCE):
        yield Unknown(reason=f"neither devices nor the kernel's log could be read: {missing}")
    elif window.since_boot and (remote or servers):
        yield Unknown(
            reason="whether a server answers takes two readings, and there is one; the log does not complain"
        )
    elif not remote and not servers:
        yield Refuted(reason="no disk and no file system of this machine lies behind a network")
    else:
        yield Refuted(
            reason=f"each of {len(remote)} network disks and {len(servers)} network file systems that has requests under "
            "way was answered"
        )


def _disk(view: View, storage: Storage, name: str, waiting: list[Waiter]) -> Confirmed:
    scope = Scope("device", name)
    flights = storage.in_flight(name)
    seconds = view.window.seconds_of(diskstats.SOURCE)
    events = [
        each
        for each in recent(view, *SERVER_SILENT, "hung-task", within_s=REPORTED_S)
        if _about(storage, each, name, waiting)
    ]
    evidence = [
        view.evidence(
            diskstats.SOURCE,
            "in_flight",
            flights[-1],
            scope=scope,
            change=False,
            says=f"in flight in each of {len(flights)} samples; none ended in {seconds:.1f} s",
        )
    ]
    if events:
        evidence.append(summed_up(view, events, scope=scope))
    sleepers = [each.scope for each in waiting if not each.kernel]
    return Confirmed(
        scope=scope,
        confidence=0.95 if events else 0.9 if sleepers else 0.8,
        impact=1.0,
        mechanism=(
            f"{name} is reached over a network ({storage.remote(name)}); {flights[-1]} requests are in flight and none ended "
            f"in {seconds:.1f} s: the server does not answer, although nothing says that the connection is lost. Whoever "
            "waits for one sleeps uninterruptibly, in folio_wait_writeback() in mm/page-writeback.c or io_schedule() in "
            "kernel/sched/core.c."
        ),
        evidence=tuple(evidence),
        chain=(
            "the server does not answer",
            f"requests of {name} stay in flight",
            f"{names(sleepers)} sleep uninterruptibly"
            if sleepers
            else "whoever reads or syncs sleeps uninterruptibly",
        ),
        victims=tuple(sleepers)[:8],
    )


def _about(storage: Storage, event: LogEvent, name: str, waiting: list[Waiter]) -> bool:
    if event.kind == "hung-task":
        return any(str(event.pid) == each.pid for each in waiting)
    device = storage.of_event(event)
    return device is None or storage.whole(device) == name


def _mounts(view: View, waiting: list[Waiter]) -> Iterator[tuple[str, Evidence]]:
    """NFS mounts that sent requests, or have tasks waiting, and received nothing."""
    asleep = [each for each in waiting if each.part("network") >= 0.5]
    if view.window.since_boot or not asleep:
        return
    for point, each in view.window.each_over(nfs.SOURCE).items():
        if each.received == 0:
            yield (
                point,
                view.evidence(
                    nfs.SOURCE,
                    "received",
                    0,
                    scope=Scope("filesystem", point),
                    says=f"messages from {each.server}; {each.sent or 0} were sent, and tasks wait for it",
                ),
            )


def _mount(view: View, point: str, evidence: Evidence, waiting: list[Waiter]) -> Confirmed:
    events = _silent(view)
    return Confirmed(
        scope=Scope("filesystem", point),
        confidence=0.95 if events else 0.8,
        impact=1.0,
        mechanism=(
            f"The server of {point} does not answer: tasks sleep in rpc_wait_bit_killable() in net/sunrpc/sched.c until it "
            "does, for ever on a hard mount."
        ),
        evidence=(evidence, *((summed_up(view, events),) if events else ())),
        chain=(
            "the server does not answer",
            "RPC sends again and again",
            f"{names(each.scope for each in waiting)} sleep",
        ),
        victims=victims(waiting),
    )


def _silent(view: View) -> list[LogEvent]:
    """Complaints about servers, unless the newest word is that they answer again."""
    events = recent(view, *SERVER_SILENT, ANSWERS_AGAIN, within_s=REPORTED_S)
    if not events or events[-1].kind == ANSWERS_AGAIN:
        return []
    return [each for each in events if each.kind != ANSWERS_AGAIN]


def _logged(view: View, storage: Storage, events: list[LogEvent], waiting: list[Waiter]) -> Confirmed:
    newest = events[-1]
    device = storage.of_event(newest)
    server = newest.fields.get("server")
    point = next(
        (
            point
            for point, each in storage.mounts.items()
            if isinstance(server, str) and (each.source or "").startswith(f"{server}:")
        ),
        None,
    )
    scope = Scope("device", device) if device else Scope("filesystem", point) if point else Scope()
    return Confirmed(
        scope=scope,
        confidence=0.8 if waiting else 0.6,
        impact=0.9,
        mechanism=f"The kernel complained {ago(newest.age_s)} that a server does not answer: {gist(newest)}",
        evidence=(summed_up(view, events, scope=scope),),
        chain=("the server does not answer", "requests wait for it", "tasks sleep uninterruptibly"),
        victims=victims(waiting),
    )


HYPOTHESIS = Hypothesis(
    id="remote-storage-hung",
    title="Network storage does not answer",
    group="io",
    claim="The server behind a network disk (nbd, iSCSI, NVMe over a network, rbd) or an NFS mount does not answer.",
    signals=(
        Signal("block.transport", "which disks lie behind a network"),
        Signal("diskstats.in_flight", "of such a disk stays above 0 while no request ends"),
        Signal("nfs.received", "no message came from the server although tasks wait for it"),
        Signal(
            "kernel_events.recent",
            "the kernel's own complaint about the server, or about the tasks that wait",
        ),
        Signal("task_waits.blocked", "tasks that sleep all the time"),
    ),
    thresholds=(SILENT, COMPLAINS),
    rivals=(
        Rival("device-hung", "there the device is this machine's own"),
        Rival("packet-loss", "there answers come late, after TCP has sent again"),
        Rival("filesystem-frozen", "there no request is in flight"),
    ),
    explains=(
        "d-state-pileup",
        "lock-held-asleep",
        "journal-stall",
        "fsync-load",
        "dirty-page-throttling",
        "device-slow",
    ),
    mechanism=(
        "nbd_send_cmd() in drivers/block/nbd.c sends the request, and recv_work() waits for a reply; NFS on a hard mount "
        "(the default) sends again for ever in call_timeout() in net/sunrpc/clnt.c. While TCP's peer acknowledges, "
        "nothing tells the client that the server hangs."
    ),
    actions=(
        Action(
            "now",
            "Look at the server, and at the way to it; tasks go on by themselves when it answers.",
            "Ending the connection by force makes all requests fail, and what was not written is lost.",
            "ss -tnp; cat /proc/self/mountstats; nbd-client -d /dev/nbd0",
        ),
        Action(
            "for good",
            "Set a time-out (nbd -timeout, iSCSI replacement_timeout, NVMe ctrl_loss_tmo), and have a second path.",
            "A time-out that is too short turns a restart of the server into I/O errors.",
        ),
    ),
    kinds=SERVER_SILENT,
    see=("drivers/block/nbd.c", "net/sunrpc/clnt.c"),
    test=_test,
)
