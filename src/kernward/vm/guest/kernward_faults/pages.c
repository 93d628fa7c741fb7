// SPDX-License-Identifier: GPL-2.0
/* Mistakes with pages: too many asked for, handed back in a bad state, never handed back. */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kernward_faults.h"

static kf_mistake struct page *kf_take_block(unsigned int order)
{
	return alloc_pages(GFP_ATOMIC, order);
}

static int run_page_allocation(const long *values)
{
	struct page *block, *all = NULL;

	while ((block = kf_take_block(values[0]))) {
		block->private = (unsigned long)all;
		all = block;
	}
	while ((block = all)) {
		all = (struct page *)block->private;
		block->private = 0;
		__free_pages(block, values[0]);
	}
	return 0;
}

static kf_mistake void *kf_map_log(unsigned long size)
{
	return vmalloc(size);
}

static int run_vmalloc(const long *values)
{
	vfree(kf_map_log((unsigned long)values[0] << 30));
	return 0;
}

/* A block of pages: single ones are looked at only when they leave the CPU's own list. */
#define BLOCK_ORDER 4

static kf_mistake void kf_return_mapped_page(struct page *page)
{
	page->mapping = (void *)0x1000;
	__free_pages(page, BLOCK_ORDER);
}

static int run_bad_page(const long *values)
{
	struct page *page = alloc_pages(GFP_KERNEL, BLOCK_ORDER);

	if (!page)
		return -ENOMEM;
	kf_return_mapped_page(page);
	return 0;
}

static struct {
	long size, total, seconds;
} leak;

static kf_mistake bool kf_leak(size_t size)
{
	void *forgotten = kmalloc(size, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(forgotten);
	return forgotten;
}

/* As much each tenth of a second as makes the total in the given time. */
static int kf_leak_thread(void *unused)
{
	long steps = max(leak.seconds * 10, 1l), done = 0;

	for (long step = 1; step <= steps; step++) {
		while (done < leak.total * step / steps && kf_leak(leak.size))
			done += leak.size;
		if (leak.seconds)
			msleep(100);
	}
	return 0;
}

static int run_memory_leak(const long *values)
{
	leak.size = values[0];
	leak.total = values[1] << 10;
	leak.seconds = values[2];
	return kf_start_thread(kf_leak_thread, NULL, "kf_leak", -1);
}

const struct kf_fault kf_pages[] = {
	{ "page-allocation-failure", run_page_allocation, { KF_NUMBER("order", 10, 1, 10) } },
	{ "vmalloc-failure", run_vmalloc, { KF_NUMBER("size_gb", 64, 1, 16384) } },
	{ "bad-page", run_bad_page },
	{ "memory-leak", run_memory_leak,
	  { KF_NUMBER("size", 512, 8, 8192), KF_NUMBER("total_kb", 16384, 1, 16777216),
	    KF_NUMBER("seconds", 0, 0, 86400) } },
	{ }
};
