// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint kprobe
 *
 * Reclaim that a task does itself: because the machine is short of memory (kind 0), or its cgroup (kind 1).
 */
#include "spells.h"

#if defined(TYPED)

EVENT(vmscan, mm_vmscan_direct_reclaim_begin)
int BPF_PROG(on_begin)
{
	return begins(0);
}

EVENT(vmscan, mm_vmscan_direct_reclaim_end)
int BPF_PROG(on_end, unsigned long pages)
{
	return ends(pages);
}

EVENT(vmscan, mm_vmscan_memcg_reclaim_begin)
int BPF_PROG(on_limit_begin)
{
	return begins(1);
}

EVENT(vmscan, mm_vmscan_memcg_reclaim_end)
int BPF_PROG(on_limit_end, unsigned long pages)
{
	return ends(pages);
}

#elif defined(TRACEPOINT)

EVENT(vmscan, mm_vmscan_direct_reclaim_begin)
int on_begin(void *ctx)
{
	return begins(0);
}

EVENT(vmscan, mm_vmscan_direct_reclaim_end)
int on_end(void *ctx)
{
	return ends(FIELD(unsigned long, 0));
}

EVENT(vmscan, mm_vmscan_memcg_reclaim_begin)
int on_limit_begin(void *ctx)
{
	return begins(1);
}

EVENT(vmscan, mm_vmscan_memcg_reclaim_end)
int on_limit_end(void *ctx)
{
	return ends(FIELD(unsigned long, 1));
}

#else

SEC("kprobe/try_to_free_pages")
int on_begin(void *ctx)
{
	return begins(0);
}

SEC("kretprobe/try_to_free_pages")
int on_end(void *ctx)
{
	return ends(RETURNED(ctx));
}

SEC("kprobe/try_to_free_mem_cgroup_pages")
int on_limit_begin(void *ctx)
{
	return begins(1);
}

SEC("kretprobe/try_to_free_mem_cgroup_pages")
int on_limit_end(void *ctx)
{
	return ends(RETURNED(ctx));
}

#endif
