"""The queue of audit records is full."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="audit-backlog",
    title="audit backlog over its limit",
    class_="state",
    severity="warning",
    subsystem="audit",
    patterns=(
        Pattern(
            literal="audit: audit_backlog=",
            regex=r"audit: audit_backlog=(?P<backlog>\d+) > audit_backlog_limit=(?P<backlog_limit>\d+)",
            printed=("audit_backlog=%d > audit_backlog_limit=%d",),
        ),
    ),
    fields=(
        Field("backlog", "int", "records that wait"),
        Field("backlog_limit", "int", "records that may wait"),
    ),
    printed_by=("kernel/audit.c:audit_log_start",),
    meaning=(
        "More records wait for auditd than the limit allows. Audited system calls first wait for room "
        "(audit_backlog_wait_time), which shows as hanging processes, and then the record is lost."
    ),
    next_steps=(
        "`auditctl -s`; is auditd running, is its disk slow or full?",
        "At boot: `audit_backlog_limit=8192` on the command line covers the time before auditd starts.",
    ),
    confused_with=("audit-lost: records are gone",),
    example="[  912.109990] audit: audit_backlog=65 > audit_backlog_limit=64",
    near_miss="""\
[    0.109990] audit: type=2000 audit(1700000000.110:1): state=initialized audit_enabled=0 res=1""",
)
