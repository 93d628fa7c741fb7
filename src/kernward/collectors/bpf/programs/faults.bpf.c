// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * Page faults by process. The events are those of x86; another architecture's kernel does not have them.
 */
#define NAMES
#include "measure.h"

/* arch/x86/include/asm/trap_pf.h */
enum { WROTE = 2, FETCHED = 16 };

struct faults {
	__u64 user;
	__u64 kernel;
	__u64 writes;
	__u64 fetches;
};

TOTALS(totals, __u32, struct faults, 8192);

static __always_inline int add(bool user, unsigned long code)
{
	__u32 tgid = current_tgid();
	struct faults *total;

#ifdef TYPED
	if (!counts(cgroup_of(CURRENT(), CONTROLLER(memory))))
		return 0;
#endif
	total = find_or_add(&totals, &tgid, &totals_zeroes);
	if (!total)
		return 0;
#ifdef TYPED
	if (!total->user && !total->kernel)
		remember(CURRENT());
#endif
	if (user)
		total->user += 1;
	else
		total->kernel += 1;
	total->writes += (code & WROTE) != 0;
	total->fetches += (code & FETCHED) != 0;
	return 0;
}

#ifdef TYPED

EVENT(exceptions, page_fault_user)
int BPF_PROG(on_user, unsigned long address, struct pt_regs *regs, unsigned long code)
{
	return add(true, code);
}

EVENT(exceptions, page_fault_kernel)
int BPF_PROG(on_kernel, unsigned long address, struct pt_regs *regs, unsigned long code)
{
	return add(false, code);
}

#else

EVENT(exceptions, page_fault_user)
int on_user(void *ctx)
{
	return add(true, FIELD(unsigned long, 0));
}

EVENT(exceptions, page_fault_kernel)
int on_kernel(void *ctx)
{
	return add(false, FIELD(unsigned long, 1));
}

#endif
