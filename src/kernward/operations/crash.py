"""Capturing a crash: a fault, a kernel, a folder."""

from collections.abc import Mapping
from pathlib import Path

from kernward.kernels.kernel import Kernel
from kernward.records.crash import CrashManifest
from kernward.store.home import home
from kernward.vm.bed import Bed
from kernward.vm.crash import capture
from kernward.vm.inject import find_fault


def crash(
    kernel: Kernel, fault: str, folder: Path, *, cold: bool = False, values: Mapping[str, str] | None = None
) -> CrashManifest:
    """Inject a fault into a machine of this kernel and keep all there is of it in `folder`."""
    with Bed(home()) as bed:
        return capture(bed, kernel, find_fault(fault), folder, cold=cold, **(values or {}))
