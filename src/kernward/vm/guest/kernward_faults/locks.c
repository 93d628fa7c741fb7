// SPDX-License-Identifier: GPL-2.0
/* Mistakes with locks and with sleeping. */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/version.h>

#include "kernward_faults.h"

static kf_mistake void kf_sleep_unpreemptible(long milliseconds)
{
	preempt_disable();
	msleep(milliseconds);
	/* The scheduler has complained and set the count right: off once more, the next would never end. */
	if (preempt_count())
		preempt_enable();
}

static int run_scheduling_while_atomic(const long *values)
{
	kf_sleep_unpreemptible(values[0]);
	return 0;
}

static DEFINE_SPINLOCK(kf_registers_lock);
static DEFINE_MUTEX(kf_settings_lock);

/* The mutex is free, so nothing sleeps: only a kernel that checks each time notices. */
static kf_mistake void kf_lock_mutex_in_atomic(void)
{
	spin_lock(&kf_registers_lock);
	mutex_lock(&kf_settings_lock);
	mutex_unlock(&kf_settings_lock);
	spin_unlock(&kf_registers_lock);
}

static int run_sleeping_in_atomic(const long *values)
{
	kf_lock_mutex_in_atomic();
	return 0;
}

/* One holds the spin lock, on one CPU; the other waits for it, on another. */
static DEFINE_SPINLOCK(kf_ring_lock);
static long held_ms;

static kf_mistake void kf_hold_spinlock(long milliseconds)
{
	spin_lock(&kf_ring_lock);
	kf_spin(milliseconds);
	spin_unlock(&kf_ring_lock);
}

static kf_mistake void kf_wait_for_spinlock(void)
{
	spin_lock(&kf_ring_lock);
	spin_unlock(&kf_ring_lock);
}

static int kf_holder_thread(void *unused)
{
	kf_hold_spinlock(held_ms);
	return 0;
}

static int kf_waiter_thread(void *unused)
{
	while (!spin_is_locked(&kf_ring_lock))
		cpu_relax();
	kf_wait_for_spinlock();
	return 0;
}

static int run_spinlock_held(const long *values)
{
	int error;

	if (num_online_cpus() < 2)
		return -EOPNOTSUPP;
	held_ms = values[0] * 1000;
	/* The waiter first: once the lock is held, nothing else may run on these two CPUs. */
	error = kf_start_thread(kf_waiter_thread, NULL, "kf_waiter", 1);
	return error ?: kf_start_thread(kf_holder_thread, NULL, "kf_holder", 0);
}

/*
 * The lock is given back from an interrupt after a moment, behind the back of what waits for it: the
 * mistake is reported and the machine goes on.
 */
static DEFINE_RAW_SPINLOCK(kf_queue_lock);

static struct hrtimer rescue;

/* In the interrupt itself: a softirq may have to wait for a thread that has no turn. */
static enum hrtimer_restart give_back(struct hrtimer *unused)
{
	arch_spin_unlock(&kf_queue_lock.raw_lock);
	return HRTIMER_NORESTART;
}

