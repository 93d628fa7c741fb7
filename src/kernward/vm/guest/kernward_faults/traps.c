// SPDX-License-Identifier: GPL-2.0
/* Mistakes that the processor or a check in the code notices at once. */
#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "kernward_faults.h"

enum { READ_IT, WRITE_IT, EXECUTE_IT };
static const char *const accesses[] = { "read", "write", "execute", NULL };
static const char *const data_accesses[] = { "read", "write", NULL };

enum { IN_TASK, IN_THREAD, IN_WORK, IN_SOFTIRQ, IN_HARDIRQ };
static const char *const contexts[] = { "task", "thread", "work", "softirq", "hardirq", NULL };

static kf_mistake unsigned long kf_null_read(unsigned long offset)
{
	unsigned long address = offset;

	OPTIMIZER_HIDE_VAR(address);
	return READ_ONCE(*(unsigned long *)address);
}

static kf_mistake void kf_null_write(unsigned long offset)
{
	unsigned long address = offset;

	OPTIMIZER_HIDE_VAR(address);
	WRITE_ONCE(*(unsigned long *)address, 1);
}

static kf_mistake void kf_null_execute(unsigned long offset)
{
	void (*complete)(void) = (void (*)(void))offset;

	OPTIMIZER_HIDE_VAR(complete);
	complete();
}

/* What the other contexts are to do; one at a time is enough. */
static struct {
	long access;
	unsigned long offset;
} null_pointer;

static noinline void kf_follow_null(void)
{
	switch (null_pointer.access) {
	case READ_IT:
		kf_null_read(null_pointer.offset);
		break;
	case WRITE_IT:
		kf_null_write(null_pointer.offset);
		break;
	case EXECUTE_IT:
		kf_null_execute(null_pointer.offset);
		break;
	}
}

static int kf_null_in_thread(void *unused)
{
	kf_follow_null();
	return 0;
}

static void kf_null_in_work(struct work_struct *unused)
{
	kf_follow_null();
}
static DECLARE_WORK(null_work, kf_null_in_work);

static void kf_null_in_softirq(struct tasklet_struct *unused)
{
	kf_follow_null();
}
static DECLARE_TASKLET(null_tasklet, kf_null_in_softirq);

static void kf_null_in_hardirq(struct irq_work *unused)
{
	kf_follow_null();
}
static struct irq_work null_irq_work = IRQ_WORK_INIT_HARD(kf_null_in_hardirq);

static int run_null_pointer(const long *values)
{
	null_pointer.access = values[0];
	null_pointer.offset = values[1];
	switch (values[2]) {
	case IN_TASK:
		kf_follow_null();
		return 0;
	case IN_THREAD:
		return kf_start_thread(kf_null_in_thread, NULL, "kf_thread", -1);
	case IN_WORK:
		schedule_work(&null_work);
		return 0;
	case IN_SOFTIRQ:
		tasklet_schedule(&null_tasklet);
		return 0;
	default:
		irq_work_queue(&null_irq_work);
		return 0;
	}
}

static kf_mistake void kf_read_past_buffer(const char *end)
{
	READ_ONCE(*end);
}

static kf_mistake void kf_write_past_buffer(char *end)
{
	WRITE_ONCE(*end, 1);
}

/* vmalloc() leaves a page behind each area unmapped. */
static int run_unmapped(const long *values)
{
	char *buffer = vmalloc(PAGE_SIZE);
	char *end = buffer + PAGE_SIZE;

	if (!buffer)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(end);
	if (values[0] == WRITE_IT)
		kf_write_past_buffer(end);
	else
		kf_read_past_buffer(end);
	vfree(buffer);
	return 0;
}

static kf_mistake void kf_follow_wild(unsigned long address, bool write)
{
	OPTIMIZER_HIDE_VAR(address);
	if (write)
		WRITE_ONCE(*(unsigned long *)address, 1);
	else
		READ_ONCE(*(unsigned long *)address);
}

static int run_non_canonical(const long *values)
{
	/* What list_del() leaves in an entry, LIST_POISON1. */
	kf_follow_wild(0xdead000000000100ul, values[0] == WRITE_IT);
	return 0;
}

