"""Each format reads its cases as the cases say.

A case is a head (the format, problems if there are any, the lines as JSON, each with its place), a
line `---`, and the log as it came, to the end of the file.
"""

from pathlib import Path

import msgspec
import pytest

from kernward.logs.formats import formats
from kernward.logs.sources import Buffer
from tests.logs.reading import read_bytes

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(FOLDER.glob("*.case"))
_BREAK = b"---\n"


def _head(log: bytes, buffer: Buffer | None = None) -> bytes:
    lines, problems, form = read_bytes(log, buffer)
    head = [f"format: {form}", *(f"problem: {problem}" for problem in problems)]
    for line in lines:
        known = {name: value for name, value in msgspec.structs.asdict(line).items() if value is not None}
        head.append(msgspec.json.encode(known).decode())
    return "\n".join([*head, ""]).encode()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, update: bool) -> None:
    expected, _, log = path.read_bytes().partition(_BREAK)
    found = _head(log)
    if update:
        path.write_bytes(found + _BREAK + log)
    else:
        assert found.decode() == expected.decode()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_reads_the_same_through_a_small_buffer(path: Path) -> None:
    _, _, log = path.read_bytes().partition(_BREAK)
    assert _head(log, Buffer(chunk=64, kept=64, longest=4096)) == _head(log)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_is_named_after_its_format(path: Path) -> None:
    assert path.read_bytes().startswith(f"format: {path.name.split('.')[0]}\n".encode())


@pytest.mark.parametrize("form", formats(), ids=lambda form: form.name)
def test_each_format_has_a_case(form: object) -> None:
    assert any(path.name.startswith(f"{form.name}.") for path in CASES)  # type: ignore[attr-defined]
