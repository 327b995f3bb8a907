/*
 * Segmentation in software. Knows how the headers of segments differ; knows
 * nothing of where segments are written.
 */
#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cksum.h"
#include "gso.h"
#include "iphdr.h"

unsigned
gso_count(const struct pkt *p)
{
	uint32_t payload = pkt_payload_len(p);

	if (payload == 0)
		return (1);
	return ((payload + p->ofl.seg_size - 1) / p->ofl.seg_size);
}

static void
finish_ip4(struct pkt *seg, unsigned k)
{
	uint8_t *ip = seg->data;

	seg->frag_id = (get16(ip + PKT_IP4_ID) + k) & 0xffff;
	put16(ip + PKT_IP4_ID, (uint16_t)seg->frag_id);
	iphdr_set_len4(ip, seg->l4off, seg->len);
}

/* done: payload bytes in the segments before this one. */
static void
finish_tcp(struct pkt *seg, uint32_t done, bool last, bool accecn)
{
	uint8_t *tcp = pkt_l4(seg);

	put32(tcp + 4, get32(tcp + 4) + done);
	if (!last)
		seg->tcp_flags &= (uint8_t) ~(PKT_TH_FIN | PKT_TH_PSH);
	if (done > 0 && !accecn)
		seg->tcp_flags &= (uint8_t)~PKT_TH_CWR;
	tcp[PKT_TCP_FLAGS] = seg->tcp_flags;
}

/* Addresses are read from the bytes: p may have been translated. */
static uint64_t
pseudo_sum(const struct pkt *seg)
{
	uint64_t sum = seg->proto + pkt_l4len(seg);

	if (seg->family == PKT_V4)
		return (cksum_add(sum, seg->data + PKT_IP4_SRC, 8));
	return (cksum_add(sum, seg->data + PKT_IP6_SRC, 32));
}

static void
finish_cksum(struct pkt *seg)
{
	const bool udp = seg->proto == IPPROTO_UDP;
	uint8_t *l4 = pkt_l4(seg);
	uint8_t *field = l4 + (udp ? PKT_UDP_CKSUM : PKT_TCP_CKSUM);
	uint16_t cksum;

	put16(field, 0);
	cksum = cksum_finish(cksum_add(pseudo_sum(seg), l4, pkt_l4len(seg)));
	if (udp && cksum == 0)
		cksum = 0xffff;
	put16(field, cksum);
}

void
gso_build(const struct pkt *p, struct pkt *seg, unsigned k)
{
	const uint32_t hlen = (uint32_t)p->l4off + p->l4hlen;
	const uint32_t done = k * p->ofl.seg_size;
	const bool last = k == gso_count(p) - 1;
	uint8_t *buf = seg->buf;
	size_t bufsize = seg->bufsize;
	uint32_t chunk;

	chunk = last ? pkt_payload_len(p) - done : p->ofl.seg_size;
	*seg = *p;
	seg->buf = buf;
	seg->bufsize = bufsize;
	seg->data = buf + PKT_HEADROOM;
	seg->len = hlen + chunk;
	memset(&seg->ofl, 0, sizeof(seg->ofl));
	memcpy(seg->data, p->data, hlen);
	memcpy(seg->data + hlen, p->data + hlen + done, chunk);

	if (seg->family == PKT_V4)
		finish_ip4(seg, k);
	else
		put16(seg->data + PKT_IP6_LEN,
		    (uint16_t)(seg->len - PKT_IP6_HLEN));
	if (seg->proto == IPPROTO_TCP)
		finish_tcp(seg, done, last, p->ofl.accecn);
	else
		put16(pkt_l4(seg) + PKT_UDP_LEN, (uint16_t)pkt_l4len(seg));
	finish_cksum(seg);
}
