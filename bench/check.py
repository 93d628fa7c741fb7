"""How long a person on call waits for an answer, what it costs the machine, and how it grows with the machine."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec

from bench.processes import KERNWARD, middle, run, table
from bench.recorder import at_least
from kernward.collectors.cgroups import hierarchy
from kernward.collectors.clock import Clock
from kernward.collectors.recorded import Recorded
from kernward.collectors.root import Root
from kernward.collectors.sample import Sample, take
from kernward.collectors.sources import sources
from kernward.collectors.sources.cgroup_cpu import CgroupCpu
from kernward.collectors.sources.cgroup_memory import CgroupMemory
from kernward.collectors.sources.process_cgroups import ProcessCgroups
from kernward.collectors.sources.processes import Process
from kernward.diagnosis.engine import examine
from kernward.diagnosis.hypotheses import hypotheses
from kernward.operations.check import check_recording

HERE = Path(__file__).parent
RUNS = 3
CALLERS = 2
PROCESSES, CGROUPS, SAMPLES = 5000, 2000, 7


def main(folder: Path) -> None:
    runs = [run([KERNWARD, "check", "--format", "json"]) for _ in range(RUNS)]
    answers = [json.loads(each.output) for each in runs]
    looked_s = sorted(each["seconds"] for each in answers)[RUNS // 2]
    measured = sorted({each["name"] for answer in answers for each in answer["measured"]})
    wall_s, cpu_s = middle(runs, "wall_s"), middle(runs, "cpu_s")
    kept = folder / "kept.snapshot"
    run([KERNWARD, "check", "--seconds", "3", "--keep", kept])
    began_s = time.process_time()
    check_recording(kept)
    replay_s = time.process_time() - began_s
    table(
        "check of this machine, median of the whole process",
        [
            ("from command to answer", f"{wall_s:.1f} s", "limit 10 s with procfs alone, 30 s with eBPF"),
            (
                "of these it looked",
                f"{looked_s:.1f} s",
                f"measured besides: {', '.join(measured) or 'nothing'}",
            ),
            (
                "processor time, starting included",
                f"{cpu_s:.2f} s",
                f"{100 * cpu_s / wall_s:.1f}% of one CPU",
            ),
            ("peak memory", f"{middle(runs, 'peak_mb'):.0f} MB", ""),
            ("the same hypotheses on a recording", f"{replay_s:.2f} s", "processor time"),
        ],
    )
    _of_a_sick_machine(folder)
    _of_a_crowd(folder)
    window = _large()
    began_s = time.process_time()
    result = examine(Recorded(window), hypotheses().values())
    tested_s = time.process_time() - began_s
    table(
        f"{PROCESSES} processes, {CGROUPS} cgroups, {SAMPLES} samples",
        [
            ("all hypotheses tested", f"{tested_s:.2f} s", "of the 10 s up to an answer"),
            ("their verdicts", str(len(result.findings) + len(result.refuted) + len(result.unknown)), ""),
        ],
    )


def _of_a_sick_machine(folder: Path) -> None:
    """Processes whose calls fail, which only measuring tells from work.

    Once as root, once without the capabilities that attaching programs takes, which leaves procfs.
    """
    program = folder / "again"
    subprocess.run(["gcc", "-O2", "-o", program, HERE / "again.c"], check=True)
    rows = []
    with subprocess.Popen([program, str(CALLERS)], stdout=subprocess.DEVNULL) as sick:
        try:
            for name, before, limit_s in (
                ("with eBPF", [], 30),
                ("with procfs alone", ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin"], 10),
            ):
                runs = [run([*before, KERNWARD, "check", "--format", "json"]) for _ in range(RUNS)]
                answer = json.loads(runs[-1].output)
                found = ", ".join(each["id"] for each in answer["findings"]) or "nothing"
                by = sorted({f"{each['name']} by {each['tier'] or 'nothing'}" for each in answer["measured"]})
                rows += [
                    (
                        f"{name}, the slowest of {RUNS}",
                        f"{max(each.wall_s for each in runs):.1f} s",
                        f"limit {limit_s} s",
                    ),
                    ("what it found", found, f"measured: {', '.join(by) or 'nothing'}"),
                ]
        finally:
            sick.kill()
    table(f"check of this machine, with {CALLERS} processes whose calls fail", rows)


def _of_a_crowd(folder: Path) -> None:
    """So many processes in so many groups, on this machine: what is recorded once, and a check."""
    rows = []
    with at_least(PROCESSES) as there, _groups(CGROUPS) as made:
        for name, command, limit in (
            ("kernward record --once", ["record", "--once", folder / "crowd.snapshot"], "all sources, once"),
            ("kernward check", ["check", "--format", "json"], "limit 10 s with procfs alone, 30 s with eBPF"),
        ):
            done = run([KERNWARD, *command])
            rows.append(
                (name, f"{done.wall_s:.1f} s", f"{done.cpu_s:.1f} s of CPU, {done.peak_mb:.0f} MB; {limit}")
            )
        answer = json.loads(done.output)
        found = ", ".join(each["id"] for each in answer["findings"]) or "nothing"
        rows.append(("what the check found", found, f"in {answer['seconds']:.1f} s"))
    table(f"this machine with {there} processes and {made} cgroups besides its own", rows)


@contextlib.contextmanager
def _groups(count: int) -> Iterator[int]:
    """Groups in the trees of the processor and of memory, a process in each; how many could be made."""
    trees = {tree.mount for name in ("cpu", "memory") if (tree := hierarchy(Root("/"), name)) is not None}
    # Those of at_least().
    processes = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    made: list[Path] = []
    try:
        with contextlib.suppress(OSError):
            for mount in trees:
                for number in range(-1, count):
                    # The first holds the others.
                    place = Path(
                        mount, "kernward-bench", *([] if number < 0 else [f"group-{number}.service"])
                    )
                    place.mkdir()
                    made.append(place)
                    if 0 <= number < len(processes):
                        (place / "cgroup.procs").write_text(processes[number])
        yield max(0, len(made) // max(len(trees), 1) - 1)
    finally:
        for place in reversed(made):
            with contextlib.suppress(OSError):
                for process in (place / "cgroup.procs").read_text().split():
                    (place.parent.parent / "cgroup.procs").write_text(process)
                place.rmdir()


def _large() -> list[Sample]:
    """A machine of this size, made of this one's other records."""
    first = take(
        Root("/"), Clock(), [each for each in sources().values() if each.when in ("sample", "check")]
    )
    groups = [f"/kubepods.slice/pod{number // 4}/c{number}" for number in range(CGROUPS)]
    samples = []
    for step in range(SAMPLES):
        processes = {
            str(pid): Process(
                f"worker-{pid % 50}", "S", 1, 5.0 + pid, False,
                user_s=pid / 100 + step * (pid % 7) / 100, system_s=step / 100, minor_faults=pid, major_faults=0,
                threads=1 + pid % 5, rss_bytes=pid << 12, virtual_bytes=pid << 14, ran_s=step / 50, waited_s=step / 500,
            )
            for pid in range(1, PROCESSES + 1)
        }  # fmt: skip
        read = {
            **first.read,
            "processes": processes,
            "process_cgroups": {
                pid: ProcessCgroups(cgroup=groups[int(pid) % CGROUPS], start_s=each.start_s)
                for pid, each in processes.items()
            },
            "cgroup_cpu": {name: CgroupCpu(usage_s=step + number / 10) for number, name in enumerate(groups)},
            "cgroup_memory": {name: CgroupMemory(usage_bytes=1 << 20) for name in groups},
        }
        samples.append(
            msgspec.structs.replace(
                first,
                at_s=first.at_s + step,
                at_utc=first.at_utc + timedelta(seconds=step),
                read=read,
                read_at_s={name: first.at_s + step for name in read},
            )
        )
    return samples
