"""A sample: one source that fails never takes the others with it."""

import msgspec

from kernward.collectors.clock import Clock
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.sample import take
from kernward.collectors.source import Source


class Nothing(msgspec.Struct, frozen=True):
    """A record of nothing."""


def source(name, read) -> Source:
    return Source(name=name, doc="", files=(f"/proc/{name}",), record=Nothing, read=read)


def unavailable(_root: Root) -> Nothing:
    raise Unavailable("/proc/away", "there is no such file")


def faulty(_root: Root) -> Nothing:
    return [][1]


def test_a_source_that_fails_leaves_its_reason_and_the_others(tmp_path) -> None:
    sample = take(
        Root(tmp_path),
        Clock(),
        [source("away", unavailable), source("faulty", faulty), source("there", lambda _root: Nothing())],
    )
    assert set(sample.read) == {"there"}
    assert sample.absent["away"] == "/proc/away: there is no such file"
    assert "IndexError" in sample.absent["faulty"]
    assert "a fault of kernward itself" in sample.absent["faulty"]
