// SPDX-License-Identifier: GPL-2.0
/* Mistakes that keep a CPU, or a queue of work, from all others. */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "kernward_faults.h"

/* One stall at a time: what the thread is to do. */
static u64 stall_ms;

static kf_mistake void kf_poll_ring(u64 milliseconds)
{
	preempt_disable();
	kf_spin(milliseconds);
	preempt_enable();
}

static int kf_poll_thread(void *unused)
{
	kf_poll_ring(stall_ms);
	return 0;
}

static int run_soft_lockup(const long *values)
{
	stall_ms = values[0] * 1000;
	return kf_start_thread(kf_poll_thread, NULL, "kf_poll", values[1]);
}

static kf_mistake void kf_poll_with_interrupts_off(u64 milliseconds)
{
	unsigned long flags;

	local_irq_save(flags);
	kf_spin(milliseconds);
	local_irq_restore(flags);
}

static int kf_poll_irqs_off_thread(void *unused)
{
	kf_poll_with_interrupts_off(stall_ms);
	return 0;
}

static int run_hard_lockup(const long *values)
{
	stall_ms = values[0] * 1000;
	return kf_start_thread(kf_poll_irqs_off_thread, NULL, "kf_poll", values[1]);
}

/* Set inside the section: only then may a grace period begin that it holds up. */
static DECLARE_COMPLETION(walking);

static kf_mistake void kf_walk_table(u64 milliseconds)
{
	rcu_read_lock();
	preempt_disable();
	complete(&walking);
	kf_spin(milliseconds);
	preempt_enable();
	rcu_read_unlock();
}

/* Asleep where nobody may be. */
static kf_mistake void kf_walk_table_asleep(u64 milliseconds)
{
	rcu_read_lock();
	complete(&walking);
	msleep(milliseconds);
	rcu_read_unlock();
}

static int kf_walk_thread(void *unused)
{
	kf_walk_table(stall_ms);
	return 0;
}

static int kf_walk_asleep_thread(void *unused)
{
	kf_walk_table_asleep(stall_ms);
	return 0;
}

static const char *const rcu_ways[] = { "spin", "sleep", NULL };

static struct rcu_head grace_period;
static atomic_t grace_periods_asked;

static void grace_period_over(struct rcu_head *unused)
{
	atomic_dec(&grace_periods_asked);
}

static int run_rcu_stall(const long *values)
{
	int error;

	if (atomic_inc_return(&grace_periods_asked) > 1) {
		atomic_dec(&grace_periods_asked);
		return -EBUSY;
	}
	stall_ms = values[0] * 1000;
	reinit_completion(&walking);
	error = kf_start_thread(values[2] ? kf_walk_asleep_thread : kf_walk_thread, NULL, "kf_walk", values[1]);
	if (error) {
		atomic_dec(&grace_periods_asked);
		return error;
	}
	wait_for_completion(&walking);
	call_rcu(&grace_period, grace_period_over);
	return 0;
}

/* The worker of a CPU's queue that lets nobody else run there, and work that waits behind it. */
static kf_mistake void kf_refill_ring(struct work_struct *unused)
{
	preempt_disable();
	kf_spin(stall_ms);
	preempt_enable();
}
static DECLARE_WORK(refill, kf_refill_ring);

static void kf_update_counters(struct work_struct *unused)
{
}
static DECLARE_WORK(update, kf_update_counters);

static int run_workqueue_lockup(const long *values)
{
	stall_ms = values[0] * 1000;
	if (values[1] >= nr_cpu_ids || !cpu_online(values[1]))
		return -EINVAL;
	if (!queue_work_on(values[1], system_wq, &refill))
		return -EBUSY;
	queue_work_on(values[1], system_wq, &update);
	return 0;
}

/* Work that waits for an answer that does not come: its queue does one at a time. */
static DECLARE_COMPLETION(answer);
static struct workqueue_struct *commands;

static kf_mistake void kf_send_command(struct work_struct *unused)
{
	wait_for_completion_timeout(&answer, stall_ms / 1000 * HZ);
}
static DECLARE_WORK(send_command, kf_send_command);

static int run_work_stuck(const long *values)
{
	stall_ms = values[0] * 1000;
	if (!commands)
		commands = alloc_ordered_workqueue("kf_commands", 0);
	if (!commands)
		return -ENOMEM;
	return queue_work(commands, &send_command) ? 0 : -EBUSY;
}

/*
 * A tasklet that schedules itself anew, a millisecond each time, for so many of each hundred. A timer
 * starts it again. As with a busy network card, ksoftirqd does most of it.
 */
static struct {
	unsigned long until;
	long percent, done;
	atomic_t running;
} load;

static kf_mistake void kf_poll_device(struct tasklet_struct *tasklet)
{
	kf_spin(1);
	if (++load.done < load.percent)
		tasklet_schedule(tasklet);
}
static DECLARE_TASKLET(poll_tasklet, kf_poll_device);

static void poll_again(struct timer_list *timer)
{
	if (time_after(jiffies, load.until)) {
		atomic_set(&load.running, 0);
		return;
	}
	mod_timer(timer, jiffies + HZ / 10);
	load.done = 0;
	tasklet_schedule(&poll_tasklet);
}
static struct timer_list poll_timer = __TIMER_INITIALIZER(poll_again, TIMER_PINNED);

static int run_softirq_load(const long *values)
{
	if (values[2] >= nr_cpu_ids || !cpu_online(values[2]))
		return -EINVAL;
	if (atomic_xchg(&load.running, 1))
		return -EBUSY;
	load.percent = values[0];
	load.until = jiffies + values[1] * HZ;
	poll_timer.expires = jiffies + 1;
	add_timer_on(&poll_timer, values[2]);
	return 0;
}

static kf_mistake void kf_complain(long number)
{
	pr_warn("kernward_faults: completion %06ld for a request that is not known\n", number);
}

static int run_printk_flood(const long *values)
{
	for (long i = 0; i < values[0]; i++)
		kf_complain(i);
	return 0;
}

const struct kf_fault kf_stalls[] = {
	{ "soft-lockup", run_soft_lockup, { KF_NUMBER("seconds", 12, 1, 3600), KF_NUMBER("cpu", 0, 0, 8191) } },
	{ "hard-lockup", run_hard_lockup, { KF_NUMBER("seconds", 12, 1, 3600), KF_NUMBER("cpu", 0, 0, 8191) } },
	{ "rcu-stall", run_rcu_stall,
	  { KF_NUMBER("seconds", 12, 1, 3600), KF_NUMBER("cpu", 0, 0, 8191), KF_WORD("how", rcu_ways) } },
	{ "workqueue-lockup", run_workqueue_lockup,
	  { KF_NUMBER("seconds", 45, 1, 3600), KF_NUMBER("cpu", 0, 0, 8191) } },
	{ "work-stuck", run_work_stuck, { KF_NUMBER("seconds", 20, 1, 86400) } },
	{ "softirq-load", run_softirq_load,
	  { KF_NUMBER("percent", 60, 1, 95), KF_NUMBER("seconds", 10, 1, 86400), KF_NUMBER("cpu", 0, 0, 8191) } },
	{ "printk-flood", run_printk_flood, { KF_NUMBER("lines", 60000, 1, 100000000) } },
	{ }
};
