"""What the tests of the test bed share: a kept state folder, a bed, and Debian's kernels.

Kernels, programs and snapshots are kept in .cache/home from one run to the next. Where QEMU or a kernel
cannot be had, the tests that need them are skipped with the reason.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernward.kernels import find
from kernward.kernels.kernel import Kernel
from kernward.records.errors import KernwardError
from kernward.vm.acceleration import version
from kernward.vm.bed import Bed
from kernward.vm.spec import Spec


@pytest.fixture(scope="session")
def vm_home(project: Path) -> Path:
    return project / ".cache" / "home"


@pytest.fixture(scope="session")
def bed(vm_home: Path) -> Iterator[Bed]:
    if not version():
        pytest.skip("QEMU is not installed here (Debian: qemu-system-x86)")
    with Bed(vm_home) as bed:
        yield bed


def kernel_of(series: str, home: Path) -> Kernel:
    try:
        return find.find(series, home)
    except KernwardError as problem:
        pytest.skip(f"no kernel {series}: {problem}")


@pytest.fixture(scope="session", params=["6.1", "6.12"])
def each_kernel(request: pytest.FixtureRequest, vm_home: Path) -> Kernel:
    """Debian's newest kernel of each series, one after the other."""
    return kernel_of(request.param, vm_home)


@pytest.fixture(scope="session")
def kernel(vm_home: Path) -> Kernel:
    return kernel_of("6.1", vm_home)


@pytest.fixture(scope="session")
def spec(kernel: Kernel) -> Spec:
    return Spec(kernel=kernel)
