"""Makes what is quicker to have than to make: the index of the catalogue, programs of guests and of the kernel.

The index holds the literals of all kinds and hyperscan's database of them, compiled with the
hyperscan of the build environment. Where that is absent the index is made all the same, without the
database; a machine with another hyperscan compiles its own. The programs are compiled statically; where no
C compiler is at hand they are left out, and the machine that needs them compiles them. So are the eBPF
programs of measurements where clang or libbpf's headers are missing; measurements then do without.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Prepared(BuildHookInterface):
    """Writes `catalogue.index` beside the catalogue and programs beside their sources.

    Editable installations use them in place.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = str(Path(self.root) / "src")
        sys.path.insert(0, source)
        try:
            from kernward.collectors.bpf import build
            from kernward.events import index
            from kernward.vm import programs
        finally:
            sys.path.remove(source)
        index.save(index.build(), index.BUILT)
        programs.compile_for_package()
        left_out = build.compile_all()
        if left_out:
            self.app.display_warning(left_out)
