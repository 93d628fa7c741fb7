"""Feeds `kernward triage` what no healthy machine writes, for a given time, and says what broke it.

`python tests/foundation/fuzz_triage.py --seconds 60`. Inputs are cut and joined from the examples, the
cases of the tests and hostile snippets, given the prefixes of other formats, compressed and cut short.
Whatever the input: exit status 0 or 2, no fault, no raw control character, JSON that parses, HTML
without foreign markup, an answer within a bound. Hypothesis shrinks what it finds.
"""

import argparse
import bz2
import contextlib
import gzip
import io
import json
import lzma
import re
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import zstandard
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from kernward.cli.main import main

ROOT = Path(__file__).parent.parent.parent
SLOWEST_S = 10.0
MOST_SEED_BYTES = 48 << 10

HOSTILE = [
    b"\x1b[2J\x1b]0;owned\x07 BUG: unable to handle kernel NULL pointer dereference at 0000000000000018",
    b"[    1.000000] INFO: task <script>alert(1)</script>:7 blocked for more than 120 seconds.",
    b"[    1.0] Out of memory: Killed process 1 (\x1b[31m\xff\x00) total-vm:99999999999999999999kB",
    b"** 1000000000 printk messages dropped **",
    b"[99999999999999999999.999999] Kernel panic - not syncing: \xe2\x80\xaeesrever",
    b"<999999999999>BUG: soft lockup - CPU#-1 stuck for 1e309s!",
    b"[    2.000000][ T99999999999999999999] ------------[ cut here ]------------",
    b"Call Trace:\n" + b" f+0x1/0x0\n" * 2000,
    b"(" * 5000,
    b"[" * 5000,
    b'{"MESSAGE":[' + b"1," * 3000,
    b"{" * 3000,
    b"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\x7fshort\n\n",
    b"6,1,1,-,ncfrag=0/999999999;text",
    b"a" * 200_000,
    b"\x00" * 4096,
    b"\r\r\r\n\n\r",
    b"\x1f\x8b\x08\x00",
    b"\x28\xb5\x2f\xfd",
    b"Feb 30 25:61:61 host kernel: BUG: Bad page state in process x  pfn:1",
    b"9999-12-31T23:59:59.999999+99:99 host kernel: Oops: 0000 [#1] SMP",
]
PREFIXES = [
    b"",
    b"[   12.345678] ",
    b"[   12.345678][    C1] ",
    b"<4>[   12.345678] ",
    b"Nov  3 04:05:06 web-1 kernel: ",
    b"<6>1 2026-11-03T04:05:06.123456+00:00 web-1 kernel - - - ",
    b"2026-11-03T04:05:06.123456+00:00 web-1 kernel: [   12.345678] ",
    b"4,1234,12345678,-;",
    b"[Tue Nov  3 04:05:06 2026] ",
    b"\x1b[32m",
]


def seeds() -> list[bytes]:
    paths = [*(ROOT / "examples").rglob("*.*"), *(ROOT / "tests").rglob("cases/*")]
    found = [path.read_bytes()[:MOST_SEED_BYTES] for path in sorted(paths) if path.is_file()]
    return [data for data in found if data] or HOSTILE


SEEDS = seeds()


def as_tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("../../escape.log", "a/\x1b[31mred.log", "/etc/kern.log"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


PACKINGS = [
    bytes,
    bytes,
    bytes,
    lambda data: gzip.compress(data, 1),
    lambda data: lzma.compress(data, preset=0),
    bz2.compress,
    lambda data: zstandard.compress(data, 1),
    as_tar,
    lambda data: gzip.compress(as_tar(data), 1),
]


@st.composite
def pieces(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["seed", "seed", "seed", "hostile", "random"]))
    if kind == "hostile":
        return draw(st.sampled_from(HOSTILE))
    if kind == "random":
        return draw(st.binary(max_size=300))
    data = draw(st.sampled_from(SEEDS))
    start = draw(st.integers(0, len(data) - 1))
    return data[start : start + draw(st.integers(1, MOST_SEED_BYTES))]


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    joint = draw(st.sampled_from([b"\n", b"\r\n", b"", b"\x00"]))
    data = joint.join(draw(st.lists(pieces(), min_size=1, max_size=4)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = (
            data[:at]
            + draw(st.sampled_from([b"\x00", b"\xff", b"\x1b[7m", b"\n", b"%s", b"9" * 30]))
            + data[at:]
        )
    prefix = draw(st.sampled_from(PREFIXES))
    if prefix:
        data = b"\n".join(prefix + line for line in data.split(b"\n"))
    packed = draw(st.sampled_from(PACKINGS))(data)
    return packed[: draw(st.integers(1, len(packed)))] if packed and draw(st.booleans()) else packed


def broken_promises(data: bytes, form: str, log: Path) -> list[str]:
    """What the answer to this input promises and does not keep."""
    log.write_bytes(data)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    began = time.perf_counter()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["triage", "--no-save", "--format", form, str(log)])
    took_s = time.perf_counter() - began
    printed, said = (stream.buffer.getvalue().decode() for stream in (out, err))

    broken = []
    if status not in {0, 2}:
        broken.append(f"exit status {status}")
    if "fault of kernward itself" in said or "Traceback" in said:
        broken.append(said)
    if took_s > SLOWEST_S:
        broken.append(f"took {took_s:.1f} s")
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed + said):
        broken.append("a raw control character was printed")
    if form == "html" and "<script>alert" in printed:
        broken.append("foreign markup stands in the HTML")
    try:
        if form == "json":
            json.loads(printed)
        if form == "jsonl":
            for line in printed.splitlines():
                json.loads(line)
    except ValueError as error:
        broken.append(f"the JSON does not parse: {error}")
    return broken


def run(seconds: float) -> int:
    """Fuzz for so long; returns how many inputs were tried. Raises what hypothesis found."""
    tried = 0
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "input.log"

        @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(logs(), st.sampled_from(["text", "json", "jsonl", "html"]))
        def one_input(data: bytes, form: str) -> None:
            nonlocal tried
            tried += 1
            broken = broken_promises(data, form, log)
            assert not broken, "\n".join(broken)

        number = 0
        while time.monotonic() < ends:
            number += 1
            seed(number)(one_input)()
    return tried


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    sys.stdout.write(f"{run(parser.parse_args().seconds)} inputs, no finding\n")
