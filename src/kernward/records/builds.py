"""A kernel that was built, and what its unit tests said: the JSON of `kernward vm build` and `vm kunit`."""

import msgspec


class KernelBuild(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel that `kernward vm build` made, and what it is made of.

    `unmet` has a sentence for each wish of the fragments that does not hold in it. `kept` says that it was
    there already; `build_s` is then the time that the build which made it took.
    """

    name: str
    # What `--kernel` takes; None for a user-mode kernel, which no machine boots.
    wanted: str | None
    release: str
    architecture: str
    source: str
    base: str
    fragments: tuple[str, ...]
    unmet: tuple[str, ...]
    compiler: str
    kept: bool
    build_s: float
    # How many files the build made.
    made: int
    image: str
    symbols: str | None
    headers: str | None


class UnitTests(msgspec.Struct, frozen=True, kw_only=True):
    """What the KUnit suites of a user-mode kernel said, as KTAP."""

    kernel: KernelBuild
    passed: bool
    ktap: str