static void prepare_rescue(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(&rescue, give_back, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(&rescue, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	rescue.function = give_back;
#endif
}

static kf_mistake void kf_lock_twice(void)
{
	raw_spin_lock(&kf_queue_lock);
	hrtimer_start(&rescue, ms_to_ktime(500), HRTIMER_MODE_REL_HARD);
	raw_spin_lock(&kf_queue_lock);
	raw_spin_unlock(&kf_queue_lock);
	preempt_enable(); /* for the lock that was given back */
}

/* Without lockdep, which would be first and then have the spin lock's own checks be silent. */
static int run_spinlock_recursion(const long *values)
{
	if (!IS_ENABLED(CONFIG_DEBUG_SPINLOCK) || !IS_ENABLED(CONFIG_SMP))
		return -EOPNOTSUPP;
	prepare_rescue();
	lockdep_off();
	kf_lock_twice();
	lockdep_on();
	return 0;
}

static DEFINE_RAW_SPINLOCK(kf_slot_lock);

static kf_mistake void kf_unlock_unlocked(void)
{
	preempt_disable();
	raw_spin_unlock(&kf_slot_lock);
}

static int run_spinlock_unlocked(const long *values)
{
	lockdep_off();
	kf_unlock_unlocked();
	lockdep_on();
	return 0;
}

/* A takes B's lock while it holds its own, B takes A's: each alone is fine. */
static DEFINE_MUTEX(kf_rx_lock);
static DEFINE_MUTEX(kf_tx_lock);

static kf_mistake void kf_lock_rx_tx(void)
{
	mutex_lock(&kf_rx_lock);
	mutex_lock(&kf_tx_lock);
	mutex_unlock(&kf_tx_lock);
	mutex_unlock(&kf_rx_lock);
}

static kf_mistake void kf_lock_tx_rx(void)
{
	mutex_lock(&kf_tx_lock);
	mutex_lock(&kf_rx_lock);
	mutex_unlock(&kf_rx_lock);
	mutex_unlock(&kf_tx_lock);
}

static int run_lock_order(const long *values)
{
	kf_lock_rx_tx();
	kf_lock_tx_rx();
	return 0;
}

/* An interrupt takes a lock that others take with interrupts on. */
static DEFINE_SPINLOCK(kf_event_lock);

static kf_mistake void kf_event_interrupt(struct irq_work *unused)
{
	spin_lock(&kf_event_lock);
	spin_unlock(&kf_event_lock);
}

static kf_mistake void kf_read_events(void)
{
	spin_lock(&kf_event_lock);
	spin_unlock(&kf_event_lock);
}

static int run_lock_in_interrupt(const long *values)
{
	static struct irq_work work = IRQ_WORK_INIT_HARD(kf_event_interrupt);

	irq_work_queue(&work);
	irq_work_sync(&work);
	kf_read_events();
	return 0;
}

/* Two locks of one class, the second without a word on their order. */
struct kf_port {
	struct mutex lock;
};

static void init_port(struct kf_port *port)
{
	mutex_init(&port->lock);
}

static kf_mistake void kf_lock_both_ports(struct kf_port *one, struct kf_port *other)
{
	mutex_lock(&one->lock);
	mutex_lock(&other->lock);
	mutex_unlock(&other->lock);
	mutex_unlock(&one->lock);
}

static int run_lock_same_class(const long *values)
{
	static struct kf_port ports[2];

	init_port(&ports[0]);
	init_port(&ports[1]);
	kf_lock_both_ports(&ports[0], &ports[1]);
	return 0;
}

static DEFINE_MUTEX(kf_session_lock);

static kf_mistake void kf_forget_unlock(void)
{
	mutex_lock(&kf_session_lock);
}

static int run_lock_held_at_return(const long *values)
{
	kf_forget_unlock();
	return 0;
}

/* A kernel thread keeps a mutex; others wait for it without end in sight. */
static DEFINE_MUTEX(kf_flush_lock);
static long flush_s;

static kf_mistake void kf_flush(void)
{
	mutex_lock(&kf_flush_lock);
	/* Not in state D: only those that wait for it are hung. */
	msleep_interruptible(flush_s * 1000);
	mutex_unlock(&kf_flush_lock);
}

static kf_mistake void kf_submit(void)
{
	mutex_lock(&kf_flush_lock);
	mutex_unlock(&kf_flush_lock);
}

static int kf_flush_thread(void *unused)
{
	kf_flush();
	return 0;
}

static int kf_submit_thread(void *unused)
{
	kf_submit();
	return 0;
}

static int run_hung_task(const long *values)
{
	int error;

	flush_s = values[0];
	error = kf_start_thread(kf_flush_thread, NULL, "kf_flush", -1);
	while (!error && !mutex_is_locked(&kf_flush_lock))
		msleep(20);
	for (long i = 0; !error && i < values[1]; i++)
		error = kf_start_thread(kf_submit_thread, NULL, "kf_submit", -1);
	return error;
}

const struct kf_fault kf_locks[] = {
	{ "scheduling-while-atomic", run_scheduling_while_atomic, { KF_NUMBER("milliseconds", 20, 1, 10000) } },
	{ "sleeping-in-atomic", run_sleeping_in_atomic },
	{ "spinlock-held", run_spinlock_held, { KF_NUMBER("seconds", 12, 1, 3600) } },
	{ "spinlock-recursion", run_spinlock_recursion },
	{ "spinlock-unlocked", run_spinlock_unlocked },
	{ "lock-order", run_lock_order },
	{ "lock-in-interrupt", run_lock_in_interrupt },
	{ "lock-same-class", run_lock_same_class },
	{ "lock-held-at-return", run_lock_held_at_return },
	{ "hung-task", run_hung_task, { KF_NUMBER("seconds", 20, 1, 86400), KF_NUMBER("waiters", 1, 1, 1000) } },
	{ }
};
