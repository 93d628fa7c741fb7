"""Some counters of /proc/vmstat, for measurements that poll it; the source vmstat has them all."""

from kernward.collectors.root import Root


def vmstat_counts(root: Root, *names: str) -> dict[str, int]:
    """Those that are there; counters that are kept for each zone (allocstall_normal, …) are added up."""
    found: dict[str, int] = {}
    for line in root.read("/proc/vmstat", 1 << 20).decode("ascii", "replace").splitlines():
        key, _, value = line.partition(" ")
        for name in names:
            if (key == name or key.startswith(f"{name}_")) and value.isdigit():
                found[name] = found.get(name, 0) + int(value)
    return found
