"""Faults at other strengths than their defaults: weak ones and strong ones show too.

The matrix runs each fault once with its defaults; whoever grades or teaches with them varies them.
"""

from pathlib import Path
from typing import Any

import pytest

from kernward.kernels.kernel import Kernel
from kernward.vm.bed import Bed
from kernward.vm.fault import usable_on
from kernward.vm.faults import fault as find_fault
from kernward.vm.inject import inject, spec_for, start, start_peers, undo

pytestmark = pytest.mark.vm_slow

STRENGTHS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cgroup-oom", {"limit_mb": 4, "cgroup": "/batch"}),
    ("cgroup-oom", {"limit_mb": 120, "service": "a"}),
    ("oom-global", {"oom_score_adj": 1000}),
    ("memory-high-reclaim", {"high_mb": 8, "excess_percent": 130}),
    ("memory-high-reclaim", {"high_mb": 64, "excess_percent": 400, "pages": "anonymous"}),
    ("memory-high-reclaim", {"high_mb": 128, "excess_percent": 400}),
    ("swap-storm", {"working_set_percent": 110}),
    ("swap-storm", {"working_set_percent": 150}),
    ("swap-storm-zram", {"working_set_percent": 110}),
    ("swap-storm-zram", {"working_set_percent": 150}),
    ("process-memory-leak", {"rate_mb_s": 1, "limit_mb": 0}),
    ("process-memory-leak", {"rate_mb_s": 24, "limit_mb": 160}),
    ("memory-fragmentation", {"percent": 50}),
    ("memory-fragmentation", {"percent": 90}),
    ("page-cache-thrash", {"size_percent": 130}),
    ("page-cache-thrash", {"size_percent": 400}),
    ("segfault", {"times": 1, "pause_ms": 0}),
    ("user-trap", {"exception": "illegal"}),
    ("user-trap", {"exception": "wild"}),
    ("cpu-throttling", {"quota_percent": 5, "period_ms": 20, "threads": 1}),
    ("cpu-throttling", {"quota_percent": 5, "period_ms": 1000, "threads": 8}),
    ("cpu-throttling", {"quota_percent": 90, "period_ms": 100, "threads": 1}),
    ("cpu-throttling", {"quota_percent": 50, "threads": 64}),
    ("cpu-throttling-v1", {"quota_percent": 90, "threads": 2}),
    ("run-queue-overload", {"threads": 4}),
    ("run-queue-overload", {"threads": 256}),
    ("noisy-neighbour", {"threads": 2, "weight": 100, "victim_weight": 20}),
    ("noisy-neighbour", {"threads": 64, "weight": 10000, "victim_weight": 1}),
    ("lock-contention", {"threads": 3, "hold_us": 50}),
    ("lock-contention", {"threads": 64, "hold_us": 20000}),
    ("context-switch-load", {"pairs": 1}),
    ("context-switch-load", {"pairs": 128}),
    ("single-thread-bottleneck", {"workers": 1}),
    ("single-thread-bottleneck", {"workers": 64}),
    ("cpu-affinity-pileup", {"threads": 3, "cpu": 1}),
    ("cpu-affinity-pileup", {"threads": 64}),
    ("irq-load", {"threads": 1, "interval_us": 1000}),
    ("irq-load", {"threads": 64, "interval_us": 1}),
    ("irq-load", {"source": "disk", "threads": 1}),
    ("network-softirq-load", {"packets_per_s": 100, "size_bytes": 60000}),
    ("network-softirq-load", {"packets_per_s": 2000}),
    ("slow-disk", {"read_ms": 5, "write_ms": 5}),
    ("slow-disk", {"read_ms": 2000, "write_ms": 500}),
    ("flaky-disk", {"up_s": 1, "down_s": 1}),
    ("flaky-disk", {"up_s": 10, "down_s": 5}),
    ("medium-error", {"sector": 64, "sectors": 1}),
    ("medium-error", {"sector": 32000, "sectors": 500}),
    ("ext4-corruption", {"errors": "continue"}),
    ("filesystem-full", {"percent": 80}),
    ("filesystem-full", {"percent": 97}),
    ("inodes-exhausted", {"left": 100}),
    ("verity-corruption", {"block": 0}),
    ("verity-corruption", {"block": 1023}),
    ("dirty-page-stall", {"dirty_mb": 2, "write_kb_s": 64}),
    ("dirty-page-stall", {"dirty_mb": 64, "write_kb_s": 8192}),
    ("fsync-load", {"threads": 1, "record_bytes": 65536}),
    ("fsync-load", {"threads": 64, "record_bytes": 1}),
    ("io-saturation", {"disk_iops": 20, "threads": 4}),
    ("io-saturation", {"disk_iops": 1000, "threads": 64}),
    ("nvme-timeout", {"bytes_per_s": 512, "timeout_s": 1}),
    ("nvme-timeout", {"bytes_per_s": 3000, "timeout_s": 10}),
    ("nvme-error", {"sector": 64}),
    ("nvme-error", {"sector": 32000}),
    ("network-disk-stopped", {"timeout_s": 1}),
    ("network-disk-stopped", {"timeout_s": 15}),
    ("network-disk-peer-stopped", {"stopped": "machine"}),
    ("packet-loss", {"loss_percent": 1}),
    ("packet-loss", {"loss_percent": 60}),
    ("packet-delay", {"delay_ms": 20}),
    ("packet-delay", {"delay_ms": 2000, "jitter_ms": 1000}),
    ("conntrack-full", {"table_size": 16}),
    ("conntrack-full", {"table_size": 8192}),
    ("neighbour-overflow", {"gc_thresh3": 4}),
    ("neighbour-overflow", {"gc_thresh3": 2048}),
    ("syn-flood", {"per_s": 20, "queue": 1}),
    ("syn-flood", {"per_s": 5000, "queue": 1024}),
    ("syn-flood-peer", {"per_s": 1000, "queue": 128, "port": 8080}),
    ("link-flap", {"times": 1, "down_ms": 100}),
    ("tcp-memory-pressure", {"connections": 2, "each_mb": 16}),
    ("tcp-memory-pressure", {"connections": 64, "each_mb": 1}),
    ("ephemeral-ports-exhausted", {"ports": 8}),
    ("ephemeral-ports-exhausted", {"ports": 1000}),
    ("listen-overflow", {"queue": 1, "clients": 10}),
    ("listen-overflow", {"queue": 1024, "clients": 4096}),
    ("fork-bomb", {"pids_max": 4}),
    ("fork-bomb", {"pids_max": 1000}),
    ("pid-exhaustion", {"pid_max": 350, "spare": 16}),
    ("pid-exhaustion", {"pid_max": 1500}),
    ("zombie-buildup", {"zombies": 1}),
    ("zombie-buildup", {"zombies": 1000}),
    ("fd-exhaustion", {"limit": 16}),
    ("fd-exhaustion", {"limit": 20000}),
    ("file-max", {"room": 20}),
    ("file-max", {"room": 10000}),
    ("clocksource-change", {"clocksource": "hpet"}),
    ("time-jump", {"jump_s": -5}),
    ("time-jump", {"jump_s": 1_000_000_000}),
)


