"""The wall clock against the hardware's clock, and whether a time server keeps it right."""

import ctypes
import time
from typing import Annotated

import msgspec

from kernward.collectors.quantity import fact, gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

RTC = "/sys/class/rtc/rtc0/since_epoch"
_ADJTIME = "/etc/adjtime"
# include/uapi/linux/timex.h
_STA_UNSYNC = 0x0040


class WallClock(msgspec.Struct, frozen=True):
    """`rtc_offset_s` is above 0 when the wall clock is ahead; the hardware's clock counts whole seconds."""

    rtc_offset_s: Annotated[
        float | None,
        gauge("s", "wall clock minus hardware clock", "since_epoch_show() in drivers/rtc/sysfs.c"),
    ] = None
    rtc_local: Annotated[
        bool | None, fact("the hardware's clock is kept in local time (/etc/adjtime)", "hwclock(8)")
    ] = None
    synchronised: Annotated[
        bool | None,
        fact("a time server keeps the clock", "STA_UNSYNC, ntp_update_second() in kernel/time/ntp.c"),
    ] = None
    up_s: Annotated[float | None, gauge("s", "time since boot", "uptime_proc_show() in fs/proc/uptime.c")] = (
        None
    )


def read(root: Root) -> WallClock:
    """Only of the running machine: a copied tree does not say when it was copied."""
    if not root.live:
        raise Unavailable(RTC, "only the running machine can be asked for the time")
    rtc = root.number(RTC) if root.exists(RTC) else None
    settings = root.text(_ADJTIME) if root.exists(_ADJTIME) else None
    return WallClock(
        None if rtc is None else round(time.time() - rtc, 1),
        None if settings is None else "LOCAL" in settings.split(),
        _synchronised(),
        time.clock_gettime(time.CLOCK_BOOTTIME),
    )


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2) up to what is read here, with room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def _synchronised() -> bool | None:
    """None where the question is not allowed."""
    timex = _Timex()
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else not timex.status & _STA_UNSYNC


_FILES = {"rtc_local": _ADJTIME, "synchronised": "adjtimex(2)", "up_s": "/proc/uptime"}

SOURCE = Source(
    name="wall_clock",
    doc="The wall clock against the hardware's clock, and whether a time server keeps it right.",
    files=(RTC, _ADJTIME),
    record=WallClock,
    read=read,
    file_of=_FILES.get,
    when="check",
)
