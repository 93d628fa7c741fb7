"""A check with everything in it, and one in which every name was chosen by an attacker."""

from datetime import UTC, datetime, timedelta

from kernward.records.check import (
    Action,
    Check,
    Consequence,
    Episode,
    Evidence,
    Finding,
    Measured,
    Plot,
    Recording,
    Refuted,
    Scope,
    Undecided,
)

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "\x1b]0;x\x07<script>alert(1)</script>\n\u202e{{7*7}}'\"`$(reboot)`"


def finding(number: int = 1, name: str = "/shop", **more) -> Finding:
    scope = Scope("cgroup", name)
    fields = {
        "id": "cpu-quota-throttling",
        "title": "CPU quota used up",
        "confidence": 0.97,
        "impact": 0.66,
        "scope": scope,
        "mechanism": f"The quota of {name} is used up in 20 ms of each 100 ms.",
        "evidence": (
            Evidence(
                signal="cgroup_cpu.throttled_periods",
                value=29,
                unit="",
                source=f"/sys/fs/cgroup{name}/cpu.stat",
                at_utc=AT,
                scope=scope,
                window_s=6.0,
                says="of 30 periods",
            ),
        ),
        "actions": (
            Action("now", "Raise the quota.", "Others may wait longer.", "echo max > cpu.max"),
            Action("for good", "Use fewer threads.", ""),
        ),
        "chain": ("the quota is used up", f"{name} waits"),
        "consequences": (Consequence("single-thread-bottleneck", "One thread", scope),),
        "victims": (Scope("process", f"{name}[7]"),),
        "plots": (
            Plot(
                signal="cgroup_cpu.throttled_periods",
                unit="1/s",
                scope=scope,
                at_utc=tuple(AT + timedelta(seconds=n) for n in range(6)),
                values=(0.0, 9.0, 8.5, 9.5, 3.0, 9.0),
            ),
        ),
    }
    return Finding(**{**fields, **more})


def check(findings: int = 1, name: str = "/shop", **more) -> Check:
    fields = {
        "host": "web-1",
        "kernel": "6.12.0",
        "boot_id": "b",
        "at_utc": AT,
        "seconds": 6.0,
        "findings": tuple(finding(number, name) for number in range(findings)),
        "refuted": (Refuted(id="cpu-steal", title="CPU time stolen", reason="0.0% was stolen"),),
        "unknown": (Undecided(id="device-slow", title="Device slow", reason=f"{name} cannot be read"),),
        "measured": (
            Measured(name="runqlat", tier="tp_btf", cost_percent=0.31, lost=2),
            Measured(name="blocklat", tier=None, reason="not permitted"),
        ),
        "unreadable": {
            "/proc/schedstat": "there is no such file",
            "edac": "/sys/edac: there is no such file",
        },
        "overhead_percent": 1.5,
    }
    return Check(**{**fields, **more})


def hostile() -> Check:
    return check(
        name=HOSTILE,
        host=HOSTILE,
        kernel=HOSTILE,
        about=Scope("cgroup", HOSTILE),
        elsewhere=(finding(name=HOSTILE),),
        unreadable={f"/proc/{HOSTILE}": HOSTILE, HOSTILE: HOSTILE},
        measured=(Measured(name=HOSTILE, tier=None, reason=HOSTILE),),
        recording=Recording(
            source=HOSTILE,
            first_utc=AT,
            last_utc=AT + timedelta(hours=1),
            samples=700,
            parts=40,
            worst=(AT, AT + timedelta(minutes=1)),
            episodes=(
                Episode(
                    id="x", title="X", scope=Scope("process", HOSTILE), first_utc=AT, last_utc=AT, parts=2
                ),
            ),
            notes=(HOSTILE,),
        ),
    )
