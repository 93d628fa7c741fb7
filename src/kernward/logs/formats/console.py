"""A raw serial console, `dmesg`, `dmesg -r`, plain netconsole, `vmcore-dmesg.txt`: printk's own lines.

With or without time stamps, levels (`<6>`) and callers (`[    T1]`, `[   C0]`), and with whatever else
a console shows: carriage returns, colours, login prompts, boot loaders. This is also what any other
text is read as, a line a line.
"""

import re

from kernward.logs.console import parse_console
from kernward.logs.format import Format
from kernward.logs.printk import STAMP
from kernward.logs.sniffing import share

_STAMPED = re.compile(rf"^(?:<\d{{1,4}}>|\*\* .{{1,40}} \*\* )?{STAMP}".encode(), re.MULTILINE)


def _sniff(sample: bytes) -> float:
    # Whatever fits less than three lines in ten of a text is not its format; so it is a console then.
    return 0.3 + 0.6 * share(_STAMPED, sample)


FORMAT = Format(
    name="console",
    summary="raw console, dmesg, vmcore-dmesg.txt, netconsole",
    example=b"[    1.234567][    T1] usb 1-1: new high-speed USB device number 2 using xhci_hcd\n",
    sniff=_sniff,
    parse=lambda sample, context: parse_console,
)
