"""`journalctl -o short-full`: weekday, date, time and zone, host and program before each message.

Zone names other than UTC and GMT say too little; such times are taken to be in the zone given.
"""

import re
from datetime import UTC, datetime

from kernward.logs.clock import Clock
from kernward.logs.format import Context, Format, Parse
from kernward.logs.sniffing import share
from kernward.logs.syslog import CONTINUED, syslog_parser

_TIME = r"([A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})? [A-Z+\d:-]{1,8})"
_HEADER = re.compile(
    rb"^[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [A-Z+\d:-]{1,8} \S", re.MULTILINE
)


def _sniff(sample: bytes) -> float:
    return share(_HEADER, sample)


def _parse(sample: bytes, context: Context) -> Parse:
    there, utc = Clock(context.zone, context.reference), Clock(UTC, context.reference)

    def read(when: str) -> datetime | None:
        _, day, time, zone = when.split(" ")
        return (utc if zone in ("UTC", "GMT") else there).iso(f"{day} {time}")

    return syslog_parser(_TIME, read)


FORMAT = Format(
    name="journal-full",
    summary="journalctl -o short-full",
    example=b"Fri 2026-01-02 03:04:05 UTC web1 kernel: EXT4-fs (sda1): mounted filesystem\n",
    sniff=_sniff,
    parse=_parse,
    continued=CONTINUED.encode(),
)
