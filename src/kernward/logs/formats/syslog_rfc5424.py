"""Syslog as RFC 5424 has it, also with the octet counts of RFC 6587 before each message.

Structured data is passed over.
"""

import re

from kernward.logs.clock import Clock
from kernward.logs.format import Context, Format, Parse
from kernward.logs.sniffing import share
from kernward.logs.syslog import CONTINUED, syslog_parser

_TIME = r"1 (?:-|(\d{4}-\S{1,40}))"
_NEVER = "(?:((?!))((?!)))?"  # in place of the facility and level that other headers spell out
_DATA = r"(?:-|(?:\[(?:[^\]\\\n]|\\.)*\])+)"
_REST = (
    rf"(?:-|(\S{{1,255}})) {_NEVER}(?:-|(\S{{1,128}})) \S{{1,128}} \S{{1,32}} {_DATA}(?: |$)(?:\xef\xbb\xbf)?"
)
_HEADER = re.compile(rb"^(?:\d{1,7} )?<\d{1,3}>1 (?:-|\d{4}-\S+) \S+ \S+ \S+ \S+ (?:-|\[)", re.MULTILINE)


def _sniff(sample: bytes) -> float:
    return share(_HEADER, sample)


def _parse(sample: bytes, context: Context) -> Parse:
    clock = Clock(context.zone, context.reference)
    return syslog_parser(_TIME, lambda when: clock.iso(when) if when else None, _REST)


FORMAT = Format(
    name="syslog-rfc5424",
    summary="syslog (RFC 5424)",
    example=b"<4>1 2026-01-02T03:04:05.123456Z web1 kernel - - - [    1.234567] EXT4-fs (sda1): mounted\n",
    sniff=_sniff,
    parse=_parse,
    continued=CONTINUED.encode(),
)
