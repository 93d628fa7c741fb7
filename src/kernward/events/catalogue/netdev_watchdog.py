"""A network driver accepted packets for a transmit queue and did not complete any for seconds."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Interfaces without a device below, and truncated lines, name no driver."""
    if reading.fields.get("driver") is None:
        reading.title = "NETDEV WATCHDOG: transmit queue timed out"


KIND = Kind(
    id="netdev-watchdog",
    title="NETDEV WATCHDOG: transmit queue timed out ({driver})",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        # An ordinary message since 6.8; stable series from 6.1 on carry it.
        Pattern(
            literal="NETDEV WATCHDOG: ",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: NETDEV WATCHDOG: CPU: (?P<cpu>\d+): transmit queue (?P<queue>\d+) "
                r"timed out (?P<stalled_ms>\d+) ms"
            ),
            since="6.8",
            printed=("NETDEV WATCHDOG: CPU: %d: transmit queue %u timed out %u ms",),
        ),
        # The text of a WARN; the milliseconds came in 6.4.
        Pattern(
            literal="NETDEV WATCHDOG: ",
            regex=(
                r"NETDEV WATCHDOG: (?P<interface>[^\s:]{1,15}) \((?P<driver>[^)]{0,40})\): transmit queue "
                r"(?P<queue>\d+) timed out(?: (?P<stalled_ms>\d+) ms)?"
            ),
            since="2.6.27",
            until="6.7",
            unprinted="Debian's 6.1 carries the later wording from the stable series",
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the interface"),
        Field("bus_id", "str", "PCI address or other bus id"),
        Field("interface", "str", "network interface"),
        Field("cpu", "int", "CPU on which the watchdog timer ran"),
        Field("queue", "int", "transmit queue"),
        Field("stalled_ms", "int", "time since the queue last moved"),
    ),
    key=("driver",),
    read=read,
    printed_by=("net/sched/sch_generic.c:dev_watchdog",),
    meaning=(
        "The stack gave packets to the driver, the queue was stopped, and for longer than "
        "watchdog_timeo (5 s as a rule) the hardware reported none as sent. The driver's timeout "
        "handler is called, which usually resets the device: all traffic of the interface stops "
        "for a moment. The hardware or its firmware hung, an interrupt was lost, the link partner "
        "sends pause frames without end, or the host of a virtual machine stood still. Before 6.8 "
        "it is the text of a kernel warning with a stack that says nothing."
    ),
    next_steps=(
        "What does the driver say next: reset succeeded, or again and again",
        "ethtool -S IFACE | grep -iE 'pause|timeout|hang|err'; ethtool -a for flow control",
        "/proc/interrupts of that queue: does it count up; was the CPU busy or offline",
        (
            "Driver, firmware (ethtool -i) and the vendor's notes; the same on many machines of a "
            "model is firmware"
        ),
        "In a virtual machine: steal time and the host's log at that moment",
    ),
    confused_with=(
        "nic-transmit-hang: the driver's own finding before the watchdog fires",
        "nic-reset: what the driver does about it",
        "soft-lockup: a CPU that does not run timers or soft interrupts causes it too",
    ),
    example=(
        "[66012.310004] ixgbe 0000:3b:00.0 ens1f0: NETDEV WATCHDOG: CPU: 12: transmit queue 7 "
        "timed out 5340 ms"
    ),
    near_miss="[    2.310004] watchdog: Delayed init of the lockup detector failed: -19",
)
