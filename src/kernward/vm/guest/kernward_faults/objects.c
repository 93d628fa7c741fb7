// SPDX-License-Identifier: GPL-2.0
/* Mistakes with objects: freed twice, used after they were freed, written past their end, counted wrongly. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kfence.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kernward_faults.h"

#define REQUEST_SIZE 200

enum { READ_IT, WRITE_IT };
static const char *const accesses[] = { "read", "write", NULL };

/*
 * A cache of its own, so that slub_debug=FZPU,kf_request watches it and nothing else. It is left to
 * the machine afterwards: a cache with a damaged object cannot be destroyed.
 */
static struct kmem_cache *kf_request_cache(void)
{
	static struct kmem_cache *cache;

	if (!cache)
		cache = kmem_cache_create("kf_request", REQUEST_SIZE, 0, 0, NULL);
	return cache;
}

static kf_mistake void kf_free_twice(struct kmem_cache *cache)
{
	void *request = kmem_cache_alloc(cache, GFP_KERNEL);
	void *again = request;

	OPTIMIZER_HIDE_VAR(again);
	kmem_cache_free(cache, request);
	kmem_cache_free(cache, again);
}

static int run_slab_double_free(const long *values)
{
	struct kmem_cache *cache = kf_request_cache();

	/* One that stays: the allocator looks at objects of slabs that are in use. */
	if (!cache || !kmem_cache_alloc(cache, GFP_KERNEL))
		return -ENOMEM;
	kf_free_twice(cache);
	return 0;
}

static kf_mistake void kf_write_after_free(struct kmem_cache *cache, long offset)
{
	char *request = kmem_cache_alloc(cache, GFP_KERNEL);
	char *stale = request;

	OPTIMIZER_HIDE_VAR(stale);
	kmem_cache_free(cache, request);
	WRITE_ONCE(stale[offset], 0x41);
}

