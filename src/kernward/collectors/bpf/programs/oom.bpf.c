// SPDX-License-Identifier: GPL-2.0-only
/* tiers: raw_tp tracepoint kprobe
 *
 * Whom the kernel kills for memory. The event says the victim's pid; since Linux 6.9 (commit 72ba14deb40a,
 * "mm: add more information to mark_victim tracepoint") its task.
 */
#define NAMES
#include "measure.h"

/* PID_MAX_LIMIT in include/linux/threads.h: whatever is larger is an address. */
#define PID_MAX_LIMIT (4 << 20)

struct kill {
	__u64 cgroup;
	__u32 victim;
	__u32 asker;
};

struct kills {
	__u64 number;
};

TOTALS(totals, struct kill, struct kills, 4096);

#ifdef TYPED

/* Kills are few, and each matters: they are handed over one by one as well. */
struct event {
	__u64 at_ns;
	__u64 cgroup;
	__u64 virtual_pages;
	__s32 score_adj;
	__u32 victim;
	struct name name;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

static __always_inline void tell(struct task_struct *task, __u64 cgroup)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_lost();
		return;
	}
	event->at_ns = bpf_ktime_get_boot_ns();
	event->cgroup = cgroup;
	event->virtual_pages = BPF_CORE_READ(task, mm, total_vm);
	event->score_adj = BPF_CORE_READ(task, signal, oom_score_adj);
	event->victim = BPF_CORE_READ(task, tgid);
	bpf_core_read(&event->name.comm, sizeof(event->name.comm), &task->comm);
	bpf_ringbuf_submit(event, 0);
}

#endif

static __always_inline int add(__u64 cgroup, __u32 victim)
{
	struct kill kill = { .cgroup = cgroup, .victim = victim, .asker = current_tgid() };
	struct kills *total = find_or_add(&totals, &kill, &totals_zeroes);

	if (total)
		total->number += 1;
	return 0;
}

#ifdef TYPED

/* Which of the two it is only the value tells, and that takes a tier that may look at it as a number. */
SEC("raw_tp/mark_victim")
int on_victim(__u64 *ctx)
{
	__u64 victim = ctx[0];
	struct task_struct *task = CURRENT();
	struct cgroup *cgroup;

	if (victim <= PID_MAX_LIMIT) {
		/* Only its number is known: a cgroup's limit kills within what the one who asks is in. */
		cgroup = cgroup_of(task, CONTROLLER(memory));
		if (!counts(cgroup))
			return 0;
		remember(task);
		return add(id_of(cgroup), victim);
	}
	task = (struct task_struct *)victim;
	cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	if (settings.version_1) {
		struct css_set *set = BPF_CORE_READ(task, cgroups);
		struct cgroup_subsys_state *css = 0;

		bpf_core_read(&css, sizeof(css), &set->subsys[CONTROLLER(memory)]);
		cgroup = BPF_CORE_READ(css, cgroup);
	}
	if (!counts(cgroup))
		return 0;
	remember(task);
	remember(CURRENT());
	tell(task, BPF_CORE_READ(cgroup, kn, id));
	return add(BPF_CORE_READ(cgroup, kn, id), BPF_CORE_READ(task, tgid));
}

#elif defined(TRACEPOINT)

EVENT(oom, mark_victim)
int on_victim(void *ctx)
{
	return add(bpf_get_current_cgroup_id(), FIELD(__u32, 0));
}

#else

/* Whom it takes is not known without types; whoever asked for memory is. */
SEC("kprobe/oom_kill_process")
int on_kill(void *ctx)
{
	return add(bpf_get_current_cgroup_id(), 0);
}

#endif
