"""Every kind of the catalogue: its example is that kind, its near miss is not, its regexes are safe."""

import re
import time
from pathlib import Path

import pytest

from kernward.events import index
from kernward.events.kind import Kind, Pattern
from tests.events import cases

KINDS = index.kinds()


def log_events(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "kernel.log"
    file.write_text(text + "\n")
    return [event.kind for event in cases.events_of(file)]


def test_covers_at_least_110_kinds() -> None:
    assert len(KINDS) >= 110


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_example_is_of_the_kind(kind: Kind, tmp_path: Path) -> None:
    found = log_events(tmp_path, kind.example)
    assert kind.id in found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_near_miss_is_not_of_the_kind(kind: Kind, tmp_path: Path) -> None:
    assert kind.id not in log_events(tmp_path, kind.near_miss)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_example_imitated_by_user_space_is_nothing(kind: Kind, tmp_path: Path) -> None:
    imitation = "".join(f"Nov  3 04:05:06 web-1 myapp[12]: {line}\n" for line in kind.example.splitlines())
    assert kind.id not in log_events(tmp_path, imitation)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_a_case_shows_the_kind(kind: Kind) -> None:
    assert [path for path in cases.FOLDER.glob(f"{kind.id}*.case") if cases.read(path)[0]]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_patterns_are_safe_and_typed(kind: Kind) -> None:
    names = {field.name for field in kind.fields} | {"function"}
    for pattern in kind.patterns:
        assert len(pattern.literal) >= 6
        assert set(re.compile(pattern.regex).groupindex) <= names
    for text in kind.continues:
        assert set(re.compile(text).groupindex) <= names
    assert set(kind.key) <= names
    assert set(kind.absorbs) <= {each.id for each in KINDS}


@pytest.mark.parametrize(
    "pattern",
    [pattern for kind in KINDS for pattern in kind.patterns],
    ids=[f"{kind.id}-{number}" for kind in KINDS for number, _ in enumerate(kind.patterns)],
)
def test_no_pattern_backtracks_out_of_bounds(pattern: Pattern) -> None:
    matcher = re.compile(pattern.regex)
    for filler in ("a", " ", "0", ":", "(", "[", "a ", "0:", "/a", ", ", "::"):
        text = (filler * 4000)[:2000] + pattern.literal + (filler * 4000)[:4000]
        began = time.perf_counter()
        matcher.match(text)
        matcher.match(pattern.literal + text)
        assert time.perf_counter() - began < 0.5
