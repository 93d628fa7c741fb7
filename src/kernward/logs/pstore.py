"""The files of pstore: which of them are parts of one dump.

The kernel writes a dump's end first, in parts as large as the firmware's storage takes, each a file
(fs/pstore/platform.c, `pstore_dump`). The files' names tell what belongs together; what order the
parts have is in their first lines.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

# The name of an EFI record is made of the time, the part (two digits) and the count (three digits):
# drivers/firmware/efi/efi-pstore.c, `generic_id`. Others number their records only.
_EFI = re.compile(r"dmesg-efi(?:_pstore)?-(\d{1,12})\d{2}(\d{3})(?:\.enc\.z)?")
_OTHER = re.compile(r"dmesg-(erst|nvram|ramoops|pstore_blk|zone)-\d{1,20}(?:\.enc\.z)?")
# What the running kernel could not decompress keeps this ending; such data has no magic bytes, so it
# is the one case in which a name is believed.
ENCODED = ".enc.z"


def dumps_of(paths: Iterable[Path]) -> tuple[dict[Path, list[Path]], list[Path]]:
    """Splits files into the dumps of a pstore folder (by a name for each) and all others."""
    dumps: dict[Path, list[Path]] = defaultdict(list)
    others = []
    for path in paths:
        efi = _EFI.fullmatch(path.name)
        if efi:
            dumps[path.with_name(f"dmesg-efi-{efi[1]}??{efi[2]}")].append(path)
        elif _OTHER.fullmatch(path.name):
            dumps[path].append(path)
        else:
            others.append(path)
    return {name: sorted(parts) for name, parts in dumps.items()}, others
