"""Makes the index of the catalogue when the package is built, so that the first log is read at once.

The index holds the literals of all kinds and hyperscan's database of them, compiled with the
hyperscan of the build environment. Where that is absent the index is made all the same, without the
database; a machine with another hyperscan compiles its own.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueIndex(BuildHookInterface):
    """Writes `catalogue.index` beside the catalogue; editable installations use it in place."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = str(Path(self.root) / "src")
        sys.path.insert(0, source)
        try:
            from kernward.events import index
        finally:
            sys.path.remove(source)
        index.save(index.build(), index.BUILT)
