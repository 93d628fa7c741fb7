"""How scopes, values and times of a check are said in words, the same in its text and its page."""

from collections.abc import Mapping
from datetime import datetime

from kernward.cli.wording import many, moment, span
from kernward.records.check import Check, Evidence, Recording, Scope

_KINDS = {"filesystem": "file system", "cpu": "CPU"}
# Longest name of a process, cgroup or device that is shown; what was cut shows as an ellipsis.
LONGEST = 160
# Units that are part of the number, and those whose numbers are large.
_JOINED = {"%"}
_BINARY = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def place(scope: Scope) -> str:
    """`cgroup /shop`, `device vda`, `the whole machine`."""
    if scope.kind == "host":
        return "the whole machine"
    return f"{_KINDS.get(scope.kind, scope.kind)} {short(scope.name)}"


def short(name: str, longest: int = LONGEST) -> str:
    """A name, cut in the middle when it is too long to be read: both its ends tell it from others."""
    half = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[:half]}…{name[-half:]}"


def amount(value: float | int | str, unit: str) -> str:
    """A value with its unit: `67%`, `1.4 GiB`, `12,345`, `0.0021 s`."""
    if isinstance(value, str):
        return short(value)
    if unit == "bytes" and abs(value) >= 1024:
        size = float(value)
        for name in _BINARY:
            if abs(size) < 1000 or name == _BINARY[-1]:
                return f"{size:.3g} {name}"
            size /= 1024
    if unit == "bytes/s":
        return f"{amount(value, 'bytes')}/s"
    said = f"{value:,}" if isinstance(value, int) else _figure(value)
    if unit.startswith("1/"):
        return f"{said}{unit[1:]}"
    return f"{said}{'' if unit in _JOINED or not unit else ' '}{unit}"


def _figure(value: float) -> str:
    """Three significant digits, never in powers of ten for what people count."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if value and abs(value) < 0.0001:
        return f"{value:.1e}"
    return f"{float(f'{value:.3g}'):.6f}".rstrip("0").rstrip(".")


def when(evidence: Evidence) -> str:
    """`at 03:04:05`, `over 6 s to 03:04:05`."""
    at = evidence.at_utc.strftime("%H:%M:%S")
    if evidence.window_s is None:
        return f"at {at}"
    return f"{duration(evidence.window_s)} to {at}"


def duration(seconds: float) -> str:
    """`6 s`, `12 min`, `3.2 days`."""
    for name, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {name}"
    return f"{seconds:.3g} s"


def looked(result: Check) -> str:
    """Of which machine, how long and when."""
    about = "" if result.about == Scope() else f", asked about {place(result.about)}"
    long = f"{duration(result.seconds)} to " if result.seconds else ""
    return f"{result.host}, kernel {result.kernel or 'unknown'}, {long}{moment(result.at_utc)} UTC{about}"


def recorded(recording: Recording) -> str:
    """What was looked at instead of a running machine."""
    first, last = recording.first_utc, recording.last_utc
    if recording.samples == 1:
        return f"{recording.source} holds one sample, of {moment(first)} UTC: counters are those since boot"
    said = f"{recording.source} holds {many(recording.samples, 'sample')} of {span(first, last)} UTC"
    if recording.worst is None:
        return said
    begin, end = recording.worst
    return f"{said}; the worst of its {recording.parts} parts is {moment(begin)} to {clock(end)} UTC"


def reasons(unreadable: Mapping[str, str]) -> list[str]:
    """What could not be read and why, each once. A source's reason names its file itself."""
    said = (f"{short(name)}: {why}" if name.startswith("/") else why for name, why in unreadable.items())
    return list(dict.fromkeys(said))


def certainty(confidence: float) -> str:
    """A confidence as a word besides its number."""
    word = "proven" if confidence >= 0.9 else "likely" if confidence >= 0.6 else "possible"
    return f"{word}, confidence {confidence:.0%}"


def clock(time: datetime) -> str:
    """The time of day."""
    return time.strftime("%H:%M:%S")
