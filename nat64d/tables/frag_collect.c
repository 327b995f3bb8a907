/*
 * Reassembly of a collected datagram (RFC 791, 3.2; RFC 8200, 4.5) under a
 * new header. Owns the table's packet buffer.
 */
#include <string.h>

#include "frag_store.h"
#include "nat64d/wire/iphdr.h"

/* What the header takes from all fragments. */
struct common {
	const struct pkt *first;
	uint8_t ttl; /* the smallest */
	bool ce;     /* a fragment is marked CE */
	bool no_ect; /* a fragment is marked not-ECT */
};

static void
gather(const struct frag_datagram *d, struct common *c)
{
	const struct frag_held *h;
	const struct pkt *p;

	memset(c, 0, sizeof(*c));
	c->ttl = UINT8_MAX;
	TAILQ_FOREACH(h, &d->held, entry) {
		p = &h->pkt;
		if (p->frag_off == 0)
			c->first = p;
		if (p->ttl < c->ttl)
			c->ttl = p->ttl;
		if ((p->tclass & ECN_MASK) == ECN_CE)
			c->ce = true;
		else if ((p->tclass & ECN_MASK) == ECN_NOT_ECT)
			c->no_ect = true;
	}
}

static void
put_header4(struct pkt *w, const struct frag_datagram *d,
    const struct common *c)
{
	const struct iphdr4 h = { .tos = c->ce ? c->first->tclass | ECN_CE :
						 c->first->tclass,
		.ttl = c->ttl,
		.proto = d->proto,
		.len = (uint16_t)(PKT_IP4_HLEN + d->end),
		.id = (uint16_t)c->first->frag_id,
		.src = c->first->ip4.src,
		.dst = c->first->ip4.dst };

	iphdr_put4(w->data, &h);
}

static void
put_header6(struct pkt *w, const struct frag_datagram *d,
    const struct common *c)
{
	const struct iphdr6 h = { .tclass = c->ce ? c->first->tclass | ECN_CE :
						    c->first->tclass,
		.hlim = c->ttl,
		.proto = d->proto,
		.frag = true,
		.id = c->first->frag_id,
		.len = (uint32_t)PKT_FRAG_HLEN + d->end,
		.src = c->first->ip6.src,
		.dst = c->first->ip6.dst };

	iphdr_put6(w->data, &h);
}

enum nat64_reason
frag_collect(struct frag_table *t, const struct frag_datagram *d)
{
	const uint32_t hlen =
	    d->family == PKT_V4 ? PKT_IP4_HLEN : PKT_IP6_HLEN + PKT_FRAG_HLEN;
	/* The part of it that the header's length field includes. */
	const uint32_t counted =
	    d->family == PKT_V4 ? PKT_IP4_HLEN : PKT_FRAG_HLEN;
	const struct frag_held *h;
	struct common c;

	if (counted + d->end > UINT16_MAX)
		return (NAT64_FRAG_BAD);
	gather(d, &c);
	/* RFC 3168, 5.3: CE must not be given to a not-ECT flow. */
	if (c.ce && c.no_ect)
		return (NAT64_FRAG_ECN);
	pkt_init(&t->whole, t->whole_buf, sizeof(t->whole_buf));
	t->whole.len = hlen + d->end;
	TAILQ_FOREACH(h, &d->held, entry)
		memcpy(t->whole.data + hlen + h->pkt.frag_off, pkt_l4(&h->pkt),
		    pkt_l4len(&h->pkt));
	if (d->family == PKT_V4)
		put_header4(&t->whole, d, &c);
	else
		put_header6(&t->whole, d, &c);
	return (pkt_parse(&t->whole));
}
