"""Generates docs/reference/ from the catalogue, the commands and the records.

`python docs/generate.py` writes the pages; `--check` writes nothing and fails when a page is not what
it would write, is missing, or is there without a source.
"""

import argparse
import importlib
import inspect
import json
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
import msgspec
from check_pages import hypotheses_pages, measurements_page, signals_page
from faults_page import faults_page

import kernward.records
from kernward.cli.kind_text import BLAME
from kernward.cli.main import program
from kernward.cli.terminal import escape_block
from kernward.collectors.sources import sources
from kernward.diagnosis.hypotheses import hypotheses
from kernward.events import index
from kernward.events.kind import Kind, Pattern
from kernward.logs.formats import formats
from kernward.records.builds import KernelBuild, UnitTests
from kernward.records.check import Check
from kernward.records.crash import CrashManifest
from kernward.records.events import Event, EventClass
from kernward.records.faults import FaultAbout
from kernward.records.fleet import FleetTruth
from kernward.records.kernels import KernelListing
from kernward.records.machines import Ability, RunningMachine
from kernward.records.overview import Overview
from kernward.records.problems import Problem, Triage

REFERENCE = Path(__file__).parent / "reference"
# What commands print as JSON, and what these are made of.
PRINTED = (
    Event, Problem, Triage, KernelListing, KernelBuild, UnitTests, RunningMachine, Ability, FaultAbout,
    CrashManifest, FleetTruth, Check, Overview,
)  # fmt: skip
WRITTEN_BY = (
    "<!-- Written by docs/generate.py: change the source it was made from, then run `make docs`. -->\n\n"
)

CLASSES = {
    "crash": "The kernel reports a bug of its own: an oops, a BUG, a warning, a panic, a sanitizer's or lockdep's "
    "finding, a hang, a leak.",
    "resource": "The kernel has run out of something: memory, table entries, descriptors.",
    "hardware": "Hardware or firmware reports a fault, or behaves like one.",
    "storage": "A device, a block layer or a filesystem lost data, time or the ability to write.",
    "network": "A network device or the network stack does not work as it should.",
    "state": "What a machine says about how it stands: boots, taint, lost messages, user space crashes.",
}


def pages() -> Iterator[tuple[str, str]]:
    """Every page: its path below docs/reference/, and its text."""
    kinds = index.kinds()
    yield "README.md", WRITTEN_BY + front(kinds)
    yield "kinds/README.md", WRITTEN_BY + list_of_kinds(kinds)
    for kind in kinds:
        yield f"kinds/{kind.id}.md", WRITTEN_BY + page_of_kind(kind)
    yield "faults.md", WRITTEN_BY + faults_page(cell, code)
    for name, text in hypotheses_pages(cell, code):
        yield name, WRITTEN_BY + text
    yield "signals.md", WRITTEN_BY + signals_page(cell, code)
    yield "measurements.md", WRITTEN_BY + measurements_page(cell, code)
    yield "formats.md", WRITTEN_BY + log_formats()
    yield "commands.md", WRITTEN_BY + commands()
    yield "records.md", WRITTEN_BY + records()
    yield "records.schema.json", schema()


def front(kinds: list[Kind]) -> str:
    return (
        "# Reference\n\n"
        f"- [The catalogue](kinds/README.md): the {len(kinds)} kinds of event that kernward knows.\n"
        "- [The log formats](formats.md) that it reads.\n"
        "- [The faults](faults.md) that the test bed injects, and what triage finds of them.\n"
        f"- [The hypotheses](hypotheses/README.md): the {len(hypotheses())} causes that `kernward check` tests.\n"
        f"- [The signals](signals.md) that it reads, {len(sources())} sources, and [the measurements](measurements.md)\n"
        "  that it attaches to the kernel.\n"
        "- [The commands](commands.md), as `--help` shows them.\n"
        "- [The records](records.md) that `--format json` and `jsonl` print, also as\n"
        "  [JSON Schema](records.schema.json).\n"
    )


def list_of_kinds(kinds: list[Kind]) -> str:
    parts = [
        "# The catalogue\n",
        "`kernward kinds` lists it, `kernward explain ID` prints one of these pages.\n",
    ]
    for class_ in get_args(EventClass):
        parts += [f"## {class_}\n", CLASSES[class_] + "\n", "| kind | severity | title |\n|---|---|---|"]
        parts += [
            f"| [{kind.id}]({kind.id}.md) | {kind.severity} | {code(kind.title)} |"
            for kind in kinds
            if kind.class_ == class_
        ]
        parts.append("")
    return "\n".join(parts)


