"""Syslog with ISO 8601 times, as rsyslog writes it by default today, and `journalctl -o short-iso`.

Times without a zone are taken to be in the zone given, UTC if none is.
"""

import re

from kernward.logs.clock import Clock
from kernward.logs.format import Context, Format, Parse
from kernward.logs.sniffing import share
from kernward.logs.syslog import CONTINUED, syslog_parser

_TIME = r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"
_HEADER = re.compile(
    rb"^(?:<\d{1,3}>)?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)? "
    # Without a host, a program other than the kernel must have its pid: `web1: ` may be a host's name.
    rb"(?:[^\s:\[\]]\S*(?<!:) (?:[a-z]+\d?\.[a-z]+ )?[^\s:\[\]]+(?:\[\d+\])?|kernel|[^\s:\[\]]+\[\d+\]):(?: |$)",
    re.MULTILINE,
)


def _sniff(sample: bytes) -> float:
    return share(_HEADER, sample)


def _parse(sample: bytes, context: Context) -> Parse:
    return syslog_parser(_TIME, Clock(context.zone, context.reference).iso)


FORMAT = Format(
    name="syslog-iso",
    summary="syslog with ISO times (rsyslog), journalctl -o short-iso, short-iso-precise",
    example=b"2026-01-02T03:04:05.123456+00:00 web1 kernel: [    1.234567] EXT4-fs (sda1): mounted\n",
    sniff=_sniff,
    parse=_parse,
    continued=CONTINUED.encode(),
)
