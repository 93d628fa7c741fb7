/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Those parts of the kernel's types that the programs read. Where a field stands in the running kernel is
 * filled in when a program is loaded (CO-RE), so that order and size here mean nothing. A type of another
 * release carries three underscores and a word; which of the two is there is asked with
 * bpf_core_field_exists().
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false = 0, true = 1 };

/* include/uapi/linux/bpf.h */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_F_FAST_STACK_CMP = 512 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[16];
};

/* Until Linux 6.0; see commit 7f203bc89eb6, "cgroup: Replace cgroup->ancestor_ids[] with ->ancestors[]". */
struct cgroup___ids {
	__u64 ancestor_ids[16];
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};

/* Their order follows the kernel's configuration. */
enum cgroup_subsys_id {
	cpu_cgrp_id = 1,
	io_cgrp_id = 3,
	memory_cgrp_id = 4,
};

struct sched_info {
	unsigned long long last_queued;
};

struct rq {
	__u64 clock;
};

struct cfs_rq {
	struct rq *rq;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
};

struct mm_struct {
	unsigned long total_vm;
};

struct signal_struct {
	short oom_score_adj;
};

struct task_struct {
	struct sched_entity se;
	struct mm_struct *mm;
	struct signal_struct *signal;
	unsigned int __state;
	unsigned int flags;
	int pid;
	int tgid;
	int exit_code;
	unsigned in_iowait : 1;
	char comm[16];
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct sched_info sched_info;
	struct css_set *cgroups;
};

/* Until Linux 5.13; see commit 2f064a59a11f, "sched: Change task_struct::state". */
struct task_struct___long_state {
	volatile long state;
};

struct gendisk {
	int major;
	int first_minor;
};

struct request_queue {
	struct gendisk *disk;
};

struct blkcg {
	struct cgroup_subsys_state css;
};

struct blkcg_gq {
	struct blkcg *blkcg;
};

struct bio {
	struct blkcg_gq *bi_blkg;
};

struct request {
	struct request_queue *q;
	struct bio *bio;
	__u32 cmd_flags;
	unsigned int __data_len;
	__u64 start_time_ns;
};

/* Until Linux 5.16; see commit f3fa33acca9f, "block: remove the ->rq_disk field in struct request". */
struct request___rq_disk {
	struct gendisk *rq_disk;
};

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	unsigned short skc_family;
	unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	struct sock_cgroup_data sk_cgrp_data;
};

struct tcp_sock {
	__u32 srtt_us;
};

struct sk_buff {
	__be16 protocol;
	int skb_iif;
	unsigned char *head;
	__u16 network_header;
};

struct irqaction {
	const char *name;
};

typedef struct {
	long counter;
} atomic_long_t;

struct mutex {
	atomic_long_t owner;
};

struct rw_semaphore {
	atomic_long_t owner;
};

#if defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
};
#define ARGUMENT_1 regs[0]
#define ARGUMENT_2 regs[1]
#else
struct pt_regs {
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};
#define ARGUMENT_1 di
#define ARGUMENT_2 si
#endif

#pragma clang attribute pop

#endif
