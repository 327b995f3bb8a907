/*
 * The timeouts: their minimum by the RFCs, their limits, and the errors and
 * warnings about them.
 */
#include <string.h>

#include "conf.h"
#include "conf_build.h"

/* A month. */
#define MAX_SECS (30 * 86400)
#define SILENT "an idle flow may hold its port for 30 days"

/*
 * Limits of a timeout in seconds. With "override" it may be below min, but not
 * below least, where sessions would end before a reply can arrive.
 */
static const struct rule {
	const char *name;
	uint32_t least;
	uint32_t min;
	uint32_t max;
	const char *rfc; /* the clause that requires min */
	const char *why; /* the reason for max, for messages */
} rules[CONF_NTIMEOUTS] = {
	[CONF_TIMEOUT_UDP] = { "udp", 10, 120, MAX_SECS, "RFC 4787, REQ-5",
	    SILENT },
	[CONF_TIMEOUT_ICMP] = { "icmp", 10, 60, MAX_SECS, "RFC 5508, REQ-2",
	    SILENT },
	[CONF_TIMEOUT_TCP_EST] = { "tcp established", 10, 7200, MAX_SECS,
	    "RFC 6146, 4", SILENT },
	[CONF_TIMEOUT_TCP_OPEN] = { "tcp opening", 10, 240, MAX_SECS,
	    "RFC 6146, 4", SILENT },
	[CONF_TIMEOUT_TCP_CLOSE] = { "tcp closing", 10, 240, MAX_SECS,
	    "RFC 6146, 4", SILENT },
	[CONF_TIMEOUT_TCP_SYN] = { "tcp incoming-syn", 1, 6, 240,
	    "RFC 6146, 4", "no TCP tries longer to open a connection" },
	[CONF_TIMEOUT_FRAGMENT] = { "fragment", 1, 2, 120, "RFC 6146, 4",
	    "the identification is used again (RFC 4963)" },
};

/* Where a timeout is stored. */
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

/* Read a time and check it against r; false when an error was reported. */
static bool
check_secs(struct conf_file *cf, const struct conf_value *v,
    const struct rule *r, bool override, uint32_t *secs)
{
	uint64_t n;

	if (!conf_quantity(cf, v, QUANTITY_SECS, &n))
		return (false);
	if (n > r->max)
		conf_error_at(cf, &v->where,
		    "timeout %s: %s is above %u "
		    "seconds: %s",
		    r->name, v->text, r->max, r->why);
	else if (n < r->least && r->least == r->min)
		conf_error_at(cf, &v->where,
		    "timeout %s: %s is below %u "
		    "seconds: sessions would end before their answers",
		    r->name, v->text, r->least);
	else if (n < r->least)
		conf_error_at(cf, &v->where,
		    "timeout %s: %s is below %u "
		    "seconds, the least with \"override\"; %s wants %u",
		    r->name, v->text, r->least, r->rfc, r->min);
	else if (n < r->min && !override)
		conf_error_at(cf, &v->where,
		    "timeout %s: %s is below the %u "
		    "seconds of %s: \"override\" behind it allows that",
		    r->name, v->text, r->min, r->rfc);
	else {
		*secs = (uint32_t)n;
		return (true);
	}
	return (false);
}

void
conf_set_timeout(struct conf_build *b, struct conf_file *cf,
    enum conf_timeout which, const struct conf_value *secs, bool override)
{
	check_secs(cf, secs, &rules[which], override,
	    timeout_of(&b->conf->nat64, which));
}

/*
 * The limits for these ports. Well-known ports may have a shorter timeout
 * without "override" (RFC 4787, REQ-5a).
 */
static struct rule
port_rule(enum conf_timeout which, const struct port_range *ports)
{
	struct rule r = rules[which];

	if (which == CONF_TIMEOUT_UDP && ports->last <= 1023)
		r.min = r.least;
	return (r);
}

static enum conf_timeout
timeout_of_port(const struct session_port *p)
{
	return (
	    p->cls == SESSION_UDP ? CONF_TIMEOUT_UDP : CONF_TIMEOUT_TCP_EST);
}

