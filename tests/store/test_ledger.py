"""A ledger that several processes make at once."""

import subprocess
import sys
from pathlib import Path

# Makes new ledgers one after the other, each at the moment that it is told.
MAKER = """
import sys
from pathlib import Path
from kernward.store.ledger import Ledger
for line in sys.stdin:
    Ledger(Path(line.strip())).close()
    print(flush=True)
"""


def test_processes_that_make_a_new_ledger_at_once_wait_for_each_other(tmp_path: Path) -> None:
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", MAKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for number in range(40):
        for maker in makers:
            assert maker.stdin is not None
            maker.stdin.write(f"{tmp_path}/{number}/ledger.sqlite\n")
            maker.stdin.flush()
        for maker in makers:
            assert maker.stdout is not None
            maker.stdout.readline()
    for maker in makers:
        _, said = maker.communicate(timeout=60)
        assert maker.returncode == 0, said
