// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * How long block devices take: from block_rq_issue, when a request goes to the driver, to block_rq_complete,
 * when all of it is done. A request that is issued again begins anew.
 */
#include "measure.h"

struct kind {
	__u32 device;
	__u32 operation;
};

struct requests {
	struct durations device;
	struct durations queued;
	__u64 bytes;
	__u64 errors;
};

TOTALS(totals, struct kind, struct requests, 1024);

/* enum req_op in include/linux/blk_types.h */
enum { READ = 0, WRITE = 1, FLUSH = 2, DISCARD = 3, ERASE = 5, ZONE_APPEND = 7, ZEROES = 9, OTHER = 255 };

static __always_inline void done(const struct kind *kind, __u64 ns, __u64 queued_ns, __u64 bytes, bool failed)
{
	struct requests *total = find_or_add(&totals, kind, &totals_zeroes);

	if (!total)
		return;
	add_duration(&total->device, ns);
	if (queued_ns)
		add_duration(&total->queued, queued_ns);
	total->bytes += bytes;
	total->errors += failed;
}

#ifdef TYPED

/* Requests are made once and used again and again: their entries stay, which saves making and removing them. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, __u64);
	__type(value, __u64);
} issued SEC(".maps");

static __always_inline bool concerns(struct request *request)
{
	struct bio *bio;
	struct blkcg_gq *group;
	struct blkcg *blkcg;

	if (!settings.scope_id)
		return true;
	bio = GET(request, bio);
	group = bio ? BPF_CORE_READ(bio, bi_blkg) : 0;
	blkcg = group ? BPF_CORE_READ(group, blkcg) : 0;
	if (blkcg && counts(BPF_CORE_READ(blkcg, css.cgroup)))
		return true;
	/* A group without the io controller has its requests in its parent's name: whoever hands them over. */
	return counts(cgroup_of(CURRENT(), CONTROLLER(io)));
}

EVENT(block, block_rq_issue)
int BPF_PROG(on_issue, struct request *request)
{
	__u64 key = (__u64)request, now, *at;

	if (!concerns(request))
		return 0;
	now = bpf_ktime_get_ns();
	at = bpf_map_lookup_elem(&issued, &key);
	if (at)
		*at = now;
	else
		keep(&issued, &key, &now);
	return 0;
}

EVENT(block, block_rq_complete)
int BPF_PROG(on_complete, struct request *request, int error, unsigned int bytes)
{
	__u64 key = (__u64)request, *at, since, now, queued_at;
	struct request_queue *queue;
	struct gendisk *disk;
	struct kind kind = {};
	__u32 operation;

	at = bpf_map_lookup_elem(&issued, &key);
	if (!at || !*at)
		return 0;
	/* The status is blk_status_t or, until Linux 5.15, an error's number: 0 is success in both. */
	if (!(error & 0xff) && bytes < GET(request, __data_len))
		return 0;
	since = *at;
	*at = 0;
	now = bpf_ktime_get_ns();
	operation = GET(request, cmd_flags) & 0xff;
	if (operation == ZONE_APPEND || operation == ZEROES)
		operation = WRITE;
	else if (operation == ERASE)
		operation = DISCARD;
	else if (operation > DISCARD)
		return 0; /* a driver's own commands, such as asking for a sense code */
	queue = GET(request, q);
	if (bpf_core_field_exists(queue->disk))
		disk = GET(queue, disk);
	else
		disk = BPF_CORE_READ((struct request___rq_disk *)request, rq_disk);
	if (!disk)
		return 0;
	kind.device = GET(disk, major) << 20 | GET(disk, first_minor);
	kind.operation = operation;
	queued_at = GET(request, start_time_ns);
	done(&kind, now - since, queued_at && queued_at < since ? since - queued_at : 0, bytes, error & 0xff);
	return 0;
}

#else

/* Without the request's address, device, sector and the letter of the operation tell requests apart. */
struct request_key {
	__u64 sector;
	__u32 device;
	__u32 operation;
};

PENDING(issued, struct request_key, __u64, 16384);

static __always_inline __u32 operation_of(char letter)
{
	switch (letter) {
	case 'R':
		return READ;
	case 'W':
		return WRITE;
	case 'F':
		return FLUSH;
	case 'D':
		return DISCARD;
	default:
		return OTHER;
	}
}

EVENT(block, block_rq_issue)
int on_issue(void *ctx)
{
	struct request_key key = {};
	__u64 now = bpf_ktime_get_ns();

	key.device = FIELD(__u32, 0);
	key.sector = FIELD(__u64, 1);
	key.operation = operation_of(FIELD(char, 2));
	if (key.operation != OTHER)
		keep(&issued, &key, &now);
	return 0;
}

EVENT(block, block_rq_complete)
int on_complete(void *ctx)
{
	struct request_key key = {};
	struct kind kind = {};
	__u64 *at, ns;

	key.device = FIELD(__u32, 3);
	key.sector = FIELD(__u64, 4);
	key.operation = operation_of(FIELD(char, 5));
	at = bpf_map_lookup_elem(&issued, &key);
	if (!at)
		return 0;
	ns = bpf_ktime_get_ns() - *at;
	bpf_map_delete_elem(&issued, &key);
	kind.device = key.device;
	kind.operation = key.operation;
	done(&kind, ns, 0, (__u64)FIELD(__u32, 6) << 9, FIELD(__u32, 7) != 0);
	return 0;
}

#endif
