/*
 * What is done when all of a file has been read: defaults that depend on other
 * statements, and contradictions between statements.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "common/net/ip4class.h"

#include "conf.h"
#include "conf_build.h"
#include "nat64d/core/event_text.h"
#include "nat64d/pool/portplan.h"

static bool
in_pref64(const struct nat64_config *n, const struct in6_addr *addr)
{
	return (pref64_find(n->prefixes, n->n_prefixes, addr) != -1);
}

/* The range of the pool that an address is in, or NULL. */
static const struct pool4_range *
find_range(const struct conf *c, struct in_addr addr)
{
	const struct nat64_config *n = &c->nat64;
	const uint32_t a = ntohl(addr.s_addr);
	const struct pool4_range *r;

	if (addr.s_addr == INADDR_ANY)
		return (&c->pool_if);
	for (r = n->pool; r < n->pool + n->n_pool; r++)
		if (a >= ntohl(r->first.s_addr) && a <= ntohl(r->last.s_addr))
			return (r);
	return (NULL);
}

static void
set_defaults(struct conf_build *b)
{
	struct conf *c = b->conf;
	struct nat64_config *n = &c->nat64;

	if (n->mode == NAT64_CLAT && n->n_prefixes == 0)
		c->pref64_follows = true;
	if (n->n_prefixes == 0 && !c->pref64_follows)
		n->prefixes[n->n_prefixes++] = pref64_wkp;
	if (n->n_pool > 0 && n->self4.s_addr == INADDR_ANY)
		n->self4 = n->pool[0].first;
	if (n->mode == NAT64_CLAT && n->self4.s_addr == INADDR_ANY)
		n->self4.s_addr = htonl(IP4_DUMMY);
	if (!b->node_id_set)
		n->node_id = n->mode != NAT64_STATEFUL;
	c->self4_follows =
	    c->pool_ifname[0] != '\0' && n->self4.s_addr == INADDR_ANY;
	c->self6_follows = IN6_IS_ADDR_UNSPECIFIED(&n->self6);
	c->mtu4_follows = !b->mtu4_set;
	c->mtu6_follows = !b->mtu6_set;
	if (!b->mtu4_set)
		n->xlat.mtu4 = c->tun_mtu;
	if (!b->mtu6_set)
		n->xlat.mtu6 = c->tun_mtu;
	n->frag.source6_len = n->subscriber_len;
	n->pool_opts.node = c->replicate.node;
}

/* Ports that the pool statement leaves out cannot be bound. */
static void
check_holes(struct conf_file *cf, const struct portlist *holes,
    const struct conf_static *s)
{
	uint32_t port = s->ports4.first;

	if (!portlist_meets(holes, s->ports4))
		return;
	while (!portlist_has(holes, (uint16_t)port))
		port++;
	conf_error_at(cf, &s->where,
	    "static: %s %s %u is left out by the "
	    "pool statement",
	    conf_proto_name(s->proto), s->proto == L4_ICMP ? "id" : "port",
	    port);
}

static void
check_static(struct conf_file *cf, const struct conf *c,
    const struct conf_static *s)
{
	const struct pool4_range *r = find_range(c, s->addr4);
	char text[INET6_ADDRSTRLEN];

	if (r == NULL)
		conf_error_at(cf, &s->where, "static: %s is not in the pool",
		    inet_ntop(AF_INET, &s->addr4, text, sizeof(text)));
	else
		check_holes(cf, &r->holes[s->proto], s);
	/* A packet from there would be dropped as a loop (RFC 6146, 3.5). */
	if (in_pref64(&c->nat64, &s->addr6))
		conf_error_at(cf, &s->where, "static: %s is inside a prefix",
		    inet_ntop(AF_INET6, &s->addr6, text, sizeof(text)));
	if (IN6_IS_ADDR_MULTICAST(&s->addr6) ||
	    IN6_IS_ADDR_UNSPECIFIED(&s->addr6) ||
	    IN6_IS_ADDR_LOOPBACK(&s->addr6) ||
	    IN6_IS_ADDR_LINKLOCAL(&s->addr6))
		conf_error_at(cf, &s->where,
		    "static: %s is not a global unicast address",
		    inet_ntop(AF_INET6, &s->addr6, text, sizeof(text)));
}

