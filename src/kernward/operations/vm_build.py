"""Kernels made to order: build one, and run the unit tests of one that is a program of this machine."""

from collections.abc import Callable, Sequence
from pathlib import Path

from kernward.kernels.kernel import Kernel
from kernward.records.builds import KernelBuild, UnitTests
from kernward.store.home import home as default_home
from kernward.vm import kernel_options, uml
from kernward.vm.build import Architecture, Progress, build, manifest_of


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
) -> KernelBuild:
    """Build a kernel, or answer from what was built before; see `kernward.vm.build.build`."""
    return _build(source, name, fragments, base, architecture, home, jobs, progress)[1]


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
) -> UnitTests:
    """Build a user-mode kernel with KUnit suites and run them; `suites` chooses by a pattern ("list*").

    A suite that failed is no error: it is in the result. Raises what `build_kernel` and `uml.kunit` raise.
    """
    kernel, about = _build(source, name, fragments, None, "um", home, jobs, progress)
    arguments = () if suites is None else (f"kunit.filter_glob={suites}",)
    text = uml.kunit(kernel, arguments, timeout_s=timeout_s)
    return UnitTests(kernel=about, passed=uml.passed(text), ktap=text)


def fragments_there_are() -> dict[str, str]:
    """The names of the config fragments, each with its explanation."""
    return {name: kernel_options.read(name).doc for name in kernel_options.names()}


def _build(
    source: str | Path,
    name: str | None,
    fragments: Sequence[str | Path],
    base: str | Path | None,
    architecture: Architecture,
    home: Path | None,
    jobs: int | None,
    progress: Callable[[Progress], None] | None,
) -> tuple[Kernel, KernelBuild]:
    kept = True

    def watch(step: Progress) -> None:
        nonlocal kept
        # What was not there is configured first; before that its source may have been fetched.
        kept = kept and step.doing != "configuring"
        if progress is not None:
            progress(step)

    kernel = build(
        source,
        name=name,
        fragments=fragments,
        base=base,
        architecture=architecture,
        home=home or default_home(),
        jobs=jobs,
        progress=watch,
    )
    about = manifest_of(kernel)
    return kernel, KernelBuild(
        name=about.name,
        wanted=f"built:{about.name}" if architecture == "x86_64" else None,
        release=about.release,
        architecture=about.architecture,
        source=about.source,
        base=about.base,
        fragments=about.fragments,
        unmet=about.unmet,
        compiler=about.compiler,
        kept=kept,
        build_s=about.build_s,
        made=about.made,
        image=str(kernel.image),
        symbols=str(kernel.symbols) if kernel.symbols else None,
        headers=str(kernel.headers) if kernel.headers else None,
    )
