"""`kernward kinds` and `kernward explain` print the catalogue."""

import json
import re

import pytest

from kernward.cli.main import main
from kernward.diagnosis.hypotheses import hypotheses
from kernward.events import index


def printed(capsys, *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_kinds_lists_each_kind_once(capsys) -> None:
    ids = [line.split()[0] for line in printed(capsys, "kinds").splitlines()]
    assert ids == [kind.id for kind in index.kinds()]


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_kinds_as_json_says_the_same(capsys, form: str) -> None:
    out = printed(capsys, "kinds", "--format", form)
    rows = json.loads(out) if form == "json" else [json.loads(line) for line in out.splitlines()]
    assert [row["id"] for row in rows] == [kind.id for kind in index.kinds()]
    assert {row["class"] for row in rows} == {"crash", "resource", "hardware", "storage", "network", "state"}


def test_filters_given_twice_mean_any_of_them_and_different_ones_both(capsys) -> None:
    arguments = ["kinds", "--class", "storage", "--class", "network", "--severity", "error"]
    for line in printed(capsys, *arguments).splitlines():
        _, class_, severity, *_ = line.split()
        assert class_ in {"storage", "network"}
        assert severity == "error"


@pytest.mark.parametrize("kind", index.kinds(), ids=lambda kind: kind.id)
def test_explain_says_everything_and_sends_no_control_character(capsys, kind) -> None:
    out = printed(capsys, "explain", kind.id)
    words = " ".join(out.split())
    for text in (kind.meaning, *kind.next_steps, *kind.confused_with, *(field.doc for field in kind.fields)):
        assert " ".join(text.split()) in words
    for text in (
        kind.id,
        kind.title,
        *kind.alt_titles,
        *kind.printed_by,
        *(each.literal for each in kind.patterns),
    ):
        assert text in out
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)


@pytest.mark.parametrize("spelling", ["hung-task", "hung_task", "Hung task"])
def test_a_kind_is_found_however_its_id_is_spelled(capsys, spelling: str) -> None:
    assert printed(capsys, "explain", spelling).startswith("hung-task: ")


def test_explain_as_json_holds_the_kind(capsys) -> None:
    kind = json.loads(printed(capsys, "explain", "hung-task", "--format", "json"))
    assert kind["id"] == "hung-task"
    assert kind["class"] == "crash"
    assert kind["patterns"][0]["literal"]
    assert "read" not in kind


@pytest.mark.parametrize(("wanted", "near"), [("hung-tsk", "hung-task"), ("lockup", "soft-lockup")])
def test_an_unknown_kind_names_the_nearest(capsys, wanted: str, near: str) -> None:
    assert main(["explain", wanted]) == 2
    said = capsys.readouterr().err
    assert near in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("wanted", ["", "zzzzzz", "\x1b[31m"])
def test_what_is_like_no_kind_gets_one_sentence(capsys, wanted: str) -> None:
    assert main(["explain", wanted]) == 2
    said = capsys.readouterr().err
    assert said.startswith("kernward: there is no kind, hypothesis, signal, ")
    assert "\x1b" not in said


@pytest.mark.parametrize("spelling", ["cpu-quota-throttling", "cpu_quota_throttling", "CPU quota throttling"])
def test_a_hypothesis_is_explained(capsys, spelling: str) -> None:
    out = printed(capsys, "explain", spelling)
    assert out.startswith("cpu-quota-throttling: ")
    for part in ("Mechanism", "Signals", "Thresholds", "Not to be confused with", "What to do now", "Risk:"):
        assert part in out


@pytest.mark.parametrize("hypothesis", hypotheses().values(), ids=lambda each: each.id)
def test_explain_says_all_of_a_hypothesis_and_sends_no_control_character(capsys, hypothesis) -> None:
    out = printed(capsys, "explain", "--as", "hypothesis", hypothesis.id)
    words = " ".join(out.split())
    for text in (
        hypothesis.claim,
        hypothesis.mechanism,
        *(each.role for each in hypothesis.signals),
        *(each.reason for each in hypothesis.thresholds),
        *(each.difference for each in hypothesis.rivals),
        *(each.text for each in hypothesis.actions),
        *(each.risk for each in hypothesis.actions),
    ):
        assert " ".join(text.split()) in words
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)


def test_a_hypothesis_as_json_holds_all_but_its_test(capsys) -> None:
    told = json.loads(printed(capsys, "explain", "swap-thrashing", "--format", "json"))
    assert told["group"] == "memory"
    assert told["thresholds"][0]["reason"]
    assert "test" not in told


def test_an_id_of_several_things_is_told_and_can_be_chosen(capsys) -> None:
    out = printed(capsys, "explain", "zombie-buildup")
    assert "hypothesis of kernward check" in out
    assert "kernward explain --as fault zombie-buildup" in out
    assert "fault of the test bed" in printed(capsys, "explain", "--as", "fault", "zombie-buildup")


def test_a_signal_a_source_and_a_measurement_are_explained(capsys) -> None:
    signal = printed(capsys, "explain", "diskstats.reads")
    assert "from diskstats_show() in block/genhd.c" in signal
    assert "counter" in signal
    assert "diskstats.reads" in printed(capsys, "explain", "diskstats")
    assert "What it does not say" in printed(capsys, "explain", "runqlat")
    assert "in s" in printed(capsys, "explain", "runqlat.wait_s")
    told = json.loads(printed(capsys, "explain", "meminfo.free_bytes", "--format", "json"))
    assert [each["unit"] for each in told["signals"]] == ["bytes"]


def test_an_unknown_signal_names_those_there_are(capsys) -> None:
    assert main(["explain", "loadavg.load_2m"]) == 2
    assert "load_1m" in capsys.readouterr().err


def test_an_unknown_hypothesis_names_the_nearest(capsys) -> None:
    assert main(["explain", "cpu-quota"]) == 2
    assert "cpu-quota-throttling" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["hypotheses", "signals", "measurements"])
def test_all_of_a_sort_are_listed(capsys, what: str) -> None:
    listed = json.loads(printed(capsys, "explain", what, "--format", "json"))
    assert len(listed) > 10
    out = printed(capsys, "explain", what)
    for each in listed:
        assert re.search(rf"^{re.escape(each['id'])} ", out, re.MULTILINE)
        assert main(["explain", each["id"]]) == 0
