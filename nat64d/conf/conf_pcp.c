/*
 * The statements "pcp": port control.
 */
#include <arpa/inet.h>

#include <string.h>

#include "common/os/log.h"

#include "conf.h"
#include "conf_build.h"
#include "nat64d/pcp/pcp.h"

/* RFC 6887, 15 */
#define LEAST_SECS 120

static bool
is_listed(const struct conf *c, const struct in6_addr *addr)
{
	unsigned i;

	for (i = 0; i < c->n_pcp; i++)
		if (IN6_ARE_ADDR_EQUAL(&c->pcp[i].addr, addr))
			return (true);
	return (false);
}

void
conf_add_pcp(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text, uint32_t port)
{
	struct conf *c = b->conf;
	struct in6_addr addr;

	if (inet_pton(AF_INET6, text->text, &addr) != 1 ||
	    IN6_IS_ADDR_UNSPECIFIED(&addr) || IN6_IS_ADDR_MULTICAST(&addr) ||
	    IN6_IS_ADDR_LINKLOCAL(&addr) || IN6_IS_ADDR_V4MAPPED(&addr)) {
		conf_refuse(cf, text,
		    "cannot be the address of a server of clients in other "
		    "networks");
		return;
	}
	if (is_listed(c, &addr)) {
		conf_refuse(cf, text, "is given twice");
		return;
	}
	if (c->n_pcp == CONF_MAX_PCP) {
		conf_error_at(cf, &text->where,
		    "pcp listen: more than %d addresses", CONF_MAX_PCP);
		return;
	}
	c->pcp[c->n_pcp++] = (struct pcp_listen){ addr, (uint16_t)port };
	c->nat64.pcp.on = true;
}

void
conf_set_pcp_lifetime(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *min, const struct conf_value *max)
{
	struct nat64_pcp_conf *p = &b->conf->nat64.pcp;
	const unsigned errors = conf_file_errors(cf);

	p->min_secs = conf_within_a_day(cf, min, 1, "RFC 6887, 15");
	p->max_secs = conf_within_a_day(cf, max, 1, "RFC 6887, 15");
	if (p->max_secs < p->min_secs && conf_file_errors(cf) == errors)
		conf_error_at(cf, &max->where,
		    "pcp lifetime: %s is less than %s", max->text, min->text);
}

void
conf_print_pcp(const struct conf *c, FILE *f)
{
	const struct nat64_pcp_conf *p = &c->nat64.pcp;
	char text[INET6_ADDRSTRLEN];
	unsigned i;

	for (i = 0; i < c->n_pcp; i++)
		fprintf(f, "pcp listen on %s port %u\n",
		    inet_ntop(AF_INET6, &c->pcp[i].addr, text, sizeof(text)),
		    c->pcp[i].port);
	fprintf(f, "pcp lifetime %us to %us\n", p->min_secs, p->max_secs);
	fprintf(f, "pcp limit %u per subscriber\n", p->per_subscriber);
}

void
conf_warn_pcp(const struct conf *c)
{
	if (c->n_pcp > 0 && c->nat64.pcp.min_secs < LEAST_SECS)
		log_warn("pcp lifetime: %us is less than %us (RFC 6887, 15)",
		    c->nat64.pcp.min_secs, LEAST_SECS);
	if (c->n_pcp > 0 && c->nat64.n_permits == 0)
		log_warn("pcp: there is no \"allow from\": any IPv6 host that "
			 "reaches us can open ports");
}
