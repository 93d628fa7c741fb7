"""Extended netconsole: records as in /dev/kmsg, of any number of senders, long ones in fragments.

A collector may have put a time and the sender before each. (Plain netconsole sends printk's lines as
they are: those are consoles, collected or not.)
"""

import re

from kernward.logs.format import Format
from kernward.logs.kmsg import RECORD, SENDER, kmsg_lines
from kernward.logs.sniffing import share

_HEADER = re.compile(rb"^(?:%b%b| [A-Z0-9_]+=)" % (SENDER, RECORD), re.MULTILINE)
_RELEASE = rb"[\w.+~-]{1,64},\d{1,4},\d{1,20},\d{1,20},[-c+]"
_FRAGMENT = rb"\d{1,4},\d{1,20},\d{1,20},[-c+](?:,[^;\n]{0,512})?,ncfrag="
_TELLING = re.compile(rb"^%b(?:%b|%b)" % (SENDER, _RELEASE, _FRAGMENT), re.MULTILINE)
_SENT = re.compile(rb"^(?:\[?\d{4}-|[A-Za-z0-9][\w.-]*(?::\d+)?(?:: ?| )\d)", re.MULTILINE)


def _sniff(sample: bytes) -> float:
    score = share(_HEADER, sample)
    # Without fragments, releases or senders this is /dev/kmsg.
    return score if _TELLING.search(sample) or share(_SENT, sample) > 0.3 else 0.9 * score


FORMAT = Format(
    name="netconsole",
    summary="netconsole in extended form",
    example=b"10.0.0.5: 6.8.0,6,416,1758426,-,ncfrag=0/33;the first chunk,\n",
    sniff=_sniff,
    decode=kmsg_lines,
)