/*
 * Orders of the static bindings by their IPv4 and by their IPv6 side: in the
 * sorted list, bindings that overlap on that side are next to each other.
 */
static int
cmp_statics4(const void *pa, const void *pb)
{
	const struct conf_static *a = *(const struct conf_static *const *)pa;
	const struct conf_static *b = *(const struct conf_static *const *)pb;
	int d;

	if (a->proto != b->proto)
		return (a->proto < b->proto ? -1 : 1);
	d = memcmp(&a->addr4, &b->addr4, sizeof(a->addr4));
	return (d != 0 ? d : a->ports4.first - b->ports4.first);
}

static int
cmp_statics6(const void *pa, const void *pb)
{
	const struct conf_static *a = *(const struct conf_static *const *)pa;
	const struct conf_static *b = *(const struct conf_static *const *)pb;
	int d;

	if (a->proto != b->proto)
		return (a->proto < b->proto ? -1 : 1);
	d = memcmp(&a->addr6, &b->addr6, sizeof(a->addr6));
	return (d != 0 ? d : a->ports6.first - b->ports6.first);
}

/* Do a and b, which follows a in the order of that side, overlap? */
static bool
statics_overlap(const struct conf_static *a, const struct conf_static *b,
    bool side6)
{
	if (a->proto != b->proto)
		return (false);
	if (side6)
		return (memcmp(&a->addr6, &b->addr6, sizeof(a->addr6)) == 0 &&
		    b->ports6.first <= a->ports6.last);
	return (a->addr4.s_addr == b->addr4.s_addr &&
	    b->ports4.first <= a->ports4.last);
}

/* Report the one that was written later. */
static void
report_overlap(struct conf_file *cf, const struct conf_static *a,
    const struct conf_static *b, bool side6)
{
	const struct conf_static *first = a < b ? a : b;
	const struct conf_static *second = a < b ? b : a;

	conf_error_at(cf, &second->where,
	    "static: %s side is bound already at %s:%u",
	    side6 ? "IPv6" : "IPv4", first->where.file, first->where.line);
}

static void
check_overlaps(struct conf_file *cf, const struct conf *c, bool side6)
{
	const struct conf_static **sorted;
	size_t i;

	sorted = calloc(c->n_statics, sizeof(*sorted));
	if (sorted == NULL) {
		conf_error(cf, "out of memory");
		return;
	}
	for (i = 0; i < c->n_statics; i++)
		sorted[i] = &c->statics[i];
	qsort(sorted, c->n_statics, sizeof(*sorted),
	    side6 ? cmp_statics6 : cmp_statics4);
	for (i = 1; i < c->n_statics; i++)
		if (statics_overlap(sorted[i - 1], sorted[i], side6))
			report_overlap(cf, sorted[i - 1], sorted[i], side6);
	free(sorted);
}

static void
expand_static(struct nat64_static *to, const struct conf_static *s)
{
	uint32_t i, n = (uint32_t)(s->ports4.last - s->ports4.first) + 1;

	for (i = 0; i < n; i++) {
		to[i].proto = s->proto;
		to[i].out4.addr = s->addr4;
		to[i].out4.port = (uint16_t)(s->ports4.first + i);
		to[i].in6.addr = s->addr6;
		to[i].in6.port = (uint16_t)(s->ports6.first + i);
	}
}

/* Make one binding for each port, as nat64_new() takes them. */
static void
expand_statics(struct conf_file *cf, struct conf *c)
{
	const struct conf_static *s;
	size_t n = 0;

	for (s = c->statics; s < c->statics + c->n_statics; s++) {
		n += (size_t)(s->ports4.last - s->ports4.first) + 1;
		if (n <= CONF_MAX_STATICS)
			continue;
		conf_error_at(cf, &s->where,
		    "more than %d static bindings, ports counted",
		    CONF_MAX_STATICS);
		return;
	}
	c->bindings = calloc(n, sizeof(*c->bindings));
	if (c->bindings == NULL) {
		conf_error(cf, "out of memory");
		return;
	}
	n = 0;
	for (s = c->statics; s < c->statics + c->n_statics; s++) {
		expand_static(c->bindings + n, s);
		n += (size_t)(s->ports4.last - s->ports4.first) + 1;
	}
	c->nat64.n_statics = c->n_bindings = n;
}

