"""/proc/meminfo: what the machine's memory is used for."""

from typing import Annotated

import msgspec

from kernward.collectors.pairs import kilobytes
from kernward.collectors.quantity import gauge
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.source import Source

_SHOW = "meminfo_proc_show() in fs/proc/meminfo.c"
_AVAILABLE = "si_mem_available() in mm/show_mem.c"
_COMMIT = "vm_commit_limit() in mm/util.c"
_HUGE = "hugetlb_report_meminfo() in mm/hugetlb.c"


class Meminfo(msgspec.Struct, frozen=True):
    """`MemTotal:       24684096 kB` and some 50 lines more."""

    total_bytes: Annotated[
        int | None, gauge("bytes", "memory that the kernel manages: all but its own image and holes", _SHOW)
    ] = None
    free_bytes: Annotated[int | None, gauge("bytes", "pages that nobody uses", _SHOW)] = None
    available_bytes: Annotated[
        int | None,
        gauge("bytes", "what programs can have without swapping, as the kernel estimates", _AVAILABLE),
    ] = None
    buffers_bytes: Annotated[int | None, gauge("bytes", "page cache of block devices", _SHOW)] = None
    cached_bytes: Annotated[int | None, gauge("bytes", "page cache of files, shmem included", _SHOW)] = None
    swap_cached_bytes: Annotated[
        int | None, gauge("bytes", "pages that are in memory and in swap", _SHOW)
    ] = None
    active_anon_bytes: Annotated[int | None, gauge("bytes", "anonymous memory, active list", _SHOW)] = None
    inactive_anon_bytes: Annotated[int | None, gauge("bytes", "anonymous memory, inactive list", _SHOW)] = (
        None
    )
    active_file_bytes: Annotated[int | None, gauge("bytes", "page cache, active list", _SHOW)] = None
    inactive_file_bytes: Annotated[int | None, gauge("bytes", "page cache, inactive list", _SHOW)] = None
    unevictable_bytes: Annotated[
        int | None, gauge("bytes", "pages that cannot be reclaimed: locked, ramfs", _SHOW)
    ] = None
    mlocked_bytes: Annotated[int | None, gauge("bytes", "pages that mlock() holds", _SHOW)] = None
    swap_total_bytes: Annotated[int | None, gauge("bytes", "swap space", _SHOW)] = None
    swap_free_bytes: Annotated[int | None, gauge("bytes", "swap space that is unused", _SHOW)] = None
    zswap_bytes: Annotated[int | None, gauge("bytes", "memory that zswap's compressed pages take", _SHOW)] = (
        None
    )
    zswapped_bytes: Annotated[int | None, gauge("bytes", "what zswap holds, uncompressed", _SHOW)] = None
    dirty_bytes: Annotated[int | None, gauge("bytes", "page cache to be written", _SHOW)] = None
    writeback_bytes: Annotated[int | None, gauge("bytes", "page cache being written", _SHOW)] = None
    anon_bytes: Annotated[int | None, gauge("bytes", "anonymous memory that is mapped", _SHOW)] = None
    mapped_bytes: Annotated[int | None, gauge("bytes", "page cache that is mapped", _SHOW)] = None
    shmem_bytes: Annotated[int | None, gauge("bytes", "tmpfs and shared memory", _SHOW)] = None
    kernel_reclaimable_bytes: Annotated[
        int | None, gauge("bytes", "kernel memory that can be reclaimed, slab included", _SHOW)
    ] = None
    slab_reclaimable_bytes: Annotated[
        int | None, gauge("bytes", "slab caches that can shrink: dentries, inodes", _SHOW)
    ] = None
    slab_unreclaimable_bytes: Annotated[int | None, gauge("bytes", "all other slab caches", _SHOW)] = None
    kernel_stack_bytes: Annotated[int | None, gauge("bytes", "stacks of tasks in the kernel", _SHOW)] = None
    page_tables_bytes: Annotated[int | None, gauge("bytes", "page tables of processes", _SHOW)] = None
    secondary_page_tables_bytes: Annotated[
        int | None, gauge("bytes", "page tables of KVM and IOMMUs", _SHOW)
    ] = None
    bounce_bytes: Annotated[int | None, gauge("bytes", "bounce buffers", _SHOW)] = None
    commit_limit_bytes: Annotated[
        int | None, gauge("bytes", "what may be committed where vm.overcommit_memory is 2", _COMMIT)
    ] = None
    committed_bytes: Annotated[
        int | None, gauge("bytes", "address space that was promised to programs", _SHOW)
    ] = None
    vmalloc_used_bytes: Annotated[int | None, gauge("bytes", "pages that vmalloc() handed out", _SHOW)] = None
    percpu_bytes: Annotated[int | None, gauge("bytes", "memory of the per-CPU allocator", _SHOW)] = None
    hardware_corrupted_bytes: Annotated[
        int | None, gauge("bytes", "pages taken out of service because they are broken", _SHOW)
    ] = None
    anon_huge_bytes: Annotated[int | None, gauge("bytes", "anonymous memory in huge pages", _SHOW)] = None
    file_huge_bytes: Annotated[int | None, gauge("bytes", "page cache in huge pages", _SHOW)] = None
    cma_total_bytes: Annotated[
        int | None, gauge("bytes", "the contiguous memory allocator's area", _SHOW)
    ] = None
    cma_free_bytes: Annotated[int | None, gauge("bytes", "what of it is free", _SHOW)] = None
    balloon_bytes: Annotated[
        int | None, gauge("bytes", "memory that the hypervisor took back (since 6.17)", _SHOW)
    ] = None
    huge_pages_total: Annotated[int | None, gauge("", "reserved huge pages (hugetlbfs)", _HUGE)] = None
    huge_pages_free: Annotated[int | None, gauge("", "those that are unused", _HUGE)] = None
    huge_page_bytes: Annotated[int | None, gauge("bytes", "the size of one", _HUGE)] = None


