/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Spells of work that a task does between two events or within a function, by its cgroup and process: what
 * reclaim and compaction have in common.
 */
#ifndef SPELLS_H
#define SPELLS_H

#define NAMES
#include "measure.h"

struct who {
	__u64 cgroup;
	__u32 tgid;
	__u32 kind;
};

struct spells {
	struct durations durations;
	__u64 pages;
};

struct spell {
	__u64 at_ns;
	__u32 kind;
	__u32 unused;
};

TOTALS(totals, struct who, struct spells, 4096);
PENDING(begun, __u32, struct spell, 16384);

static __always_inline int begins(__u32 kind)
{
	struct spell this = { .kind = kind };
	__u32 tid = current_tid();

#ifdef TYPED
	if (!counts(cgroup_of(CURRENT(), CONTROLLER(memory))))
		return 0;
#endif
	this.at_ns = bpf_ktime_get_ns();
	keep(&begun, &tid, &this);
	return 0;
}

static __always_inline int ends(__u64 pages)
{
	__u32 tid = current_tid();
	struct spell *found = bpf_map_lookup_elem(&begun, &tid);
	struct who who = {};
	struct spells *total;
	__u64 ns;

	if (!found)
		return 0;
	ns = bpf_ktime_get_ns() - found->at_ns;
	who.kind = found->kind;
	bpf_map_delete_elem(&begun, &tid);
	who.tgid = current_tgid();
#ifdef TYPED
	who.cgroup = id_of(cgroup_of(CURRENT(), CONTROLLER(memory)));
	remember(CURRENT());
#else
	who.cgroup = bpf_get_current_cgroup_id();
#endif
	total = find_or_add(&totals, &who, &totals_zeroes);
	if (!total)
		return 0;
	add_duration(&total->durations, ns);
	total->pages += pages;
	return 0;
}

#endif
