"""A console as a collector wrote it: each line with a time, the sender's name, or both before it.

Times are ISO 8601 or seconds since 1970, in brackets or not; names are those of hosts (`web1: `,
`10.0.0.5:6666 `, `web1 | `) or of the line (`ttyS0: `), the latter of which are no hosts. A name is
told from a message's first word by what follows it somewhere in the sample: the kernel's time stamp.
"""

import re

from kernward.logs.clock import Clock, epoch
from kernward.logs.console import unusual
from kernward.logs.format import Context, Format, Parse
from kernward.logs.printk import PREFIX, decoded
from kernward.logs.sniffing import share
from kernward.records.lines import Line

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_EPOCH = r"\d{10}(?:\.\d{1,9})?"
_WHEN = rf"\[?(?:({_ISO})|({_EPOCH}))\]?:? "
_NAME = r"[A-Za-z0-9][\w.-]{0,252}(?::\d{1,5})?"
_AFTER_NAME = r"(?:: ?| ?\| ?|> ?| )"
_STAMP = r"(?:<\d{1,4}>)?\[ *\d{1,12}\.\d{6}\]"

_TIMED = re.compile(rf"^{_WHEN}".encode(), re.MULTILINE)
_SYSLOG = re.compile(rf"^{_WHEN}(?:\S+ )?(?:kernel|[\w.@-]+\[\d+\]): ".encode(), re.MULTILINE)
_NAMED = re.compile(rf"^(?:{_WHEN})?({_NAME}){_AFTER_NAME}{_STAMP}".encode(), re.MULTILINE)
_LINE_NAME = re.compile(r"tty\w+|hvc\d+|com\d+|console|kernel|serial\d*", re.IGNORECASE)


def _sniff(sample: bytes) -> float:
    timed = share(_TIMED, sample)
    syslog = share(_SYSLOG, sample)
    named = share(_NAMED, sample)
    return max(0.9 * timed - 0.3 * syslog, 0.95 * named if named > 0.2 else 0.0)


def _parse(sample: bytes, context: Context) -> Parse:
    clock = Clock(context.zone, context.reference)
    names = sorted({found[3].decode("ascii") for found in _NAMED.finditer(sample)}, reverse=True)
    # The names seen are names before any text; others only before the kernel's time stamp.
    known = "|".join(map(re.escape, names)) or "(?!)"
    name = rf"(?:({known}){_AFTER_NAME}|({_NAME}){_AFTER_NAME}(?={_STAMP}))" if names else "(?:((?!))((?!)))"
    line = re.compile(
        rf"^(?:{_WHEN})?{name}?{PREFIX}([^\r\n\x1b]*)\r*([^\n]+)?(?:\n|\Z)", re.MULTILINE | re.ASCII
    )

    def parse(view: str, base: int, most: int) -> list[Line]:
        lines: list[Line] = []
        for found in line.finditer(view):
            iso, seconds, named, other, priority, stamp, caller, text, more = found.groups()
            at, end = found.start(), found.end(8)
            host = named or other
            when = clock.iso(iso.replace(" UTC", "Z")) if iso else epoch(float(seconds)) if seconds else None
            if host is not None:
                host = host.partition(":")[0]
                if _LINE_NAME.fullmatch(host):
                    host = None
            if more is None and (stamp is not None or priority is None and "[" not in text):
                level = None if priority is None else int(priority) & 7
                facility = None if priority is None else int(priority) >> 3
                lines.append(
                    Line(
                        decoded(text),
                        base + at,
                        base + end,
                        None if stamp is None else float(stamp),
                        when,
                        host,
                        None,
                        level,
                        facility,
                        caller,
                    )
                )
            else:
                # What follows the header may have a console's oddities.
                body = _body(found, at)
                for part in unusual(view[body : found.end()], base + body):
                    lines.append(
                        Line(
                            part.text,
                            base + at if part.start == base + body else part.start,
                            part.end,
                            part.monotonic_s,
                            when,
                            host,
                            None,
                            part.level,
                            part.facility,
                            part.caller,
                            part.tag,
                        )
                    )
            if len(lines) >= most:
                break
        return lines

    header = re.compile(rf"(?:{_WHEN})?{name}?", re.ASCII)

    def _body(found: re.Match[str], at: int) -> int:
        again = header.match(found.string, at)
        return again.end() if again else at

    return parse


FORMAT = Format(
    name="console-collected",
    summary="a console whose collector put a time or a name before each line; netconsole with senders",
    example=b"2026-01-02T03:04:05.123Z web1: [    1.234567] EXT4-fs (sda1): mounted filesystem\n",
    sniff=_sniff,
    parse=_parse,
)
