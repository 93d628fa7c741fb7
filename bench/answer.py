"""How long a person waits: the version, and a small log from command to saved answer."""

from pathlib import Path

from bench.processes import KERNWARD, in_turn, middle, table

ROOT = Path(__file__).parent.parent


def main(folder: Path) -> None:
    log = folder / "small.log"
    text = b"".join(path.read_bytes() for path in sorted((ROOT / "examples").rglob("console.log")))
    log.write_bytes((text * (1 + 100_000 // max(1, len(text))))[:100_000])
    home = folder / "home"
    (versions,) = in_turn(15, [KERNWARD, "--version"], home=home)
    (looks,) = in_turn(9, [KERNWARD, "triage", "--no-save", log], home=home)
    saves = []
    for number in range(9):
        # Another log each time: what is in the store already is not saved again.
        log.write_bytes(b"%d\n" % number + log.read_bytes())
        saves += in_turn(1, [KERNWARD, "triage", log], home=folder / f"home{number}")[0]
    table(
        "from command to answer, median of the whole process",
        [
            ("kernward --version", f"{middle(versions, 'wall_s'):.3f} s", "limit 0.1 s"),
            ("triage of 100 KB, not saved", f"{middle(looks, 'wall_s'):.3f} s", "limit 0.5 s"),
            ("triage of 100 KB, saved", f"{middle(saves, 'wall_s'):.3f} s", "limit 0.5 s"),
        ],
    )
