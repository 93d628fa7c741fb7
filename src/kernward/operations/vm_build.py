"""Kernels made to order: build one, and run the unit tests of one that is a program of this machine."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from kernward.kernels.kernel import Kernel
from kernward.store.home import home as default_home
from kernward.vm import build, uml
from kernward.vm.build import Architecture, Manifest, Progress


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A kernel that is there now, and what it was made from."""

    kernel: Kernel
    manifest: Manifest
    # Whether it was there before; its `manifest.build_s` is then that of the build that made it.
    kept: bool


class Suites(msgspec.Struct, frozen=True, kw_only=True):
    """What the KUnit suites of a user-mode kernel said."""

    built: Built
    ktap: str
    passed: bool


def build_kernel(
    source: str | Path,
    *,
    name: str | None = None,
    fragments: Sequence[str | Path] = (),
    base: str | Path | None = None,
    architecture: Architecture = "x86_64",
    home: Path | None = None,
    jobs: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Built:
    """Build a kernel, or answer from what was built before; see `kernward.vm.build.build`."""
    place = home or default_home()
    compiled = False

    def watch(step: Progress) -> None:
        nonlocal compiled
        compiled = compiled or step.doing == "configuring"
        if progress is not None:
            progress(step)

    kernel = build.build(
        source,
        name=name,
        fragments=fragments,
        base=base,
        architecture=architecture,
        home=place,
        jobs=jobs,
        progress=watch,
    )
    about = build.manifest_of(kernel)
    return Built(kernel=kernel, manifest=about, kept=not compiled)


def unit_tests(
    source: str | Path,
    *,
    name: str | None = None,
    fragments: Sequence[str | Path] = ("kunit",),
    suites: str | None = None,
    home: Path | None = None,
    jobs: int | None = None,
    timeout_s: float = 300,
    progress: Callable[[Progress], None] | None = None,
) -> Suites:
    """Build a user-mode kernel with KUnit suites and run them; `suites` chooses by a pattern ("list*").

    A suite that failed is no error: it is in the result. Raises what `build_kernel` and `uml.kunit` raise.
    """
    built = build_kernel(
        source,
        name=name,
        fragments=fragments,
        architecture="um",
        home=home,
        jobs=jobs,
        progress=progress,
    )
    arguments = () if suites is None else (f"kunit.filter_glob={suites}",)
    text = uml.kunit(built.kernel, arguments, timeout_s=timeout_s)
    return Suites(built=built, ktap=text, passed=uml.passed(text))
