"""The options by which the verbs that start a machine describe it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kernward.cli.terminal import escape

if TYPE_CHECKING:
    from kernward.operations.machines import BrokenBy
    from kernward.vm.inject import Injected
    from kernward.vm.spec import Spec

Function = TypeVar("Function", bound=Callable[..., Any])


def _megabytes(context: click.Context, option: click.Parameter, value: str) -> int:
    found = re.fullmatch(r"(\d{1,7})\s*(|M|MB|MiB|G|GB|GiB)", value, re.IGNORECASE)
    size = int(found[1]) * (1024 if found[2][:1] in ("g", "G") else 1) if found else 0
    if not size:
        raise click.BadParameter(f"{value} is no size of memory: 512M, 2G", context, option)
    return size


OPTIONS = (
    click.option(
        "--kernel",
        metavar="KERNEL",
        help="A series (6.1: its newest), a release, a .deb file, an image, a folder, a kernel tree, built:NAME. "
        "Fetched if need be. Default: the newest that is here.",
    ),
    click.option("--cold", is_flag=True, help="Boot, instead of restoring a snapshot."),
    click.option(
        "--smp", type=click.IntRange(1, 64), default=1, show_default=True, metavar="N", help="Processors."
    ),
    click.option(
        "--memory", callback=_megabytes, default="256M", show_default=True, metavar="SIZE", help="Memory."
    ),
    click.option("--append", "append", metavar="TEXT", help="More for the kernel's command line."),
    click.option(
        "--module",
        "modules",
        multiple=True,
        metavar="NAME",
        help="Load this module first, with what it needs; parameters may follow its name.",
    ),
    click.option(
        "--program",
        "programs",
        multiple=True,
        metavar="NAME",
        help="Put this program of the host or of Debian into the guest, with its libraries.",
    ),
    click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="FAULT",
        help="Inject this fault before; parameters may follow its name: 'cpu-throttling quota_percent=10'.",
    ),
    click.option(
        "--share",
        "shares",
        multiple=True,
        metavar="FOLDER[:PLACE]",
        help="Show a folder of the host in the guest, read-only (default place: /host).",
    ),
    click.option("--root", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="IMAGE",
        help="An ext4 image as the root, instead of busybox."),
    click.option(
        "--cgroup", type=click.Choice(["1", "2"]), default="2", show_default=True, help="Version of control groups."
    ),
    click.option(
        "--boot-timeout", type=click.FloatRange(1), default=120.0, show_default=True, metavar="SECONDS",
        help="How long the machine may take to come up.",
    ),
)  # fmt: skip


def broken_by(given: dict[str, Any]) -> list["BrokenBy"]:
    """The faults that the options name."""
    from kernward.operations.machines import BrokenBy

    found = []
    for text in given["faults"]:
        name, *words = text.split() or [""]
        pairs = [word.partition("=") for word in words]
        wrong = [word for word, (_, equals, _) in zip(words, pairs, strict=True) if not equals]
        if wrong:
            raise click.UsageError(f"--fault {text}: {wrong[0]} is no parameter; NAME=VALUE was expected")
        found.append(BrokenBy(name, {name: value for name, _, value in pairs}))
    return found


def tell_shown(injected: "Injected") -> None:
    """Say on standard error that a fault shows."""
    click.echo(escape(f"kernward: {injected.fault} shows: {injected.evidence.splitlines()[0]}"), err=True)


def machine_options(function: Function) -> Function:
    """All of them, for a verb."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function


def spec_of(given: dict[str, Any]) -> "Spec":
    """The machine that the options describe."""
    from kernward.operations.machines import kernel_named
    from kernward.vm.spec import Share, Spec

    shares = []
    for text in given["shares"]:
        folder, _, place = text.partition(":")
        if not Path(folder).is_dir():
            raise click.UsageError(f"--share {folder} is no folder")
        if place and not place.startswith("/"):
            raise click.UsageError(f"--share {text}: the place in the guest must be an absolute path")
        shares.append(Share(Path(folder).resolve(), place or "/host"))
    return Spec(
        kernel=kernel_named(given["kernel"]),
        smp=given["smp"],
        memory_mb=given["memory"],
        append=tuple((given["append"] or "").split()),
        modules=given["modules"],
        programs=given["programs"],
        shares=tuple(shares),
        root=given["root"].resolve() if given["root"] else None,
        cgroup=int(given["cgroup"]),  # type: ignore[arg-type]
    )
