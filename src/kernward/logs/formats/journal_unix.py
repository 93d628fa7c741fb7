"""`journalctl -o short-unix`: seconds since 1970, host and program before each message."""

import re

from kernward.logs.clock import epoch
from kernward.logs.format import Context, Format, Parse
from kernward.logs.sniffing import share
from kernward.logs.syslog import CONTINUED, syslog_parser

_HEADER = re.compile(rb"^\d{9,10}\.\d{6} (?:[^\s:\[\]]\S* )?[^\s:\[\]]+(?:\[\d+\])?:(?: |$)", re.MULTILINE)


def _sniff(sample: bytes) -> float:
    return share(_HEADER, sample)


def _parse(sample: bytes, context: Context) -> Parse:
    return syslog_parser(r"(\d{9,10}\.\d{6})", lambda when: epoch(float(when)))


FORMAT = Format(
    name="journal-unix",
    summary="journalctl -o short-unix",
    example=b"1767323045.123456 web1 kernel: EXT4-fs (sda1): mounted filesystem with ordered data mode\n",
    sniff=_sniff,
    parse=_parse,
    continued=CONTINUED.encode(),
)
