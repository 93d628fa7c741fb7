"""Dumps from pstore: `Panic#1 Part3` and then that part of the log, the last part first.

The parts of one dump are put in order, the highest number first, whether they come from one file or
from several. The first part's heading is kept as a line, so that the numbers of oopses and panics
can be told; where a part is missing, the line after it says so.
"""

import re
from collections.abc import Iterator

import msgspec

from kernward.logs.console import parse_console
from kernward.logs.format import ByteReader, Context, Format
from kernward.records.lines import Line

# fs/pstore/platform.c, `pstore_dump`, and `kmsg_dump_reason_str` in kernel/printk/printk.c.
_PART = re.compile(
    rb"^(Panic|Oops|Emergency|Restart|Halt|Poweroff|Shutdown|Unknown)#(\d{1,9}) Part ?(\d{1,9})\r?$",
    re.MULTILINE,
)
# What firmware can hold is some hundred kilobytes, so this is far beyond any dump.
_LARGEST = 16 << 20


def _sniff(sample: bytes) -> float:
    found = _PART.search(sample)
    if not found:
        return 0.0
    return 1.0 if found.start() == 0 else 0.5


def _decode(reader: ByteReader, context: Context) -> Iterator[Line]:
    data = reader.read(_LARGEST)
    if reader.read(1):
        context.report(
            f"it is longer than {_LARGEST} bytes, the rest was left out; a pstore dump was expected"
        )
    heads = list(_PART.finditer(data))
    if not heads:  # the sample was taken for pstore's only without its colours, or at its end
        yield from _lines(data, 0, len(data))
        return
    stops = [head.start() for head in heads[1:]] + [len(data)]
    yield from _lines(data, 0, heads[0].start())
    dumps: dict[tuple[bytes, int], dict[int, tuple[re.Match[bytes], int]]] = {}
    for head, stop in zip(heads, stops, strict=True):
        parts = dumps.setdefault((head[1], int(head[2])), {})
        # The same part again is another dump's, of a later boot.
        number = int(head[3])
        if number in parts:
            yield from _dump(data, dumps.pop((head[1], int(head[2]))))
            parts = dumps.setdefault((head[1], int(head[2])), {})
        parts[number] = (head, stop)
    for parts in dumps.values():
        yield from _dump(data, parts)


def _dump(data: bytes, parts: dict[int, tuple[re.Match[bytes], int]]) -> Iterator[Line]:
    before = None
    for number in sorted(parts, reverse=True):
        head, stop = parts[number]
        if before is None:
            yield from _lines(data, head.start(), head.end())
        lines = _lines(data, head.end() + 1, stop)
        if before is not None and number != before - 1 and lines:
            lines[0] = msgspec.structs.replace(lines[0], flaw="part missing before it")
        yield from lines
        before = number


def _lines(data: bytes, start: int, stop: int) -> list[Line]:
    body = data[start:stop].removesuffix(b"\n")
    # systemd-pstore puts an empty line between parts.
    while body.endswith(b"\n"):
        body = body[:-1]
    return parse_console(body.decode("latin-1"), start, 1 << 30) if body else []


FORMAT = Format(
    name="pstore",
    summary="pstore dumps (/sys/fs/pstore, /var/lib/systemd/pstore)",
    example=b"Panic#1 Part1\n<0>[   12.345678] Kernel panic - not syncing: sysrq triggered crash\n",
    sniff=_sniff,
    decode=_decode,
)
