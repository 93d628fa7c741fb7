"""A fleet's console logs: what a host's serial port gave, with the host's times or without any.

The times are those of the host's own clock, so that all logs of a host agree. The console of a restored
machine goes on from that of the boot it was saved after, which is dated as if it had just happened.
"""

import re
from datetime import UTC, datetime, timedelta

_STAMP = re.compile(rb"(?m)^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z ([^ :\n]+): ")


def timed(boot: bytes, log: bytes, name: str, *, up_at: datetime, clock_offset_s: float) -> bytes:
    """Each line behind its time and the host's name. `up_at`: when a restored machine went on, in real time."""
    offset = timedelta(seconds=clock_offset_s)
    times = _STAMP.findall(boot)
    earlier = b""
    if times:
        earlier = _moved(_ended(boot), up_at - _time(times[-1][0]) + offset, name)
    return earlier + _moved(log, offset, name)


def raw(boot: bytes, log: bytes) -> bytes:
    """What came out of the port, with its CR LF."""
    return _STAMP.sub(b"", _ended(boot) + log).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _ended(log: bytes) -> bytes:
    return log if not log or log.endswith(b"\n") else log + b"\n"


def _time(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode()).replace(tzinfo=UTC)


def _moved(log: bytes, by: timedelta, name: str) -> bytes:
    def moved(found: re.Match[bytes]) -> bytes:
        return f"{_time(found[1]) + by:%Y-%m-%dT%H:%M:%S.%fZ} {name}: ".encode()

    return _STAMP.sub(moved, log)
