"""The clocks of the machine that is read; a test or a copied tree brings its own."""

import time
from datetime import UTC, datetime


class Clock:
    """This machine's clocks."""

    def monotonic_s(self) -> float:
        """Seconds since boot, suspended time included (CLOCK_BOOTTIME), as /proc/uptime counts them."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def utc(self) -> datetime:
        """The time of day."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
