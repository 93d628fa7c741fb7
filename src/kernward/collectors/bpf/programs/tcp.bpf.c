// SPDX-License-Identifier: GPL-2.0-only
/* tiers: tp_btf raw_tp tracepoint
 *
 * Connections, retransmissions and resets of TCP, by the address of the peer.
 */
#include "measure.h"

enum { IPV4 = 2, IPV6 = 10, TCP = 6 };
/* include/net/tcp_states.h */
enum { ESTABLISHED = 1, SYN_SENT = 2, SYN_RECV = 3, CLOSE = 7, STATES = 16 };

struct peer {
	__u8 address[16];
	__u32 family;
	__u32 unused;
};

struct connections {
	struct durations connects;
	__u64 failures;
	__u64 accepts;
	__u64 closes;
	__u64 resets_sent;
	__u64 resets_received;
	__u64 retransmits[STATES];
	__u64 round_trip_us;
};

TOTALS(totals, struct peer, struct connections, 4096);
PENDING(begun, __u64, __u64, 16384);

static __always_inline struct connections *total_of(const struct peer *peer)
{
	return find_or_add(&totals, peer, &totals_zeroes);
}

static __always_inline void state_changed(const struct peer *peer, __u64 socket, int old, int new, __u32 round_trip_us)
{
	struct connections *total;
	__u64 now, *at;

	if (new == SYN_SENT) {
		now = bpf_ktime_get_ns();
		keep(&begun, &socket, &now);
		return;
	}
	/* A socket that only listened, or was never connected. */
	if (new != ESTABLISHED && new != CLOSE)
		return;
	at = bpf_map_lookup_elem(&begun, &socket);
	if (old != SYN_SENT && old != SYN_RECV && new == ESTABLISHED)
		return;
	if (old == CLOSE || old == 10 /* LISTEN */)
		return;
	total = total_of(peer);
	if (!total)
		return;
	if (new == ESTABLISHED && old == SYN_SENT) {
		if (at)
			add_duration(&total->connects, bpf_ktime_get_ns() - *at);
	} else if (new == ESTABLISHED) {
		total->accepts += 1;
	} else if (old == SYN_SENT) {
		total->failures += 1;
	} else {
		total->closes += 1;
		if (round_trip_us)
			total->round_trip_us = round_trip_us;
	}
	if (at)
		bpf_map_delete_elem(&begun, &socket);
}

static __always_inline void sent_again(const struct peer *peer, __u32 state, __u32 round_trip_us)
{
	struct connections *total = total_of(peer);

	if (!total)
		return;
	total->retransmits[state & (STATES - 1)] += 1;
	if (round_trip_us)
		total->round_trip_us = round_trip_us;
}

#ifdef TYPED

static __always_inline bool peer_of(struct sock *socket, struct peer *peer)
{
	/* The socket may be a request or a remnant, of which only the part that all have in common is there. */
	peer->family = BPF_CORE_READ(socket, __sk_common.skc_family);
	if (peer->family == IPV4)
		bpf_core_read(peer->address, 4, &socket->__sk_common.skc_daddr);
	else if (peer->family == IPV6)
		bpf_core_read(peer->address, 16, &socket->__sk_common.skc_v6_daddr);
	else
		return false;
	/* The group of a socket is known in the version 2 tree only. */
	if (!settings.scope_id || settings.version_1)
		return true;
	return counts(BPF_CORE_READ(socket, sk_cgrp_data.cgroup));
}

static __always_inline __u32 round_trip_us(struct sock *socket)
{
	/* It is kept in eighths. */
	return BPF_CORE_READ((struct tcp_sock *)socket, srtt_us) >> 3;
}

EVENT(sock, inet_sock_set_state)
int BPF_PROG(on_state, struct sock *socket, int old, int new)
{
	struct peer peer = {};

	if (BPF_CORE_READ(socket, sk_protocol) != TCP || !peer_of(socket, &peer))
		return 0;
	state_changed(&peer, (__u64)socket, old, new, new == CLOSE ? round_trip_us(socket) : 0);
	return 0;
}

EVENT(tcp, tcp_retransmit_skb)
int BPF_PROG(on_retransmit, struct sock *socket)
{
	struct peer peer = {};

	if (peer_of(socket, &peer))
		sent_again(&peer, BPF_CORE_READ(socket, __sk_common.skc_state), round_trip_us(socket));
	return 0;
}

EVENT(tcp, tcp_receive_reset)
int BPF_PROG(on_reset, struct sock *socket)
{
	struct connections *total;
	struct peer peer = {};

	if (!peer_of(socket, &peer))
		return 0;
	total = total_of(&peer);
	if (total)
		total->resets_received += 1;
	return 0;
}

EVENT(tcp, tcp_send_reset)
int BPF_PROG(on_send_reset, struct sock *socket, struct sk_buff *skb)
{
	struct connections *total;
	struct peer peer = {};
	unsigned char *header;
	__u8 version = 0;

	if (skb && !settings.scope_id) {
		/* Mostly there is no socket: it answers a packet, and its sender is the peer. */
		header = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
		bpf_probe_read_kernel(&version, 1, header);
		if (version >> 4 == 4) {
			peer.family = IPV4;
			bpf_probe_read_kernel(peer.address, 4, header + 12);
		} else if (version >> 4 == 6) {
			peer.family = IPV6;
			bpf_probe_read_kernel(peer.address, 16, header + 8);
		}
	}
	if (!peer.family && (!socket || !peer_of(socket, &peer)))
		return 0;
	total = total_of(&peer);
	if (total)
		total->resets_sent += 1;
	return 0;
}

#elif defined(TRACEPOINT)

static __always_inline void peer_in(void *ctx, __u32 family, __u32 v4, __u32 v6, struct peer *peer)
{
	peer->family = family;
	if (family == IPV4)
		bpf_probe_read_kernel(peer->address, 4, ctx + settings.at[v4]);
	else
		bpf_probe_read_kernel(peer->address, 16, ctx + settings.at[v6]);
}

EVENT(sock, inet_sock_set_state)
int on_state(void *ctx)
{
	struct peer peer = {};

	if (FIELD(__u16, 0) != TCP)
		return 0;
	peer_in(ctx, FIELD(__u16, 1), 2, 3, &peer);
	state_changed(&peer, FIELD(__u64, 4), FIELD(__u32, 5), FIELD(__u32, 6), 0);
	return 0;
}

EVENT(tcp, tcp_retransmit_skb)
int on_retransmit(void *ctx)
{
	struct peer peer = {};

	peer_in(ctx, FIELD(__u16, 7), 8, 9, &peer);
	sent_again(&peer, FIELD(__u32, 10), 0);
	return 0;
}

#endif
