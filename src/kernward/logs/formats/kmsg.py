"""/dev/kmsg as it is read: one record after the other, each with its properties on further lines."""

import re

from kernward.logs.format import Format
from kernward.logs.kmsg import RECORD, kmsg_lines
from kernward.logs.sniffing import share

_HEADER = re.compile(rb"^(?:%b| [A-Z0-9_]+=)" % RECORD, re.MULTILINE)
_FIRST = re.compile(rb"^" + RECORD, re.MULTILINE)


def _sniff(sample: bytes) -> float:
    # Fragments are netconsole's.
    return share(_HEADER, sample) if _FIRST.search(sample) and b",ncfrag=" not in sample else 0.0


FORMAT = Format(
    name="kmsg",
    summary="/dev/kmsg",
    example=b"6,339,5140900,-,caller=T1;NET: Registered PF_INET protocol family\n SUBSYSTEM=net\n",
    sniff=_sniff,
    decode=kmsg_lines,
)
