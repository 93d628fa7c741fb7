"""The fuzz target runs a little with every test run; `make fuzz` runs it for a minute."""

from pathlib import Path

import pytest

from tests.foundation.fuzz_triage import broken_promises, run

# What fuzzing once found.
FOUND = {
    "a pstore heading in colours": b"\x1b[32mOops#1 Part1\n\x1b[32mBUG: unable to handle page fault\n",
}


def test_damaged_and_hostile_logs_break_no_promise() -> None:
    assert run(seconds=5) > 0


@pytest.mark.parametrize("data", FOUND.values(), ids=FOUND)
def test_what_was_found_once_stays_mended(data: bytes, tmp_path: Path) -> None:
    assert broken_promises(data, "json", tmp_path / "input.log") == []