@pytest.mark.parametrize(
    ("name", "values"),
    STRENGTHS,
    ids=[f"{name}-{'-'.join(str(each) for each in values.values())}" for name, values in STRENGTHS],
)
def test_shows_and_can_be_taken_back(
    name: str, values: dict[str, Any], bed: Bed, kernel: Kernel, vm_home: Path
) -> None:
    fault = find_fault(name)
    reason = usable_on(fault, kernel)
    if reason is not None:
        pytest.skip(reason)
    spec = spec_for(fault, kernel, home=vm_home, **values)
    with start(bed, fault, spec) as machine:
        peers = start_peers(bed, fault, spec)
        try:
            assert inject(machine, fault, peers=peers, **values).evidence
            if not fault.ends:
                undo(machine, fault, peers=peers, **values)
                assert machine.sh("echo well").stdout == b"well\n"
        finally:
            for peer in peers:
                peer.close()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("nvme-timeout", {"bytes_per_s": 8192, "timeout_s": 10}),
        ("tcp-memory-pressure", {"connections": 64, "each_mb": 16}),
        ("listen-overflow", {"queue": 64, "clients": 64}),
        ("packet-delay", {"delay_ms": 50, "jitter_ms": 40}),
        ("time-jump", {"jump_s": 1}),
        ("cpu-throttling", {"quota_percent": 95}),
        ("slow-disk", {"read_ms": 0}),
        ("noisy-neighbour", {"weight": 100, "victim_weight": 100}),
        ("cgroup-oom", {"cgroup": "relative/path"}),
        ("link-flap", {"times": 0}),
    ],
)
def test_what_cannot_show_is_refused_in_a_sentence(name: str, values: dict[str, Any]) -> None:
    from kernward.records.errors import UsageError

    with pytest.raises(UsageError, match=rf"^fault {name}: .+"):
        find_fault(name).values(values)
