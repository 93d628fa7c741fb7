"""A kernel's .config, as Kconfig writes it (scripts/kconfig/confdata.c).

"# CONFIG_X is not set" is the same as no line at all: the option is absent from the result.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from kernward.kernels.kernel import Kernel
from kernward.records.errors import InputError

# An allyesconfig has about half a megabyte.
_LIMIT_BYTES = 8 << 20

_LINE = re.compile(r"(CONFIG_\w+)=(.*)")
_ESCAPED = re.compile(r"\\(.)")


def config_of(kernel: Kernel) -> Mapping[str, str]:
    """The options that are set, by name: {"CONFIG_KASAN": "y", "CONFIG_HZ": "250"}.

    Strings come without their quotes. Raises InputError where the kernel has no config or it cannot
    be read.
    """
    if kernel.config is None:
        raise InputError(f"kernel {kernel.release} has no config: none lies beside {kernel.image}")
    try:
        with kernel.config.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise InputError(f"{kernel.config}: the config cannot be read: {error.strerror or error}") from error
    if len(data) > _LIMIT_BYTES:
        raise InputError(f"{kernel.config}: not a kernel config: more than {_LIMIT_BYTES >> 20} MB")
    return parse(data.decode("utf-8", "replace").split("\n"))


def parse(lines: Iterable[str]) -> dict[str, str]:
    """The options that these lines set; where one is set twice, the last wins, as in Kconfig."""
    options: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line.strip())
        if match is None:
            if line.startswith("# CONFIG_") and line.rstrip().endswith(" is not set"):
                options.pop(line.split(" ")[1], None)
            continue
        value = match[2]
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = _ESCAPED.sub(r"\1", value[1:-1])
        if value == "n":
            options.pop(match[1], None)
        else:
            options[match[1]] = value
    return options


def path_beside(image: Path, release: str) -> Path | None:
    """The config that lies beside an image, under one of the names that packages and builds use."""
    for name in (f"config-{release}", "config", ".config"):
        if (found := image.parent / name).is_file():
            return found
    return None
