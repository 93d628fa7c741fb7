"""System.map: the addresses of a kernel's symbols (scripts/link-vmlinux.sh writes it with nm).

The addresses are those of the link; a kernel with KASLR runs at others, by one offset for all.
Debian's linux-image packages hold none, only a line that says where it is: `find.with_symbols` fetches
it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError

# A kernel with everything built in has a million symbols.
_LIMIT_BYTES = 256 << 20
_LINE = re.compile(rb"([0-9a-f]{8,16}) (\S) (\S{1,1024})")
# Distances within one function or variable; beyond it, an address belongs to nothing that is named.
_REACH_BYTES = 16 << 20


class Symbol(msgspec.Struct, frozen=True):
    """One symbol; `type` as nm has it: "T" and "t" are code, "D" and "d" data, "A" absolute."""

    address: int
    type: str
    name: str


class Place(msgspec.Struct, frozen=True):
    """What an address is: a symbol and the bytes behind its start."""

    symbol: Symbol
    offset_bytes: int


class Symbols:
    """The symbols of one kernel, by name and by address."""

    def __init__(self, symbols: Iterable[Symbol]) -> None:
        # Of several at one address the first stays first, as nm sorts them.
        self._symbols = sorted(symbols, key=lambda each: each.address)
        self._addresses = [each.address for each in self._symbols]
        self._by_name: dict[str, list[Symbol]] = {}
        for each in self._symbols:
            self._by_name.setdefault(each.name, []).append(each)

    def __len__(self) -> int:
        return len(self._symbols)

    def address(self, name: str) -> int | None:
        """Where a symbol is; of several of one name (static functions), the lowest."""
        found = self._by_name.get(name)
        return found[0].address if found else None

    def named(self, name: str) -> tuple[Symbol, ...]:
        """All symbols of a name."""
        return tuple(self._by_name.get(name, ()))

    def at(self, address: int) -> Place | None:
        """The symbol that an address lies in: the last that begins at or before it."""
        number = bisect_right(self._addresses, address) - 1
        if number < 0:
            return None
        start = self._addresses[number]
        if address - start > _REACH_BYTES:
            return None
        while number > 0 and self._addresses[number - 1] == start:
            number -= 1
        return Place(self._symbols[number], address - start)


def symbols_of(kernel: Kernel) -> Symbols:
    """The symbols in a kernel's System.map. Raises InputError where there is none."""
    if kernel.system_map is None:
        raise InputError(
            f"kernel {kernel.release} has no System.map with addresses beside {kernel.image}; "
            "Debian's comes with the debug information"
        )
    return read_system_map(kernel.system_map)


def read_system_map(path: Path) -> Symbols:
    """The symbols of a System.map. Raises InputError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: System.map cannot be read: {error.strerror or error}") from error
    if len(data) > _LIMIT_BYTES:
        raise InputError(f"{path}: not a System.map: more than {_LIMIT_BYTES >> 20} MB")
    return parse(data, str(path))


def parse(data: bytes, where: str) -> Symbols:
    """The symbols in the text of a System.map; `where` is named in the error for a line that is none."""
    found = []
    for number, line in enumerate(data.split(b"\n"), 1):
        match = _LINE.fullmatch(line.rstrip())
        if match:
            found.append(
                Symbol(int(match[1], 16), match[2].decode("latin-1"), match[3].decode("utf-8", "replace"))
            )
        elif b"The real System.map is in" in line:
            raise InputError(
                f"{where}: the package has a System.map without addresses; the real one is in the package "
                "of debug information"
            )
        elif line.strip():
            raise InputError(f"{where}:{number}: expected address, type and name of a symbol")
    if not found:
        raise InputError(f"{where}: no symbol is in it")
    return Symbols(found)
