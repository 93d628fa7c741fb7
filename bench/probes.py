"""What measurements cost: ns an event for each, and all that are attached without suspicion on real work.

The kernel counts runs of programs and their time itself (BPF_ENABLE_STATS); what counting adds, one reading of
the clock a run, is in these figures. A build of C files and a server on loopback run with and without the standing set
in turn. Beside them bpftrace makes the same histograms, where it is installed.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench.processes import table
from kernward.collectors.bpf.libbpf import BpfError, count_runs
from kernward.collectors.clock import Clock
from kernward.collectors.measurement import Tier
from kernward.collectors.measuring import Session, measurements
from kernward.collectors.root import Root

RATE = 10_000
# Pairs with and without probes. Of 15 the 4th and the 12th difference by size bound the median with 96 % confidence
# (order statistics: the binomial distribution with p = 1/2).
PAIRS, LOW, HIGH = 15, 3, 11
COUNTED = 3
SERVED_S = 2.0
FILES = 12
# The same histograms, as somebody would ask bpftrace for them; the event that is counted, and the script.
PEERS = {
    "runqlat": (
        "sched_switch",
        "tracepoint:sched:sched_wakeup,tracepoint:sched:sched_wakeup_new{@q[args->pid]=nsecs;}"
        "tracepoint:sched:sched_switch{if(args->prev_state==0){@q[args->prev_pid]=nsecs;}"
        "$at=@q[args->next_pid];if($at){@us=hist((nsecs-$at)/1000);}delete(@q[args->next_pid]);}",
    ),
    "blocklat": (
        "block_rq_complete",
        "tracepoint:block:block_rq_issue{@q[args->dev,args->sector]=nsecs;}"
        "tracepoint:block:block_rq_complete /@q[args->dev,args->sector]/"
        "{@us[args->dev]=hist((nsecs-@q[args->dev,args->sector])/1000);delete(@q[args->dev,args->sector]);}",
    ),
    "softirq": (
        "softirq_exit",
        "tracepoint:irq:softirq_entry{@q[cpu]=nsecs;}"
        "tracepoint:irq:softirq_exit /@q[cpu]/{@us[args->vec]=hist((nsecs-@q[cpu])/1000);delete(@q[cpu]);}",
    ),
    "syscalls": (
        "sys_exit",
        "tracepoint:raw_syscalls:sys_enter{@q[tid]=nsecs;@id[tid]=args->id;}"
        "tracepoint:raw_syscalls:sys_exit /@q[tid]/{@us[pid,@id[tid]]=hist((nsecs-@q[tid])/1000);"
        "delete(@q[tid]);delete(@id[tid]);}",
    ),
}


def build(folder: Path) -> Callable[[], float]:
    """Compiles files of C as make does, one process each, as many at once as there are CPUs; CPU seconds."""
    body = "\n".join(
        f"static int f{number}(struct list *p, int a) {{ int s = a; for (; p; p = p->next) s += p->value * {number}; "
        f"return s ^ a; }}"
        for number in range(400)
    )
    calls = "+".join(f"f{number}(p, {number})" for number in range(400))
    source = folder / "unit.c"
    source.write_text(
        "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nstruct list { struct list *next; int value; };\n"
        f"{body}\nint all(struct list *p) {{ return {calls}; }}\n"
    )
    make = folder / "Makefile"
    objects = " ".join(f"u{number}.o" for number in range(FILES))
    make.write_text(f"all: {objects}\nu%.o: unit.c\n\tgcc -O1 -c -o $@ unit.c\n")

    def run() -> float:
        for each in folder.glob("u*.o"):
            each.unlink()
        before = os.times()
        subprocess.run(["make", "-s", "-C", folder, f"-j{os.cpu_count()}"], check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return run


def server(folder: Path) -> Callable[[float], tuple[float, float, float, float]]:
    """A server on loopback: for so many seconds; answers, CPU seconds, median and 99th percentile in µs."""
    program = folder / "loopback"
    source = Path(__file__).parent / "loopback.c"
    subprocess.run(["gcc", "-O2", "-o", program, source], check=True)

    def run(seconds: float) -> tuple[float, float, float, float]:
        done = subprocess.run([program, str(RATE), str(seconds)], capture_output=True, text=True, check=True)
        answered, _, cpu_s, half, most = (float(word) for word in done.stdout.split())
        return answered, cpu_s, half, most

    return run


def mixed(folder: Path, compile_all: Callable[[], float], serve: Callable[[float], object]) -> None:
    """A little of everything that probes look at."""
    compile_all()
    serve(1.0)
    with (folder / "data").open("wb") as file:
        for _ in range(200):
            file.write(bytes(16384))
            file.flush()
            os.fsync(file.fileno())
    with contextlib.suppress(OSError):
        Path("/proc/sys/vm/compact_memory").write_text("1")


@contextlib.contextmanager
def attached(names: list[str], tiers: tuple[Tier, ...] | None = None) -> Iterator[Session]:
    """These measurements at work, whatever they cost."""
    more = {} if tiers is None else {"tiers": tiers}
    with Session(Root(), Clock(), max_overhead_percent=1e9, counts=False, **more) as session:
        session.start(names)
        yield session


def each_probe(act: Callable[[], None], tier: Tier) -> dict[str, dict[str, tuple[int, int]]]:
    """By measurement and event: runs and ns while `act` runs."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    with attached(list(measurements()), (tier,)) as session:
        counting = count_runs()
        act()
        found = {name: dict(each) for name, each in session.ran().items()}
        os.close(counting)
    return found


