"""`journalctl -o short-monotonic`: seconds since boot, host and program before each message."""

import re
from collections import Counter

from kernward.logs.format import Context, Format, Parse
from kernward.logs.syslog import CONTINUED, syslog_parser

_TIME = r"\[ *(\d{1,12}\.\d{1,9})\]"
# A kernel message may well look like `host program:`; so only what nothing else looks like counts.
_HEADER = re.compile(rb"^\[ *\d+\.\d{6}\] ([A-Za-z0-9]\S*) (?:kernel: |[\w.@:-]+\[\d+\]: )", re.MULTILINE)


def _sniff(sample: bytes) -> float:
    hosts = Counter(_HEADER.findall(sample))
    return max(hosts.values(), default=0) / (sample.count(b"\n") + 1)


def _parse(sample: bytes, context: Context) -> Parse:
    return syslog_parser(_TIME, None)


FORMAT = Format(
    name="journal-monotonic",
    summary="journalctl -o short-monotonic",
    example=b"[    1.234567] web1 kernel: EXT4-fs (sda1): mounted filesystem with ordered data mode\n",
    sniff=_sniff,
    parse=_parse,
    continued=CONTINUED.encode(),
)
