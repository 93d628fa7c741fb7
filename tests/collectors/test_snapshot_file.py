"""Snapshot files: what was written is read back, and nothing in a file leads further than its own samples."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
import zstandard

from kernward.collectors import snapshot_file
from kernward.collectors.quantity import counter, gauge
from kernward.collectors.sample import Sample
from kernward.collectors.source import AnySource, EntitySource, Source
from kernward.records.errors import InputError


class Load(msgspec.Struct, frozen=True):
    one: Annotated[float | None, gauge("", "the load")] = None
    parts: Annotated[tuple[int, ...] | None, counter("", "some counts")] = None


class Group(msgspec.Struct, frozen=True):
    used_s: Annotated[float | None, counter("s", "time")] = None
    by_kind: Annotated[dict[str, int] | None, counter("", "counts")] = None


KNOWN: dict[str, AnySource] = {
    "load": Source(name="load", doc="", files=("/proc/load",), record=Load, read=lambda root: Load()),
    "group": EntitySource(
        name="group", doc="", files=("/sys/group",), record=Group, read=lambda root, some: {}, scope="cgroup"
    ),
}


def sample(at_s: float = 10.0, name: str = "/a") -> Sample:
    return Sample(
        host="web1",
        boot_id="b1",
        kernel="6.1.0",
        at_utc=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        at_s=at_s,
        read={"load": Load(0.25, (1, 2)), "group": {name: Group(None, {"read": 2**63})}},
        read_at_s={"load": at_s, "group": at_s + 0.1},
        asked={"group": (name,)},
        absent={"swaps": "/proc/swaps: permission denied"},
        missing={"/proc/x": "there is no such file"},
        cost_s=0.01,
    )


def packed(path: Path, *lines: object) -> Path:
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    path.write_bytes(zstandard.compress(text))
    return path


HEADER = {"kernward_snapshot": 1, "made_by": "0.1.0"}


def line(**changes: object) -> dict[str, object]:
    return json.loads(snapshot_file.encode(sample())) | changes


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    samples = (sample(10.0), sample(15.0))
    size = snapshot_file.write(tmp_path / "s", samples, KNOWN)
    assert size == (tmp_path / "s").stat().st_size
    assert snapshot_file.read(tmp_path / "s", KNOWN) == snapshot_file.Snapshot(samples)
    assert snapshot_file.is_snapshot(tmp_path / "s")


def test_the_first_line_says_what_each_field_is(tmp_path: Path) -> None:
    snapshot_file.write(tmp_path / "s", [sample()], KNOWN)
    with (tmp_path / "s").open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read()
    assert json.loads(text.splitlines()[0])["sources"]["group"]["used_s"] == ["counter", "s", "time"]


def test_a_name_that_is_no_utf_8_is_shown_by_its_bytes(tmp_path: Path) -> None:
    snapshot_file.write(tmp_path / "s", [sample(name="/\udcff\x1b")], KNOWN)
    assert list(snapshot_file.read(tmp_path / "s", KNOWN).samples[0].read["group"]) == ["/\\xff\x1b"]


def test_a_file_that_was_cut_gives_the_samples_before_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "s"
    snapshot_file.write(path, [sample(1.0), sample(2.0), sample(3.0)], KNOWN)
    # The last sample's block goes, and with it zstd's end.
    path.write_bytes(path.read_bytes()[:-12])
    found = snapshot_file.read(path, KNOWN)
    assert [each.at_s for each in found.samples] == [1.0, 2.0]


def test_every_cut_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "s"
    snapshot_file.write(path, [sample(1.0), sample(2.0)], KNOWN)
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        said = []
        try:
            said += snapshot_file.read(path, KNOWN).notes
        except InputError as error:
            said.append(str(error))
        assert not any("\n" in each for each in said)


def test_a_source_of_a_newer_kernward_is_left_out_with_a_word(tmp_path: Path) -> None:
    newer = line(read={"load": {"one": 1.0, "two": 2}, "novel": {"x": [[1]]}})
    found = snapshot_file.read(packed(tmp_path / "s", HEADER, newer), KNOWN)
    assert found.samples[0].read == {"load": Load(1.0)}
    assert "novel" in found.notes[0]


def test_a_record_of_another_form_costs_its_own_source_only(tmp_path: Path) -> None:
    spoilt = line(read={"load": {"one": "much"}, "group": {"/a": {"used_s": 1}}})
    found = snapshot_file.read(packed(tmp_path / "s", HEADER, spoilt), KNOWN)
    assert found.samples[0].read == {"group": {"/a": Group(1.0)}}
    assert "load" in found.samples[0].absent
    assert len(found.notes) == 1


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "s", HEADER | {"kernward_snapshot": 2}, line())
    with pytest.raises(InputError, match="format 2"):
        snapshot_file.read(path, KNOWN)


def test_what_unpacks_to_more_than_it_may_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_file, "MOST_LINE_BYTES", 1 << 20)
    (tmp_path / "s").write_bytes(zstandard.compress(b"0" * (64 << 20)))
    with pytest.raises(InputError, match="more than 1 MB"):
        snapshot_file.read(tmp_path / "s", KNOWN)
    monkeypatch.setattr(snapshot_file, "MOST_BYTES", 1 << 20)
    with pytest.raises(InputError, match="more than 1 MB"):
        snapshot_file.read(tmp_path / "s", KNOWN)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not zstd at all",
        zstandard.compress(b'{"kernward_snapshot":1,"made_by":"x"}\n'),
        zstandard.compress(b"[" * 100_000 + b"\n"),
        zstandard.compress(b'{"kernward_snapshot":1,"made_by":"x"}\n{"read":' + b"[" * 100_000 + b"\n"),
    ],
)
def test_what_is_no_snapshot_is_said_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    with pytest.raises(InputError) as caught:
        snapshot_file.read(tmp_path / "s", KNOWN)
    assert "\n" not in str(caught.value)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken():
        yield sample()
        raise InputError("the machine went away")

    with pytest.raises(InputError):
        snapshot_file.write(tmp_path / "s", broken(), KNOWN)
    assert list(tmp_path.iterdir()) == []
