// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp
 *
 * What wakes the tasks of a process: a timer, a device, a packet or another task. Which of these a CPU works
 * for at the moment is noted when it begins and ends, as what counts interrupts is not to be had on all
 * kernels. Handlers and callbacks of timers do not nest in each other; both interrupt softirqs.
 */
#define NAMES
#include "measure.h"

/* include/linux/interrupt.h */
enum { TIMER = 1, NET_TX = 2, NET_RX = 3, BLOCK = 4, IRQ_POLL = 5, HRTIMER = 8 };

enum { BY_TASK, BY_TIMER, BY_DEVICE, BY_PACKET, BY_OTHER };

struct pair {
	__u32 woken;
	/* 0 where it was no task, or the idle one. */
	__u32 waker;
};

struct wakeups {
	__u64 by_task;
	__u64 by_timer;
	__u64 by_device;
	__u64 by_packet;
	__u64 by_other;
	__u64 from_io;
};

/* For whom a CPU works besides its task. */
struct works {
	__u32 in_handler;
	__u32 in_softirq;
};

TOTALS(totals, struct pair, struct wakeups, 8192);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct works);
} works SEC(".maps");

static __always_inline struct works *here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&works, &zero);
}

static __always_inline int handles(__u32 what)
{
	struct works *cpu = here();

	if (cpu)
		cpu->in_handler = what;
	return 0;
}

static __always_inline int serves(__u32 what)
{
	struct works *cpu = here();

	if (cpu)
		cpu->in_softirq = what;
	return 0;
}

/* Attached in this order: an end before its beginning, so that nothing begins whose end is not seen. */

EVENT(irq, irq_handler_exit)
int BPF_PROG(on_handled)
{
	return handles(BY_TASK);
}

EVENT(irq, irq_handler_entry)
int BPF_PROG(on_handler)
{
	return handles(BY_DEVICE);
}

EVENT(timer, hrtimer_expire_exit)
int BPF_PROG(on_expired)
{
	return handles(BY_TASK);
}

EVENT(timer, hrtimer_expire_entry)
int BPF_PROG(on_expire)
{
	return handles(BY_TIMER);
}

EVENT(irq, softirq_exit)
int BPF_PROG(on_softirq_end)
{
	return serves(BY_TASK);
}

EVENT(irq, softirq_entry)
int BPF_PROG(on_softirq, unsigned int kind)
{
	if (kind == NET_RX || kind == NET_TX)
		return serves(BY_PACKET);
	if (kind == TIMER || kind == HRTIMER)
		return serves(BY_TIMER);
	if (kind == BLOCK || kind == IRQ_POLL)
		return serves(BY_DEVICE);
	return serves(BY_OTHER);
}

static __always_inline bool waits_for_io(struct task_struct *task)
{
#ifdef TP_BTF
	return BPF_CORE_READ_BITFIELD(task, in_iowait);
#else
	return BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait);
#endif
}

EVENT(sched, sched_waking)
int BPF_PROG(on_waking, struct task_struct *woken)
{
	struct pair pair = { .woken = GET(woken, tgid) };
	struct works *cpu = here();
	struct wakeups *total;
	__u32 by = BY_TASK;

	if (!counts(cgroup_of(woken, CONTROLLER(cpu))))
		return 0;
	if (cpu)
		by = cpu->in_handler ? cpu->in_handler : cpu->in_softirq;
	/* Packets that stay on the machine are received by a softirq of the task that sent them. */
	if (by == BY_TASK || by == BY_PACKET) {
		pair.waker = current_tgid();
		if (pair.waker)
			remember(CURRENT());
	}
	remember(woken);
	total = find_or_add(&totals, &pair, &totals_zeroes);
	if (!total)
		return 0;
	if (by == BY_TASK)
		total->by_task += 1;
	else if (by == BY_TIMER)
		total->by_timer += 1;
	else if (by == BY_DEVICE)
		total->by_device += 1;
	else if (by == BY_PACKET)
		total->by_packet += 1;
	else
		total->by_other += 1;
	if (waits_for_io(woken))
		total->from_io += 1;
	return 0;
}
