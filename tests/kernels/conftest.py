"""What the tests of kernels share: an archive of their own, and the real kernels of Debian's."""

import shutil
from pathlib import Path

import pytest

from kernward.kernels import find
from kernward.kernels.kernel import Kernel
from kernward.records.errors import KernwardError
from tests.kernels.making import Archive


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """An archive that apt knows, and no other; it is empty."""
    for program in ("apt-get", "apt-cache"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: nothing can be fetched from an archive")
    archive = Archive(tmp_path / "archive")
    monkeypatch.setenv("APT_CONFIG", str(archive.configuration))
    return archive


@pytest.fixture(scope="session")
def shared_home(project: Path) -> Path:
    """Where real kernels are kept from one run of the tests to the next."""
    return project / ".cache" / "home"


def real_kernel(series: str, home: Path) -> Kernel:
    """The newest of Debian's cloud kernels of a series; a test that cannot have it is skipped."""
    try:
        return find.find(f"{series}-cloud", home)
    except KernwardError as problem:
        pytest.skip(f"Debian's {series} kernel cannot be had: {problem}")


@pytest.fixture(scope="session", params=["6.1", "6.12"])
def kernel(request: pytest.FixtureRequest, shared_home: Path) -> Kernel:
    return real_kernel(request.param, shared_home)


@pytest.fixture(scope="session")
def kernel_6_1(shared_home: Path) -> Kernel:
    return real_kernel("6.1", shared_home)