static void
check_statics(struct conf_build *b, struct conf_file *cf)
{
	struct conf *c = b->conf;
	size_t i;

	if (c->n_statics == 0)
		return;
	for (i = 0; i < c->n_statics; i++)
		check_static(cf, c, &c->statics[i]);
	check_overlaps(cf, c, false);
	check_overlaps(cf, c, true);
	expand_statics(cf, c);
	if (c->nat64.max_bindings > 0 &&
	    c->nat64.max_bindings < c->nat64.n_statics)
		conf_error_at(cf, &b->max_bindings,
		    "limit bindings is less than the %zu static bindings",
		    c->nat64.n_statics);
}

/* The host of a static binding must be allowed to answer. */
static void
check_permits(struct conf_file *cf, const struct conf *c)
{
	const struct conf_static *s;
	char text[INET6_ADDRSTRLEN];
	struct permit *permit;

	permit = permit_new(c->permits, c->nat64.n_permits);
	if (permit == NULL) {
		conf_error(cf, "out of memory");
		return;
	}
	for (s = c->statics; s < c->statics + c->n_statics; s++)
		if (!permit_allows(permit, &s->addr6))
			conf_error_at(cf, &s->where,
			    "static: %s may not use "
			    "the translator: an \"allow from\" for it is "
			    "missing",
			    inet_ntop(AF_INET6, &s->addr6, text,
				sizeof(text)));
	permit_free(permit);
}

/* Without peers, session events only repeat the binding events. */
static void
check_events(const struct conf_build *b, struct conf_file *cf)
{
	const unsigned both = EVENT_BINDINGS | EVENT_SESSIONS;
	const struct conf *c = b->conf;

	if ((c->log_events & both) == both && !c->log_destination)
		conf_error_at(cf, &b->log_events,
		    "log events: with "
		    "\"bindings\", \"sessions\" need \"log destination "
		    "yes\"");
}

static void
check_fastpath(const struct conf_build *b, struct conf_file *cf)
{
	const struct conf *c = b->conf;
	unsigned i;

	if (c->n_fastpath_ifs > 0 && c->fastpath == FASTPATH_NO)
		conf_error_at(cf, &b->fastpath_on,
		    "fastpath on: not with \"fastpath no\"");
	for (i = 0; i < c->n_fastpath_ifs; i++)
		if (strcmp(c->fastpath_ifs[i], c->tun) == 0)
			conf_error_at(cf, &b->fastpath_on,
			    "fastpath on: %s is the tun, which has the fast "
			    "path anyway",
			    c->tun);
}

/* What depends on the length of subscribers' prefixes. */
static void
check_plans(const struct conf_build *b, struct conf_file *cf)
{
	const struct nat64_config *n = &b->conf->nat64;
	const char *error = NULL;
	struct portplan plan;
	size_t i;

	for (i = 0; i < n->n_pool && error == NULL; i++) {
		error = portplan_init(&plan, &n->pool[i], n->subscriber_len);
		if (error == NULL)
			error = pool4_check_plans(n->pool, i + 1,
			    n->subscriber_len);
		if (error != NULL)
			conf_error_at(cf, &b->pool_at[i], "pool: %s", error);
	}
}

/* Blocks are logged, and some pool has none. */
static void
warn_events(const struct conf *c)
{
	const bool kept =
	    c->log_file != NULL || c->log_syslog || c->n_log_targets > 0;
	const unsigned ports = EVENT_BINDINGS | EVENT_SESSIONS;
	size_t i;

	if (!kept || (c->log_events & EVENT_BLOCKS) == 0 ||
	    (c->log_events & ports) != 0)
		return;
	for (i = 0; i < c->nat64.n_pool; i++)
		if (c->nat64.pool[i].block_size == 0) {
			log_warn("log events blocks: who has ports of a pool "
				 "without blocks is not logged: add "
				 "\"bindings\", or blocks to all pools");
			return;
		}
}