def page_of_kind(kind: Kind) -> str:
    subsystem = f" · subsystem {kind.subsystem}" if kind.subsystem else ""
    parts = [
        f"# {kind.id}\n",
        f"{code(kind.title)}\n",
        f"Class [{kind.class_}](README.md#{kind.class_}) · severity {kind.severity}{subsystem}\n",
        "## What it means\n",
        paragraphs(kind.meaning),
        "## What to look at next\n",
        *(f"{number}. {step}" for number, step in enumerate(kind.next_steps, 1)),
        "",
        "## What it is confused with\n",
        *(f"- {linked(other)}" for other in kind.confused_with),
        "",
    ]
    if kind.fields:
        parts += [
            "## Fields\n",
            "| field | type | what it is |\n|---|---|---|",
            *(f"| {code(field.name)} | {field.type} | {cell(field.doc)} |" for field in kind.fields),
            "",
        ]
    parts += ["## How it is recognised\n", "By these texts:\n", *(pattern_line(p) for p in kind.patterns), ""]
    parts += ["Printed by:\n", *(f"- {code(place)}" for place in kind.printed_by), ""]
    titles = [title for title in (*kind.alt_titles, kind.title_without_function) if title]
    if titles:
        parts += ["Also titled:\n", *(f"- {code(title)}" for title in titles), ""]
    parts += [f"Responsible function: {BLAME[kind.blame]}.\n"]
    if kind.key:
        parts += [f"Two problems of this kind differ in: {', '.join(code(name) for name in kind.key)}.\n"]
    if kind.absorbs:
        links = ", ".join(f"[{name}]({name}.md)" for name in kind.absorbs)
        parts += [f"Inside its report these open no event of their own: {links}.\n"]
    parts += ["## Example\n", fenced(kind.example), "This looks alike and is not:\n", fenced(kind.near_miss)]
    return "\n".join(parts)


def linked(text: str) -> str:
    """A remark that opens with a kind's id, with that id as a link."""
    name, colon, rest = text.partition(":")
    known = colon and name.replace("-", "_") in index.names()
    return f"[{name}]({name}.md):{rest}" if known else text


def log_formats() -> str:
    parts = [
        "# The log formats\n",
        "A format is chosen by looking at the content, never at the name. Each may be compressed with gzip, xz, zstd\n"
        "or bzip2, lie in a folder or a tarball, or come on standard input.\n",
    ]
    for form in sorted(formats(), key=lambda form: form.name):
        parts += [
            f"## {form.name}\n",
            form.summary + "\n",
            fenced(shown(form.example)),
        ]
    return "\n".join(parts)


def shown(example: bytes) -> str:
    return escape_block(example.decode("utf-8", "replace"))


def pattern_line(pattern: Pattern) -> str:
    notes = []
    if pattern.since:
        notes.append(f"since {pattern.since}")
    if pattern.until:
        notes.append(f"until {pattern.until}")
    if pattern.unprinted:
        notes.append(f"not in Debian's amd64 kernels: {pattern.unprinted}")
    return f"- {code(pattern.literal)}" + (f" ({'; '.join(notes)})" if notes else "")


def commands() -> str:
    parts = [
        "# The commands\n",
        "Exit status: 0 done; 1 done and, with `--exit-code`, something was found; 2 wrong usage, or some input\n"
        "could not be read (the rest was still processed); 3 a gate said hold. Errors are one sentence on\n"
        "standard error; `--debug` shows the traceback.\n",
    ]
    with click.Context(program, info_name="kernward") as context:
        for command, inner in every_command(program, context):
            parts += [
                f"## {inner.command_path}\n",
                fenced(usage(command, inner)),
                inspect.cleandoc(command.help or ""),
            ]
            # Arguments are told of in the text.
            options = [each for each in command.params if isinstance(each, click.Option)]
            parts += ["", "| option | |\n|---|---|", *map(option, options), ""]
    return "\n".join(parts)


