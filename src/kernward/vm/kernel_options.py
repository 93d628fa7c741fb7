"""The options a kernel is built with: fragments by name, merged, and compared with what came out.

A fragment is a file of CONFIG_ lines that opens with a comment on what it is for; those of kernward are
in fragments/. Kconfig drops a wish silently when its dependencies are not met or the release does not
know it, so every wish is looked up in the final .config, and one sentence says which does not hold and why.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from kernward.records.errors import InputError, UsageError

_FOLDER = Path(__file__).with_name("fragments")
# The options of distributions' kernels are a quarter of a megabyte.
_LIMIT_BYTES = 8 << 20
# What kernels of each architecture start from.
BASES = {"x86_64": "base", "um": "uml"}

_SET = re.compile(r"CONFIG_(\w+)=(.*)")
_UNSET = re.compile(r"# CONFIG_(\w+) is not set")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_DEFINITION = re.compile(r"\s*(?:menu)?config\s+(\w+)\s*")
_DEPENDS = re.compile(r"\s+depends on\s+(.*)")
_PROMPT = re.compile(r'\s+(?:bool|tristate|string|int|hex|prompt)\s+(?:"[^"]*"|\'[^\']*\')\s+if\s+(.*)')


class Fragment(msgspec.Struct, frozen=True):
    """Options that are wanted together. `options` holds "n" for what is to be off."""

    name: str
    options: Mapping[str, str]
    # The comment it opens with.
    doc: str


def names() -> list[str]:
    """The fragments that kernward brings, without the bases."""
    return sorted(path.stem for path in _FOLDER.glob("*.config") if path.stem not in BASES.values())


def read(name: str | Path) -> Fragment:
    """A fragment of kernward's by name, or a file of CONFIG_ lines by path.

    Raises UsageError for a name that is neither, InputError for a file that is no fragment.
    """
    path = _FOLDER / f"{name}.config"
    if not _NAME.fullmatch(str(name)) or not path.is_file():
        path = Path(name).expanduser()
        if not path.is_file():
            raise UsageError(f"{name}: neither a file nor one of the config fragments {', '.join(names())}")
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: the config fragment cannot be read: {error.strerror or error}") from error
    if len(data) > _LIMIT_BYTES:
        raise InputError(f"{path}: not a config fragment: more than {_LIMIT_BYTES >> 20} MB")
    return parse(str(name), data.decode("utf-8", "replace"), str(path))


def parse(name: str, text: str, path: str) -> Fragment:
    """A fragment from its text; of two lines for one option the last holds, as in Kconfig."""
    options: dict[str, str] = {}
    doc: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if match := _SET.fullmatch(line) or _UNSET.fullmatch(line):
            options[match[1]] = match[2] if match.re is _SET else "n"
        elif line.startswith("#"):
            if not options:
                doc.append(line.lstrip("#").strip())
        elif line:
            raise InputError(
                f"{path}, line {number}: expected CONFIG_NAME=value or a comment, not {line[:60]!r}"
            )
    return Fragment(name, options, "\n".join(doc).strip())


def merge(fragments: Sequence[Fragment]) -> dict[str, str]:
    """All options; where two fragments want different things, the later has its way."""
    return {option: value for fragment in fragments for option, value in fragment.options.items()}


def written(options: Mapping[str, str]) -> str:
    """Options as Kconfig reads them."""
    return "".join(
        f"# CONFIG_{name} is not set\n" if value == "n" else f"CONFIG_{name}={value}\n"
        for name, value in options.items()
    )


def unmet(
    fragments: Sequence[Fragment],
    config: Mapping[str, str],
    source: Path,
    version: str,
    *,
    known_only: bool = False,
) -> list[str]:
    """A sentence for each wish that does not hold in `config`, the options of the final .config.

    `source` is the tree whose Kconfig files say why. With `known_only`, options that the release does
    not have are not counted.
    """
    failed = []
    merged = merge(fragments)
    for fragment in fragments:
        for option, value in fragment.options.items():
            if config.get(option, "n") != value:
                failed.append((fragment.name, option, value))
    if not failed:
        return []
    known = _definitions(source, {option for _, option, _ in failed})
    sentences = []
    for name, option, value in failed:
        has = config.get(option, "n")
        wish = f"CONFIG_{option}={value} (fragment {name}) does not hold:"
        if merged[option] != value:
            why = f"a later fragment wants {merged[option]}"
        elif option not in known:
            if value == "n" or known_only:
                continue
            why = f"Linux {version} has no such option"
        elif value == "n":
            why = f"it is {has}, for something else selects it"
        elif conditions := known[option]:
            why = f"it is {has}, and depends on {' && '.join(conditions)}"
        else:
            why = f"it is {has}"
        sentences.append(f"{wish} {why}.")
    return sentences


def _definitions(source: Path, wanted: set[str]) -> dict[str, list[str]]:
    """Those of the options that the tree's Kconfig files define, with what each depends on."""
    found: dict[str, list[str]] = {}
    for path in _kconfig_files(source):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        if not any(option in text for option in wanted):
            continue
        current: list[str] | None = None
        for line in text.splitlines():
            if definition := _DEFINITION.fullmatch(line):
                option = definition[1]
                current = found.setdefault(option, []) if option in wanted else None
            elif current is not None and (match := _DEPENDS.fullmatch(line) or _PROMPT.fullmatch(line)):
                condition = match[1].strip()
                current.append(f"({condition})" if "||" in condition else condition)
            elif line.strip() == "help" or (line and not line[0].isspace()):
                current = None
    return found


def _kconfig_files(source: Path) -> Iterator[Path]:
    # Of the other architectures nothing is built here.
    for place in sorted(source.iterdir()):
        if place.name.startswith("Kconfig"):
            yield place
        elif place.is_dir() and place.name not in ("arch", "Documentation", "tools"):
            yield from sorted(place.rglob("Kconfig*"))
    for place in (source / "arch" / "Kconfig", source / "arch" / "x86", source / "arch" / "um"):
        yield from sorted(place.rglob("Kconfig*")) if place.is_dir() else [place]
