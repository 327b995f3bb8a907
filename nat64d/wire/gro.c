/*
 * Joins packets. Owns the slots in which they wait and the rules by which one
 * packet continues another; knows nothing of where packets are written.
 *
 * States of a slot:
 * empty    n_segs is 0; only buf is valid. To open or closed by begin().
 * open     head is the super-packet so far, and may grow. To open or closed
 *          by append(), to empty by emit_slot().
 * closed   as open, but no segment may follow: the last one was shorter than
 *          the others, or had PSH. To empty by emit_slot().
 * A slot is put in gro.waiting at its first packet and stays there until
 * gro_flush(), even if it becomes empty before; "listed" is set meanwhile. An
 * empty slot remembers the flow whose packets it had last, in head.
 */
#include <stdlib.h>
#include <string.h>

#include "cksum.h"
#include "gro.h"
#include "iphdr.h"

/*
 * Slots: more than there are packets in most batches, so that flows seldom
 * need the same one. A flow may use either of two slots.
 */
#define SLOT_BITS 8
#define NSLOTS (1U << SLOT_BITS)
#define SLOT_BUFSIZE (PKT_HEADROOM + PKT_MAXLEN)

/* Flags that a segment to be joined may have. */
#define TH_JOIN (PKT_TH_ACK | PKT_TH_PSH)

struct slot {
	struct pkt head;   /* first packet with the payload of all; in buf */
	unsigned n_segs;   /* 0: empty */
	uint32_t seg_size; /* payload bytes of all but the last */
	bool listed;	   /* in gro.waiting */
	bool closed;
	bool busy;	  /* its flow sent several packets in its last batch */
	unsigned n_batch; /* packets of its flow in this batch */
	uint8_t last_flags; /* TCP flags of the last segment */
	uint8_t *buf;	    /* allocated at the first use */
};

struct gro {
	struct slot slots[NSLOTS];
	struct slot *waiting[NSLOTS]; /* contains all that are not empty */
	unsigned n_waiting;
	unsigned n_released; /* of waiting, that gro_release() has seen */
	bool tcp;
	bool udp;
	gro_emit_fn emit;
	void *arg;
};

struct gro *
gro_new(bool tcp, bool udp, gro_emit_fn emit, void *arg)
{
	struct gro *g;

	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return (NULL);
	g->tcp = tcp;
	g->udp = udp;
	g->emit = emit;
	g->arg = arg;
	return (g);
}

void
gro_free(struct gro *g)
{
	unsigned i;

	if (g == NULL)
		return;
	for (i = 0; i < NSLOTS; i++)
		free(g->slots[i].buf);
	free(g);
}

/* Is the checksum of p right, so that the kernel may compute it anew? */
static bool
checksum_is_right(const struct pkt *p)
{
	if (p->ofl.csum_partial || p->ofl.csum_valid)
		return (true);
	return (cksum_finish(cksum_add(pkt_pseudo_sum(p), pkt_l4(p),
		    pkt_l4len(p))) == 0);
}

/* Can p be part of a super-packet at all? */
static bool
is_joinable(const struct gro *g, const struct pkt *p)
{
	const uint32_t hlen =
	    p->family == PKT_V4 ? PKT_IP4_HLEN : PKT_IP6_HLEN;

	if (p->is_frag || p->has_fh || p->l4off != hlen ||
	    p->ofl.seg != PKT_SEG_NONE)
		return (false);
	if (p->proto == IPPROTO_UDP)
		return (g->udp && pkt_payload_len(p) > 0 &&
		    get16(pkt_l4(p) + PKT_UDP_LEN) == pkt_l4len(p) &&
		    get16(pkt_l4(p) + PKT_UDP_CKSUM) != 0);
	if (p->proto == IPPROTO_TCP)
		return (g->tcp && pkt_payload_len(p) > 0 &&
		    (p->tcp_flags & ~TH_JOIN) == 0 &&
		    (p->tcp_flags & PKT_TH_ACK) != 0);
	return (false);
}

