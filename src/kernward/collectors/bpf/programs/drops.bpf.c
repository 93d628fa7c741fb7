// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * Packets that are freed as dropped, by reason (since Linux 5.17, commit c504e5c2f964, "net: skb: introduce
 * kfree_skb_reason()") and by the code that frees them.
 */
#include "measure.h"

struct drop {
	__u64 location;
	__u32 reason;
	__u32 interface;
	__u32 protocol;
	__u32 unused;
};

struct drops {
	__u64 number;
};

TOTALS(totals, struct drop, struct drops, 4096);

static __always_inline int add(__u64 location, __u32 reason, __u32 interface, __be16 protocol)
{
	struct drop drop = {
		.location = location,
		.reason = reason,
		.interface = interface,
		.protocol = __builtin_bswap16(protocol),
	};
	struct drops *total = find_or_add(&totals, &drop, &totals_zeroes);

	if (total)
		total->number += 1;
	return 0;
}

#ifdef TYPED

EVENT(skb, kfree_skb)
int BPF_PROG(on_drop, struct sk_buff *skb, void *location, unsigned int reason)
{
	return add((__u64)location, reason, GET(skb, skb_iif), GET(skb, protocol));
}

#else

/* The record has the protocol in the machine's order already. */
EVENT(skb, kfree_skb)
int on_drop(void *ctx)
{
	return add(FIELD(__u64, 0), FIELD(__u32, 1), 0, __builtin_bswap16(FIELD(__u16, 2)));
}

#endif
