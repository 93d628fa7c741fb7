"""Every case: the log gives the expected events, and nothing else."""

from pathlib import Path

import pytest

from tests.events import cases

ALL = sorted(cases.FOLDER.glob("*.case"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name.removesuffix(".case"))
def test_case(path: Path, tmp_path: Path, update: bool) -> None:
    expected, log = cases.read(path)
    file = tmp_path / "kernel.log"
    file.write_bytes(log)
    found = cases.events_of(file)
    if update:
        path.write_bytes(cases.render(found, expected) + b"\n\n" + log)
        return
    assert [event.kind for event in found] == [each[0][1] for each in expected]
    for event, wanted in zip(found, expected, strict=True):
        for key, text in wanted:
            assert text in cases.value(event, key), (key, cases.value(event, key), event.title)
