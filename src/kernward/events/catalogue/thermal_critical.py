"""A thermal zone reached its critical temperature: the machine is going down."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="thermal-critical",
    title="Critical temperature reached",
    class_="hardware",
    severity="fatal",
    subsystem="thermal",
    patterns=(
        Pattern(
            literal=": critical temperature reached",
            regex=r"thermal (?P<zone>thermal_zone\d+): (?P<sensor>[^:]{1,64}): critical temperature reached",
        ),
    ),
    fields=(
        Field("zone", "str", "the thermal zone"),
        Field("sensor", "str", "what it measures"),
    ),
    key=("sensor",),
    printed_by=("drivers/thermal/thermal_core.c:thermal_zone_device_critical",),
    meaning=(
        "A sensor says that the hardware is about to be damaged, and the kernel begins an emergency "
        "shutdown (or a reboot). If that does not finish within the time the kernel was built with, the "
        "power is cut. False readings happen: a broken sensor or firmware table gives impossible values at "
        "once, from cold."
    ),
    next_steps=(
        "Read the zone's history in the metrics; was it a ramp (real) or a jump (sensor)?",
        "Check fans and air before the host is powered on again; read the BMC's event log.",
    ),
    confused_with=(
        "hardware-protection-shutdown: the shutdown that follows",
        "cpu-thermal-throttle: the limit below: slower, not off",
    ),
    example="[72001.120001] thermal thermal_zone0: acpitz: critical temperature reached, shutting down",
    near_miss="[    3.120001] thermal LNXTHERM:00: registered as thermal_zone0",
)