/* " port 53" or " port 1000-2000" */
#define PORTS_STRLEN 24
static void
ports_text(const struct session_port *p, char text[PORTS_STRLEN])
{
	if (p->ports.first == p->ports.last)
		snprintf(text, PORTS_STRLEN, " port %u", p->ports.first);
	else
		snprintf(text, PORTS_STRLEN, " port %u-%u", p->ports.first,
		    p->ports.last);
}

/* Remove an earlier timeout of the same ports: the last one applies. */
static void
remove_port(struct nat64_config *n, const struct session_port *same)
{
	struct session_port *p = n->lifetime_ports;
	unsigned i;

	for (i = 0; i < n->n_lifetime_ports; i++) {
		if (p[i].cls != same->cls ||
		    p[i].ports.first != same->ports.first ||
		    p[i].ports.last != same->ports.last)
			continue;
		n->n_lifetime_ports--;
		memmove(&p[i], &p[i + 1],
		    (n->n_lifetime_ports - i) * sizeof(*p));
		return;
	}
}

void
conf_set_port_timeout(struct conf_build *b, struct conf_file *cf,
    enum conf_timeout which, const struct conf_value *secs, bool override,
    const struct conf_ports *ports)
{
	const bool udp = which == CONF_TIMEOUT_UDP;
	struct nat64_config *n = &b->conf->nat64;
	char text[PORTS_STRLEN], name[PORTS_STRLEN + 32];
	struct session_port p;
	struct rule r;

	if (!udp && which != CONF_TIMEOUT_TCP_EST) {
		conf_error_at(cf, &ports->where,
		    "timeout %s is the same for all ports", rules[which].name);
		return;
	}
	p.cls = udp ? SESSION_UDP : SESSION_TCP_EST;
	if (conf_ports_of(cf, udp ? L4_UDP : L4_TCP, ports, &p.ports) == -1)
		return;
	r = port_rule(which, &p.ports);
	if (!check_secs(cf, secs, &r, override, &p.secs))
		return;
	ports_text(&p, text);
	snprintf(name, sizeof(name), "timeout %s%s", r.name, text);
	conf_once(cf, name);
	remove_port(n, &p);
	if (n->n_lifetime_ports == SESSION_MAX_PORTS)
		conf_error_at(cf, &ports->where,
		    "more than %d timeouts of ports", SESSION_MAX_PORTS);
	else
		n->lifetime_ports[n->n_lifetime_ports++] = p;
}

/* Call fn for each timeout. ports: "", or as from ports_text(). */
typedef void (*timeout_fn)(void *arg, const struct rule *r, uint32_t secs,
    const char *ports);

static void
each_timeout(const struct conf *c, timeout_fn fn, void *arg)
{
	struct nat64_config n = c->nat64;
	const struct session_port *p;
	char text[PORTS_STRLEN];
	struct rule r;
	unsigned i;

	for (i = 0; i < CONF_NTIMEOUTS; i++)
		fn(arg, &rules[i], *timeout_of(&n, (enum conf_timeout)i), "");
	for (i = 0; i < n.n_lifetime_ports; i++) {
		p = &n.lifetime_ports[i];
		r = port_rule(timeout_of_port(p), &p->ports);
		ports_text(p, text);
		fn(arg, &r, p->secs, text);
	}
}

static void
print_timeout(void *arg, const struct rule *r, uint32_t secs,
    const char *ports)
{
	fprintf(arg, "timeout %s %u%s%s\n", r->name, secs,
	    secs < r->min ? " override" : "", ports);
}

void
conf_print_timeouts(const struct conf *c, FILE *f)
{
	each_timeout(c, print_timeout, f);
}

static void
warn_timeout(void *arg, const struct rule *r, uint32_t secs, const char *ports)
{
	(void)arg;
	if (secs < r->min)
		log_warn("timeout %s %u%s: %s wants %u at least", r->name,
		    secs, ports, r->rfc, r->min);
}

void
conf_warn_timeouts(const struct conf *c)
{
	each_timeout(c, warn_timeout, NULL);
}
