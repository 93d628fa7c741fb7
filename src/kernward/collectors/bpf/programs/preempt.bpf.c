// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp
 *
 * Behind which cgroup tasks wait for a CPU: a wait is put down to the task that ran on the CPU just before,
 * which for a task that was taken off it is mostly the one that took it.
 */
#include "measure.h"

struct pair {
	__u64 waits;
	__u64 runs;
};

struct behind {
	__u64 preemptions;
	__u64 waits;
	__u64 wait_ns;
};

TOTALS(totals, struct pair, struct behind, 8192);

static __always_inline struct behind *total_of(struct cgroup *waits, struct cgroup *runs)
{
	struct pair pair = {};

	if (!counts(waits))
		return 0;
	pair.waits = id_of(waits);
	pair.runs = id_of(runs);
	return find_or_add(&totals, &pair, &totals_zeroes);
}

EVENT(sched, sched_switch)
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct cgroup *before, *after;
	struct behind *total;
	__u64 ns = waited_ns(next);
	bool idle = !GET(prev, pid);
	bool could_go_on = false;
	long state;

	if (!idle && GET(next, pid)) {
		if (bpf_core_field_exists(prev->__state))
			state = GET(prev, __state);
		else
			state = BPF_CORE_READ((struct task_struct___long_state *)prev, state);
		could_go_on = preempt || !state;
	}
	if (!ns && !could_go_on)
		return 0;
	before = cgroup_of(prev, CONTROLLER(cpu));
	after = cgroup_of(next, CONTROLLER(cpu));
	if (could_go_on) {
		total = total_of(before, after);
		if (total)
			total->preemptions += 1;
	}
	if (ns) {
		/* A CPU that was idle kept nobody waiting but for the time that waking it up took. */
		total = total_of(after, idle ? after : before);
		if (total) {
			total->waits += 1;
			total->wait_ns += ns;
		}
	}
	return 0;
}
