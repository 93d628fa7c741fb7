"""System.map: names and addresses."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernward.kernels import symbols
from kernward.kernels.kernel import Kernel
from kernward.kernels.symbols import Symbol
from kernward.records.errors import InputError

MAP = b"""\
0000000000000000 D __per_cpu_start
ffffffff81000000 T _stext
ffffffff81000000 T _text
ffffffff81000010 t helper
ffffffff81000040 T do_exit
ffffffff81000080 t helper
ffffffff82000000 D jiffies
"""


def test_names_have_addresses_and_addresses_names() -> None:
    found = symbols.parse(MAP, "System.map")
    assert len(found) == 7
    assert found.address("do_exit") == 0xFFFFFFFF81000040
    assert found.address("nothing") is None
    assert [each.address for each in found.named("helper")] == [0xFFFFFFFF81000010, 0xFFFFFFFF81000080]
    place = found.at(0xFFFFFFFF81000044)
    assert place is not None
    assert (place.symbol.name, place.offset_bytes) == ("do_exit", 4)


def test_of_two_names_of_one_address_the_first_is_given() -> None:
    place = symbols.parse(MAP, "System.map").at(0xFFFFFFFF81000000)
    assert place is not None
    assert place.symbol == Symbol(0xFFFFFFFF81000000, "T", "_stext")


def test_an_address_far_from_every_symbol_is_none_of_them() -> None:
    found = symbols.parse(MAP, "System.map")
    assert found.at(0xFFFF888000000000) is None
    assert found.at(0xFFFFFFFFFFFFFFFF) is None


def test_debians_stand_in_is_told_from_a_map(kernel: Kernel) -> None:
    assert kernel.system_map is None
    with pytest.raises(InputError, match="comes with the debug information"):
        symbols.symbols_of(kernel)
    with pytest.raises(InputError, match="without addresses"):
        symbols.read_system_map(kernel.image.with_name(f"System.map-{kernel.release}"))


@pytest.mark.parametrize(
    ("data", "what"), [(b"", "no symbol"), (b"ffffffff81000000 T\n", ":1: expected"), (b"a\0b", "expected")]
)
def test_what_is_no_map_is_an_error(data: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "System.map"
    path.write_bytes(data)
    with pytest.raises(InputError, match=what):
        symbols.read_system_map(path)


def test_it_agrees_with_nm(tmp_path: Path) -> None:
    # This machine's own libc stands for a kernel: nm has not much of its own to say of a real one.
    program = subprocess.run(
        ["sh", "-c", "command -v nm"], capture_output=True, text=True, check=False
    ).stdout.strip()
    if not program:
        pytest.skip("nm is not installed (apt-get install binutils)")
    libc = Path("/lib/x86_64-linux-gnu/libc.so.6")
    if not libc.exists():
        pytest.skip("this machine has no libc where Debian has it")
    said = subprocess.run([program, "-D", "--defined-only", libc], capture_output=True, check=True).stdout
    found = symbols.parse(said, "nm")
    for line in said.split(b"\n")[:200]:
        if line:
            address, _, name = line.split(b" ")
            assert int(address, 16) in [each.address for each in found.named(name.decode())]


@given(
    addresses=st.lists(st.integers(0, 1 << 20), min_size=1, max_size=30, unique=True),
    looked_for=st.integers(0, 1 << 21),
)
def test_the_symbol_of_an_address_is_the_last_before_it(addresses: list[int], looked_for: int) -> None:
    found = symbols.parse("".join(f"{each:016x} T s{each}\n" for each in addresses).encode(), "map")
    place = found.at(looked_for)
    before = [each for each in addresses if each <= looked_for]
    if place is None:
        assert not before
    else:
        assert place.symbol.address == max(before)
        assert place.symbol.address + place.offset_bytes == looked_for
