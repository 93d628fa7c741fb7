// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * Processes and threads that begin and end, by who starts them, and signals that are delivered.
 */
#define NAMES
#include "measure.h"

struct tasks {
	__u64 forks;
	__u64 threads;
	__u64 execs;
	__u64 children_exits;
	__u64 children_killed;
};

struct signal {
	__u32 tgid;
	__u32 number;
};

struct signals {
	__u64 number;
};

TOTALS(totals, __u32, struct tasks, 8192);
TOTALS(more, struct signal, struct signals, 8192);

static __always_inline struct tasks *total_of(__u32 tgid)
{
	return find_or_add(&totals, &tgid, &totals_zeroes);
}

static __always_inline int delivered(__u32 number)
{
	struct signal signal = { .tgid = current_tgid(), .number = number };
	struct signals *total = find_or_add(&more, &signal, &more_zeroes);

	if (total)
		total->number += 1;
	return 0;
}

#ifdef TYPED

EVENT(sched, sched_process_fork)
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct tasks *total;

	if (!counts(cgroup_of(parent, CONTROLLER(cpu))))
		return 0;
	remember(parent);
	total = total_of(GET(parent, tgid));
	if (!total)
		return 0;
	if (GET(parent, tgid) == GET(child, tgid))
		total->threads += 1;
	else
		total->forks += 1;
	return 0;
}

EVENT(sched, sched_process_exec)
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct tasks *total;
	struct name name = {};
	__u32 tgid = GET(task, tgid);

	if (!counts(cgroup_of(task, CONTROLLER(cpu))))
		return 0;
	/* It has another name from now on. */
	bpf_core_read(&name.comm, sizeof(name.comm), &task->comm);
	bpf_map_update_elem(&names, &tgid, &name, BPF_ANY);
	total = total_of(tgid);
	if (total)
		total->execs += 1;
	return 0;
}

EVENT(sched, sched_process_exit)
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct task_struct *parent;
	struct tasks *total;

	if (GET(task, pid) != GET(task, tgid))
		return 0;
	if (!counts(cgroup_of(task, CONTROLLER(cpu))))
		return 0;
	parent = GET(task, real_parent);
	remember(parent);
	total = total_of(GET(parent, tgid));
	if (!total)
		return 0;
	total->children_exits += 1;
	/* The lowest seven bits are the signal. */
	total->children_killed += (GET(task, exit_code) & 0x7f) != 0;
	return 0;
}

EVENT(signal, signal_deliver)
int BPF_PROG(on_signal, int number)
{
	if (!counts(cgroup_of(CURRENT(), CONTROLLER(cpu))))
		return 0;
	remember(CURRENT());
	return delivered(number);
}

#else

EVENT(sched, sched_process_fork)
int on_fork(void *ctx)
{
	struct tasks *total = total_of(current_tgid());

	/* Whether it is a thread is not in the record. */
	if (total)
		total->forks += 1;
	return 0;
}

EVENT(sched, sched_process_exec)
int on_exec(void *ctx)
{
	struct tasks *total = total_of(current_tgid());

	if (total)
		total->execs += 1;
	return 0;
}

EVENT(signal, signal_deliver)
int on_signal(void *ctx)
{
	return delivered(FIELD(__u32, 0));
}

#endif
