/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all programs share: how they are attached, how they read the kernel, which tasks count, how
 * durations are counted, and what becomes of events for which there is no room.
 *
 * Each source is compiled once a tier that its first line names, with one of these defined:
 *   TP_BTF      tracepoints with the kernel's own types; fields are read by plain loads
 *   RAW_TP      raw tracepoints; fields are read by a helper, at offsets of any BTF that fits the kernel
 *   TRACEPOINT  tracepoints through perf; no type of the kernel is used, fields stand where the event's
 *               `format` says
 *   KPROBE      kprobes; no type of the kernel is used
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* Set before loading, and constant for the verifier then. */
struct settings {
	/* Of the cgroup that counts, with all below it; 0 for everything. */
	__u64 scope_id;
	/* A task's cgroup is that of a controller with a hierarchy of its own (version 1). */
	__u32 version_1;
	/* The number of futex(2) and its like on this architecture; -1 where there is none. */
	__s32 futex[3];
	/* Where the fields of events are, in the order that the measurement names them. */
	__u32 at[16];
};
const volatile struct settings settings SEC(".rodata.settings") = {};

#if defined(TP_BTF)
#define EVENT(group, name) SEC("tp_btf/" #name)
#define GET(pointer, field) ((pointer)->field)
#define TYPED 1
#elif defined(RAW_TP)
#define EVENT(group, name) SEC("raw_tp/" #name)
#define GET(pointer, field) BPF_CORE_READ(pointer, field)
#define TYPED 1
#elif defined(TRACEPOINT)
#define EVENT(group, name) SEC("tp/" #group "/" #name)
/* The event's field of this number. */
#define FIELD(type, number)                                                              \
	({                                                                               \
		type value_ = 0;                                                         \
		bpf_probe_read_kernel(&value_, sizeof(value_), (void *)ctx + settings.at[number]); \
		value_;                                                                  \
	})
#endif

/* Events that were not counted because a map was full. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

static __always_inline void count_lost(void)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&lost, &zero);

	if (count)
		*count += 1;
}

/* The value of this key, made of zeroes if there was none; NULL, and counted as lost, if there is no room. */
static __always_inline void *find_or_add(void *map, const void *key, const void *zeroes)
{
	void *found = bpf_map_lookup_elem(map, key);

	if (found)
		return found;
	bpf_map_update_elem(map, key, zeroes, BPF_NOEXIST);
	found = bpf_map_lookup_elem(map, key);
	if (!found)
		count_lost();
	return found;
}

static __always_inline bool keep(void *map, const void *key, const void *value)
{
	if (!bpf_map_update_elem(map, key, value, BPF_ANY))
		return true;
	count_lost();
	return false;
}

/* Totals are kept for each CPU, so that CPUs do not wait for each other. */
#define TOTALS(name_, key_, value_, entries_)                                            \
	struct {                                                                         \
		__uint(type, BPF_MAP_TYPE_PERCPU_HASH);                                  \
		__uint(max_entries, entries_);                                           \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                    \
		__type(key, key_);                                                       \
		__type(value, value_);                                                   \
	} name_ SEC(".maps");                                                            \
	static const value_ name_##_zeroes = {}

/* What has begun and not ended; made beforehand, as it is filled where nothing may be allocated. */
#define PENDING(name_, key_, value_, entries_)                                           \
	struct {                                                                         \
		__uint(type, BPF_MAP_TYPE_HASH);                                         \
		__uint(max_entries, entries_);                                           \
		__type(key, key_);                                                       \
		__type(value, value_);                                                   \
	} name_ SEC(".maps")

/* collectors/durations.py has the same number. */
#define ITEMS 27

struct durations {
	__u64 count;
	__u64 total_ns;
	__u64 longest_ns;
	__u64 items[ITEMS];
};

static __always_inline __u32 item_of(__u64 ns)
{
	__u64 us;
	__u32 item = 0;

	if (ns >> 40)
		return ITEMS - 1;
	us = ns * 4294968 >> 32; /* by 1000, without a division */
	if (us >> 16) {
		item += 16;
		us >>= 16;
	}
	if (us >> 8) {
		item += 8;
		us >>= 8;
	}
	if (us >> 4) {
		item += 4;
		us >>= 4;
	}
	if (us >> 2) {
		item += 2;
		us >>= 2;
	}
	item += us >> 1;
	return item < ITEMS ? item : ITEMS - 1;
}

