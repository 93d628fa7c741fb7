"""What all tests share: a state folder of their own, `--update`, and how hypothesis runs.

`pytest --update` rewrites the expectations of the cases that support it; review the diff.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every machine and every run: what fails here fails for whoever looks at it.
settings.register_profile("kernward", derandomize=True, deadline=None, database=None)
settings.load_profile("kernward")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expectations of the cases")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether cases shall be rewritten instead of compared."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the source tree."""
    return Path(__file__).parent.parent


@pytest.fixture(autouse=True, scope="session")
def state_folder_of_this_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the user's own store."""
    home = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERNWARD_HOME", str(home))
        patch.setenv("NO_COLOR", "1")
        yield home
