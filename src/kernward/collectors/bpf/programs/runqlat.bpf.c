// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * How long tasks waited on a run queue. Where the scheduler's own note of when it queued a task can be read,
 * one hook and no map of what is pending are needed; elsewhere the wakeups are watched as well.
 */
#include "measure.h"

TOTALS(totals, __u64, struct durations, 4096);

#ifdef TYPED

static __always_inline void add(struct task_struct *next, __u64 ns)
{
	struct cgroup *cgroup = cgroup_of(next, CONTROLLER(cpu));
	struct durations *total;
	__u64 id;

	if (!counts(cgroup))
		return;
	id = id_of(cgroup);
	total = find_or_add(&totals, &id, &totals_zeroes);
	if (total)
		add_duration(total, ns);
}

#endif

#if defined(TP_BTF)

EVENT(sched, sched_switch)
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u64 ns = waited_ns(next);

	if (ns)
		add(next, ns);
	return 0;
}

#elif defined(RAW_TP)

PENDING(queued, __u32, __u64, 32768);

static __always_inline int queue(struct task_struct *task)
{
	__u32 pid = GET(task, pid);
	__u64 now = bpf_ktime_get_ns();

	if (pid)
		keep(&queued, &pid, &now);
	return 0;
}

EVENT(sched, sched_wakeup)
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	return queue(task);
}

EVENT(sched, sched_wakeup_new)
int BPF_PROG(on_wakeup_new, struct task_struct *task)
{
	return queue(task);
}

EVENT(sched, sched_switch)
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 pid = GET(next, pid);
	__u64 *at;
	long state;

	if (bpf_core_field_exists(prev->__state))
		state = GET(prev, __state);
	else
		state = BPF_CORE_READ((struct task_struct___long_state *)prev, state);
	if (preempt || !state)
		queue(prev);
	at = bpf_map_lookup_elem(&queued, &pid);
	if (!at)
		return 0;
	add(next, bpf_ktime_get_ns() - *at);
	bpf_map_delete_elem(&queued, &pid);
	return 0;
}

#else /* TRACEPOINT */

PENDING(queued, __u32, __u64, 32768);

/* What the task that runs on this CPU has waited: its cgroup is known only once it is the current one. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} waited SEC(".maps");

static __always_inline int queue(__u32 pid)
{
	__u64 now = bpf_ktime_get_ns();

	if (pid)
		keep(&queued, &pid, &now);
	return 0;
}

EVENT(sched, sched_wakeup)
int on_wakeup(void *ctx)
{
	return queue(FIELD(__u32, 0));
}

EVENT(sched, sched_wakeup_new)
int on_wakeup_new(void *ctx)
{
	return queue(FIELD(__u32, 4));
}

EVENT(sched, sched_switch)
int on_switch(void *ctx)
{
	__u32 zero = 0, pid = FIELD(__u32, 1);
	__u64 *ns = bpf_map_lookup_elem(&waited, &zero);
	struct durations *total;
	__u64 id, *at;
	long state = FIELD(long, 2);

	if (!ns)
		return 0;
	if (*ns && pid) {
		id = bpf_get_current_cgroup_id();
		total = find_or_add(&totals, &id, &totals_zeroes);
		if (total)
			add_duration(total, *ns);
	}
	*ns = 0;
	/* 0 and the bit above all states (TASK_REPORT_MAX): it could go on. */
	if (!(state & 0xff))
		queue(pid);
	pid = FIELD(__u32, 3);
	at = bpf_map_lookup_elem(&queued, &pid);
	if (!at)
		return 0;
	*ns = bpf_ktime_get_ns() - *at;
	bpf_map_delete_elem(&queued, &pid);
	return 0;
}

#endif
