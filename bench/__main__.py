"""`python -m bench [NAME …]`: run the benchmarks, all of them or the named ones."""

import importlib
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MEASURES = sorted(path.stem for path in HERE.glob("[a-z]*.py") if "def main(folder" in path.read_text())


def main(names: list[str]) -> int:
    """Each benchmark gets a folder of its own for what it writes (up to 6 GB, under $TMPDIR)."""
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        sys.stderr.write(f"There is no benchmark {unknown[0]}; there are {', '.join(MEASURES)}.\n")
        return 2
    for name in names or MEASURES:
        with tempfile.TemporaryDirectory(prefix="kernward-bench-") as folder:
            importlib.import_module(f"bench.{name}").main(Path(folder))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
