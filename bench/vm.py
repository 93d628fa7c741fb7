"""The test bed: restores a minute, a cold boot beside a bare QEMU, a memory dump.

The bare QEMU has the same machine, devices, root and command line; it is timed from its start until the
kernel says that it runs /init, the bed's boot from its start until the first command has answered. Both in
turn, on the same machine. Where KVM works, both use it.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from bench.processes import table
from kernward.kernels import find
from kernward.vm import guest_root, qemu
from kernward.vm.acceleration import acceleration
from kernward.vm.bed import Bed
from kernward.vm.spec import Spec

SERIES = ("6.1", "6.12")
RESTORING_S = 20.0
BOOTS = 5
WORKERS = 2
DUMPED_MB = 512
# Of the dumped guest's memory, what holds data that no compression makes smaller.
RANDOM_MB = 200


def main(folder: Path) -> None:
    home = Path(os.environ.get("KERNWARD_BENCH_HOME", Path(__file__).parent.parent / ".cache" / "home"))
    with Bed(home) as bed:
        how = acceleration(home)
        for series in SERIES:
            kernel = find.find(series, home)
            spec = Spec(kernel=kernel)
            rate = restores_a_minute(bed, spec)
            ours, bare = boots(bed, spec, home, folder)
            dumping, size_mb = dump(bed, Spec(kernel=kernel, memory_mb=DUMPED_MB), folder)
            table(
                f"The test bed with {kernel.release} ({how.name})",
                [
                    ("restores to a first answer, 2 workers", f"{rate:.0f} a minute", "limit: at least 300"),
                    (
                        "cold boot to a first answer",
                        f"{ours:.2f} s",
                        f"bare QEMU to /init: {bare:.2f} s; ratio {ours / bare:.2f}, limit 1.25",
                    ),
                    (
                        f"dump of {DUMPED_MB} MB ({RANDOM_MB} MB of it random)",
                        f"{dumping:.2f} s, {size_mb:.0f} MB",
                        "limit: 10 s",
                    ),
                ],
            )


def restores_a_minute(bed: Bed, spec: Spec) -> float:
    """Restore, ask one thing, end: by two workers at once."""
    bed.restore(spec).close()
    until = time.monotonic() + RESTORING_S

    def work(number: int) -> int:
        done = 0
        while time.monotonic() < until:
            with bed.restore(spec) as machine:
                assert machine.run(["echo", str(number)]).stdout == b"%d\n" % number
            done += 1
        return done

    began = time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        total = sum(pool.map(work, range(WORKERS)))
    return total / (time.monotonic() - began) * 60


def boots(bed: Bed, spec: Spec, home: Path, folder: Path) -> tuple[float, float]:
    """Median seconds of the bed's cold boot, and of the bare QEMU's."""
    ours, bare = [], []
    for turn in range(BOOTS + 1):
        began = time.monotonic()
        with bed.boot(spec) as machine:
            assert machine.run(["true"]).status == 0
            ours.append(time.monotonic() - began)
        bare.append(bare_boot(spec, home, folder))
        if not turn:  # the first of each fills the page cache
            ours.clear()
            bare.clear()
    return median(ours), median(bare)


def bare_boot(spec: Spec, home: Path, folder: Path) -> float:
    """Seconds from the start of a QEMU of one's own until its kernel runs /init."""
    initramfs = folder / "initramfs"
    initramfs.write_bytes(guest_root.archive_of(spec, home))
    words = qemu.arguments(spec, accelerator=acceleration(home).name, initramfs=initramfs)
    plain = {"console": "stdio,id=console,signal=off", "agent": "null,id=agent", "qmp": "null,id=qmp"}
    for number, word in enumerate(words):
        for name, instead in plain.items():
            if word.startswith(f"socket,id={name},"):
                words[number] = instead
    began = time.monotonic()
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"Run /init as init process" in line:
                break
        else:
            sys.exit("the bare QEMU did not come to /init")
        took = time.monotonic() - began
        process.kill()
    return took


def dump(bed: Bed, spec: Spec, folder: Path) -> tuple[float, float]:
    """Seconds and megabytes of a dump."""
    with bed.restore(spec) as machine:
        filled = machine.sh(f"dd if=/dev/urandom of=/tmp/random bs=1M count={RANDOM_MB}", timeout_s=120)
        assert filled.status == 0
        began = time.monotonic()
        machine.dump(folder / "vmcore")
        return time.monotonic() - began, (folder / "vmcore").stat().st_size / (1 << 20)
