// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * Where threads sleep: at each switch the stack of the one that goes, and when it comes back how long it was
 * away. Threads of the kernel that are idle are left out.
 */
#define NAMES
#include "measure.h"

#define TASK_UNINTERRUPTIBLE 2
#define TASK_NOLOAD 0x400
#define PF_KTHREAD 0x00200000

struct asleep {
	__u64 since_ns;
	__u32 tgid;
	__s32 stack;
	__u32 uninterruptible;
	__u32 unused;
};

struct place {
	__u32 tgid;
	__s32 stack;
	__u32 uninterruptible;
	__u32 unused;
};

struct sleeps {
	__u64 number;
	__u64 total_ns;
	__u64 longest_ns;
};

TOTALS(totals, struct place, struct sleeps, 16384);
PENDING(asleep, __u32, struct asleep, 32768);

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 8192);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 48 * sizeof(__u64));
} stacks SEC(".maps");

static __always_inline void goes(void *ctx, __u32 pid, __u32 tgid, long state)
{
	struct asleep this = {};

	this.stack = bpf_get_stackid(ctx, &stacks, BPF_F_FAST_STACK_CMP);
	this.tgid = tgid;
	this.uninterruptible = (state & TASK_UNINTERRUPTIBLE) != 0;
	this.since_ns = bpf_ktime_get_ns();
	keep(&asleep, &pid, &this);
}

static __always_inline void comes(__u32 pid)
{
	struct asleep *found = bpf_map_lookup_elem(&asleep, &pid);
	struct place place = {};
	struct sleeps *total;
	__u64 ns;

	if (!found)
		return;
	ns = bpf_ktime_get_ns() - found->since_ns;
	place.tgid = found->tgid;
	place.stack = found->stack;
	place.uninterruptible = found->uninterruptible;
	bpf_map_delete_elem(&asleep, &pid);
	total = find_or_add(&totals, &place, &totals_zeroes);
	if (!total)
		return;
	total->number += 1;
	total->total_ns += ns;
	if (ns > total->longest_ns)
		total->longest_ns = ns;
}

#ifdef TYPED

EVENT(sched, sched_switch)
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	long state;

	comes(GET(next, pid));
	if (bpf_core_field_exists(prev->__state))
		state = GET(prev, __state);
	else
		state = BPF_CORE_READ((struct task_struct___long_state *)prev, state);
	if (preempt || !(state & 0xff) || state & TASK_NOLOAD)
		return 0;
	if (GET(prev, flags) & PF_KTHREAD && !(state & TASK_UNINTERRUPTIBLE))
		return 0;
	if (!counts(cgroup_of(prev, CONTROLLER(cpu))))
		return 0;
	goes(ctx, GET(prev, pid), GET(prev, tgid), state);
	remember(prev);
	return 0;
}

#else

EVENT(sched, sched_switch)
int on_switch(void *ctx)
{
	long state = FIELD(long, 1);
	__u32 pid = FIELD(__u32, 0);

	comes(FIELD(__u32, 2));
	if (!pid || !(state & 0xff) || state & TASK_NOLOAD)
		return 0;
	goes(ctx, pid, current_tgid(), state);
	return 0;
}

#endif
