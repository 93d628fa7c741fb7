// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * Waits in futex(2) and its like, by process and address.
 */
#define NAMES
#include "measure.h"

/* include/uapi/linux/futex.h */
enum { WAIT = 0, LOCK_PI = 6, WAIT_BITSET = 9, WAIT_REQUEUE_PI = 11, LOCK_PI2 = 13, COMMAND = 0x7f };
#define ETIMEDOUT 110

struct lock {
	__u64 address;
	__u32 tgid;
	__u32 unused;
};

struct waits {
	struct durations durations;
	__u64 timeouts;
	__u64 waiters;
};

struct begun {
	__u64 at_ns;
	__u64 address;
};

TOTALS(totals, struct lock, struct waits, 8192);
PENDING(begun, __u32, struct begun, 32768);

static __always_inline bool waits(long number, __u64 operation)
{
	if (number == settings.futex[1] || number == settings.futex[2])
		return true;
	if (number != settings.futex[0])
		return false;
	operation &= COMMAND;
	return operation == WAIT || operation == WAIT_BITSET || operation == LOCK_PI || operation == LOCK_PI2 ||
	       operation == WAIT_REQUEUE_PI;
}

static __always_inline void begin(__u64 address)
{
	struct begun this = { .address = address, .at_ns = bpf_ktime_get_ns() };
	__u32 tid = current_tid();

	keep(&begun, &tid, &this);
}

static __always_inline void end(long result)
{
	__u32 tid = current_tid();
	struct begun *found = bpf_map_lookup_elem(&begun, &tid);
	struct lock lock = {};
	struct waits *total;
	__u64 ns;

	if (!found)
		return;
	ns = bpf_ktime_get_ns() - found->at_ns;
	lock.address = found->address;
	lock.tgid = current_tgid();
	bpf_map_delete_elem(&begun, &tid);
	total = find_or_add(&totals, &lock, &totals_zeroes);
	if (!total)
		return;
#ifdef TYPED
	if (!total->durations.count)
		remember(CURRENT());
#endif
	add_duration(&total->durations, ns);
	total->timeouts += result == -ETIMEDOUT;
	total->waiters |= 1ull << (tid & 63);
}

#ifdef TYPED

EVENT(raw_syscalls, sys_enter)
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
	if (number != settings.futex[0] && number != settings.futex[1] && number != settings.futex[2])
		return 0;
	if (!waits(number, BPF_CORE_READ(regs, ARGUMENT_2)) || !counts(cgroup_of(CURRENT(), CONTROLLER(cpu))))
		return 0;
	begin(BPF_CORE_READ(regs, ARGUMENT_1));
	return 0;
}

EVENT(raw_syscalls, sys_exit)
int BPF_PROG(on_exit, struct pt_regs *regs, long result)
{
#ifndef __TARGET_ARCH_arm64
	/* What a thread waits with is still in its registers; the map is asked for these calls only. */
	long number = BPF_CORE_READ(regs, orig_ax);

	if (number != settings.futex[0] && number != settings.futex[1] && number != settings.futex[2])
		return 0;
#endif
	end(result);
	return 0;
}

#else

EVENT(raw_syscalls, sys_enter)
int on_enter(void *ctx)
{
	__u64 arguments[2] = {};

	bpf_probe_read_kernel(arguments, sizeof(arguments), (void *)ctx + settings.at[1]);
	if (waits(FIELD(long, 0), arguments[1]))
		begin(arguments[0]);
	return 0;
}

EVENT(raw_syscalls, sys_exit)
int on_exit(void *ctx)
{
	long number = FIELD(long, 2);

	if (number == settings.futex[0] || number == settings.futex[1] || number == settings.futex[2])
		end(FIELD(long, 3));
	return 0;
}

#endif
