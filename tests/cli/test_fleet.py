"""`kernward vm fleet` as it is typed: what cannot be done is one sentence, and what did not show is status 2."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernward.cli.main import main
from kernward.operations import fleet
from kernward.records.fleet import FleetTruth


def test_a_plan_that_is_wrong_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text('[[host]]\nname = "web"\nkernel = "6.1"\nfaults = ["segfalt"]\n')
    assert main(["vm", "fleet", str(plan), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"kernward: {plan}, line 4: host web: there is no fault 'segfalt'; nearest: segfault\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shown", [True, False])
def test_a_fault_that_did_not_show_is_told(
    shown: bool, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = msgspec.json.decode((project / "examples/truth.json").read_bytes(), type=FleetTruth)
    host = next(host for host in truth.hosts if host.name == "lb-1")
    faults = tuple(msgspec.structs.replace(fault, shown=shown) for fault in host.faults)
    one = msgspec.structs.replace(truth, hosts=(msgspec.structs.replace(host, faults=faults),))

    def run(*given: Any, **named: Any) -> FleetTruth:
        return one

    monkeypatch.setattr(fleet, "run", run)
    assert main(["vm", "fleet", "plan.toml", "--out", "out"]) == (0 if shown else 2)
    said = capsys.readouterr().out
    assert ("syn-flood-peer (did not show)" in said) is not shown
    assert f"1 host, 1 kernel build, {int(shown)} of 1 fault shown" in said
