"""The prefix that printk puts before a message, as it stands in consoles, dmesg and syslog.

Kernel source: kernel/printk/printk.c, `print_syslog`, `print_time` and `print_caller`. The patterns
here are pieces that the formats build their own line pattern from; all of them are linear.
"""

import re

# `[    1.234567]`; group: seconds since boot.
STAMP = r"\[ *(\d{1,9}\.\d{1,9})\]"
# `[    T1]`, `[   C0]`, and `[T12@C0]` of kernels that print both; group: the first of them.
CALLER = r"\[ *([TC]\d{1,10})(?:@?[TC]\d{1,10})?\]"
# Groups: stamp, caller.
PRINTK = rf"(?:{STAMP}(?: ?{CALLER})? ?)?"
# Groups: priority, stamp, caller.
PREFIX = rf"(?:<(\d{{1,4}})>)?{PRINTK}"
# `kern  :warn  : ` of `dmesg -x`. Groups: facility, level.
DECODED = r"(?:([a-z]{2,8}\d?) *:([a-z]{3,7}) *: )"

LEVELS = {
    name: number
    for number, names in enumerate(
        (
            ("emerg", "panic"),
            ("alert",),
            ("crit",),
            ("err", "error"),
            ("warn", "warning"),
            ("notice",),
            ("info",),
            ("debug",),
        )
    )
    for name in names
}
FACILITIES = {
    name: number
    for number, name in enumerate(
        (
            "kern",
            "user",
            "mail",
            "daemon",
            "auth",
            "syslog",
            "lpr",
            "news",
            "uucp",
            "cron",
            "authpriv",
            "ftp",
        )
    )
} | {f"local{n}": 16 + n for n in range(8)}

_CALLER_ALONE = re.compile(CALLER + " ")


def decoded(text: str) -> str:
    """Text that was read as latin-1, as the UTF-8 that it is; bytes that are not are shown as \\xNN."""
    if text.isascii():
        return text
    return text.encode("latin-1").decode("utf-8", "backslashreplace")


def caller_alone(text: str) -> tuple[str | None, str]:
    """Splits a caller off a message that has no time stamp (CONFIG_PRINTK_TIME=n)."""
    found = _CALLER_ALONE.match(text)
    return (found[1], text[found.end() :]) if found else (None, text)
