// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint kprobe
 *
 * Compaction of a zone, by who does it. By kprobe it is the whole attempt of an allocation, over all zones;
 * what kcompactd does is missing then.
 */
#include "spells.h"

#if defined(TYPED)

EVENT(compaction, mm_compaction_begin)
int BPF_PROG(on_begin)
{
	return begins(0);
}

EVENT(compaction, mm_compaction_end)
int BPF_PROG(on_end)
{
	return ends(0);
}

#elif defined(TRACEPOINT)

EVENT(compaction, mm_compaction_begin)
int on_begin(void *ctx)
{
	return begins(0);
}

EVENT(compaction, mm_compaction_end)
int on_end(void *ctx)
{
	return ends(0);
}

#else

SEC("kprobe/try_to_compact_pages")
int on_begin(void *ctx)
{
	return begins(0);
}

SEC("kretprobe/try_to_compact_pages")
int on_end(void *ctx)
{
	return ends(0);
}

#endif
