"""`kernward check`: what the text and the page say first, that names are escaped, and how it is used."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from kernward.cli.check_html import plots, render
from kernward.cli.check_text import DETAILED, LISTED, lines
from kernward.cli.check_words import amount
from kernward.cli.main import main
from kernward.records.check import Check, Plot, Scope
from kernward.records.unsafe_text import UNSAFE
from tests.cli.check_sample import check, finding, hostile
from tests.cli.test_triage_html import Reader


def text(result: Check, width: int = 100) -> str:
    return "\n".join(lines(result, width))


def test_the_first_line_names_the_cause_and_where_it_strikes() -> None:
    assert text(check()).splitlines()[0] == (
        "web-1: CPU quota used up in cgroup /shop (proven, confidence 97%)."
    )


def test_the_text_holds_what_an_incident_needs() -> None:
    said = " ".join(text(check()).split())
    for part in (
        "The quota of /shop is used up in 20 ms of each 100 ms.",
        "cgroup_cpu.throttled_periods 29 6 s to 03:04:05",
        "/sys/fs/cgroup/shop/cpu.stat of 30 periods",
        "the quota is used up → /shop waits",
        "Now: Raise the quota. Risk: Others may wait longer. $ echo max > cpu.max",
        "For good: Use fewer threads.",
        "cpu-steal: 0.0% was stolen",
        "device-slow: /shop cannot be read",
        "runqlat: by tp_btf, 0.31% of one CPU, 2 events lost",
        "blocklat: not possible: not permitted",
        "/proc/schedstat: there is no such file",
        "/sys/edac: there is no such file",
    ):
        assert part in said


def test_the_path_of_a_group_that_does_not_fit_beside_its_evidence_is_shortened() -> None:
    group = "/kubepods.slice/kubepods-burstable.slice/pod47aecfc44b3e.slice"
    assert "/sys/fs/cgroup/GROUP/cpu.stat" in text(check(name=group))
    assert f"/sys/fs/cgroup{group}/cpu.stat" in text(check(name=group), 200)


def test_a_healthy_machine_is_never_called_well() -> None:
    said = text(check(findings=0))
    assert said.startswith("web-1: no hypothesis confirmed.")
    assert "not that the machine is well" in said


def test_many_findings_are_listed_and_counted() -> None:
    said = text(check(findings=DETAILED + LISTED + 3))
    assert f"{DETAILED}. CPU quota" in said
    assert "and 3 more" in said
    assert said.count("The quota of /shop") == DETAILED


def test_no_line_is_wider_than_the_terminal_but_for_what_is_copied() -> None:
    for line in lines(check(), 80):
        assert len(line) <= 80 or line.lstrip().startswith("$")


def test_hostile_names_reach_no_terminal() -> None:
    said = text(hostile())
    assert not re.search(f"(?!\n)[{UNSAFE}]", said)
    assert "\\x1b]0;x\\x07" in said


def test_hostile_names_are_no_markup_in_the_page() -> None:
    page = Reader(render(hostile()))
    assert "script" not in page.tags
    assert not page.other
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert not re.search(f"(?!\n)[{UNSAFE}]", "".join(page.text))
    assert "<script>alert(1)</script>" in "".join(page.text)
    assert "{{7*7}}" in "".join(page.text)


def test_the_page_loads_nothing_and_allows_only_its_own_style() -> None:
    page = Reader(render(check()))
    (style,) = page.raw["style"]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = next(value for tag, name, value in page.attributes if tag == "meta" and "default-src" in value)
    assert f"style-src 'sha256-{digest}'" in policy
    assert not [value for _, name, value in page.attributes if name in {"src", "style"}]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")


def test_the_page_draws_the_deciding_signal() -> None:
    page = Reader(render(check()))
    assert page.tags.count("polyline") == 1
    told = next(value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label")
    assert "cgroup_cpu.throttled_periods, cgroup /shop" in told
    assert "at most 9.5/s" in told


def plot(*values: float) -> Plot:
    at = finding().plots[0].at_utc[: len(values)]
    return Plot(signal="a.b", unit="", scope=Scope(), at_utc=at, values=values)


@pytest.mark.parametrize(
    "values",
    [(0, 0, 0), (1, 2, 3), (-5, 5, 0), (1e-9, 2e-9), (1e18, 2e18), (float("nan"), 1, 2, float("inf"), 3)],
)
def test_a_plot_stays_inside_its_frame(values) -> None:
    drawn = plots.drawn(plot(*map(float, values)))
    assert drawn is not None
    for point in drawn.line.split():
        x, y = map(float, point.split(","))
        assert plots.LEFT <= x <= plots.WIDTH - plots.RIGHT
        assert plots.TOP - 1 <= y <= plots.HEIGHT - plots.BOTTOM + 1


@pytest.mark.parametrize("values", [(), (1.0,), (float("nan"), float("inf"), 2.0)])
def test_what_is_no_course_is_not_drawn(values) -> None:
    assert plots.drawn(plot(*values)) is None


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (12345, "", "12,345"),
        (0.0, "s", "0 s"),
        (0.00213, "s", "0.00213 s"),
        (66.6667, "%", "66.7%"),
        (1536, "bytes", "1.5 KiB"),
        (5 << 30, "bytes", "5 GiB"),
        (2_000_000.0, "bytes/s", "1.91 MiB/s"),
        (12.5, "1/s", "12.5/s"),
        (123456.7, "s", "123,457 s"),
        ("ext4", "", "ext4"),
        (float("nan"), "s", "nan s"),
    ],
)
def test_values_are_said_with_their_unit(value, unit, said) -> None:
    assert amount(value, unit) == said


@pytest.fixture
def tree(tmp_path) -> Path:
    for name, content in {
        "proc/uptime": "1000.0 10.0\n",
        "proc/loadavg": "0.10 0.20 0.30 1/2 3\n",
        "proc/sys/kernel/hostname": "web-7\n",
        "proc/sys/kernel/osrelease": "6.1.0\n",
    }.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(content)
    return tmp_path / "tree"


def test_a_copied_tree_is_checked_as_json(tree, capsys) -> None:
    assert main(["check", "--root", str(tree), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["host"], told["kernel"], told["seconds"]) == ("web-7", "6.1.0", 0.0)
    assert {"findings", "refuted", "unknown"} <= set(told)
    assert told["recording"]["samples"] == 1
    assert msgspec.json.decode(json.dumps(told), type=Check).host == "web-7"


def test_this_machine_is_checked_kept_and_replayed(tmp_path, capsys) -> None:
    kept = tmp_path / "a.snap"
    assert main(["check", "--seconds", "1", "--keep", str(kept), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main(["check", "--replay", str(kept), "--format", "json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert [(each["id"], each["scope"]) for each in again["findings"]] == [
        (each["id"], each["scope"]) for each in told["findings"]
    ]
    assert told["boot_id"] == again["boot_id"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--cgroup", "/no/such"], "there is no cgroup /no/such here"),
        (["--pid", "99999999"], "there is no process 99999999 here"),
        (["--replay", "TREE", "--root", "TREE"], "--replay"),
        (["--root", "TREE", "--keep", "x"], "--keep is for what is read of this machine"),
        (["--root", "/etc/hostname"], "no tar archive"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(tree, capsys, arguments, sentence) -> None:
    assert main(["check", *(str(tree) if each == "TREE" else each for each in arguments)]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_a_finding_is_exit_status_1_where_asked_for(tree, monkeypatch, capsys) -> None:
    from kernward.operations import check as operation

    monkeypatch.setattr(operation, "check_tree", lambda *some, **more: check())
    assert main(["check", "--root", str(tree), "--exit-code"]) == 1
    assert main(["check", "--root", str(tree)]) == 0


def test_what_could_not_be_read_of_a_recording_is_exit_status_2(tree, capsys) -> None:
    (tree / "proc/uptime").unlink()
    assert main(["check", "--root", str(tree)]) == 2
    assert "nothing tells how long the machine had been up" in " ".join(capsys.readouterr().out.split())
