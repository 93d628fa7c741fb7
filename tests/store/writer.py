"""Saves sources one after the other and says of each that it is saved; run by tests, to be killed.

Arguments: the store's folder, the catalogue version, the first source's number, how many.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2])]

from kernward.store import facts  # noqa: E402
from kernward.store.compaction import tidy  # noqa: E402
from tests.store.made import event, kept  # noqa: E402

home, catalogue, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for number in range(first, first + count):
    facts.save(home, catalogue, [kept(f"console-{number}", event(number))])
    print(f"e{number}", flush=True)  # noqa: T201  the acknowledgement
    if number % 5 == 4:
        tidy(home, many=3)
