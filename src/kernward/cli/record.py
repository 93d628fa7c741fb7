"""`kernward record`: keep what this machine does, to look at it later."""

from pathlib import Path

import click

# What a snapshot covers unless told: long enough for quotas, timeouts and the averages of pressure.
SNAPSHOT_S = 10.0


@click.command()
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 3600),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two samples.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 86400 * 366),
    help=f"Stop after so long, with a last sample; of a snapshot how long it lasts ({SNAPSHOT_S:g} unless told).",
)
@click.option(
    "--max-overhead",
    type=click.FloatRange(0, 100, min_open=True),
    default=1.0,
    show_default=True,
    metavar="PERCENT",
    help="What recording may cost, of one CPU; what costs more is read less often.",
)
@click.option(
    "--once",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one portable snapshot of some seconds to FILE instead; - is standard output.",
)
@click.option("--compact", is_flag=True, help="Only bring what was recorded into the store's compact form.")
@click.option(
    "--keep",
    type=click.IntRange(1, 36500),
    metavar="DAYS",
    help="Forget what is older: of this host while recording (30 unless told), with --compact of all hosts.",
)
def command(
    interval: float,
    seconds: float | None,
    max_overhead: float,
    once: Path | None,
    compact: bool,
    keep: int | None,
) -> int | None:
    """Record what this machine does, or write a snapshot of it.

    Without --once it samples the whole machine, its cgroups and its busiest processes until it is
    stopped; `kernward top --at TIME` and `kernward check --since TIME` look at what it kept, `kernward
    check --replay FILE` at a snapshot. A recorder that is killed loses nothing that it had sampled.
    """
    if once is not None:
        _snapshot(once, SNAPSHOT_S if seconds is None else seconds)
        return None
    if compact:
        return _compact(keep)
    from kernward.cli.terminal import escape
    from kernward.operations.recording import KEEP_DAYS, Recorder

    def tell(sentence: str) -> None:
        click.echo(f"kernward: {escape(sentence)}", err=True)

    recorder = Recorder(
        interval_s=interval,
        max_overhead_percent=max_overhead,
        keep_days=KEEP_DAYS if keep is None else keep,
        tell=tell,
    )
    tell(f"recording every {interval:g} s into {recorder.home}; Ctrl-C ends it")
    kept = recorder.run(seconds)
    tell(f"recorded {kept} samples")
    return None


def _snapshot(file: Path, seconds: float) -> None:
    from kernward.cli.terminal import escape
    from kernward.cli.wording import size
    from kernward.operations.snapshot import snapshot

    if str(file) != "-":
        written = snapshot(file, seconds)
        click.echo(f"{escape(str(file))}: {size(written)}")
        return
    import sys
    from shutil import copyfileobj
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="kernward-") as folder:
        whole = Path(folder) / "snapshot"
        snapshot(whole, seconds)
        with whole.open("rb") as source:
            copyfileobj(source, sys.stdout.buffer)


def _compact(keep_days: int | None) -> int:
    from kernward.cli.terminal import escape
    from kernward.cli.wording import many, size
    from kernward.operations.compacting import compact_recordings

    done = compact_recordings(keep_days=keep_days)
    for note in done.notes:
        click.echo(f"kernward: {escape(note)}", err=True)
    if done.values:
        click.echo(
            f"{many(done.journals, 'journal')} with {many(done.values, 'value')} in {size(done.size_bytes)}"
        )
    return 2 if done.notes else 0