static bool
same_addresses(const struct pkt *a, const struct pkt *b)
{
	if (a->family != b->family)
		return (false);
	if (a->family == PKT_V4)
		return (a->ip4.src.s_addr == b->ip4.src.s_addr &&
		    a->ip4.dst.s_addr == b->ip4.dst.s_addr);
	return (IN6_ARE_ADDR_EQUAL(&a->ip6.src, &b->ip6.src) &&
	    IN6_ARE_ADDR_EQUAL(&a->ip6.dst, &b->ip6.dst));
}

static bool
same_flow(const struct pkt *a, const struct pkt *b)
{
	return (a->proto == b->proto && a->sport == b->sport &&
	    a->dport == b->dport && same_addresses(a, b));
}

/* Does the IP header of p continue the packets in s? */
static bool
ip_continues(const struct slot *s, const struct pkt *p)
{
	const struct pkt *h = &s->head;

	if (p->ttl != h->ttl || p->tclass != h->tclass)
		return (false);
	if (p->family == PKT_V6)
		return (true);
	/* The kernel numbers the segments upwards from the first one's. */
	return (p->df == h->df &&
	    (p->df || p->frag_id == ((h->frag_id + s->n_segs) & 0xffff)));
}

/* Compares sequence, acknowledgement, window, options (RFC 9293, 3.1). */
static bool
tcp_continues(const struct slot *s, const struct pkt *p)
{
	const uint8_t *a = pkt_l4(&s->head), *b = pkt_l4(p);

	return (p->l4hlen == s->head.l4hlen &&
	    get32(b + 4) == get32(a + 4) + pkt_payload_len(&s->head) &&
	    memcmp(a + 8, b + 8, 4) == 0 &&   /* acknowledgement */
	    memcmp(a + 14, b + 14, 2) == 0 && /* window */
	    memcmp(a + PKT_TCP_HLEN, b + PKT_TCP_HLEN,
		p->l4hlen - PKT_TCP_HLEN) == 0);
}

static bool
continues(const struct slot *s, const struct pkt *p)
{
	const uint32_t payload = pkt_payload_len(p);

	if (s->closed || s->n_segs >= GRO_MAX_SEGMENTS ||
	    payload > s->seg_size || s->head.len + payload > PKT_MAXLEN ||
	    !ip_continues(s, p))
		return (false);
	if (p->proto == IPPROTO_TCP && !tcp_continues(s, p))
		return (false);
	/* The first packet is verified only when a second one follows. */
	if (s->n_segs == 1 && !checksum_is_right(&s->head))
		return (false);
	return (checksum_is_right(p));
}

/* Finish the super-packet in s: lengths, flags, partial checksum. */
static void
seal(struct slot *s)
{
	struct pkt *p = &s->head;
	uint8_t *l4 = pkt_l4(p);

	if (p->family == PKT_V4)
		iphdr_set_len4(p->data, PKT_IP4_HLEN, p->len);
	else
		put16(p->data + PKT_IP6_LEN,
		    (uint16_t)(p->len - PKT_IP6_HLEN));
	if (p->proto == IPPROTO_TCP) {
		l4[PKT_TCP_FLAGS] |= s->last_flags;
		p->tcp_flags |= s->last_flags;
		p->ofl.seg = PKT_SEG_TCP;
	} else {
		put16(l4 + PKT_UDP_LEN, (uint16_t)pkt_l4len(p));
		p->ofl.seg = PKT_SEG_UDP;
	}
	pkt_leave_cksum(p);
	p->ofl.seg_size = (uint16_t)s->seg_size;
}

static void
emit_slot(struct gro *g, struct slot *s)
{
	if (s->n_segs > 1)
		seal(s);
	if (s->n_segs > 0)
		g->emit(g->arg, &s->head);
	s->n_segs = 0;
}

void
gro_flush(struct gro *g)
{
	struct slot *s;
	unsigned i;

	for (i = 0; i < g->n_waiting; i++) {
		s = g->waiting[i];
		emit_slot(g, s);
		s->listed = false;
		s->busy = s->n_batch > 1;
		s->n_batch = 0;
	}
	g->n_waiting = g->n_released = 0;
}

