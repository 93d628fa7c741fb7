// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * How long each kind of softirq ran. They do not nest on a CPU.
 */
#include "measure.h"

#define KINDS 16

struct runs {
	struct durations durations;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KINDS);
	__type(key, __u32);
	__type(value, struct runs);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} begun SEC(".maps");

static __always_inline int begins(void)
{
	__u32 zero = 0;
	__u64 *at = bpf_map_lookup_elem(&begun, &zero);

	if (at)
		*at = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int ends(__u32 kind)
{
	__u32 zero = 0;
	__u64 *at = bpf_map_lookup_elem(&begun, &zero);
	struct runs *total = bpf_map_lookup_elem(&totals, &kind);

	if (at && *at && total) {
		add_duration(&total->durations, bpf_ktime_get_ns() - *at);
		*at = 0;
	}
	return 0;
}

#ifdef TYPED

EVENT(irq, softirq_entry)
int BPF_PROG(on_entry)
{
	return begins();
}

EVENT(irq, softirq_exit)
int BPF_PROG(on_exit, unsigned int kind)
{
	return ends(kind);
}

#else

EVENT(irq, softirq_entry)
int on_entry(void *ctx)
{
	return begins();
}

EVENT(irq, softirq_exit)
int on_exit(void *ctx)
{
	return ends(FIELD(__u32, 0));
}

#endif