def every_command(
    group: click.Group, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    """Each command, a group before its own, with the context in which it runs."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        with click.Context(command, info_name=name, parent=context) as inner:
            yield command, inner
            if isinstance(command, click.Group):
                yield from every_command(command, inner)


def usage(command: click.Command, context: click.Context) -> str:
    return " ".join([context.command_path, *command.collect_usage_pieces(context)])


def option(parameter: click.Option) -> str:
    """One row of a command's table of options."""
    value = ""
    if isinstance(parameter.type, click.Choice):
        value = " " + "|".join(str(choice) for choice in parameter.type.choices)
    elif not parameter.is_flag and not parameter.count:
        number = isinstance(parameter.type, click.types.IntParamType)
        value = " " + (parameter.metavar or ("N" if number else parameter.type.name.upper()))
    notes = [parameter.help or ""]
    if parameter.show_default and parameter.default is not None:
        notes.append(f"Default: {parameter.default}.")
    if parameter.multiple:
        notes.append("May be given several times.")
    return f"| {code(', '.join([*parameter.opts, *parameter.secondary_opts]) + value)} | {cell(' '.join(notes))} |"


def structs() -> Iterator[type[msgspec.Struct]]:
    """The record types, in the order in which the modules of records/ define them."""
    for module in sorted(pkgutil.iter_modules(kernward.records.__path__), key=lambda module: module.name):
        found = importlib.import_module(f"kernward.records.{module.name}")
        for value in vars(found).values():
            if (
                inspect.isclass(value)
                and issubclass(value, msgspec.Struct)
                and value.__module__ == found.__name__
            ):
                yield value


def records() -> str:
    parts = [
        "# The records\n",
        "A field's name carries its unit; absent is `null`. `kernward triage --format jsonl` prints one `Event` a\n"
        "line, `--format json` one `Triage`; `kernward check` prints a `Check`; the verbs of `kernward vm` print the others. Texts that come from logs are in them as they were: whoever shows\n"
        "them escapes them.\n",
    ]
    printed = definitions()[1]
    for struct in structs():
        if struct.__name__ not in printed:
            continue
        parts += [f"## {struct.__name__}\n", paragraphs(inspect.getdoc(struct) or "")]
        parts += ["| field | value |\n|---|---|"]
        parts += [
            f"| {code(field.encode_name)} | {cell(spelled(field.type))} |"
            for field in msgspec.structs.fields(struct)
        ]
        parts.append("")
    return "\n".join(parts)


def spelled(type_: Any) -> str:
    """A field's type in words."""
    parts = get_args(type_)
    origin = get_origin(type_)
    if origin is Literal:
        return ", ".join(code(value) for value in parts)
    if origin is tuple:
        return f"list of {spelled(parts[0])}"
    if origin is dict:
        return f"object of {spelled(parts[1])}"
    if parts:
        return " or ".join(spelled(part) for part in parts)
    if inspect.isclass(type_) and issubclass(type_, msgspec.Struct):
        return f"[{type_.__name__}](#{type_.__name__.lower()})"
    words = {
        str: "text",
        int: "integer",
        float: "number",
        bool: "true or false",
        datetime: "time (RFC 3339, UTC)",
    }
    return "null" if type_ is type(None) else words.get(type_, "anything")


def definitions() -> tuple[Any, dict[str, Any]]:
    return msgspec.json.schema_components(PRINTED, ref_template="#/$defs/{name}")


def schema() -> str:
    references, components = definitions()
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The records that kernward prints",
        "anyOf": list(references),
        "$defs": dict(sorted(components.items())),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def paragraphs(text: str) -> str:
    """Text of a docstring or of the catalogue, its paragraphs filled again."""
    filled = (
        textwrap.fill(part, 100, break_long_words=False, break_on_hyphens=False)
        for part in text.split("\n\n")
    )
    return "\n\n".join(filled) + "\n"


def code(text: str) -> str:
    """As inline code, also inside a table."""
    ticks = "``" if "`" in text else "`"
    return cell(f"{ticks}{text}{ticks}")


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def fenced(text: str) -> str:
    return "```\n" + text.strip("\n") + "\n```\n"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="fail when the pages are not current")
    check = arguments.parse_args().check

    wanted = {REFERENCE / name: text.rstrip("\n") + "\n" for name, text in pages()}
    present = {path for path in REFERENCE.rglob("*") if path.is_file()}
    stale = sorted(present - wanted.keys())
    changed = sorted(path for path, text in wanted.items() if path not in present or path.read_text() != text)
    if check:
        for path in [*changed, *stale]:
            print(f"{path.relative_to(REFERENCE.parent.parent)} is not what it is generated from")
        if changed or stale:
            print("The generated documentation is not current: run make docs.")
        return 1 if changed or stale else 0
    for path in stale:
        path.unlink()
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
