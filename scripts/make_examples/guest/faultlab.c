// SPDX-License-Identifier: GPL-2.0
/*
 * faultlab: a driver that does one thing wrong when the name of a fault is written to /proc/faultlab.
 *
 * Each fault is the mistake a driver makes, in a function of its own, so that the report names it.
 * Functions are kept out of line, and do not jump where they would call, for the same reason.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kfence.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/proc_fs.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

static int seconds = 20;
module_param(seconds, int, 0644);

struct lab_queue {
	struct list_head entries;
	unsigned long head, tail;
	void (*complete)(struct lab_queue *queue);
};

static noinline void lab_queue_drain(struct lab_queue *queue)
{
	queue->tail = READ_ONCE(queue->head);
}

static noinline void lab_null(void)
{
	struct lab_queue *queue = NULL;

	OPTIMIZER_HIDE_VAR(queue);
	lab_queue_drain(queue);
}

static noinline void lab_wild(void)
{
	struct lab_queue *queue = (struct lab_queue *)0xdead000000000100ul;

	OPTIMIZER_HIDE_VAR(queue);
	lab_queue_drain(queue);
}

static noinline void lab_paging(void)
{
	struct lab_queue *queue = (struct lab_queue *)0xffffc90077777000ul;

	OPTIMIZER_HIDE_VAR(queue);
	lab_queue_drain(queue);
}

static noinline void lab_bug(void)
{
	BUG_ON(seconds);
}

static noinline void lab_warn(void)
{
	WARN(seconds, "lab: ring index %d out of step\n", seconds);
}

static noinline void lab_divide(void)
{
	int zero = 0;

	OPTIMIZER_HIDE_VAR(zero);
	pr_info("lab: %d packets a slot\n", seconds / zero);
}

static noinline void lab_invalid_opcode(void)
{
	asm volatile(".byte 0xf0, 0x90"); /* lock nop */
}

static noinline void lab_dequeue(void)
{
	LIST_HEAD(list);
	struct list_head one, two;

	list_add(&one, &list);
	list_add(&two, &list);
	WRITE_ONCE(one.prev, (struct list_head *)&seconds);
	list_del(&one);
}

static noinline void lab_put_session(void)
{
	refcount_t users = REFCOUNT_INIT(1);

	if (refcount_dec_and_test(&users))
		refcount_inc(&users);
}

static noinline void lab_atomic_sleep(void)
{
	preempt_disable();
	msleep(20);
	preempt_enable();
}

static noinline void lab_poll_ring(void)
{
	unsigned long until = jiffies + seconds * HZ;

	preempt_disable();
	while (time_before(jiffies, until))
		cpu_relax();
	preempt_enable();
}

static DEFINE_MUTEX(lab_lock);

static int lab_holder(void *unused)
{
	mutex_lock(&lab_lock);
	ssleep(seconds);
	mutex_unlock(&lab_lock);
	return 0;
}

static noinline int lab_waiter(void *unused)
{
	mutex_lock(&lab_lock);
	mutex_unlock(&lab_lock);
	return 0;
}

static noinline void lab_submit_all(void)
{
	kthread_run(lab_holder, NULL, "lab_flush");
	msleep(100);
	kthread_run(lab_waiter, NULL, "lab_submit");
	ssleep(seconds + 1);
}

static noinline void lab_fill_ring(void)
{
	struct page *page, *all = NULL;

	while ((page = alloc_pages(GFP_ATOMIC, 9))) {
		page->private = (unsigned long)all;
		all = page;
	}
	while ((page = all)) {
		all = (struct page *)page->private;
		page->private = 0;
		__free_pages(page, 9);
	}
}

static noinline void lab_map_log(void)
{
	vfree(vmalloc(64ul << 30));
}

static noinline void lab_return_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	page->mapping = (void *)0x1000;
	__free_page(page);
}

