"""Measurements in guests, which have kprobes and a mounted tracefs: every tier on each kernel.

The machine that tests run on may have neither; what its own kernel can is tested in tests/collectors.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernward.collectors.bpf import build
from kernward.collectors.measuring import measurements
from kernward.kernels.kernel import Kernel
from kernward.vm import guest_python
from kernward.vm.bed import Bed
from kernward.vm.machine import Machine
from kernward.vm.spec import Spec

pytestmark = pytest.mark.vm_slow

_PROGRAM = """
import json, msgspec, os, subprocess, sys, time
from kernward.collectors.clock import Clock
from kernward.collectors.measuring import Session
from kernward.collectors.root import Root

def group(limit):
    os.makedirs("/sys/fs/cgroup/a/b", exist_ok=True)
    with open("/sys/fs/cgroup/a/memory.max", "w") as file:
        file.write(limit)

with open("/sys/fs/cgroup/cgroup.subtree_control", "w") as file:
    file.write("+memory +cpu")
group("6000000")
names, tiers, scope = json.loads(sys.argv[1])
with Session(Root(), Clock(), cgroup=scope, tiers=tiers, max_overhead_percent=1000) as session:
    became = session.start(names)
    # It writes more than its group may keep in memory, then asks for more than it can ever have.
    script = "echo 0 > /sys/fs/cgroup/a/b/cgroup.procs; dd if=/dev/zero of=/f bs=1M count=4; dd if=/f of=/dev/null;" \\
        "head -c 30000000 /dev/zero | tail > /dev/null; /bin/true"
    subprocess.run(["sh", "-c", script], stderr=subprocess.DEVNULL)
    read = session.read()
print(msgspec.json.encode({"became": became, "read": read}).decode())
"""


@pytest.fixture(scope="module")
def machine(each_kernel: Kernel, bed: Bed, vm_home: Path) -> Iterator[Machine]:
    missing = build.compile_all()
    if missing:
        pytest.skip(missing)
    spec = guest_python.with_python(Spec(kernel=each_kernel, smp=2, memory_mb=512), vm_home)
    with bed.machine(spec) as running:
        guest_python.mount(running)
        yield running


def run(machine: Machine, names: list[str], tiers: list[str], scope: str | None = None) -> dict[str, Any]:
    command = guest_python.command()
    python = command[: command.index("-m")]
    question = msgspec.json.encode([names, tiers, scope]).decode()
    done = machine.run([*python, "-c", _PROGRAM, question], timeout_s=300)
    assert done.status == 0, done.stderr.decode(errors="replace")[-2000:]
    return msgspec.json.decode(done.stdout)


def test_all_are_had_with_the_kernels_types(machine: Machine) -> None:
    found = run(machine, list(measurements()), ["tp_btf", "raw_tp"])
    assert {name for name, each in found["became"].items() if each["tier"] is None} == set()
    assert found["read"]["runqlat"]["/a/b"]["waits"] > 0
    assert found["read"]["reclaim"]["/a/b"]["limit_reclaims"] > 0
    assert found["read"]["oom"]["/a/b"]["kills"] >= 1
    assert "/a/b" in found["read"]["preempt"]


def test_with_any_types_that_fit(machine: Machine) -> None:
    found = run(machine, list(measurements()), ["raw_tp"])
    assert {name for name, each in found["became"].items() if each["tier"] is None} == set()
    assert found["read"]["runqlat"]["/a/b"]["waits"] > 0


def test_without_types(machine: Machine) -> None:
    found = run(machine, list(measurements()), ["tracepoint"])
    assert {name for name, each in found["became"].items() if each["tier"] is None} == {"preempt"}
    assert found["read"]["reclaim"]["/a/b"]["limit_reclaims"] > 0
    assert found["read"]["oom"]["/a/b"]["kills"] >= 1


def test_by_kprobes(machine: Machine) -> None:
    found = run(machine, ["reclaim", "oom", "compaction"], ["kprobe"])
    assert {each["tier"] for each in found["became"].values()} == {"kprobe"}
    assert found["read"]["reclaim"]["/a/b"]["limit_reclaims"] > 0
    assert found["read"]["oom"]["/a/b"]["kills"] >= 1


def test_by_lines_of_text(machine: Machine) -> None:
    found = run(machine, ["reclaim", "oom", "exec"], ["tracefs"])
    assert {each["tier"] for each in found["became"].values()} == {"tracefs"}
    assert found["read"]["reclaim"]["/"]["limit_reclaims"] > 0
    assert found["read"]["oom"]["/"]["kills"] >= 1


def test_of_a_cgroup_and_all_below_it(machine: Machine) -> None:
    found = run(machine, ["runqlat", "reclaim", "exec"], ["tp_btf"], "/a")
    assert set(found["read"]["runqlat"]) == {"/a/b"}
    assert set(found["read"]["reclaim"]) == {"/a/b"}
