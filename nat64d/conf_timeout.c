/*
 * The timeouts: which there are, what the RFCs allow, what is said of those
 * that they do not.
 */
#include "conf.h"
#include "conf_build.h"

/* A month. */
#define MAX_SECS (30 * 86400)

/*
 * What a timeout may be: min by an RFC, down to least with "override". An
 * answer that comes late must still find its session.
 */
static const struct rule {
	const char *name;
	uint32_t least;
	uint32_t min;
	uint32_t max;
	const char *rfc; /* that says min */
} rules[CONF_NTIMEOUTS] = {
	[CONF_TIMEOUT_UDP] = { "udp", 10, 120, MAX_SECS, "RFC 4787, REQ-5" },
	[CONF_TIMEOUT_ICMP] = { "icmp", 10, 60, MAX_SECS, "RFC 5508, REQ-2" },
	[CONF_TIMEOUT_TCP_EST] = { "tcp established", 10, 7200, MAX_SECS,
	    "RFC 6146, 4" },
	[CONF_TIMEOUT_TCP_OPEN] = { "tcp opening", 10, 240, MAX_SECS,
	    "RFC 6146, 4" },
	[CONF_TIMEOUT_TCP_CLOSE] = { "tcp closing", 10, 240, MAX_SECS,
	    "RFC 6146, 4" },
	[CONF_TIMEOUT_TCP_SYN] = { "tcp incoming-syn", 1, 6, 240,
	    "RFC 6146, 4" },
	[CONF_TIMEOUT_FRAGMENT] = { "fragment", 1, 2, 120, "RFC 6146, 4" },
};

/* Where it is kept. */
static uint32_t *
timeout_of(struct nat64_config *n, enum conf_timeout which)
{
	static const enum session_class classes[CONF_NTIMEOUTS] = {
		[CONF_TIMEOUT_UDP] = SESSION_UDP,
		[CONF_TIMEOUT_ICMP] = SESSION_ICMP,
		[CONF_TIMEOUT_TCP_EST] = SESSION_TCP_EST,
		[CONF_TIMEOUT_TCP_OPEN] = SESSION_TCP_OPEN,
		[CONF_TIMEOUT_TCP_CLOSE] = SESSION_TCP_CLOSE,
		[CONF_TIMEOUT_TCP_SYN] = SESSION_TCP_SYN,
	};

	if (which == CONF_TIMEOUT_FRAGMENT)
		return (&n->frag.timeout_secs);
	return (&n->lifetime_secs[classes[which]]);
}

/* Is it allowed? Reports it otherwise. */
static bool
check_secs(struct conf_file *cf, const struct conf_value *v,
    const struct rule *r, bool override)
{
	if (v->number > r->max || v->number < r->least)
		conf_error_at(cf, &v->where, "%s is not between %u and %u",
		    v->text, override ? r->least : r->min, r->max);
	else if (v->number < r->min && !override)
		conf_error_at(cf, &v->where, "%s is below the %u of %s: "
		    "\"override\" behind it allows that", v->text, r->min,
		    r->rfc);
	else
		return (true);
	return (false);
}

void
conf_set_timeout(struct conf_build *b, struct conf_file *cf,
    enum conf_timeout which, const struct conf_value *secs, bool override)
{
	if (check_secs(cf, secs, &rules[which], override))
		*timeout_of(&b->conf->nat64, which) = (uint32_t)secs->number;
}

void
conf_print_timeouts(const struct conf *c, FILE *f)
{
	struct nat64_config n = c->nat64;
	const struct rule *r;
	uint32_t secs;
	int i;

	for (i = 0; i < CONF_NTIMEOUTS; i++) {
		r = &rules[i];
		secs = *timeout_of(&n, (enum conf_timeout)i);
		fprintf(f, "timeout %s %u%s\n", r->name, secs,
		    secs < r->min ? " override" : "");
	}
}

void
conf_warn_timeouts(const struct conf *c)
{
	struct nat64_config n = c->nat64;
	const struct rule *r;
	uint32_t secs;
	int i;

	for (i = 0; i < CONF_NTIMEOUTS; i++) {
		r = &rules[i];
		secs = *timeout_of(&n, (enum conf_timeout)i);
		if (secs < r->min)
			log_warn("timeout %s %u: %s wants %u at least",
			    r->name, secs, r->rfc, r->min);
	}
}
