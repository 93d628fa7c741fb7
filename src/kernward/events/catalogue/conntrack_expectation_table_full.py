"""The table of connections that helpers (FTP, SIP, …) expect is full."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="conntrack-expectation-table-full",
    title="nf_conntrack: expectation table full",
    class_="resource",
    severity="warning",
    subsystem="netfilter",
    patterns=(
        Pattern(
            literal="nf_conntrack: expectation table full",
            regex="(?:nf_conntrack: )?nf_conntrack: expectation table full",
            printed=("nf_conntrack: expectation table full",),
        ),
    ),
    printed_by=("net/netfilter/nf_conntrack_expect.c:__nf_ct_expect_check",),
    meaning=(
        "Helpers for protocols that open further connections register what they expect; "
        "nf_conntrack_expect_max of them fit. Beyond it the announced connection is not "
        "recognised: FTP data transfers or SIP calls through this gateway fail while the rest "
        "works. Many expectations that never come true are a scan or a misused helper."
    ),
    next_steps=(
        "conntrack -L expect: which helper, which clients",
        "sysctl net.netfilter.nf_conntrack_expect_max; raise it if the expectations are real",
        "Assign helpers only where needed (CT target) rather than to everything",
    ),
    confused_with=("conntrack-table-full: the table of all connections",),
    example="[60210.330010] nf_conntrack: nf_conntrack: expectation table full",
    near_miss="[   10.330010] nf_conntrack version 0.5.0 (65536 buckets, 262144 max)",
)
