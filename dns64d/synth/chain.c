/*
 * Following CNAMEs through an answer section, whatever their order in it.
 */
#include "chain.h"

static bool
is_in(const struct msg_rr *rr, uint16_t type)
{
	return (rr->type == type && rr->class == MSG_CLASS_IN);
}

/* The next record of the answer section up to the horizon. */
static bool
next_record(const struct chain *c, struct msg_rr *rr)
{
	return (msg_rr_next(c->msg, MSG_ANSWER, rr) && rr->off < c->horizon);
}

static bool
owner_is_end(struct chain *c, const struct msg_rr *rr)
{
	const uint8_t *wire = c->msg->wire;

	return (name_equal_work(wire, rr->off, wire, c->end, &c->work));
}

/*
 * Sort the CNAMEs in place: search for each next one among those that are not
 * yet in the chain. If the records are in order, it is the first of these.
 */
static void
order_links(struct chain *c, size_t n_all)
{
	struct msg_rr found;
	size_t i;

	while (c->n < n_all) {
		for (i = c->n; i < n_all; i++)
			if (owner_is_end(c, &c->link[i]))
				break;
		if (i == n_all)
			return;
		found = c->link[i];
		c->link[i] = c->link[c->n];
		c->link[c->n++] = found;
		c->end = found.rdata;
	}
}

void
chain_follow(struct chain *c, const struct msg_scan *m)
{
	struct msg_rr rr = { .msg = NULL };
	size_t n_all = 0, looked_at = 0;

	c->msg = m;
	c->n = 0;
	c->end = MSG_HEADER_LEN;
	c->horizon = m->len;
	c->work = CHAIN_WORK;
	while (looked_at++ < CHAIN_RECORDS_MAX &&
	    msg_rr_next(m, MSG_ANSWER, &rr)) {
		if (is_in(&rr, MSG_T_CNAME) && n_all < CHAIN_MAX)
			c->link[n_all++] = rr;
	}
	if (looked_at > CHAIN_RECORDS_MAX)
		c->horizon = rr.end;
	order_links(c, n_all);
}

bool
chain_is_cut(const struct chain *c)
{
	return (c->horizon < c->msg->start[MSG_AUTHORITY]);
}

bool
chain_next(struct chain *c, uint16_t type, struct msg_rr *rr)
{
	while (next_record(c, rr))
		if (is_in(rr, type) && owner_is_end(c, rr))
			return (true);
	return (false);
}

static bool
is_chain_sig(const struct msg_rr *rr)
{
	uint16_t covered;

	if (!is_in(rr, MSG_T_RRSIG))
		return (false);
	covered = msg_rr_covered(rr);
	return (covered == MSG_T_CNAME || covered == MSG_T_DNAME);
}

void
chain_copy(const struct chain *c, bool sigs, struct msg_build *b)
{
	struct msg_rr rr = { .msg = NULL };
	size_t i = 0, others = 0;

	while (next_record(c, &rr)) {
		if (is_in(&rr, MSG_T_CNAME)) {
			if (i < c->n)
				msg_build_copy(b, MSG_ANSWER, &c->link[i++]);
			continue;
		}
		if (!is_in(&rr, MSG_T_DNAME) && !(sigs && is_chain_sig(&rr)))
			continue;
		if (others++ < CHAIN_SIGS_MAX)
			msg_build_copy(b, MSG_ANSWER, &rr);
	}
}
