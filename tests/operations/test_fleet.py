"""A fleet as an operation: what is refused before any machine starts, and what may be removed."""

from pathlib import Path

import pytest

from kernward.kernels.kernel import Kernel
from kernward.operations import fleet
from kernward.records.errors import InputError, UsageError

PLAN = '[[host]]\nname = "web"\nkernel = "6.1"\n\n[[host]]\nname = "db"\nkernel = "6.1"\nfaults = ["kasan-double-free"]\n'


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = tmp_path / "config"
    config.write_text("CONFIG_SMP=y\n")
    kernel = Kernel(
        release="6.1.0-1-amd64", image=tmp_path / "vmlinuz", origin="package", version=None, config=config
    )

    def kernel_named(name: str) -> Kernel:
        if name != "6.1":
            raise UsageError(f"no {name} kernel is here")
        return kernel

    def run_nothing(*given: object, **named: object) -> tuple[object, ...]:
        return ()

    monkeypatch.setattr(fleet, "kernel_named", kernel_named)
    monkeypatch.setattr(fleet, "run_fleet", run_nothing)
    path = tmp_path / "plan.toml"
    path.write_text(PLAN.partition("\n\n")[0])
    return path


def run(plan: Path, **given: object) -> object:
    return fleet.run(plan, plan.parent / "out", tell=lambda host, sentence: None, **given)  # type: ignore[arg-type]


def test_a_fault_that_the_kernel_cannot_show_is_refused_with_the_host(plan: Path) -> None:
    plan.write_text(PLAN)
    with pytest.raises(
        UsageError, match=r"plan\.toml, line 5: host db: kasan-double-free needs CONFIG_KASAN"
    ):
        run(plan)


def test_a_kernel_that_cannot_be_had_is_refused_with_the_host(plan: Path) -> None:
    plan.write_text(PLAN.replace('kernel = "6.1"', 'kernel = "9.9"', 1))
    with pytest.raises(UsageError, match=r"plan\.toml, line 1: host web: no 9\.9 kernel is here"):
        run(plan)


def test_only_hosts_of_the_plan_can_be_run(plan: Path) -> None:
    with pytest.raises(UsageError, match="has no host mail"):
        run(plan, only=("mail",))


def test_the_truth_is_written_and_its_logs_are_removed_by_the_next_run(plan: Path) -> None:
    run(plan)
    out = plan.parent / "out"
    truth = (out / "truth.json").read_text()
    assert '"plan": "plan.toml"' in truth
    log = out / "web" / "console.log"
    log.parent.mkdir()
    log.write_text("old")
    (out / "notes").write_text("mine")
    host = (
        '{"name":"web","kernel":"6.1","version":null,"memory_mb":1,"smp":1,"address":"","mac":"","boot_ids":[],'
        '"cold":true,"up_at_utc":null,"ended_at_utc":null,"clock_offset_s":0,"state":"stopped","problem":null,'
        '"faults":[],"logs":[{"path":"%s","form":"console","kinds":[]}]}'
    )
    (out / "truth.json").write_text(truth.replace('"hosts": []', f'"hosts": [{host % "web/console.log"}]'))
    run(plan)
    assert not log.exists()
    assert (out / "notes").read_text() == "mine"
    (out / "truth.json").write_text(truth.replace('"hosts": []', f'"hosts": [{host % "../plan.toml"}]'))
    with pytest.raises(InputError, match="names a log outside its folder"):
        run(plan)
    assert plan.exists()


def test_a_folder_with_another_truth_is_left_alone(plan: Path) -> None:
    out = plan.parent / "out"
    out.mkdir()
    (out / "truth.json").write_text('{"earth": "flat"}')
    with pytest.raises(InputError, match="is no truth of a fleet"):
        run(plan)
    assert (out / "truth.json").read_text() == '{"earth": "flat"}'
