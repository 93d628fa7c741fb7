"""Where the store lives: $KERNWARD_HOME, else $XDG_STATE_HOME/kernward, else ~/.local/state/kernward."""

import os
from collections.abc import Mapping
from pathlib import Path

from kernward.records.errors import StoreError


def home(environment: Mapping[str, str] | None = None) -> Path:
    """The store's folder; it need not exist yet."""
    variables = os.environ if environment is None else environment
    if named := variables.get("KERNWARD_HOME"):
        return Path(named).absolute()
    state = variables.get("XDG_STATE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    if os.path.isabs(state):
        return Path(state) / "kernward"
    try:
        return Path.home() / ".local" / "state" / "kernward"
    except RuntimeError as error:
        raise StoreError(
            "no place for the store: neither KERNWARD_HOME nor a home directory is set; "
            "--no-save reads without one"
        ) from error
