// SPDX-License-Identifier: GPL-2.0
/*
 * kernward_faults: a driver that makes one mistake when it is told to.
 *
 *     echo "soft-lockup seconds=12" > /proc/kernward_faults
 *
 * makes it; reading the file lists the mistakes with their parameters. An unknown name or parameter
 * and a value out of range are refused with EINVAL, and nothing is done. The module cannot be removed.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "kernward_faults.h"

static const struct kf_fault *const tables[] = { kf_traps, kf_objects, kf_pages, kf_locks, kf_stalls };

int kf_start_thread(int (*run)(void *argument), void *argument, const char *name, long cpu)
{
	struct task_struct *thread;

	if (cpu >= 0 && (cpu >= nr_cpu_ids || !cpu_online(cpu)))
		return -EINVAL;
	thread = kthread_create(run, argument, "%s", name);
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	if (cpu >= 0)
		kthread_bind(thread, cpu);
	wake_up_process(thread);
	return 0;
}

void kf_spin(u64 milliseconds)
{
	u64 until = ktime_get_mono_fast_ns() + milliseconds * NSEC_PER_MSEC;

	while (ktime_get_mono_fast_ns() < until)
		cpu_relax();
}

static const struct kf_fault *find_fault(const char *name)
{
	for (int i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct kf_fault *fault = tables[i]; fault->name; fault++)
			if (!strcmp(fault->name, name))
				return fault;
	return NULL;
}

static int read_value(const struct kf_parameter *parameter, const char *text, long *value)
{
	if (parameter->words) {
		for (long i = 0; parameter->words[i]; i++) {
			if (!strcmp(parameter->words[i], text)) {
				*value = i;
				return 0;
			}
		}
		return -EINVAL;
	}
	if (kstrtol(text, 0, value) || *value < parameter->least || *value > parameter->most)
		return -EINVAL;
	return 0;
}

static int read_parameter(const struct kf_fault *fault, char *word, long *values)
{
	const char *name = strsep(&word, "=");

	if (!word)
		return -EINVAL;
	for (int i = 0; i < KF_PARAMETERS && fault->parameters[i].name; i++)
		if (!strcmp(fault->parameters[i].name, name))
			return read_value(&fault->parameters[i], word, &values[i]);
	return -EINVAL;
}

static int make_mistake(char *request)
{
	const struct kf_fault *fault;
	long values[KF_PARAMETERS];
	char *word;

	fault = find_fault(strsep(&request, " "));
	if (!fault)
		return -EINVAL;
	for (int i = 0; i < KF_PARAMETERS; i++)
		values[i] = fault->parameters[i].fallback;
	while ((word = strsep(&request, " "))) {
		int error = *word ? read_parameter(fault, word, values) : 0;

		if (error)
			return error;
	}
	return fault->run(values);
}

static ssize_t kf_write(struct file *file, const char __user *from, size_t size, loff_t *position)
{
	char request[160];
	int error;

	if (size >= sizeof(request))
		return -EINVAL;
	if (copy_from_user(request, from, size))
		return -EFAULT;
	request[size] = '\0';
	error = make_mistake(strim(request));
	return error ?: size;
}

static int kf_list(struct seq_file *file, void *unused)
{
	for (int i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct kf_fault *fault = tables[i]; fault->name; fault++) {
			seq_puts(file, fault->name);
			for (int j = 0; j < KF_PARAMETERS && fault->parameters[j].name; j++) {
				const struct kf_parameter *parameter = &fault->parameters[j];

				seq_printf(file, " %s=", parameter->name);
				if (!parameter->words) {
					seq_printf(file, "%ld(%ld..%ld)", parameter->fallback,
						   parameter->least, parameter->most);
					continue;
				}
				for (int k = 0; parameter->words[k]; k++)
					seq_printf(file, "%s%s", k ? "|" : "", parameter->words[k]);
			}
			seq_putc(file, '\n');
		}
	}
	return 0;
}

static int kf_open(struct inode *inode, struct file *file)
{
	return single_open(file, kf_list, NULL);
}

static const struct proc_ops kf_operations = {
	.proc_open = kf_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = kf_write,
};

static int __init kf_init(void)
{
	return proc_create("kernward_faults", 0600, NULL, &kf_operations) ? 0 : -ENOMEM;
}
module_init(kf_init);
/* There is no way out: after some of the mistakes, threads, work and timers of this module go on. */

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes a mistake, on purpose, when told to");
