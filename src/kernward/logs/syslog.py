"""What the syslog family's formats have in common: a header with time, host and program, then text.

Kernel messages in syslog still have printk's time stamp where the kernel prints one. Only lines whose
program is `kernel` are looked at for it, so that another program's imitation stays as it is.
"""

import re
from collections.abc import Callable
from datetime import datetime

import msgspec

from kernward.logs.console import LATER, unusual
from kernward.logs.format import Parse
from kernward.logs.printk import FACILITIES, LEVELS, PRINTK, decoded
from kernward.records.lines import Line

# `host kernel: `, `host program[12]: `, and `host kern.warn kernel: ` of busybox and OpenWrt. The host
# may be missing (journalctl --no-hostname). Groups: host, facility, level, program.
PROGRAM = (
    r"(?:(?![a-z]{2,8}\d?\.(?:emerg|alert|crit|err|warn|notice|info|debug)[a-z]* )([^\s:\[\]]\S*)(?<!:) )?"
    r"(?:([a-z]+\d?)\.([a-z]+) )?([^\s:\[\]]{1,128})(?:\[\d{1,10}\])?:(?: |$)"
)
# Groups: the body, and in it stamp, caller, text.
BODY = rf"({PRINTK}([^\r\n]*))"

# rsyslog writes control characters as `#` and three octal digits ($EscapeControlCharactersOnReceive).
_ESCAPED = re.compile(r"#(0[0-3][0-7]|177)")
# How a line begins that goes on from the one above it.
CONTINUED = " " * 8
_BOOT = re.compile(r"-- (?:Boot|Reboot) ?([0-9a-f]{32})? ?--")


def syslog_parser(time: str, read: Callable[[str], datetime | None] | None, rest: str = PROGRAM) -> Parse:
    """A parser for lines that begin with an optional `<N>` and a time.

    `time` is a pattern with one group, which `read` understands; without `read`, it is seconds since
    boot. `rest` is a pattern with the groups of PROGRAM.
    """
    pattern = re.compile(
        rf"^(?:(?:\d{{1,7}} (?=<))?(?:<(\d{{1,3}})>)?{time} {rest}{BODY}|([^\n]*))\r*(?:\n|\Z)",
        re.MULTILINE | re.ASCII,
    )

    # A header without a program: netconsole's lines as a syslog daemon stores them, or what nobody knows.
    headed = re.compile(rf"(?:<\d{{1,3}}>)?{time} (?:(\S{{1,255}}) (?=\[ *\d{{1,9}}\.\d|<\d))?", re.ASCII)

    def without_program(raw: str, at: int) -> list[Line]:
        header = headed.match(raw)
        if header is None:
            return without_header(raw, at)
        when, host = header.groups()
        if host is None:
            # Never taken for the kernel's: who chooses a program's name could choose this text.
            return [Line(decoded(raw.rstrip("\r")), at, at + len(raw), tag="unknown")]
        (line, *_) = unusual(raw[header.end() :].replace("\r", ""), 0)
        return [
            msgspec.structs.replace(
                line, start=at, end=at + len(raw), host=host, at_utc=None if read is None else read(when)
            )
        ]

    def parse(view: str, base: int, most: int) -> list[Line]:
        lines: list[Line] = []
        above: Line | None = None  # the last line with a header, and how wide that was
        width = 0
        for found in pattern.finditer(view):
            (priority, when, host, facility, severity, program, body, stamp, caller, text, other) = (
                found.groups()
            )
            start, end = found.start(), found.end(7)
            if other is not None:
                if not other:
                    above, width = None, 0
                    lines.append(Line("", base + start, base + start))
                elif other.startswith(CONTINUED):
                    lines.append(continuation(other, base + start, above, width))
                else:
                    above, width = None, 0
                    lines += without_program(other, base + start)
            else:
                if program != "kernel":
                    stamp, caller, text = None, None, body
                if read is None:
                    stamp = when
                level = number = None
                if priority is not None:
                    level, number = int(priority) & 7, int(priority) >> 3
                elif severity is not None:
                    level, number = LEVELS.get(severity), FACILITIES.get(facility)
                line = Line(
                    text if text.isascii() else decoded(text),
                    base + start,
                    base + end,
                    None if stamp is None else float(stamp),
                    None if read is None else read(when),
                    host,
                    None,
                    level,
                    number,
                    caller,
                    program,
                )
                above, width = line, found.start(7) - start
                if "#0" in text or "#177" in text:
                    lines += unescaped(line, text)
                elif program == "kernel" and stamp is None and LATER.search(text):
                    # A console's output, sent to syslog: noise may stand before the stamp there too.
                    lines += (
                        msgspec.structs.replace(
                            each, start=line.start, end=line.end, at_utc=line.at_utc, host=host, tag=program
                        )
                        for each in unusual(text, 0)
                    )
                else:
                    lines.append(line)
            if len(lines) >= most:
                break
        return lines

    return parse


def without_header(raw: str, base: int) -> list[Line]:
    """A line in a syslog that has no header: a journal's mark, or console output."""
    boot = _BOOT.match(raw)
    if boot:
        return [Line(decoded(raw.rstrip("\r")), base, base + len(raw), boot_id=boot[1])]
    return unusual(raw, base)


def continuation(raw: str, base: int, above: Line | None, width: int) -> Line:
    """A further line of the message above it, which journalctl indents as far as that one's header.

    Without that one (the source begins in the middle of a message) nobody knows whose it is, so its
    tag says that it is not known to be the kernel's.
    """
    text = raw.rstrip("\r")
    text = text[width:] if width and text[:width].isspace() else text.lstrip(" ")
    if above is None:
        return Line(decoded(text), base, base + len(raw), tag="continuation")
    return msgspec.structs.replace(above, text=decoded(text), start=base, end=base + len(raw))


def unescaped(line: Line, raw: str) -> list[Line]:
    """Undoes rsyslog's escapes in the line's raw text, which is at its end.

    A newline among them makes further lines, with spans of their own.
    """
    lines = []
    start, at = line.start, line.end - len(raw)
    for part in raw.split("#012"):
        end = at + len(part)
        text = decoded(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), part))
        lines.append(msgspec.structs.replace(line, text=text, start=start, end=end))
        start = at = end + len("#012")
    return lines
