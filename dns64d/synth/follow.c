#include "chain.h"
#include "follow.h"

bool
follow_target(const struct msg_scan *reply, const struct msg_question *q,
    struct msg_question *target)
{
	struct msg_rr rr = { .msg = NULL };
	struct chain chain;
	uint32_t ttl;

	if (reply->rcode != MSG_NOERROR || q->class != MSG_CLASS_IN ||
	    q->type == MSG_T_CNAME || q->type == MSG_T_ANY)
		return (false);
	chain_follow(&chain, reply);
	if (chain.n == 0 || chain.n == CHAIN_MAX || chain_is_cut(&chain) ||
	    chain_next(&chain, q->type, &rr) ||
	    msg_negative_ttl(reply, &ttl, NULL))
		return (false);
	*target = *q;
	target->name_len = name_copy(reply->wire, chain.end, target->name);
	return (true);
}

static void
copy(struct msg_build *b, enum msg_section section, const struct msg_scan *m)
{
	struct msg_rr rr = { .msg = NULL };

	while (msg_rr_next(m, section, &rr))
		msg_build_copy(b, section, &rr);
}

size_t
follow_join(const struct msg_scan *first, const struct msg_scan *second,
    uint8_t *buf)
{
	struct msg_build b;

	msg_build_begin(&b, first,
	    (uint16_t)(MSG_RA | (first->flags & second->flags & MSG_AD)),
	    second->rcode, buf, MSG_MAX);
	copy(&b, MSG_ANSWER, first);
	copy(&b, MSG_ANSWER, second);
	copy(&b, MSG_AUTHORITY, second);
	return (msg_build_finish(&b));
}
