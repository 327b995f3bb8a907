/*
 * The table of gateways: found by the address of the session, which is not
 * moved as long as it lives.
 */
#include <string.h>

#include "nat64d/alg/ftp.h"
#include "nat64_alg_table.h"

#define TCP_SEQ 4 /* in the header */

_Static_assert(sizeof(struct nat64_alg) <= 8192, "state of a gateway");

static struct nat64_alg_list *
list_of(struct nat64 *n, const struct session *s)
{
	return (&n->algs[(uintptr_t)s / sizeof(*s) % NAT64_ALG_LISTS]);
}

struct nat64_alg *
nat64_alg_find(const struct nat64 *n, const struct session *s)
{
	const struct nat64_alg_list *list =
	    &n->algs[(uintptr_t)s / sizeof(*s) % NAT64_ALG_LISTS];
	struct nat64_alg *a;

	LIST_FOREACH(a, list, entry)
		if (a->session == s)
			return (a);
	return (NULL);
}

/* Does the configuration want a gateway for s? */
static const struct alg_gateway *
gateway_for(const struct nat64 *n, const struct session *s)
{
	const struct nat64_alg_rule *r;
	unsigned i;

	for (i = 0; i < n->conf.n_algs; i++) {
		r = &n->conf.algs[i];
		if (r->port == s->peer.port &&
		    prefix_match6(&r->clients, &s->in6.addr))
			return (&ftp_gateway);
	}
	return (NULL);
}

static struct nat64_alg *
add(struct nat64 *n, struct session *s, const struct alg_gateway *gw)
{
	struct nat64_alg *a = slab_get(&n->alg_slab);

	if (a == NULL) {
		n->stats.counters[NAT64_GATEWAY_FULL]++;
		return (NULL);
	}
	n->stats.counters[NAT64_GATEWAY_SESSIONS]++;
	a->session = s;
	a->gateway = gw;
	LIST_INSERT_HEAD(list_of(n, s), a, entry);
	s->gateway = true;
	return (a);
}

void
nat64_alg_open(struct nat64 *n, struct session *s)
{
	const struct alg_gateway *gw;
	struct nat64_alg *a;

	if (n->conf.n_algs == 0 && !s->gateway)
		return;
	nat64_alg_close(n, s);
	gw = gateway_for(n, s);
	if (gw == NULL || pool4_index(n->pool, s->peer.addr) != -1)
		return;
	a = add(n, s, gw);
	if (a != NULL)
		gw->init(a->state);
}

void
nat64_alg_save(const struct nat64 *n, const struct session *s,
    struct nat64_saved_alg *saved)
{
	const struct nat64_alg *a = nat64_alg_find(n, s);
	const struct stream *client = &a->streams[ALG_FROM_CLIENT];
	const struct stream *server = &a->streams[ALG_FROM_SERVER];

	*saved = (struct nat64_saved_alg){
		.mode = NAT64_ALG_FOLLOWED,
		.old = { client->decided, server->decided },
		.new = { client->decided_new, server->decided_new },
	};
	if (a->lost || !stream_is_settled(client) ||
	    !stream_is_settled(server))
		saved->mode = NAT64_ALG_LOST;
	else if (client->free && server->free) {
		/* What is not sure now, will not be then. */
		if (!client->unsure && !server->unsure)
			saved->mode = NAT64_ALG_FREE;
	} else if (a->gateway->is_idle(a->state))
		saved->mode = NAT64_ALG_IDLE;
}

bool
nat64_alg_restore(struct nat64 *n, struct session *s,
    const struct nat64_saved_alg *saved)
{
	struct nat64_alg *a = add(n, s, &ftp_gateway);
	unsigned dir;

	if (a == NULL)
		return (false);
	a->lost = saved->mode == NAT64_ALG_LOST;
	for (dir = 0; dir < ALG_NDIRS; dir++)
		stream_resume(&a->streams[dir], saved->old[dir],
		    saved->new[dir], saved->mode != NAT64_ALG_IDLE,
		    saved->mode != NAT64_ALG_FREE);
	return (true);
}

void
nat64_alg_note(struct nat64 *n, const struct session *s, struct nat64_alg *a)
{
	if (a->noted || n->changed == NULL)
		return;
	a->noted = true;
	nat64_note_change(n, s, NAT64_CHANGE_NUMBERS);
}

void
nat64_alg_copied(const struct nat64 *n, const struct session *s,
    const struct nat64_saved_alg *saved)
{
	/* Once they differ for good, there is no more to tell. */
	nat64_alg_find(n, s)->noted = saved->mode == NAT64_ALG_FREE;
}

void
nat64_rest_gateways(struct nat64 *n, bool on)
{
	n->algs_rest = on;
}

bool
nat64_gateways_rest(const struct nat64 *n)
{
	struct nat64_saved_alg saved;
	const struct nat64_alg *a;
	unsigned i;

	for (i = 0; i < NAT64_ALG_LISTS && n->alg_slab.used > 0; i++)
		LIST_FOREACH(a, &n->algs[i], entry) {
			nat64_alg_save(n, a->session, &saved);
			if (!a->lost && saved.mode != NAT64_ALG_IDLE &&
			    saved.mode != NAT64_ALG_FREE)
				return (false);
		}
	return (true);
}

void
nat64_alg_quoted(const struct nat64 *n, const struct session *s,
    enum alg_dir dir, struct pkt *p, const struct icmp_inner *in)
{
	const struct nat64_alg *a;
	uint8_t *seq = p->data + in->l4off + TCP_SEQ;

	if (s == NULL || !s->gateway || in->end < in->l4off + TCP_SEQ + 4)
		return;
	a = nat64_alg_find(n, s);
	put32(seq, stream_to_old(&a->streams[dir], get32(seq)));
}

void
nat64_alg_close(struct nat64 *n, struct session *s)
{
	struct nat64_alg *a;

	if (!s->gateway)
		return;
	s->gateway = false;
	s->data = 0; /* of its packets the fast path counts those from here */
	a = nat64_alg_find(n, s);
	LIST_REMOVE(a, entry);
	slab_put(&n->alg_slab, a);
}

void
nat64_alg_clear(struct nat64 *n)
{
	unsigned i;

	for (i = 0; i < NAT64_ALG_LISTS; i++)
		LIST_INIT(&n->algs[i]);
	slab_clear(&n->alg_slab);
}
