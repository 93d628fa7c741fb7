"""A network device cannot go away because somebody still holds a reference to it."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="unregister-netdevice",
    title="unregister_netdevice: waiting for DEV to become free",
    class_="crash",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="unregister_netdevice: waiting for",
            regex=(
                r"unregister_netdevice: waiting for (?P<device>\S{1,32}) to become free\. Usage count"
                r" = (?P<usage_count>-?\d+)"
            ),
            printed=("unregister_netdevice: waiting for %s to become free. Usage count = %d",),
        ),
        Pattern(
            literal="unregister_netdevice: waiting for",
            regex=r"unregister_netdevice: waiting for",
            printed=("unregister_netdevice: waiting for %s to become free. Usage count = %d",),
        ),
    ),
    fields=(
        Field("device", "str", "the network device"),
        Field("usage_count", "int", "references left"),
    ),
    printed_by=("net/core/dev.c:netdev_wait_allrefs_any",),
    meaning=(
        "A network device or a network namespace is being removed, but its reference count "
        "does not reach zero. The message repeats every ten seconds while the count stays; "
        "the task that removes it holds the net registration or waits for ever, so "
        "containers cannot be started or stopped. A leaked reference (route, neighbour, "
        "socket, tunnel) is the reason."
    ),
    next_steps=(
        "Does the count fall? Then it is only slow: long-lived sockets or a kernel thread.",
        "Kernels with CONFIG_NET_DEV_REFCNT_TRACKER list who took the references.",
        (
            "`git log --grep 'unregister_netdevice'` and the features used (IPv6, IPsec, VRF, "
            "tunnels, TLS offload)."
        ),
    ),
    confused_with=("hung-task: the task that waits for it.",),
    example="[  412.553012] unregister_netdevice: waiting for veth3a to become free. Usage count = 2",
    near_miss="[  412.553012] docker: unregister_netdevice: waiting for lo",
)