void
gro_release(struct gro *g)
{
	struct slot *s;

	for (; g->n_released < g->n_waiting; g->n_released++) {
		s = g->waiting[g->n_released];
		if (!s->busy && s->n_batch == 1)
			emit_slot(g, s);
	}
}

/*
 * No secret is needed: an attacker who makes flows collide here can only
 * prevent that their packets are joined.
 */
static unsigned
slot_index(const struct pkt *p)
{
	uint32_t h = (uint32_t)p->sport << 16 | p->dport;

	if (p->family == PKT_V4)
		h ^= p->ip4.src.s_addr ^ p->ip4.dst.s_addr;
	else
		h ^= get32(p->ip6.src.s6_addr + 12) ^
		    get32(p->ip6.dst.s6_addr + 12);
	return ((h * 0x9e3779b1U) >> (32 - SLOT_BITS));
}

/*
 * The slot in which packets of p's flow wait, or NULL. Then *free_slot is the
 * one to use: an empty one if there is one, else that of another flow.
 */
static struct slot *
find_slot(struct gro *g, const struct pkt *p, struct slot **free_slot)
{
	const unsigned i = slot_index(p);
	struct slot *a = &g->slots[i], *b = &g->slots[i ^ 1];

	if (a->n_segs > 0 && same_flow(&a->head, p))
		return (a);
	if (b->n_segs > 0 && same_flow(&b->head, p))
		return (b);
	*free_slot = a->n_segs > 0 && b->n_segs == 0 ? b : a;
	return (NULL);
}

static void
append(struct slot *s, const struct pkt *p)
{
	const uint32_t payload = pkt_payload_len(p);

	memcpy(s->head.data + s->head.len, p->data + p->len - payload,
	    payload);
	s->head.len += payload;
	s->n_segs++;
	s->n_batch++;
	s->last_flags = p->tcp_flags;
	s->closed = payload < s->seg_size ||
	    (p->proto == IPPROTO_TCP && (p->tcp_flags & PKT_TH_PSH) != 0);
}

/* Copy p to an empty slot; false when out of memory. */
static bool
begin(struct slot *s, const struct pkt *p)
{
	if (s->buf == NULL) {
		s->buf = malloc(SLOT_BUFSIZE);
		if (s->buf == NULL)
			return (false);
	}
	if (!same_flow(&s->head, p)) {
		s->busy = false;
		s->n_batch = 0;
	}
	s->n_batch++;
	s->head = *p;
	s->head.buf = s->buf;
	s->head.bufsize = SLOT_BUFSIZE;
	s->head.data = s->buf + PKT_HEADROOM;
	memcpy(s->head.data, p->data, p->len);
	s->n_segs = 1;
	s->seg_size = pkt_payload_len(p);
	s->last_flags = p->tcp_flags;
	/* PSH asks for delivery without delay (RFC 9293, 3.9.1). */
	s->closed =
	    p->proto == IPPROTO_TCP && (p->tcp_flags & PKT_TH_PSH) != 0;
	return (true);
}

/* Emit p, which cannot be joined, after packets of its flow that wait. */
static void
pass_by(struct gro *g, const struct pkt *p)
{
	struct slot *s, *unused;

	/* A fragment may belong to any flow: it may have no ports. */
	if (p->is_frag)
		gro_flush(g);
	else if (g->n_waiting > 0) {
		s = find_slot(g, p, &unused);
		if (s != NULL)
			emit_slot(g, s);
	}
	g->emit(g->arg, p);
}

void
gro_send(struct gro *g, const struct pkt *p)
{
	struct slot *s, *free_slot;

	if (!is_joinable(g, p)) {
		pass_by(g, p);
		return;
	}
	s = find_slot(g, p, &free_slot);
	if (s != NULL && continues(s, p)) {
		append(s, p);
		return;
	}
	if (s == NULL)
		s = free_slot;
	emit_slot(g, s);
	if (!s->listed)
		g->waiting[g->n_waiting++] = s;
	s->listed = true;
	if (!begin(s, p))
		g->emit(g->arg, p);
}
