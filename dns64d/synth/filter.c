/*
 * Removing records, and SvcParams of records, from replies.
 */
#include "filter.h"
#include "dns64d/wire/msg.h"
#include "dns64d/policy/policy.h"

static bool
is_svcb(uint16_t type)
{
	return (type == MSG_T_SVCB || type == MSG_T_HTTPS);
}

/* The type of a record, or the type that it covers when it is an RRSIG. */
static uint16_t
subject(const struct msg_rr *rr)
{
	return (rr->type == MSG_T_RRSIG ? msg_rr_covered(rr) : rr->type);
}

static bool
has_type(const struct msg_scan *m, bool (*match)(uint16_t))
{
	struct msg_rr rr = { .msg = NULL };

	while (msg_rr_next(m, MSG_ANSWER, &rr))
		if (rr.class == MSG_CLASS_IN && match(rr.type))
			return (true);
	return (false);
}

static bool
is_a(uint16_t type)
{
	return (type == MSG_T_A);
}

/* The type of the first RRset; 0 when there is no other one. */
static uint16_t
first_of_many(const struct msg_scan *m)
{
	struct msg_rr rr = { .msg = NULL };
	uint16_t first = 0;

	while (msg_rr_next(m, MSG_ANSWER, &rr)) {
		if (rr.type == MSG_T_RRSIG)
			continue;
		if (first == 0)
			first = rr.type;
		if (rr.type != first)
			return (first);
	}
	return (0);
}

bool
filter_begin(struct filter *f, const struct dns64_policy *policy,
    const struct msg_scan *query, const struct msg_scan *reply, bool minimise)
{
	f->reply = reply;
	f->a = policy->filter_a && query->qtype == MSG_T_A &&
	    has_type(reply, is_a);
	f->ipv4hint = policy->filter_ipv4hint && has_type(reply, is_svcb);
	f->only_type = 0;
	if (minimise && query->qtype == MSG_T_ANY)
		f->only_type = first_of_many(reply);
	return (f->a || f->ipv4hint || f->only_type != 0);
}

static bool
is_dropped(const struct filter *f, const struct msg_rr *rr)
{
	uint16_t type = subject(rr);

	if (f->only_type != 0 && type != f->only_type)
		return (true);
	if (f->a && type == MSG_T_A)
		return (true);
	return (f->ipv4hint && rr->type == MSG_T_RRSIG && is_svcb(type));
}

static void
copy(const struct filter *f, struct msg_build *b, enum msg_section section,
    const struct msg_rr *rr)
{
	if (f->ipv4hint && is_svcb(rr->type) && rr->class == MSG_CLASS_IN)
		msg_build_svcb(b, section, rr, SVCB_IPV4HINT);
	else
		msg_build_copy(b, section, rr);
}

/*
 * Of a minimised answer to ANY, only the answer section: the other sections
 * concern also the RRsets that are left out.
 */
static bool
section_is_wanted(const struct filter *f, enum msg_section section)
{
	return (section == MSG_ANSWER || f->only_type == 0);
}

size_t
filter_answer(const struct filter *f, const struct msg_scan *query,
    size_t limit, uint8_t *buf)
{
	const struct msg_scan *m = f->reply;
	enum msg_section section;
	struct msg_build b;
	struct msg_rr rr;

	msg_build_begin(&b, query, m->flags & (MSG_AA | MSG_RA), m->rcode, buf,
	    limit);
	for (section = MSG_ANSWER; section < MSG_N_SECTIONS; section++) {
		rr.msg = NULL;
		while (section_is_wanted(f, section) &&
		    !msg_build_is_full(&b) && msg_rr_next(m, section, &rr)) {
			if (rr.type == MSG_T_OPT || rr.type == MSG_T_TSIG)
				continue;
			if (section != MSG_ANSWER || !is_dropped(f, &rr))
				copy(f, &b, section, &rr);
		}
	}
	return (msg_build_finish(&b));
}
