"""The index of the catalogue: which literal text leads to which kinds, ready to be scanned for.

Importing all kinds and compiling their patterns costs more than reading a small log, so both are
done once, when the package is built, and kept beside the catalogue. The index carries the digest of
the modules it was made from; one that is stale or missing is made again silently.
"""

import contextlib
import hashlib
import os
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path

import msgspec

from kernward.events.kind import Extent, Kind
from kernward.records.errors import CatalogueError

FOLDER = Path(__file__).parent / "catalogue"
BUILT = Path(__file__).parent / "catalogue.index"


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One trigger: a text that is scanned for, and the patterns (kind, number, literal) that it may mean.

    `kinds` are the kinds of those patterns; `opens_report` says whether any is a report with a stack.
    """

    literal: bytes
    patterns: tuple[tuple[str, int, str], ...]
    kinds: tuple[str, ...]
    opens_report: bool


class Index(msgspec.Struct, frozen=True, array_like=True):
    """`digest` names the catalogue's contents; `database` is hyperscan's, empty when it is absent.

    `programs` are those besides the kernel whose lines some kind accepts.
    """

    digest: str
    entries: tuple[Entry, ...]
    platform: str
    database: bytes
    programs: tuple[str, ...]


def names() -> list[str]:
    """The module names of all kinds, sorted."""
    return sorted(
        entry.name[:-3] for entry in os.scandir(FOLDER) if entry.name.endswith(".py") and entry.name[0] != "_"
    )


def digest() -> str:
    """A digest of the catalogue's and the reading code's text: the version of what reads a log."""
    total = hashlib.blake2b(digest_size=12)
    for folder in (FOLDER, FOLDER.parent):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name.endswith(".py"):
                total.update(entry.name.encode())
                with open(entry.path, "rb") as file:
                    total.update(file.read())
    return total.hexdigest()


@cache
def kind(id: str) -> Kind:
    """The kind with this id (`hung-task`), its module imported when first asked for."""
    module = import_module("kernward.events.catalogue." + id.replace("-", "_"))
    found: Kind = module.KIND
    if found.id != id:
        raise CatalogueError(f"the module of kind {id} holds a kind that calls itself {found.id}")
    return found


def kinds() -> list[Kind]:
    """All kinds, by id."""
    return [kind(name.replace("_", "-")) for name in names()]


def build() -> Index:
    """The index of the catalogue as it is now."""
    from kernward.events.triggers import cover, mandatory

    found = [(each, number) for each in kinds() for number in range(len(each.patterns))]
    needs = [[each.patterns[n].literal, *mandatory(each.patterns[n].regex)] for each, n in found]
    entries = tuple(
        Entry(
            piece,
            tuple(
                (each.id, n, each.patterns[n].literal) for each, n in (found[number] for number in numbers)
            ),
            tuple(dict.fromkeys(found[number][0].id for number in numbers)),
            any(found[number][0].extent is Extent.REPORT for number in numbers),
        )
        for piece, numbers in cover(needs)
    )
    from kernward.events.scan import compiled

    platform, database = compiled([entry.literal for entry in entries])
    programs = tuple(sorted({program for each in kinds() for program in each.programs}))
    return Index(digest(), entries, platform, database, programs)


def save(index: Index, path: Path) -> None:
    """Write the index so that a reader sees the old one or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.msgpack.encode(index))
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def load() -> Index:
    """The index that belongs to the catalogue, made again if the kept one is of another catalogue."""
    current = digest()
    try:
        index = msgspec.msgpack.decode(BUILT.read_bytes(), type=Index)
        if index.digest == current:
            return index
    except (OSError, msgspec.DecodeError):
        pass
    index = build()
    with contextlib.suppress(OSError):  # an installation that cannot be written to works too, only slower
        save(index, BUILT)
    return index
