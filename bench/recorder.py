"""What it costs to record a machine, beside sadc and pidstat doing the same, and to export it, beside
prometheus-node-exporter: all at once on the same machine, CPU time as the scheduler counts it.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.processes import KERNWARD, run, table
from kernward.collectors.clock import Clock
from kernward.collectors.root import Root
from kernward.collectors.sample import take
from kernward.collectors.sources import sources
from kernward.operations.recording import SELDOM_S, Recorder, usual_s
from kernward.store.sample_compaction import compact

INTERVAL_S = 5
# Samples of the comparison: more are steadier, and take longer.
SAMPLES = 24
SADC = Path("/usr/lib/sysstat/sadc")
FEW, MANY = 100, 500
SCRAPES = 10


@dataclass
class Watched:
    """A process whose CPU time is watched from a moment on."""

    process: subprocess.Popen[bytes]
    began_s: float = 0.0

    def cpu_s(self) -> float:
        # The clock of another process's CPU time, its ended threads included: MAKE_PROCESS_CPUCLOCK() with
        # CPUCLOCK_SCHED in include/linux/posix-timers.h.
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def begin(self) -> None:
        self.began_s = self.cpu_s()

    def since_s(self) -> float:
        return self.cpu_s() - self.began_s

    def peak_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return 0.0


@contextmanager
def at_least(count: int) -> Iterator[int]:
    """Idle processes until there are so many, kernel threads counted; how many there are."""
    there = sum(1 for path in Path("/proc").glob("[0-9]*"))
    made = [subprocess.Popen(["sleep", "3600"]) for _ in range(max(0, count - there))]
    try:
        yield there + len(made)
    finally:
        for each in made:
            each.kill()
        for each in made:
            each.wait()


def start(stack: ExitStack, command: Sequence[str | Path], home: Path | None = None) -> Watched:
    """Run beside; ended when the stack is."""
    environment = {**os.environ, "LC_ALL": "C", "S_COLORS": "never"}
    if home is not None:
        environment["KERNWARD_HOME"] = str(home)
    process = subprocess.Popen(
        [str(each) for each in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )

    def end() -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    stack.callback(end)
    return Watched(process)


def recording(folder: Path) -> list[tuple[str, str, str]]:
    """The recorder and its peers side by side, then its compaction."""
    home = folder / "store"
    span_s = INTERVAL_S * SAMPLES
    with at_least(FEW) as there, ExitStack() as stack:
        ours = start(stack, [KERNWARD, "record", "--interval", str(INTERVAL_S)], home)
        peers = {}
        if SADC.exists() and shutil.which("pidstat"):
            peers["sadc"] = start(stack, [SADC, "-S", "XALL", str(INTERVAL_S), folder / "sadc"])
            with (folder / "pidstat").open("wb") as out:
                pidstat = subprocess.Popen(
                    ["pidstat", "-durw", "-h", "-p", "ALL", str(INTERVAL_S)],
                    stdout=out,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, "LC_ALL": "C"},
                )
            stack.callback(pidstat.wait)
            stack.callback(pidstat.kill)
            peers["pidstat"] = Watched(pidstat)
        # Starting is not recording.
        time.sleep(INTERVAL_S / 2)
        for each in (ours, *peers.values()):
            each.begin()
        time.sleep(span_s)
        ours_s, peak_mb = ours.since_s(), ours.peak_mb()
        theirs_s = {name: each.since_s() for name, each in peers.items()}
        theirs_mb = sum(each.peak_mb() for each in peers.values())
    rows = [
        (
            f"kernward record, {there} processes",
            f"{100 * ours_s / span_s:.2f} % of a core",
            f"{1e3 * ours_s / SAMPLES:.1f} ms a sample (limit 0.50 %)",
        ),
        ("its memory", f"{peak_mb:.0f} MB", "limit 60 MB"),
    ]
    if theirs_s:
        each_s = ", ".join(f"{name} {1e3 * cost_s / SAMPLES:.1f} ms" for name, cost_s in theirs_s.items())
        both_s = sum(theirs_s.values())
        rows.insert(
            1,
            (
                "sadc -S XALL and pidstat -durw, the same",
                f"{100 * both_s / span_s:.2f} % of a core",
                f"{each_s}; ratio {ours_s / both_s:.2f} (limit 1.00); {theirs_mb:.1f} MB",
            ),
        )
    else:
        rows.append(("sadc and pidstat", "not installed", "Debian: sysstat"))
    # What it left when it was ended: its own compaction found nothing finished.
    journal_bytes = sum(path.stat().st_size for path in (home / "recording").glob("*.journal"))
    done = compact(home)
    rows.append(
        (
            f"{done.values} values of {SAMPLES} samples, compacted",
            f"{done.size_bytes / max(done.values, 1):.2f} bytes a value",
            f"limit 1; of an hour less; the journal had {journal_bytes / max(done.values, 1):.2f}",
        )
    )
    if peers:
        size = sum((folder / name).stat().st_size for name in ("sadc", "pidstat"))
        rows.append(("the peers' files", f"{size / 1e3:.0f} kB", f"ours {done.size_bytes / 1e3:.0f} kB"))
    return rows


def seldom() -> tuple[str, str, str]:
    """What is read every few minutes, which the comparison's time need not hold."""
    chosen = [each for each in sources().values() if each.when == "check" and usual_s(each) >= SELDOM_S]
    root, clock = Root("/"), Clock()
    costs = []
    for _ in range(5):
        costs.append(take(root, clock, chosen).cost_s or 0.0)
        time.sleep(1)
    share = 100 * median(costs) / SELDOM_S
    return (
        f"what is read every {SELDOM_S / 60:.0f} minutes only",
        f"{1e3 * median(costs):.1f} ms",
        f"{share:.3f} % of a core more than above",
    )


