/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNWARD_FAULTS_H
#define KERNWARD_FAULTS_H

#include <linux/compiler.h>
#include <linux/types.h>

#define KF_PARAMETERS 5

/* A number between least and most; with words, the number of one of them, written as that word. */
struct kf_parameter {
	const char *name;
	long fallback, least, most;
	const char *const *words;
};

/* One fault. `values` are in the order of `parameters`; the result is 0 or an error for the writer. */
struct kf_fault {
	const char *name;
	int (*run)(const long *values);
	struct kf_parameter parameters[KF_PARAMETERS];
};

#define KF_NUMBER(name_, fallback_, least_, most_) \
	{ .name = name_, .fallback = fallback_, .least = least_, .most = most_ }
#define KF_WORD(name_, words_) \
	{ .name = name_, .most = ARRAY_SIZE(words_) - 2, .words = words_ }

/* Each file's faults, ended by one without a name. */
extern const struct kf_fault kf_traps[], kf_objects[], kf_pages[], kf_locks[], kf_stalls[];

/* Every mistake stands in a function of its own, under its own name, so that the report names it. */
#define kf_mistake noinline __noclone

/* In a kernel thread named after `name`, on that CPU (-1: any); returns once it has been started. */
int kf_start_thread(int (*run)(void *argument), void *argument, const char *name, long cpu);
/* Spins until so much time has passed, whatever the interrupts do. */
void kf_spin(u64 milliseconds);

#endif
