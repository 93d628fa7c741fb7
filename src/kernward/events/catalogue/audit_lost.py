"""Audit records were lost."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="audit-lost",
    title="audit records lost",
    class_="state",
    severity="warning",
    subsystem="audit",
    patterns=(
        Pattern(
            literal="audit: audit_lost=",
            regex=(
                r"audit: audit_lost=(?P<lost>\d+) audit_rate_limit=(?P<rate_limit>\d+)"
                r" audit_backlog_limit=(?P<backlog_limit>\d+)"
            ),
            printed=("audit_lost=%u audit_rate_limit=%u audit_backlog_limit=%u",),
        ),
    ),
    fields=(
        Field("lost", "int", "records lost since boot"),
        Field("rate_limit", "int", "records a second that are allowed, 0: no limit"),
        Field("backlog_limit", "int", "records that may wait"),
        Field("reason", "str", "why, where the next line tells"),
    ),
    continues=(
        (
            r"audit: (?P<reason>backlog limit exceeded|rate limit exceeded|kauditd hold queue"
            r" overflow|kauditd retry queue overflow|out of memory in \w+|netlink.{0,60})"
        ),
    ),
    reach=2,
    printed_by=("kernel/audit.c:audit_log_lost",),
    meaning=(
        "Records of the audit trail were thrown away, because auditd did not take them as fast as they came "
        "or memory was short. For a host that must be audited this is a finding in itself. While the queue "
        "is full, system calls that are audited may also wait."
    ),
    next_steps=(
        "`auditctl -s` shows lost, backlog and limits; `aureport --summary` what fills it.",
        (
            "Narrow the rules, or enlarge the queue: `auditctl -b 65536`, `audit_backlog_limit=` on the "
            "command line."
        ),
        "Check that auditd runs and that its disk is not full: `systemctl status auditd`.",
    ),
    confused_with=(
        "audit-backlog: the queue is full; what it costs is said here",
        "messages-dropped: lost lines of the kernel's log",
    ),
    example="""\
[  912.110001] audit: audit_lost=1024 audit_rate_limit=0 audit_backlog_limit=8192
[  912.110004] audit: backlog limit exceeded""",
    near_miss="[    0.110001] audit: initializing netlink subsys (disabled)",
)