static __always_inline void add_duration(struct durations *to, __u64 ns)
{
	__u32 item = item_of(ns);

	to->count += 1;
	to->total_ns += ns;
	if (ns > to->longest_ns)
		to->longest_ns = ns;
	if (item < ITEMS)
		to->items[item] += 1;
}

/* Names of the processes that are counted: they may have ended when the counts are read. */
struct name {
	char comm[16];
};

#ifdef NAMES
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, struct name);
} names SEC(".maps");
#endif

static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

static __always_inline __u32 current_tid(void)
{
	return bpf_get_current_pid_tgid();
}

#ifdef KPROBE
/* What a function returned: the register is where user space sees it too (struct pt_regs of ptrace). */
#if defined(__TARGET_ARCH_arm64)
#define RETURNED(ctx) (*(__u64 *)(ctx))
#else
#define RETURNED(ctx) (*(__u64 *)((void *)(ctx) + 80))
#endif
#endif

#ifdef TYPED

#ifdef TP_BTF
#define CURRENT() bpf_get_current_task_btf()
#else
#define CURRENT() ((struct task_struct *)bpf_get_current_task())
#endif

static __always_inline struct cgroup *cgroup_of(struct task_struct *task, int controller)
{
	struct css_set *set = GET(task, cgroups);
	struct cgroup_subsys_state *css;

	if (!settings.version_1)
		return GET(set, dfl_cgrp);
#ifdef TP_BTF
	css = set->subsys[controller];
#else
	bpf_core_read(&css, sizeof(css), &set->subsys[controller]);
#endif
	return GET(css, cgroup);
}

static __always_inline __u64 id_of(struct cgroup *cgroup)
{
	struct kernfs_node *node = GET(cgroup, kn);

	return GET(node, id);
}

/* Whether this cgroup is the one that counts, or below it. */
static __always_inline bool counts(struct cgroup *cgroup)
{
	struct cgroup *ancestor;
	__u64 id;
	int level;

	if (!settings.scope_id)
		return true;
	if (BPF_CORE_READ(cgroup, kn, id) == settings.scope_id)
		return true;
	level = BPF_CORE_READ(cgroup, level);
	for (int above = 1; above < 12; above++) {
		if (above >= level)
			break;
		if (bpf_core_field_exists(cgroup->ancestors)) {
			ancestor = 0;
			bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[above]);
			id = BPF_CORE_READ(ancestor, kn, id);
		} else {
			id = 0;
			bpf_core_read(&id, sizeof(id), &((struct cgroup___ids *)cgroup)->ancestor_ids[above]);
		}
		if (id == settings.scope_id)
			return true;
	}
	return false;
}

/*
 * How long a task that is about to run has waited for that, at the event of the switch: the scheduler notes
 * when it queued a task (sched_info_enqueue() in kernel/sched/stats.h), and clears that only afterwards.
 * Its own clock is read on the run queue, as no helper reads it. Needs CONFIG_SCHED_INFO, which delay
 * accounting and scheduler statistics bring, and CONFIG_FAIR_GROUP_SCHED; without them this does not load.
 */
static __always_inline __u64 waited_ns(struct task_struct *next)
{
	__u64 queued_at = GET(next, sched_info.last_queued);
	struct cfs_rq *cfs_rq;
	struct rq *rq;
	__u64 now;

	if (!queued_at || !GET(next, pid))
		return 0;
	cfs_rq = GET(next, se.cfs_rq);
	rq = GET(cfs_rq, rq);
	now = GET(rq, clock);
	return now > queued_at ? now - queued_at : 0;
}

#define CONTROLLER(name) bpf_core_enum_value(enum cgroup_subsys_id, name##_cgrp_id)

#ifdef NAMES
static __always_inline void remember(struct task_struct *task)
{
	struct name name = {};
	__u32 tgid = BPF_CORE_READ(task, tgid);
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	if (bpf_map_lookup_elem(&names, &tgid))
		return;
	bpf_core_read(&name.comm, sizeof(name.comm), &leader->comm);
	bpf_map_update_elem(&names, &tgid, &name, BPF_ANY);
}
#endif

#endif /* TYPED */

#endif
