"""The fuzz target runs a little with every test run; `make fuzz` runs it for a minute."""

from tests.foundation.fuzz_triage import run


def test_damaged_and_hostile_logs_break_no_promise() -> None:
    assert run(seconds=5) > 0
