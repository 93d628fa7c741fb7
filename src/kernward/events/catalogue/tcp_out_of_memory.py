"""TCP uses more memory than its global limit and drops or resets connections."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="tcp-out-of-memory",
    title="TCP: out of memory",
    class_="resource",
    severity="error",
    subsystem="tcp",
    patterns=(
        Pattern(
            literal="out of memory -- consider tuning tcp_mem",
            regex="TCP: out of memory -- consider tuning tcp_mem",
            printed=("TCP: out of memory -- consider tuning tcp_mem",),
        ),
        # One text for this and for too many orphans.
        Pattern(
            literal="Out of socket memory",
            regex="(?:TCP: )?Out of socket memory",
            until="3.3",
        ),
    ),
    printed_by=("net/ipv4/tcp.c:tcp_check_oom",),
    meaning=(
        "All TCP sockets together hold more buffer memory than the third number of "
        "net.ipv4.tcp_mem (in pages; by default about 9 % of RAM). While it lasts, sockets that "
        "are being closed are reset instead of kept until their data is acknowledged, and receive "
        "buffers are pruned: peers see slow or broken connections. Either there are very many "
        "sockets, or their data is not read or not acknowledged, or something leaks."
    ),
    next_steps=(
        "cat /proc/net/sockstat: mem (pages) against sysctl net.ipv4.tcp_mem",
        "ss -tanpm | sort by Recv-Q or skmem: who holds it; applications that do not read",
        "nstat -az | grep -E 'TCPAbortOnMemory|PruneCalled|TCPMemoryPressures'",
        "Raise tcp_mem only if the machine has the memory; else limit tcp_rmem and tcp_wmem",
    ),
    confused_with=(
        "tcp-orphans: too many sockets without a process",
        "oom-kill-global: the machine's memory, not TCP's share of it",
    ),
    example="[33012.777710] TCP: out of memory -- consider tuning tcp_mem",
    near_miss="[33012.777710] TCP: Hash tables configured (established 524288 bind 65536)",
)
