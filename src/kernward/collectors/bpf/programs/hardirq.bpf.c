// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * How long the handlers of each interrupt ran. One that interrupts another's handler is told apart by its
 * number; the time of the inner one is in the outer one's as well.
 */
#include "measure.h"

struct runs {
	struct durations durations;
	struct name name;
};

TOTALS(totals, __u32, struct runs, 1024);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} begun SEC(".maps");

static __always_inline int begins(__u32 irq)
{
	__u32 item = irq & 1023;
	__u64 *at = bpf_map_lookup_elem(&begun, &item);

	if (at)
		*at = bpf_ktime_get_ns();
	return 0;
}

static __always_inline struct runs *ends(__u32 irq)
{
	__u32 item = irq & 1023;
	__u64 *at = bpf_map_lookup_elem(&begun, &item);
	struct runs *total;

	if (!at || !*at)
		return 0;
	total = find_or_add(&totals, &irq, &totals_zeroes);
	if (total)
		add_duration(&total->durations, bpf_ktime_get_ns() - *at);
	*at = 0;
	return total;
}

#ifdef TYPED

EVENT(irq, irq_handler_entry)
int BPF_PROG(on_entry, int irq)
{
	return begins(irq);
}

EVENT(irq, irq_handler_exit)
int BPF_PROG(on_exit, int irq, struct irqaction *action)
{
	struct runs *total = ends(irq);

	if (total && !total->name.comm[0])
		bpf_probe_read_kernel_str(total->name.comm, sizeof(total->name.comm), GET(action, name));
	return 0;
}

#else

EVENT(irq, irq_handler_entry)
int on_entry(void *ctx)
{
	return begins(FIELD(__u32, 0));
}

EVENT(irq, irq_handler_exit)
int on_exit(void *ctx)
{
	ends(FIELD(__u32, 1));
	return 0;
}

#endif
