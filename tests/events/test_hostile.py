"""Logs made to be slow or to fool: time stays in proportion to the bytes, and nothing raises."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernward.events import index
from kernward.events.recognise import recognise
from kernward.logs.sources import open_sources
from tests.events import cases

MANY = 6_000

FLOODS = {
    "callers that never repeat": "".join(
        f"[{n / 1000:12.6f}][{f'T{n}':>6}] BUG: KASAN: use-after-free in f{n}+0x1/0x2\n" for n in range(MANY)
    ),
    "hosts that never repeat": "".join(
        f"Nov  3 04:05:06 host{n} kernel: INFO: task x{n}:{n} blocked for more than 120 seconds.\n"
        for n in range(MANY)
    ),
    "long readings that begin and begin": "".join(
        f"[{n / 1000:12.6f}] java invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=0\n"
        for n in range(MANY)
    ),
    "banners that differ": "".join(
        f"[    0.000000] Linux version 6.1.{n} (a@b) (gcc) #1 SMP\n[ 1000.000000] x\n" for n in range(MANY)
    ),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_takes_time_in_proportion_to_its_size(name: str, tmp_path: Path) -> None:
    file = tmp_path / "flood.log"
    file.write_text(FLOODS[name])
    began = time.process_time()
    found = cases.events_of(file)
    # About a second; what squares with the size takes minutes.
    assert time.process_time() - began < 20
    assert len(found) >= MANY


LINES = st.one_of(
    st.sampled_from([line for kind in index.kinds() for line in kind.example.splitlines()]),
    st.text(max_size=80),
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, max_size=30), cut=st.integers(0, 40))
def test_any_mixture_of_lines_is_read_without_an_error(lines: list[str], cut: int, tmp_path: Path) -> None:
    file = tmp_path / "mixture.log"
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass")[cut:])
    # A file that is no text is a problem with a sentence, which is fine here.
    for event in (event for source in open_sources([file], problems=[]) for event in recognise(source)):
        assert event.start <= event.end
        assert len(event.alt_titles) <= 4
        assert event.signature.function.startswith(event.kind)
