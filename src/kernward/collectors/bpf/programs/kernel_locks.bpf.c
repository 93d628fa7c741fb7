// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * Waits for locks of the kernel, between contention_begin and contention_end (since Linux 5.19, commit
 * 16edd9b511a1, "locking: Add lock contention tracepoints"), by the stack of the waiter. A mutex is first
 * spun for and then slept for: the wait began with the first of the two.
 */
#define NAMES
#include "measure.h"

/* LCB_F_... in include/trace/events/lock.h */
enum { SPIN = 1, READ = 2, WRITE = 4, RT = 8, PERCPU = 16, MUTEX = 32 };

struct waiter {
	__u64 lock;
	__u32 tid;
	/* Tasks that are idle all have the number 0. */
	__u32 cpu;
};

struct begun {
	__u64 at_ns;
	__u32 flags;
	__u32 holder;
	__s32 stack;
	__u32 unused;
};

struct place {
	__s32 stack;
	__u32 flags;
};

struct waits {
	struct durations durations;
	__u64 lock;
	__u64 holder;
};

struct by {
	__s32 stack;
	__u32 flags;
	__u32 tgid;
	__u32 unused;
};

TOTALS(totals, struct place, struct waits, 4096);
struct sum {
	__u64 ns;
};

TOTALS(more, struct by, struct sum, 8192);
PENDING(begun, struct waiter, struct begun, 16384);

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 4096);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 32 * sizeof(__u64));
} stacks SEC(".maps");

static __always_inline struct waiter waiter_of(__u64 lock)
{
	struct waiter waiter = { .lock = lock, .tid = current_tid() };

	if (!waiter.tid)
		waiter.cpu = bpf_get_smp_processor_id();
	return waiter;
}

static __always_inline __u32 holder_of(__u64 lock, __u32 flags)
{
#ifdef TYPED
	struct task_struct *owner;
	long counter = 0;

	if (flags & MUTEX)
		counter = BPF_CORE_READ((struct mutex *)lock, owner.counter);
	else if (!(flags & (SPIN | PERCPU | RT)) && flags & (READ | WRITE))
		counter = BPF_CORE_READ((struct rw_semaphore *)lock, owner.counter);
	/* The lowest bits say how it is held. */
	owner = (struct task_struct *)(counter & ~7l);
	if (!owner)
		return 0;
	remember(owner);
	return BPF_CORE_READ(owner, tgid);
#else
	return 0;
#endif
}

/* The stack is taken now, while the lock cannot be had anyway, and not at the end, while it is held. */
static __always_inline int begins(void *ctx, __u64 lock, __u32 flags)
{
	struct waiter waiter = waiter_of(lock);
	struct begun this = { .at_ns = bpf_ktime_get_ns(), .flags = flags };

	if (bpf_map_lookup_elem(&begun, &waiter))
		return 0;
	this.holder = holder_of(lock, flags);
	this.stack = bpf_get_stackid(ctx, &stacks, BPF_F_FAST_STACK_CMP);
	keep(&begun, &waiter, &this);
	return 0;
}

static __always_inline int ends(__u64 lock)
{
	struct waiter waiter = waiter_of(lock);
	struct begun *found = bpf_map_lookup_elem(&begun, &waiter);
	struct place place = {};
	struct by by = {};
	struct waits *total;
	struct sum *sum;
	__u32 holder;
	__u64 ns;

	if (!found)
		return 0;
	ns = bpf_ktime_get_ns() - found->at_ns;
	holder = found->holder;
	place.flags = found->flags & ~SPIN;
	/* Of a mutex "spin" says only that it was spun for at first. */
	if (!(found->flags & MUTEX))
		place.flags = found->flags;
	place.stack = found->stack;
	bpf_map_delete_elem(&begun, &waiter);
	total = find_or_add(&totals, &place, &totals_zeroes);
	if (!total)
		return 0;
	add_duration(&total->durations, ns);
	total->lock = lock;
	if (holder)
		total->holder = holder;
	by.stack = place.stack;
	by.flags = place.flags;
	by.tgid = current_tgid();
	sum = find_or_add(&more, &by, &more_zeroes);
	if (sum) {
#ifdef TYPED
		if (!sum->ns)
			remember(CURRENT());
#endif
		sum->ns += ns;
	}
	return 0;
}

#ifdef TYPED

EVENT(lock, contention_begin)
int BPF_PROG(on_begin, void *lock, unsigned int flags)
{
	if (!counts(cgroup_of(CURRENT(), CONTROLLER(cpu))))
		return 0;
	return begins(ctx, (__u64)lock, flags);
}

EVENT(lock, contention_end)
int BPF_PROG(on_end, void *lock, int result)
{
	return ends((__u64)lock);
}

#else

EVENT(lock, contention_begin)
int on_begin(void *ctx)
{
	return begins(ctx, FIELD(__u64, 0), FIELD(__u32, 1));
}

EVENT(lock, contention_end)
int on_end(void *ctx)
{
	return ends(FIELD(__u64, 2));
}

#endif
