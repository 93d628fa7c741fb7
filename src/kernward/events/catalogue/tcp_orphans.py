"""There are more TCP connections without a process than allowed; further ones are reset."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="tcp-orphans",
    title="TCP: too many orphaned sockets",
    class_="resource",
    severity="warning",
    subsystem="tcp",
    patterns=(
        Pattern(
            literal="too many orphaned sockets",
            regex="(?:TCP: )?(?:TCP: )?too many (?:of )?orphaned sockets",
            printed=("TCP: too many orphaned sockets",),
        ),
    ),
    printed_by=("net/ipv4/tcp.c:tcp_check_oom",),
    meaning=(
        "A connection that its process has closed lives on until its last data is acknowledged; "
        "such orphans are limited by net.ipv4.tcp_max_orphans, and each costs up to 64 KiB that "
        "cannot be swapped. Beyond the limit they are reset, and the peer may lose the end of the "
        "data. Causes: a server that closes very many connections with unsent data, clients that "
        "vanish without a word, an attack."
    ),
    next_steps=(
        "cat /proc/net/sockstat: orphan against sysctl net.ipv4.tcp_max_orphans",
        "ss -tan state fin-wait-1 and closing, by peer",
        "sysctl net.ipv4.tcp_orphan_retries: fewer retries release them sooner",
    ),
    confused_with=("tcp-out-of-memory: TCP's memory limit",),
    example="[33112.777710] TCP: too many orphaned sockets",
    near_miss="[33112.777710] TCP: out of memory -- consider tuning tcp_mem",
)