/* The damage is noticed when the object is handed out again: soon, since all of a slab are taken. */
static int run_slab_use_after_free(const long *values)
{
	struct kmem_cache *cache = kf_request_cache();
	static void *taken[64];

	if (!cache)
		return -ENOMEM;
	kf_write_after_free(cache, values[0]);
	for (int i = 0; i < ARRAY_SIZE(taken); i++)
		taken[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	for (int i = 0; i < ARRAY_SIZE(taken); i++)
		if (taken[i])
			kmem_cache_free(cache, taken[i]);
	return 0;
}

/* The damage is noticed when the object is freed. */
static kf_mistake void kf_write_past_object(struct kmem_cache *cache, long bytes)
{
	char *request = kmem_cache_alloc(cache, GFP_KERNEL);
	char *end = request + REQUEST_SIZE;

	if (!request)
		return;
	OPTIMIZER_HIDE_VAR(end);
	for (long i = 0; i < bytes; i++)
		WRITE_ONCE(end[i], 0);
	kmem_cache_free(cache, request);
}

static int run_slab_redzone(const long *values)
{
	struct kmem_cache *cache = kf_request_cache();

	if (!cache)
		return -ENOMEM;
	kf_write_past_object(cache, values[0]);
	return 0;
}

static void init_session(void *session)
{
	memset(session, 0, REQUEST_SIZE);
}

static kf_mistake void kf_destroy_cache(struct kmem_cache *cache)
{
	kmem_cache_destroy(cache);
}

static int run_slab_not_empty(const long *values)
{
	/* With a constructor, so that it is not merged with another cache. */
	struct kmem_cache *cache = kmem_cache_create("kf_session", REQUEST_SIZE, 0, 0, init_session);

	if (!cache)
		return -ENOMEM;
	for (long i = 0; i < values[0]; i++)
		if (!kmem_cache_alloc(cache, GFP_KERNEL))
			return -ENOMEM;
	kf_destroy_cache(cache);
	return 0;
}

/* Both leave the entries on this stack unlinked from anything that lasts. */
static kf_mistake void kf_list_del(void)
{
	LIST_HEAD(queue);
	struct list_head first, second, stray;

	list_add(&first, &queue);
	list_add(&second, &queue);
	INIT_LIST_HEAD(&stray);
	WRITE_ONCE(first.prev, &stray);
	list_del(&first);
}

static kf_mistake void kf_list_add(void)
{
	LIST_HEAD(queue);
	struct list_head first, second, stray;

	list_add(&first, &queue);
	INIT_LIST_HEAD(&stray);
	WRITE_ONCE(first.prev, &stray);
	list_add(&second, &queue);
}

static kf_mistake void kf_list_add_twice(void)
{
	LIST_HEAD(queue);
	struct list_head entry;

	list_add(&entry, &queue);
	list_add(&entry, &queue);
}

static const char *const list_operations[] = { "del", "add", "add-twice", NULL };

static int run_list_corruption(const long *values)
{
	static void (*const operations[])(void) = { kf_list_del, kf_list_add, kf_list_add_twice };

	operations[values[0]]();
	return 0;
}

static kf_mistake void kf_put_underflow(refcount_t *users)
{
	if (refcount_dec_and_test(users))
		(void)!refcount_dec_and_test(users);
}

/* refcount_dec() is for those who know that they are not the last. */
static kf_mistake void kf_put_last(refcount_t *users)
{
	refcount_dec(users);
}

static kf_mistake void kf_get_released(refcount_t *users)
{
	if (refcount_dec_and_test(users))
		refcount_inc(users);
}

static kf_mistake void kf_get_overflow(refcount_t *users)
{
	refcount_set(users, INT_MAX);
	refcount_inc(users);
}

static const char *const refcount_events[] = { "underflow", "leak", "use-after-free", "overflow", NULL };

static int run_refcount(const long *values)
{
	static void (*const events[])(refcount_t *) = { kf_put_underflow, kf_put_last, kf_get_released,
							kf_get_overflow };
	refcount_t users = REFCOUNT_INIT(1);

	events[values[0]](&users);
	return 0;
}

/* The compiler's own check of the size would be first if it saw the object's. */
static kf_mistake unsigned long kf_copy_out(char *object, unsigned long size)
{
	return copy_to_user((void __user *)current->mm->start_stack, object, size);
}

static kf_mistake unsigned long kf_copy_in(char *object, unsigned long size)
{
	return copy_from_user(object, (void __user *)current->mm->arg_start, size);
}

static const char *const directions[] = { "to-user", "from-user", NULL };

static int run_usercopy(const long *values)
{
	char *object = kzalloc(64, GFP_KERNEL);
	char *hidden = object;

	if (!object)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(hidden);
	if (values[0] ? kf_copy_in(hidden, 64 + values[1]) : kf_copy_out(hidden, 64 + values[1]))
		pr_info("kernward_faults: not copied\n");
	kfree(object);
	return 0;
}

static kf_mistake void kf_touch(volatile char *at, long access)
{
	if (access == WRITE_IT)
		*at = 1;
	else
		(void)*at;
}

enum { AFTER_FREE, PAST_END, FREED_TWICE };
static const char *const sampled[] = { "use-after-free", "out-of-bounds", "double-free", NULL };

/* KFENCE watches one allocation now and then: ask until it is one of ours. */
static int run_kfence(const long *values)
{
	unsigned long until = jiffies + 10 * HZ;
	char *object, *stale;

	if (!IS_ENABLED(CONFIG_KFENCE))
		return -EOPNOTSUPP;
	for (;;) {
		object = kmalloc(64, GFP_KERNEL);
		if (!object)
			return -ENOMEM;
		if (is_kfence_address(object))
			break;
		kfree(object);
		if (time_after(jiffies, until))
			return -ETIME;
		cond_resched();
	}
	stale = object;
	OPTIMIZER_HIDE_VAR(stale);
	switch (values[0]) {
	case AFTER_FREE:
		kfree(object);
		kf_touch(stale + 8, values[1]);
		break;
	case PAST_END:
		kf_touch(stale + 64, values[1]);
		/* An object lies at the left or at the right end of its page; one of these leaves it. */
		kf_touch(stale - 1, values[1]);
		kfree(object);
		break;
	case FREED_TWICE:
		kfree(object);
		kfree(stale);
		break;
	}
	return 0;
}

static int run_kasan_use_after_free(const long *values)
{
	char *object = kmalloc(128, GFP_KERNEL), *stale = object;

	if (!object)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(stale);
	kfree(object);
	kf_touch(stale + values[1], values[0]);
	return 0;
}

static kf_mistake void kf_touch_past_slab(long access, long beyond)
{
	char *object = kmalloc(123, GFP_KERNEL);

	if (!object)
		return;
	OPTIMIZER_HIDE_VAR(object);
	kf_touch(object + 122 + beyond, access);
	kfree(object);
}

static kf_mistake void kf_touch_past_stack(long access, long beyond)
{
	volatile char name[24] = { 0 };
	volatile char *at = name;

	OPTIMIZER_HIDE_VAR(at);
	/* Only looked at: what lies there keeps the machine running. */
	kf_touch(at + 23 + beyond, READ_IT);
}

static kf_mistake void kf_touch_past_global(long access, long beyond)
{
	static char table[11];
	char *at = table;

	OPTIMIZER_HIDE_VAR(at);
	kf_touch(at + 10 + beyond, READ_IT);
}

static const char *const places[] = { "slab", "stack", "global", NULL };

static int run_kasan_out_of_bounds(const long *values)
{
	static void (*const touch[])(long, long) = { kf_touch_past_slab, kf_touch_past_stack,
						     kf_touch_past_global };

	touch[values[0]](values[1], values[2]);
	return 0;
}

static kf_mistake void kf_kfree_twice(void)
{
	char *object = kmalloc(128, GFP_KERNEL), *again = object;

	OPTIMIZER_HIDE_VAR(again);
	kfree(object);
	kfree(again);
}

static int run_kasan_double_free(const long *values)
{
	kf_kfree_twice();
	return 0;
}

static kf_mistake unsigned int kf_shift(unsigned int flags, long by)
{
	OPTIMIZER_HIDE_VAR(by);
	return flags << by;
}

static int run_ubsan_shift(const long *values)
{
	pr_info("kernward_faults: %u\n", kf_shift(1, values[0]));
	return 0;
}

static kf_mistake int kf_read_slot(long index)
{
	static struct {
		int slots[8];
		int spare[128];
	} ring;

	OPTIMIZER_HIDE_VAR(index);
	return ring.slots[index];
}

static int run_ubsan_bounds(const long *values)
{
	pr_info("kernward_faults: %d\n", kf_read_slot(values[0]));
	return 0;
}

const struct kf_fault kf_objects[] = {
	{ "slab-double-free", run_slab_double_free },
	{ "slab-use-after-free", run_slab_use_after_free, { KF_NUMBER("offset", 16, 0, REQUEST_SIZE - 1) } },
	{ "slab-redzone", run_slab_redzone, { KF_NUMBER("bytes", 4, 1, 8) } },
	{ "slab-not-empty", run_slab_not_empty, { KF_NUMBER("objects", 1, 1, 1000) } },
	{ "list-corruption", run_list_corruption, { KF_WORD("operation", list_operations) } },
	{ "refcount", run_refcount, { KF_WORD("event", refcount_events) } },
	{ "usercopy", run_usercopy, { KF_WORD("direction", directions), KF_NUMBER("bytes", 32, 1, 4000) } },
	{ "kfence", run_kfence, { KF_WORD("bug", sampled), KF_WORD("access", accesses) } },
	{ "kasan-use-after-free", run_kasan_use_after_free,
	  { KF_WORD("access", accesses), KF_NUMBER("offset", 16, 0, 127) } },
	{ "kasan-out-of-bounds", run_kasan_out_of_bounds,
	  { KF_WORD("where", places), KF_WORD("access", accesses), KF_NUMBER("beyond", 1, 1, 4) } },
	{ "kasan-double-free", run_kasan_double_free },
	{ "ubsan-shift", run_ubsan_shift, { KF_NUMBER("by", 40, 32, 255) } },
	{ "ubsan-bounds", run_ubsan_bounds, { KF_NUMBER("index", 9, 8, 100) } },
	{ }
};
