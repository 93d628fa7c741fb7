"""Syslog as RFC 3164 has it, and `journalctl -o short` and `short-precise`, which look the same.

The year is not in such a line; it is taken so that no time is more than a day after the reference
(by default, when the file was last written). Messages of programs other than `kernel` keep their tag.
"""

import re

from kernward.logs.clock import Clock
from kernward.logs.format import Context, Format, Parse
from kernward.logs.sniffing import share
from kernward.logs.syslog import CONTINUED, syslog_parser

_TIME = r"((?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?)"
_HEADER = re.compile(
    rb"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)? "
    rb"(?:\d{4} )?[^\s\[]+",
    re.MULTILINE,
)


def _sniff(sample: bytes) -> float:
    return share(_HEADER, sample)


def _parse(sample: bytes, context: Context) -> Parse:
    clock = Clock(context.zone, context.reference)
    return syslog_parser(_TIME, clock.read)


FORMAT = Format(
    name="syslog",
    summary="syslog (RFC 3164), journalctl -o short, short-precise",
    example=b"Jan  2 03:04:05 web1 kernel: [    1.234567] usb 1-1: new high-speed USB device\n",
    sniff=_sniff,
    parse=_parse,
    continued=CONTINUED.encode(),
)
