"""A CPU got too hot and the processor lowered its clock."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="cpu-thermal-throttle",
    title="CPU clock throttled: {level} temperature above threshold",
    class_="hardware",
    severity="warning",
    subsystem="thermal",
    patterns=(
        Pattern(
            literal=" temperature is above threshold, cpu clock is throttled",
            regex=(
                r"(?:mce: )?CPU(?P<cpu>\d+): (?P<level>Core|Package) temperature is above threshold, cpu"
                r" clock is throttled \(total events = (?P<total_events>\d+)\)"
            ),
        ),
        # The older wording.
        Pattern(
            literal=" temperature above threshold, cpu clock throttled",
            regex=(
                r"(?:mce: )?CPU(?P<cpu>\d+): (?P<level>Core|Package) temperature above threshold, cpu clock"
                r" throttled \(total events = (?P<total_events>\d+)\)"
            ),
            unprinted="the wording of releases before 5.15 or so",
        ),
    ),
    fields=(
        Field("cpu", "int", "CPU that reported it"),
        Field("level", "str", "Core or Package"),
        Field("total_events", "int", "how often since boot"),
    ),
    key=("level",),
    printed_by=("drivers/thermal/intel/therm_throt.c:therm_throt_process",),
    meaning=(
        "The processor reached its thermal limit and runs slower than asked until it cools. Nothing is "
        "damaged, but programs on these CPUs lose speed, latencies grow, and other hosts of the same rack "
        "may be next. A fan, dust, thermal paste, blocked air flow or an inlet temperature are the causes; "
        "for a short burst under full load it may be what the design allows."
    ),
    next_steps=(
        (
            "Look at the temperatures and fans: `ipmitool sdr type temperature`, `sensors`; compare with "
            "the neighbours in the rack."
        ),
        "See the cost: /sys/devices/system/cpu/cpu*/thermal_throttle/*_count, `turbostat` (Bzy_MHz, PkgTmp).",
        "One CPU package only: its heat sink. All: the air.",
    ),
    confused_with=(
        "thermal-critical: the platform shuts down",
        "mce-corrected: an error; this is none",
    ),
    example="""\
[19021.887001] CPU6: Core temperature is above threshold, cpu clock is throttled (total events = 412)""",
    near_miss="[19022.887001] CPU6: Core temperature/speed normal (total events = 412)",
)