void
conf_warn(const struct conf *c)
{
	warn_events(c);
	conf_warn_timeouts(c);
	conf_warn_pcp(c);
}

void
conf_note(const struct conf *c)
{
	const struct nat64_config *n = &c->nat64;
	size_t i;

	for (i = 0; i < n->n_prefixes && !c->wkp_decided; i++) {
		if (!pref64_is_wkp(&n->prefixes[i]))
			continue;
		log_info("note: prefix 64:ff9b::/96: the default of "
			 "\"wkp-non-global\" becomes \"allow\" once "
			 "draft-ietf-v6ops-nat64-wkp-1918 is an RFC; say "
			 "\"drop\" or \"allow\" to decide it now");
		return;
	}
}

static bool
has_blocks(const struct nat64_config *n)
{
	size_t i;

	for (i = 0; i < n->n_pool; i++)
		if (n->pool[i].block_size > 0)
			return (true);
	return (false);
}

void
conf_check(struct conf_build *b, struct conf_file *cf)
{
	struct conf *c = b->conf;
	struct nat64_config *n = &c->nat64;
	char text[INET6_ADDRSTRLEN];

	n->pool = c->pool;
	set_defaults(b);
	/* A pool statement that was refused needs no second message. */
	if (n->n_pool > 0 && c->pool_ifname[0] != '\0')
		conf_error_at(cf, &b->pool_interface,
		    "pool interface %s: "
		    "no other pool can be beside it: %s:%u",
		    c->pool_ifname, b->pool_at[0].file, b->pool_at[0].line);
	if (c->pool_ifname[0] != '\0' && !conf_interface_is_plain(c->tun))
		conf_error_at(cf, &b->pool_interface,
		    "pool interface %s: "
		    "the name of the tun may have letters, digits, \".\", "
		    "\"_\" and \"-\" only",
		    c->pool_ifname);
	if (n->n_pool == 0 && c->pool_ifname[0] == '\0' &&
	    n->mode == NAT64_STATEFUL && conf_file_errors(cf) == 0)
		conf_error_at(cf,
		    &(struct conf_where){ .file = conf_file_path(cf, 0) },
		    "no pool: there is no IPv4 address to translate to");
	if (in_pref64(n, &n->self6))
		conf_error_at(cf, &b->self6, "address %s is inside a prefix",
		    inet_ntop(AF_INET6, &n->self6, text, sizeof(text)));
	if (n->xlat.lowest_mtu6 > n->xlat.mtu6)
		conf_error_at(cf, &b->lowest_mtu6,
		    "lowest-ipv6-mtu is above the IPv6 MTU of %u",
		    n->xlat.mtu6);
	/* A subscriber has one address for all its hosts (RFC 6888, REQ-2). */
	if (b->longest_clients > n->subscriber_len)
		conf_error_at(cf, &b->clients,
		    "pool: clients of %u bits are "
		    "less than a subscriber of %u: see \"subscriber "
		    "prefix-length\"",
		    b->longest_clients, n->subscriber_len);
	conf_replicate_check(&c->replicate, cf);
	check_plans(b, cf);
	if (n->warn_subscriber != 0 && n->subscriber.ports == 0 &&
	    !has_blocks(n))
		conf_error_at(cf, &b->warn_subscriber,
		    "warn subscriber: there is no limit to reach: add "
		    "\"limit subscriber ports\" or blocks to a pool");
	check_events(b, cf);
	check_fastpath(b, cf);
	check_statics(b, cf);
	n->statics = c->bindings;
	n->excludes = c->excludes;
	n->permits = c->permits;
	n->maps = c->maps;
	conf_check_mode(b, cf);
	check_permits(cf, c);
}