def by_peer(script: str, act: Callable[[], None]) -> dict[str, tuple[int, int]]:
    """The same of bpftrace, which finds its events in tracefs, mounted for it alone."""
    shell = f"mount -t tracefs nodev /sys/kernel/tracing; exec bpftrace -e '{script}'"
    with subprocess.Popen(
        ["unshare", "-m", "sh", "-c", shell], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as peer:
        assert peer.stdout is not None
        for line in iter(peer.stdout.readline, b""):
            if line.startswith(b"Attaching"):
                break
        time.sleep(1)
        counting = count_runs()
        act()
        found = {}
        for file in Path(f"/proc/{peer.pid}/fdinfo").iterdir():
            text = file.read_text()
            ran = re.search(r"run_time_ns:\t(\d+)\nrun_cnt:\t(\d+)", text)
            if ran and "prog_type" in text:
                tag = re.search(r"prog_tag:\t(\S+)", text)
                found[f"{tag[1] if tag else ''} {file.name}"] = (int(ran[2]), int(ran[1]))
        os.close(counting)
        peer.send_signal(signal.SIGINT)
        peer.stdout.read()
    return found


def per_event(ran: dict[str, tuple[int, int]], event: str | None = None) -> tuple[float, int]:
    """ns an event of that name, all its programs together; the busiest program's runs without a name."""
    runs = max(
        (count for name, (count, _) in ran.items() if event is None or name.endswith(event)), default=0
    )
    return (sum(ns for _, ns in ran.values()) / runs if runs else 0.0), runs


def in_turn(names: list[str], run: Callable[[], float]) -> tuple[list[float], list[float], float]:
    """Figures with and without these measurements, in pairs, and the share of it that the kernel counts for them.

    What the rest of the machine makes the probes do meanwhile is subtracted, as it is without the work.
    """
    run()
    with_: list[float] = []
    without: list[float] = []
    shares: list[float] = []
    for number in range(PAIRS):
        # Whichever comes second may find a warmer or a throttled machine.
        for probed in (False, True) if number % 2 else (True, False):
            with attached(names) if probed else contextlib.nullcontext():
                (with_ if probed else without).append(run())
    for _ in range(COUNTED):
        with attached(names) as session:
            counting = count_runs()
            rest_s = 1.0
            time.sleep(rest_s)
            at_rest = spent_s(session) / rest_s
            before, began = spent_s(session), time.monotonic()
            used = run()
            wall_s = time.monotonic() - began
            shares.append(max(spent_s(session) - before - at_rest * wall_s, 0.0) / used)
            os.close(counting)
    return with_, without, median(shares)


def compared(what: str, with_: list[float], without: list[float]) -> tuple[str, str, str]:
    """The row of the pairs' differences."""
    more = sorted(100 * (one / other - 1) for one, other in zip(with_, without, strict=True))
    return (
        f"{what}, with probes to without",
        f"{median(more):+.1f} %",
        f"of {PAIRS} pairs; 96 % sure: {more[LOW]:+.1f} to {more[HIGH]:+.1f} % (limit 2 %)",
    )


def spent_s(session: Session) -> float:
    """Seconds in all programs since they were attached, as far as they were counted."""
    return sum(ns for each in session.ran().values() for _, ns in each.values()) / 1e9


def main(folder: Path) -> None:
    try:
        os.close(count_runs())
    except BpfError as error:
        table("measurements", [("not measured", str(error), "")])
        return
    if not shutil.which("gcc") or not shutil.which("make"):
        table("measurements", [("not measured", "gcc and make are not installed", "")])
        return
    compile_all, serve = build(folder), server(folder)

    def act() -> None:
        mixed(folder, compile_all, serve)

    rows = []
    for tier in ("tp_btf", "raw_tp", "tracepoint"):
        for name, ran in each_probe(act, tier).items():
            for event, (runs, ns) in ran.items():
                if runs:
                    rows.append((f"{name}, {event}", f"{ns / runs:.0f} ns an event", f"{runs} events"))
    table("measurements: each probe, a build, a server and a disk", rows)

    if shutil.which("bpftrace"):
        rows = []
        for name, (event, script) in PEERS.items():
            with attached([name]) as session:
                counting = count_runs()
                act()
                ours, _ = per_event(dict(session.ran()[name]), event)
                os.close(counting)
            theirs, runs = per_event(by_peer(script, act))
            rows.append(
                (f"{name}, ns for each {event}", f"{ours:.0f}", f"bpftrace {theirs:.0f} ({runs} events)")
            )
        table("measurements: the same histograms by bpftrace", rows)

    standing = [name for name, each in measurements().items() if each.standing]
    with_, without, share = in_turn(standing, compile_all)
    rows = [
        ("standing set", ", ".join(standing), ""),
        ("a build, CPU s", f"{median(with_):.2f}", f"{median(without):.2f} without"),
        compared("the same", with_, without),
        ("the same, time in probes", f"{100 * share:.2f} %", "as the kernel counts it (limit 2 %)"),
    ]
    with_, without, share = in_turn(standing, lambda: serve(SERVED_S)[1])
    answered, _, half, most = serve(SERVED_S)
    rows += [
        (
            f"{RATE} requests/s for {SERVED_S:.0f} s, CPU s",
            f"{median(with_):.3f}",
            f"{median(without):.3f} without",
        ),
        compared("the same", with_, without),
        ("the same, time in probes", f"{100 * share:.2f} %", "as the kernel counts it (limit 2 %)"),
        ("its answers without, time to one", f"{answered:.0f}", f"{half:.0f} µs, 99th {most:.0f} µs"),
    ]
    table("measurements: the standing set", rows)
