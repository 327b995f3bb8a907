#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hostcheck_part.h"
#include "nat64d/pool/range.h"

/* Make room for a finding. */
static struct hostcheck_finding *
insert(struct hostcheck *out, bool error)
{
	struct hostcheck_finding *f;
	size_t at = error ? out->n_errors : out->n_findings;

	if (out->n_findings == HOSTCHECK_MAX)
		out->n_more++;
	else
		out->n_findings++;
	if (at == HOSTCHECK_MAX)
		return (NULL);
	f = &out->findings[at];
	memmove(f + 1, f, (out->n_findings - at - 1) * sizeof(*f));
	*f = (struct hostcheck_finding){ .error = error };
	if (error)
		out->n_errors++;
	return (f);
}

struct hostcheck_finding *
hostcheck_add(const struct check *k, bool error, const char *fmt, ...)
{
	struct hostcheck_finding *f;
	va_list ap;

	f = insert(k->out, error);
	if (f == NULL)
		return (NULL);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return (f);
}

/*
 * Addresses, in host byte order.
 */

struct span
span_of(const struct prefix *p)
{
	return ((struct span){ .first = ntohl(p->v4.s_addr),
	    .last = ntohl(range4_last(p).s_addr) });
}

static struct span
span_of_range(const struct pool4_range *r)
{
	return ((struct span){ .first = ntohl(r->first.s_addr),
	    .last = ntohl(r->last.s_addr) });
}

/* The number of addresses that are in both spans. */
static uint64_t
common(struct span a, struct span b)
{
	const uint32_t first = a.first > b.first ? a.first : b.first;
	const uint32_t last = a.last < b.last ? a.last : b.last;

	return (first > last ? 0 : (uint64_t)last - first + 1);
}

uint64_t
pool_common(const struct check *k, struct span s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < k->nat64->n_pool; i++)
		sum += common(span_of_range(&k->nat64->pool[i]), s);
	return (sum);
}

bool
pool_has(const struct check *k, uint32_t addr)
{
	return (pool_common(k, (struct span){ addr, addr }) > 0);
}

const char *
addr4_text(uint32_t addr, char text[INET_ADDRSTRLEN])
{
	const struct in_addr in = { .s_addr = htonl(addr) };

	inet_ntop(AF_INET, &in, text, INET_ADDRSTRLEN);
	return (text);
}

struct prefix
host4(struct in_addr addr)
{
	return ((struct prefix){ .family = AF_INET, .len = 32, .v4 = addr });
}

struct prefix
host6(const struct pref64 *q)
{
	struct prefix p = { .family = AF_INET6, .len = 128 };

	pref64_embed(q, (struct in_addr){ htonl(HOST_INTERNET4) }, &p.v6);
	return (p);
}

/*
 * Interfaces.
 */

const char *
host_if_name(const struct check *k, size_t ifn)
{
	return (k->host->ifs[ifn].name);
}

bool
host_is_tun(const struct check *k, size_t ifn)
{
	return (strcmp(host_if_name(k, ifn), k->conf->tun) == 0);
}

bool
host_is_outside(const struct check *k, size_t ifn)
{
	return (!k->host->ifs[ifn].loopback && !host_is_tun(k, ifn));
}

bool
host_has_outside(const struct check *k)
{
	size_t i;

	for (i = 0; i < k->host->n_ifs; i++)
		if (host_is_outside(k, i))
			return (true);
	return (false);
}

size_t
host_find_tun(const struct check *k)
{
	size_t i;

	for (i = 0; i < k->host->n_ifs; i++)
		if (host_is_tun(k, i))
			return (i);
	return (HOST_NO_IF);
}

const struct host_path *
host_find_path(const struct check *k, const struct prefix *dst)
{
	size_t i;

	for (i = 0; i < k->host->n_paths; i++)
		if (k->host->paths[i].dst.len == dst->len &&
		    prefix_overlap(&k->host->paths[i].dst, dst))
			return (&k->host->paths[i]);
	return (NULL);
}

const struct host_path *
host_find_path4(const struct check *k, uint32_t addr)
{
	const struct prefix dst = { .family = AF_INET,
		.len = 32,
		.v4.s_addr = htonl(addr) };

	return (host_find_path(k, &dst));
}

size_t
host_find_uplink(const struct check *k)
{
	const struct host_path *p = host_find_path4(k, HOST_INTERNET4);

	if (p == NULL || p->way != HOST_WAY_OUT || !host_is_outside(k, p->ifn))
		return (HOST_NO_IF);
	return (p->ifn);
}

static int
max(int a, int b)
{
	return (a > b ? a : b);
}

bool
host_is_strict(const struct check *k, size_t ifn)
{
	return (max(k->host->all.rp_filter, k->host->ifs[ifn].set.rp_filter) ==
	    HOST_RP_STRICT);
}