static kf_mistake void kf_bug(long level)
{
	BUG_ON(level > 0);
}

static int run_bug(const long *values)
{
	kf_bug(values[0]);
	return 0;
}

static kf_mistake void kf_warn(long level)
{
	WARN(level >= 0, "kernward_faults: ring index %ld out of step\n", level);
}

static int run_warn(const long *values)
{
	for (long i = 0; i < values[0]; i++)
		kf_warn(i);
	return 0;
}

static kf_mistake long kf_divide(long packets, long slots)
{
	OPTIMIZER_HIDE_VAR(slots);
	return packets / slots;
}

static int run_divide(const long *values)
{
	pr_info("kernward_faults: %ld packets a slot\n", kf_divide(values[0], 0));
	return 0;
}

static kf_mistake void kf_invalid_opcode(void)
{
	asm volatile(".byte 0xf0, 0x90"); /* lock nop: no instruction */
}

static int run_invalid_opcode(const long *values)
{
	kf_invalid_opcode();
	return 0;
}

static kf_mistake void kf_call_data(void *not_code)
{
	void (*complete)(void) = not_code;

	OPTIMIZER_HIDE_VAR(complete);
	complete();
}

static int run_execute_data(const long *values)
{
	static unsigned long not_code[2];

	kf_call_data(not_code);
	return 0;
}

/* Something must be left to do after the call, or it would be a loop. */
static kf_mistake unsigned long kf_recurse(unsigned long depth)
{
	unsigned char frame[256];

	memset(frame, depth, sizeof(frame));
	OPTIMIZER_HIDE_VAR(depth);
	barrier_data(frame);
	if (!depth)
		return frame[0];
	return kf_recurse(depth - 1) + frame[depth % sizeof(frame)];
}

static int run_stack_overflow(const long *values)
{
	pr_info("kernward_faults: %lu\n", kf_recurse(values[0] * 1024 / 256));
	return 0;
}

static kf_mistake void kf_smash_stack(size_t size)
{
	unsigned char name[32];
	volatile unsigned char *at = name;

	OPTIMIZER_HIDE_VAR(at);
	for (size_t i = 0; i < size; i++)
		at[i] = 0x5a;
	barrier_data(name);
}

static int run_stack_corruption(const long *values)
{
	kf_smash_stack(32 + values[0]);
	return 0;
}

static kf_mistake void kf_copy_name(const char *from, size_t size)
{
	static char name[64];

	OPTIMIZER_HIDE_VAR(size);
	memcpy(name, from, size);
	barrier_data(name);
}

static int run_fortify(const long *values)
{
	static const char from[256] = "a name that is longer than what it is copied to";

	kf_copy_name(from, 64 + values[0]);
	return 0;
}

static kf_mistake void kf_panic(void)
{
	panic("kernward_faults: the controller's firmware gave up");
}

static int run_panic(const long *values)
{
	kf_panic();
	return 0;
}

const struct kf_fault kf_traps[] = {
	{ "null-pointer", run_null_pointer,
	  { KF_WORD("access", accesses), KF_NUMBER("offset", 16, 0, 4088), KF_WORD("context", contexts) } },
	{ "unmapped-address", run_unmapped, { KF_WORD("access", data_accesses) } },
	{ "non-canonical-address", run_non_canonical, { KF_WORD("access", data_accesses) } },
	{ "bug", run_bug, { KF_NUMBER("level", 1, 1, 100) } },
	{ "warn", run_warn, { KF_NUMBER("count", 1, 1, 1000) } },
	{ "divide-error", run_divide, { KF_NUMBER("packets", 20, 0, 1000000) } },
	{ "invalid-opcode", run_invalid_opcode },
	{ "execute-data", run_execute_data },
	{ "stack-overflow", run_stack_overflow, { KF_NUMBER("depth_kb", 64, 32, 65536) } },
	{ "stack-corruption", run_stack_corruption, { KF_NUMBER("bytes", 32, 16, 256) } },
	{ "fortify", run_fortify, { KF_NUMBER("bytes", 32, 1, 192) } },
	{ "panic", run_panic },
	{ }
};
