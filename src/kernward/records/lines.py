"""A line: one normalised log record, whatever format it was read from."""

from datetime import datetime

import msgspec


class Line(msgspec.Struct, frozen=True, gc=False):
    """One kernel message line.

    `text` is the message without any prefix (timestamp, level, caller, syslog header), control
    characters included as they came. `start` and `end` are the byte span in the (decompressed)
    source, the line's prefix included and its newline not. `monotonic_s` is seconds since the
    kernel's boot as printk stamps them. `level` is 0 (emerg) to 7 (debug). `caller` is printk's tag,
    `T123` (task) or `C0` (CPU). `tag` is the syslog program name (`kernel`). `boot_id` is set by
    formats that carry one (journald). `flaw` says in a few words what is wrong with the line itself
    (`truncated`, `fragment missing`); None when nothing is.
    """

    text: str
    start: int
    end: int
    monotonic_s: float | None = None
    at_utc: datetime | None = None
    host: str | None = None
    boot_id: str | None = None
    level: int | None = None
    facility: int | None = None
    caller: str | None = None
    tag: str | None = None
    flaw: str | None = None