/* Needs slub_debug=FZP for kmalloc-64. */
static noinline void lab_late_write(void)
{
	char *object = kmalloc(64, GFP_KERNEL);

	kfree(object);
	OPTIMIZER_HIDE_VAR(object);
	object[16] = 0x41;
	for (int i = 0; i < 200; i++) /* sooner or later the same object is handed out again */
		(void)!kmalloc(64, GFP_KERNEL);
}

static noinline void lab_clear_tail(void)
{
	char *object = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(object);
	memset(object + 64, 0, 4);
	kfree(object);
}

static void lab_init_request(void *request)
{
	memset(request, 0, 200);
}

static noinline void lab_close_requests(void)
{
	/* With a constructor, so that it is not merged with another cache. */
	struct kmem_cache *cache = kmem_cache_create("lab_request", 200, 0, 0, lab_init_request);
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	if (object)
		kmem_cache_destroy(cache);
}

/* Needs kfence.sample_interval. */
static noinline void lab_late_read(void)
{
	for (int i = 0; i < 100000; i++) {
		volatile char *object = kmalloc(48, GFP_KERNEL);

		kfree((void *)object);
		(void)object[8];
		if (is_kfence_address((void *)object))
			break;
	}
}

static noinline void lab_show(void)
{
	char *object = kmalloc(64, GFP_KERNEL);
	unsigned long size = 96;

	OPTIMIZER_HIDE_VAR(object); /* the compiler's own check of the size would be first */
	OPTIMIZER_HIDE_VAR(size);
	if (copy_to_user((void __user *)current->mm->start_stack, object, size))
		pr_info("lab: not copied\n");
	kfree(object);
}

static noinline void lab_no_execute(void)
{
	static unsigned long not_code[2];
	struct lab_queue queue = { .complete = (void *)not_code };

	OPTIMIZER_HIDE_VAR(queue.complete);
	queue.complete(&queue);
}

static void lab_tick(struct timer_list *timer)
{
	lab_null();
}

static DEFINE_TIMER(lab_timer, lab_tick);

static noinline void lab_interrupt(void)
{
	mod_timer(&lab_timer, jiffies + 1);
	ssleep(1);
}

static noinline void lab_give_up(void)
{
	panic("lab: controller firmware gave up");
}

static noinline void lab_flood(void)
{
	for (int i = 0; i < 60000; i++)
		pr_warn("lab: completion %06d for a request that is not known, queue %p\n", i, &lab_lock);
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{ "null", lab_null },
	{ "wild", lab_wild },
	{ "paging", lab_paging },
	{ "bug", lab_bug },
	{ "warn", lab_warn },
	{ "divide", lab_divide },
	{ "invalid-opcode", lab_invalid_opcode },
	{ "list", lab_dequeue },
	{ "refcount", lab_put_session },
	{ "atomic-sleep", lab_atomic_sleep },
	{ "spin", lab_poll_ring },
	{ "mutex", lab_submit_all },
	{ "page-allocation", lab_fill_ring },
	{ "vmalloc", lab_map_log },
	{ "bad-page", lab_return_page },
	{ "slab-poison", lab_late_write },
	{ "slab-redzone", lab_clear_tail },
	{ "cache-leak", lab_close_requests },
	{ "kfence", lab_late_read },
	{ "usercopy", lab_show },
	{ "no-execute", lab_no_execute },
	{ "interrupt", lab_interrupt },
	{ "panic", lab_give_up },
	{ "flood", lab_flood },
};

static ssize_t lab_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	char name[32] = "";

	if (copy_from_user(name, from, min(size, sizeof(name) - 1)))
		return -EFAULT;
	for (int i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(strim(name), faults[i].name))
			faults[i].run();
	return size;
}

static const struct proc_ops lab_operations = { .proc_write = lab_write };

static int __init faultlab_init(void)
{
	return proc_create("faultlab", 0200, NULL, &lab_operations) ? 0 : -ENOMEM;
}
module_init(faultlab_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Does one thing wrong, on purpose");