def one_sample(folder: Path) -> tuple[str, str, str]:
    """One sample of the whole machine with many processes, as the recorder takes and writes it."""
    recorder = Recorder(folder / "many", max_overhead_percent=100, compact=lambda home: None)
    with at_least(MANY) as there:
        took, wall = [], []
        for _ in range(30):
            cpu_s, wall_s = time.process_time(), time.monotonic()
            recorder.once()
            took.append(time.process_time() - cpu_s)
            wall.append(time.monotonic() - wall_s)
            time.sleep(0.05)
        reading = []
        root, clock = Root("/"), Clock()
        for _ in range(10):
            reading.append(take(root, clock).cost_s or 0.0)
    recorder.close()
    return (
        f"one sample, {there} processes",
        f"{1e3 * median(took):.1f} ms",
        f"of it reading {1e3 * median(reading):.1f} ms; {1e3 * median(wall):.1f} ms by the clock (limit 40 ms)",
    )


def exporting(folder: Path) -> list[tuple[str, str, str]]:
    """A scrape of each exporter, CPU time of the exporter."""
    rows = []
    commands = {
        "kernward exporter": ([KERNWARD, "exporter", "--listen", "127.0.0.1:19767"], 19767),
        "prometheus-node-exporter": (
            ["prometheus-node-exporter", "--web.listen-address=127.0.0.1:19768"],
            19768,
        ),
    }
    for name, (command, port) in commands.items():
        if not shutil.which(str(command[0])):
            rows.append((name, "not installed", "Debian: prometheus-node-exporter"))
            continue
        with ExitStack() as stack:
            watched = start(stack, command)
            size = lines = 0
            for number in range(SCRAPES + 1):
                for _ in range(100):
                    try:
                        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                            text = answer.read()
                        break
                    except OSError:
                        time.sleep(0.1)
                else:
                    rows.append((name, "does not answer", ""))
                    break
                if number == 0:
                    watched.begin()
                size = len(text)
                lines = sum(not line.startswith(b"#") for line in text.splitlines())
                time.sleep(1.05)
            else:
                cost_ms = 1e3 * watched.since_s() / SCRAPES
                rows.append(
                    (
                        f"a scrape of {name}",
                        f"{cost_ms:.1f} ms",
                        f"{lines} series, {size / 1e3:.0f} kB, {watched.peak_mb():.0f} MB of memory",
                    )
                )
    return rows


def main(folder: Path) -> None:
    if not Path(KERNWARD).exists():
        sys.stderr.write(f"{KERNWARD} is not there: install kernward first\n")
        return
    version = run([KERNWARD, "--version"])
    rows = recording(folder)
    rows.append(seldom())
    rows.append(one_sample(folder))
    rows += exporting(folder)
    table(f"recording every {INTERVAL_S} s, {os.cpu_count()} CPUs, {version.output.decode().strip()}", rows)
