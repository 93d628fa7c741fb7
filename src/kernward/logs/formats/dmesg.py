"""`dmesg` with times for people (`-T`, `--time-format iso`), decoded levels (`-x`) or deltas (`-d`).

The same form, `[Fri Jan  2 03:04:05 2026]` before the kernel's own stamp, is what conserver adds to
each line of a console. `dmesg -T` prints the local time without its zone: it is taken to be in the
zone given, UTC if none is. (It also drifts from the real time by what the machine slept; that is
dmesg's doing and cannot be undone here.)
"""

import re

from kernward.logs.clock import Clock
from kernward.logs.console import ESCAPES_SHOWN, unusual
from kernward.logs.format import Context, Format, Parse
from kernward.logs.printk import DECODED, FACILITIES, LEVELS, PRINTK, decoded
from kernward.logs.sniffing import share
from kernward.records.lines import Line

_DELTA = r" < *\d{1,9}\.\d{6}>"
_TIME = (
    r"(?:\[ *(\d{1,12}\.\d{1,9})" + _DELTA + r"\]"
    r"|\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})(?:" + _DELTA + r")?\]"
    r"|\[< *\d{1,9}\.\d{6}>\]"
    r"|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{6}[+-]\d\d:?\d\d))"
)
# Groups: facility, level, stamp, local time, ISO time, stamp, caller, text, what is left.
_LINE = re.compile(
    rf"^{DECODED}?(?:{_TIME} ?)?{PRINTK}([^\r\n\x1b]*)\r*([^\n]+)?(?:\n|\Z)", re.MULTILINE | re.ASCII
)
_HEADER = re.compile(rf"^(?:{DECODED}\[|{DECODED}?{_TIME})".encode(), re.MULTILINE)


def _sniff(sample: bytes) -> float:
    return share(_HEADER, sample)


def _parse(sample: bytes, context: Context) -> Parse:
    clock = Clock(context.zone, context.reference)

    def parse(view: str, base: int, most: int) -> list[Line]:
        lines: list[Line] = []
        for found in _LINE.finditer(view):
            facility, level, stamp, local, iso, own, caller, text, more = found.groups()
            at, end = base + found.start(), base + found.end(8)
            if more is not None:
                raw = view[found.start() : found.end()].rstrip("\n")
                plain = ESCAPES_SHOWN.sub("", raw)
                if "\x1b" in plain or "\r" in plain.rstrip("\r"):
                    lines += unusual(raw, at)
                else:
                    for line in parse(plain, 0, 1):
                        lines.append(_moved(line, at, at + len(raw)))
            else:
                seconds = stamp or own
                lines.append(
                    Line(
                        decoded(text),
                        at,
                        end,
                        None if seconds is None else float(seconds),
                        clock.read(local) if local else clock.iso(iso) if iso else None,
                        None,
                        None,
                        None if level is None else LEVELS.get(level),
                        None if facility is None else FACILITIES.get(facility),
                        caller,
                    )
                )
            if len(lines) >= most:
                break
        return lines

    return parse


def _moved(line: Line, start: int, end: int) -> Line:
    return Line(
        line.text,
        start,
        end,
        line.monotonic_s,
        line.at_utc,
        None,
        None,
        line.level,
        line.facility,
        line.caller,
    )


FORMAT = Format(
    name="dmesg",
    summary="dmesg -T, -x, -d, --time-format iso",
    example=b"kern  :warn  : [Fri Jan  2 03:04:05 2026] ACPI BIOS Warning (bug): 32/64X length mismatch\n",
    sniff=_sniff,
    parse=_parse,
)