_NAMES = {
    "total_bytes": b"MemTotal",
    "free_bytes": b"MemFree",
    "available_bytes": b"MemAvailable",
    "buffers_bytes": b"Buffers",
    "cached_bytes": b"Cached",
    "swap_cached_bytes": b"SwapCached",
    "active_anon_bytes": b"Active(anon)",
    "inactive_anon_bytes": b"Inactive(anon)",
    "active_file_bytes": b"Active(file)",
    "inactive_file_bytes": b"Inactive(file)",
    "unevictable_bytes": b"Unevictable",
    "mlocked_bytes": b"Mlocked",
    "swap_total_bytes": b"SwapTotal",
    "swap_free_bytes": b"SwapFree",
    "zswap_bytes": b"Zswap",
    "zswapped_bytes": b"Zswapped",
    "dirty_bytes": b"Dirty",
    "writeback_bytes": b"Writeback",
    "anon_bytes": b"AnonPages",
    "mapped_bytes": b"Mapped",
    "shmem_bytes": b"Shmem",
    "kernel_reclaimable_bytes": b"KReclaimable",
    "slab_reclaimable_bytes": b"SReclaimable",
    "slab_unreclaimable_bytes": b"SUnreclaim",
    "kernel_stack_bytes": b"KernelStack",
    "page_tables_bytes": b"PageTables",
    "secondary_page_tables_bytes": b"SecPageTables",
    "bounce_bytes": b"Bounce",
    "commit_limit_bytes": b"CommitLimit",
    "committed_bytes": b"Committed_AS",
    "vmalloc_used_bytes": b"VmallocUsed",
    "percpu_bytes": b"Percpu",
    "hardware_corrupted_bytes": b"HardwareCorrupted",
    "anon_huge_bytes": b"AnonHugePages",
    "file_huge_bytes": b"FileHugePages",
    "cma_total_bytes": b"CmaTotal",
    "cma_free_bytes": b"CmaFree",
    "balloon_bytes": b"Balloon",
    "huge_pages_total": b"HugePages_Total",
    "huge_pages_free": b"HugePages_Free",
    "huge_page_bytes": b"Hugepagesize",
}


def read(root: Root) -> Meminfo:
    """What memory is used for, now."""
    path = "/proc/meminfo"
    found = kilobytes(root.read(path, 1 << 16))
    if b"MemTotal" not in found:
        raise Unavailable(path, "it has no line 'MemTotal: … kB'")
    return Meminfo(**{field: found.get(name) for field, name in _NAMES.items()})


SOURCE = Source(
    name="meminfo",
    doc="What memory is used for: programs, page cache, the kernel; what is free and what is promised.",
    files=("/proc/meminfo",),
    record=Meminfo,
    read=read,
)
