// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * System calls by process and number: how many returned, after how long, with an error or not.
 */
#define NAMES
#include "measure.h"

struct call {
	__u32 tgid;
	__u32 number;
};

struct calls {
	struct durations durations;
	__u64 errors;
};

struct begun {
	__u64 at_ns;
	__u64 number;
};

TOTALS(totals, struct call, struct calls, 16384);

#ifdef TP_BTF

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct begun);
} begun SEC(".maps");

static __always_inline void begin(long number)
{
	struct begun *found =
		bpf_task_storage_get(&begun, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!found) {
		count_lost();
		return;
	}
	found->number = number;
	found->at_ns = bpf_ktime_get_ns();
}

static __always_inline bool end(struct begun *to)
{
	struct begun *found = bpf_task_storage_get(&begun, bpf_get_current_task_btf(), 0, 0);

	if (!found || !found->at_ns)
		return false;
	*to = *found;
	found->at_ns = 0;
	return true;
}

#else

PENDING(begun, __u32, struct begun, 32768);

static __always_inline void begin(long number)
{
	struct begun this = { .number = number, .at_ns = bpf_ktime_get_ns() };
	__u32 tid = current_tid();

	keep(&begun, &tid, &this);
}

static __always_inline bool end(struct begun *to)
{
	__u32 tid = current_tid();
	struct begun *found = bpf_map_lookup_elem(&begun, &tid);

	if (!found)
		return false;
	*to = *found;
	bpf_map_delete_elem(&begun, &tid);
	return true;
}

#endif

static __always_inline int returned(long result)
{
	struct begun from;
	struct call call = {};
	struct calls *total;

	if (!end(&from))
		return 0;
	call.tgid = current_tgid();
	call.number = from.number;
	total = find_or_add(&totals, &call, &totals_zeroes);
	if (!total)
		return 0;
#ifdef TYPED
	if (!total->durations.count)
		remember(CURRENT());
#endif
	add_duration(&total->durations, bpf_ktime_get_ns() - from.at_ns);
	/* MAX_ERRNO in include/linux/err.h */
	total->errors += result < 0 && result >= -4095;
	return 0;
}

#ifdef TYPED

EVENT(raw_syscalls, sys_enter)
int BPF_PROG(on_enter, struct pt_regs *regs, long number)
{
	if (number >= 0 && counts(cgroup_of(CURRENT(), CONTROLLER(cpu))))
		begin(number);
	return 0;
}

EVENT(raw_syscalls, sys_exit)
int BPF_PROG(on_exit, struct pt_regs *regs, long result)
{
	return returned(result);
}

#else

EVENT(raw_syscalls, sys_enter)
int on_enter(void *ctx)
{
	long number = FIELD(long, 0);

	if (number >= 0)
		begin(number);
	return 0;
}

EVENT(raw_syscalls, sys_exit)
int on_exit(void *ctx)
{
	return returned(FIELD(long, 1));
}

#endif
