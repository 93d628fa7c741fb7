"""`kernward vm clean`: give disk space back."""

import click


@click.command()
def command() -> None:
    """Remove snapshots that nobody uses, disk images that are kept, and what machines left behind.

    Kernels that were fetched or built stay. A snapshot is made again when it is needed, in the time of one
    boot; the image of an installed machine takes a minute.
    """
    from kernward.cli.wording import many, size
    from kernward.operations.machines import clean

    done = clean()
    removed = f"{many(done.snapshots, 'snapshot')} and {many(done.images, 'image')}"
    if done.machines:
        removed += f", and the files of {many(done.machines, 'machine')} that ended badly"
    click.echo(f"Removed {removed}: {size(done.size_bytes)}.")
    if done.in_use:
        click.echo(f"{many(done.in_use, 'snapshot')} in use {'is' if done.in_use == 1 else 'are'} left.")
