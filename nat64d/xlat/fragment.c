/*
 * Fragmentation. Owns the arithmetic of offsets.
 */
#include <string.h>

#include "fragment.h"
#include "nat64d/wire/iphdr.h"

/* One fragment of p: n bytes, off bytes from its L4 header. */
struct piece {
	uint32_t off;
	uint32_t n;
	bool more;
};

/* The next fragment after c, of at most max bytes; false at the end. */
static bool
next_piece(const struct pkt *p, uint32_t max, struct piece *c)
{
	uint32_t left;

	c->off += c->n;
	left = pkt_l4len(p) - c->off;
	c->n = left < max ? left : max;
	c->more = c->n < left || p->more;
	return (left > 0);
}

/* Build a fragment except its header of hlen bytes. */
static void
start_piece(struct pkt *out, const struct pkt *p, const struct piece *c,
    uint32_t hlen)
{
	uint8_t *buf = out->buf;
	const size_t bufsize = out->bufsize;

	*out = *p;
	out->buf = buf;
	out->bufsize = bufsize;
	out->data = buf + PKT_HEADROOM;
	out->len = hlen + c->n;
	memset(&out->ofl, 0, sizeof(out->ofl));
	out->l4off = (uint16_t)hlen;
	out->frag_off = (uint16_t)(p->frag_off + c->off);
	out->more = c->more;
	out->is_frag = out->more || out->frag_off != 0;
	memcpy(out->data + hlen, pkt_l4(p) + c->off, c->n);
}

void
fragment_ipv4(struct pkt *p, uint32_t mtu, struct pkt *scratch,
    fragment_emit_fn emit, void *arg)
{
	const uint32_t max = (mtu - PKT_IP4_HLEN) & ~7u;
	struct piece c = { 0 };
	struct iphdr4 h;

	pkt_complete_cksum(p);
	while (next_piece(p, max, &c)) {
		start_piece(scratch, p, &c, PKT_IP4_HLEN);
		scratch->df = false;
		h = (struct iphdr4){ .tos = p->tclass,
			.ttl = p->ttl,
			.proto = p->proto,
			.more = scratch->more,
			.len = (uint16_t)scratch->len,
			.id = (uint16_t)p->frag_id,
			.frag_off = scratch->frag_off,
			.src = p->ip4.src,
			.dst = p->ip4.dst };
		iphdr_put4(scratch->data, &h);
		emit(arg, scratch);
	}
}

void
fragment_ipv6(struct pkt *p, uint32_t mtu, uint32_t id, struct pkt *scratch,
    fragment_emit_fn emit, void *arg)
{
	const uint32_t hlen = PKT_IP6_HLEN + PKT_FRAG_HLEN;
	const uint32_t max = (mtu - hlen) & ~7u;
	struct piece c = { 0 };
	struct iphdr6 h;

	pkt_complete_cksum(p);
	while (next_piece(p, max, &c)) {
		start_piece(scratch, p, &c, hlen);
		scratch->has_fh = true;
		scratch->frag_id = p->has_fh ? p->frag_id : id;
		h = (struct iphdr6){ .tclass = p->tclass,
			.hlim = p->ttl,
			.proto = p->proto,
			.frag = true,
			.more = scratch->more,
			.frag_off = scratch->frag_off,
			.id = scratch->frag_id,
			.len = scratch->len - PKT_IP6_HLEN,
			.src = p->ip6.src,
			.dst = p->ip6.dst };
		iphdr_put6(scratch->data, &h);
		emit(arg, scratch);
	}
}
