"""What a module says of itself: the .modinfo section (include/linux/module.h, scripts/mod/modpost.c)."""

from pathlib import Path

import msgspec

from kernward.kernels import elf
from kernward.kernels.decompress import decompressed
from kernward.records.errors import InputError

# Of one section, and of what one entry says.
_SECTION_BYTES = 4 << 20


class Parameter(msgspec.Struct, frozen=True):
    """A module's parameter; `type` as module_param() has it ("int", "bool", "charp"), None if unsaid."""

    name: str
    type: str | None
    description: str | None


class ModuleInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of .modinfo that matter for loading and for identifying a module."""

    name: str | None
    license: str | None
    description: str | None
    version: str | None
    # "6.1.0-56-cloud-amd64 SMP preempt mod_unload modversions": must equal the kernel's own.
    vermagic: str | None
    # False for what is built out of the kernel's tree (modpost writes intree=Y for its own).
    in_tree: bool
    depends: tuple[str, ...]
    # Names or aliases that must be loaded before (after) this one where they exist.
    soft_before: tuple[str, ...]
    soft_after: tuple[str, ...]
    aliases: tuple[str, ...]
    firmware: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def entries(section: bytes) -> list[tuple[str, str]]:
    """The entries of a .modinfo section, in order: ("license", "GPL")."""
    found = []
    for entry in section[:_SECTION_BYTES].split(b"\0"):
        key, equals, value = entry.decode("utf-8", "replace").partition("=")
        if equals:
            found.append((key, value))
    return found


def module_info(module: bytes) -> ModuleInfo:
    """What a module's file says. Raises ValueError where it is no module."""
    section = elf.section(module, ".modinfo")
    if section is None:
        raise ValueError("it has no .modinfo section")
    found = entries(section)

    def first(key: str) -> str | None:
        return next((value for name, value in found if name == key), None)

    before: list[str] = []
    after: list[str] = []
    for value in (value for name, value in found if name == "softdep"):
        into = before
        for word in value.split():
            if word == "pre:":
                into = before
            elif word == "post:":
                into = after
            else:
                into.append(canonical(word))
    return ModuleInfo(
        name=first("name"),
        license=first("license"),
        description=first("description"),
        version=first("version"),
        vermagic=first("vermagic"),
        in_tree=first("intree") == "Y",
        depends=tuple(canonical(name) for name in (first("depends") or "").split(",") if name),
        soft_before=tuple(before),
        soft_after=tuple(after),
        aliases=tuple(value for name, value in found if name == "alias"),
        firmware=tuple(value for name, value in found if name == "firmware"),
        parameters=_parameters(found),
    )


def read(path: Path) -> ModuleInfo:
    """What a module file says, compressed or not. Raises InputError."""
    try:
        return module_info(decompressed(path.read_bytes()))
    except OSError as error:
        raise InputError(f"{path}: the module cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path}: not a kernel module: {error}") from error


def canonical(name: str) -> str:
    """A module's name as the kernel writes it: with underscores."""
    return name.replace("-", "_")


def _parameters(found: list[tuple[str, str]]) -> tuple[Parameter, ...]:
    types: dict[str, str | None] = {}
    descriptions: dict[str, str] = {}
    for key, value in found:
        if key == "parmtype":
            name, _, type_ = value.partition(":")
            types[name] = type_
        elif key == "parm":
            name, _, description = value.partition(":")
            types.setdefault(name, None)
            descriptions[name] = description
    return tuple(Parameter(name, type_, descriptions.get(name)) for name, type_ in types.items())
