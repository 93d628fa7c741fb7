"""`kernward vm kunit`: the kernel's unit tests, in a kernel that is a program of this machine."""

import os

import click

from kernward.cli.terminal import escape_block
from kernward.cli.vm.build_options import BuildLine


@click.command()
@click.argument("source")
@click.option("--suites", metavar="PATTERN", help="Only the suites whose names fit: 'list*'.")
@click.option(
    "--with", "fragments", multiple=True, metavar="FRAGMENT", default=("kunit",), show_default=True,
    help="The suites to build in: config fragments, or files of CONFIG_ lines (CONFIG_EXT4_KUNIT_TESTS=y).",
)  # fmt: skip
@click.option(
    "--name", metavar="NAME", help="Under which name the kernel is kept. Default: fragments and series."
)
@click.option(
    "--jobs", "-j", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, metavar="N",
    help="How many compilers run at once.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(1), default=300.0, show_default=True, metavar="SECONDS",
    help="How long the suites may run.",
)  # fmt: skip
@click.option("--exit-code", is_flag=True, help="Exit with 1 when a suite failed or did not end.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    source: str,
    suites: str | None,
    fragments: tuple[str, ...],
    name: str | None,
    jobs: int,
    timeout: float,
    exit_code: bool,
    form: str,
) -> int:
    """Run the KUnit suites of SOURCE (a kernel tree, a tarball, linux-source-6.12) and print their KTAP.

    The kernel is built for user mode: it needs no virtual machine and no privileges, and runs its suites in
    seconds. It is built when it is not there yet, or its source changed.
    """
    from kernward.operations.vm_build import unit_tests
    from kernward.records.safe_json import pretty

    line = BuildLine()
    try:
        tests = unit_tests(
            source,
            name=name,
            fragments=fragments,
            suites=suites,
            jobs=jobs,
            timeout_s=timeout,
            progress=line,
        )
    finally:
        line.clear()
    click.echo(pretty(tests).decode() if form == "json" else escape_block(tests.ktap), nl=form == "json")
    return 1 if exit_code and not tests.passed else 0
