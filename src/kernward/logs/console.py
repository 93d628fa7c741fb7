"""Reading the lines of a raw console: what printk wrote, and what others wrote around and into it.

The usual line costs one match of one pattern. Lines that have something odd about them (a carriage
return within, an escape sequence, no time stamp but one further on) are looked at again by `unusual`,
which may make several lines of one.
"""

import re

from kernward.logs.printk import CALLER, PREFIX, PRINTK, STAMP, caller_alone, decoded
from kernward.records.lines import Line

# Groups: priority, stamp, caller, text, and what a carriage return or an escape sequence kept from it.
LINE = rf"{PREFIX}([^\r\n\x1b]*)\r*([^\n]+)?(?:\n|\Z)"

_CONSOLE = re.compile("^" + LINE, re.MULTILINE | re.ASCII)
_PREFIXED = re.compile(PREFIX + r"(.*)", re.DOTALL | re.ASCII)
# ECMA-48 control sequences, operating system commands, character set choices and two-byte escapes.
_ESCAPE = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]+[0-~]|[0-Z\\^-~])"
ESCAPES_SHOWN = re.compile(_ESCAPE, re.ASCII)
ESCAPES = re.compile(_ESCAPE.encode())
# A stamp as printk pads it, further on in a line.
LATER = re.compile(r"(?:<\d{1,3}>)?\[[ \d]{4}\d{1,8}\.\d{6}\](?: |\[| ?\[ *[TC]\d)", re.ASCII)
# Printed by kernels before 4.15 in front of the next message, on the same line.
_DROPPED = re.compile(r"\*\* \d+ printk messages dropped (?:\*\* ?)?(?=[\[<])", re.ASCII)
# What may stand before a stamp without being a part of the kernel's message: prompts (that wait for
# input without a newline), boot loaders, systemd's status lines, and a syslog daemon's own header
# where it echoes to the console.
_NOISE = re.compile(
    r"""(?:
      (?:[\w.-]+\ )?login:\ ?\S{0,64}\ ?
    | [Pp]assword:\ ?
    | (?:\[?[\w.-]+(?:@[\w.-]+)?[:\ ][^#$%>]{1,200}\]?|/\S{0,200}|=|grub|Shell|sh-[\d.]+|)\ ?[#$%>]\ ?
    | (?:Starting\ kernel|Loading\ |Booting\ |Uncompressing\ |Decompressing\ |Probing\ EDD|EFI\ stub|
       SeaBIOS|iPXE|GRUB|Welcome\ to\ GRUB|U-Boot|Jumping\ to\ |Transferring\ control|
       early\ console|Trying\ to\ boot|done,\ booting).{0,400}
    | (?:<\d{1,3}>)?[A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d\ (?:\S{1,100}\ ){1,2}kernel:\s
    | \[[\ *]{0,8}(?:OK|FAILED|DEPEND|WARN|INFO)?[\ *]{0,8}\]\ .{0,400}
    | [\s\0]+
    )""",
    re.VERBOSE | re.ASCII,
)
_MARK = re.compile(r"\[-- .{1,300} \d{4}\]|\[-- .{1,300} --\]", re.ASCII)


# What stands between carriage returns; one empty part if there is nothing.
_PART = re.compile(r"[^\r\n]+|\A\Z")


def parse_console(view: str, base: int, most: int) -> list[Line]:
    """The lines of a console without any prefix of a collector's."""
    lines: list[Line] = []
    add = lines.append
    for found in _CONSOLE.finditer(view):
        priority, stamp, caller, text, more = found.groups()
        if more is not None or (stamp is None and "[" in text):
            lines += unusual(view[found.start() : found.end()], base + found.start())
        else:
            if not text.isascii():
                text = decoded(text)
            if priority is None:
                add(
                    Line(
                        text,
                        base + found.start(),
                        base + found.end(4),
                        None if stamp is None else float(stamp),
                        None,
                        None,
                        None,
                        None,
                        None,
                        caller,
                    )
                )
            else:
                number = int(priority)
                add(
                    Line(
                        text,
                        base + found.start(),
                        base + found.end(4),
                        None if stamp is None else float(stamp),
                        None,
                        None,
                        None,
                        number & 7,
                        number >> 3,
                        caller,
                    )
                )
        if len(lines) >= most:
            break
    return lines


def unusual(raw: str, base: int) -> list[Line]:
    """The lines that one raw line (which may end with its newline) turns out to hold.

    A terminal shows what follows a carriage return over what stood before it; here both are kept, as
    lines of their own. Two stamped messages are told apart only where something that is printed
    without a newline stands between them.
    """
    lines = []
    for part in _PART.finditer(raw if raw.strip("\r\n") else ""):
        at, end = base + part.start(), base + part.end()
        shown = ESCAPES_SHOWN.sub("", part[0])
        dropped = _DROPPED.match(shown)
        if dropped:
            # The two lines' spans meet where the second begins, if no escape sequence shifted it.
            meet = at + (dropped.end() if len(shown) == end - at else 0)
            lines.append(Line(shown[: dropped.end()].rstrip(), at, meet if meet > at else end))
            shown, at = shown[dropped.end() :], meet
        lines.append(_one(shown, at, end))
    return lines


def _one(shown: str, at: int, end: int) -> Line:
    # One line without carriage returns and escape sequences.
    if not (shown[:1] in "[<" and (shown[1:2].isdigit() or shown[1:2] == " ") and _starts(shown)):
        later = LATER.search(shown)
        if later and later.start() and _NOISE.fullmatch(shown, 0, later.start()):
            shown = shown[later.start() :]
    if shown.startswith("[-- "):
        mark = _MARK.fullmatch(shown)
        if mark:
            return Line(decoded(shown), at, end, tag="conserver")
    found = _PREFIXED.match(shown)
    if found is None:
        return Line(decoded(shown), at, end)
    priority, stamp, caller, text = found.groups()
    if stamp is None and text.startswith("["):
        caller, text = caller_alone(text)
    number = None if priority is None else int(priority)
    return Line(
        decoded(text),
        at,
        end,
        None if stamp is None else float(stamp),
        level=None if number is None else number & 7,
        facility=None if number is None else number >> 3,
        caller=caller,
    )


_START = re.compile(rf"(?:<\d{{1,4}}>)?(?:{STAMP}|{CALLER})", re.ASCII)


def _starts(shown: str) -> bool:
    return _START.match(shown) is not None


def stamped(text: str) -> tuple[float | None, str | None, str]:
    """Splits printk's stamp and caller off a message that still has them."""
    found = _STAMPED.match(text)
    if found is None or found[1] is None:
        return None, None, text
    return float(found[1]), found[2], text[found.end() :]


_STAMPED = re.compile(PRINTK, re.ASCII)
