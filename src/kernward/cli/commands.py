"""The commands of a folder: one module each, found when it is asked for and imported no earlier.

A command is a module with a click command named `command`; a folder with such a command in its
`__init__.py` is a group of commands.
"""

from importlib import import_module
from pathlib import Path

import click

CLI = Path(__file__).parent


def _debug(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.find_root().meta["kernward.debug"] = True


DEBUG = click.Option(
    ["--debug"],
    is_flag=True,
    expose_value=False,
    callback=_debug,
    help="Show the traceback of an error.",
)


class Commands(click.Group):
    """The commands of the folder that `package` names, below kernward.cli."""

    package = "kernward.cli"

    @property
    def _folder(self) -> Path:
        return CLI.joinpath(*self.package.split(".")[2:])

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = sorted(
            path.stem if path.is_file() else path.name
            for path in self._folder.glob("[a-z]*")
            if path.suffix == ".py" or (path / "__init__.py").is_file()
        )
        return [_spoken(name) for name in names if self._command(name) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = cmd_name.replace("-", "_")
        there = (self._folder / f"{name}.py").is_file() or (self._folder / name / "__init__.py").is_file()
        if cmd_name != _spoken(name) or not name.isidentifier() or not there:
            return None
        return self._command(name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        command = self.get_command(ctx, args[0])
        if command is None:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            path = ctx.command_path
            meant = f"did you mean {near[0]}?" if near else f"{path} --help lists those there are"
            group = path.partition(" ")[2]
            raise click.ClickException(
                f"there is no command {f'{group} ' if group else ''}{args[0]}; {meant}"
            )
        return args[0], command, args[1:]

    def _command(self, name: str) -> click.Command | None:
        """The command that the module `name` holds; None for modules of this folder that are none."""
        if name == "main":
            return None
        command = getattr(import_module(f"{self.package}.{name}"), "command", None)
        if not isinstance(command, click.Command):
            return None
        command.name = _spoken(name)
        if DEBUG not in command.params:
            command.params.append(DEBUG)
        return command


def _spoken(name: str) -> str:
    return name.replace("_", "-")
