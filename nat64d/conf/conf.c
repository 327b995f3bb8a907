/*
 * struct conf: freeing it, and the statements that add to a list or need more
 * than an assignment.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/net/addr.h"
#include "common/net/ip4class.h"

#include "conf.h"
#include "conf_build.h"
#include "nat64d/pool/range.h"

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	free(c->user);
	free(c->pidfile);
	free(c->dump);
	control_conf_clear(&c->control);
	free(c->state);
	free(c->role_file);
	conf_replicate_free(&c->replicate);
	free(c->log_file);
	free(c->pool);
	free(c->statics);
	free(c->bindings);
	free(c->excludes);
	free(c->permits);
	free(c->maps);
	free(c);
}

void *
conf_grow(struct conf_file *cf, const struct conf_where *where, void *array,
    size_t n, size_t size, size_t max)
{
	if (n >= max) {
		conf_error_at(cf, where, "more than %zu of these", max);
		return (NULL);
	}
	array = array_grow(array, n, size);
	if (array == NULL)
		conf_error_at(cf, where, "out of memory");
	return (array);
}

int
conf_keep_place(struct conf_file *cf, struct conf_where **places, size_t n,
    const struct conf_where *where)
{
	struct conf_where *bigger;

	bigger =
	    conf_grow(cf, where, *places, n, sizeof(*bigger), SIZE_MAX / 2);
	if (bigger == NULL)
		return (-1);
	*places = bigger;
	bigger[n] = *where;
	return (0);
}

void
conf_add_prefix(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text)
{
	struct nat64_config *n = &b->conf->nat64;
	char other[PREF64_STRLEN];
	struct pref64 prefix;
	const char *error;
	size_t i;

	error = pref64_parse(text->text, &prefix);
	if (error != NULL) {
		conf_refuse(cf, text, error);
		return;
	}
	for (i = 0; i < n->n_prefixes; i++) {
		if (!pref64_overlap(&prefix, &n->prefixes[i]))
			continue;
		conf_error_at(cf, &text->where,
		    "prefix %s overlaps %s of "
		    "%s:%u",
		    text->text,
		    pref64_print(&n->prefixes[i], other, sizeof(other)),
		    b->prefix_at[i].file, b->prefix_at[i].line);
		return;
	}
	if (n->n_prefixes == NAT64_MAX_PREFIXES) {
		conf_error_at(cf, &text->where, "more than %d prefixes",
		    NAT64_MAX_PREFIXES);
		return;
	}
	if (conf_keep_place(cf, &b->prefix_at, n->n_prefixes, &text->where) ==
	    0)
		n->prefixes[n->n_prefixes++] = prefix;
}

void
conf_set_address(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text)
{
	struct nat64_config *n = &b->conf->nat64;
	struct in6_addr a6;
	struct in_addr a4;

	if (inet_pton(AF_INET, text->text, &a4) == 1) {
		if (ip4_is_never_unicast(a4))
			conf_error_at(cf, &text->where,
			    "address %s is not a unicast address", text->text);
		n->self4 = a4;
		conf_once(cf, "address (IPv4)");
	} else if (inet_pton(AF_INET6, text->text, &a6) == 1) {
		if (IN6_IS_ADDR_MULTICAST(&a6) || IN6_IS_ADDR_LINKLOCAL(&a6) ||
		    IN6_IS_ADDR_LOOPBACK(&a6) ||
		    IN6_IS_ADDR_UNSPECIFIED(&a6) || IN6_IS_ADDR_V4MAPPED(&a6))
			conf_error_at(cf, &text->where,
			    "address %s is not a global unicast address",
			    text->text);
		n->self6 = a6;
		b->self6 = text->where;
		conf_once(cf, "address (IPv6)");
	} else
		conf_refuse(cf, text, "is no address");
}

static const char *
check_collector_address(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *sin6 = (const void *)ss;
	const struct sockaddr_in *sin = (const void *)ss;

	if (ss->ss_family == AF_INET)
		return (ip4_is_never_unicast(sin->sin_addr) ?
			"is not a unicast address" :
			NULL);
	if (IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr))
		return ("is link-local: give the collector a global or a "
			"unique local address");
	if (IN6_IS_ADDR_MULTICAST(&sin6->sin6_addr) ||
	    IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr))
		return ("is not a unicast address");
	return (NULL);
}

void
conf_add_collector(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text, uint32_t port, struct log_target t)
{
	struct conf *c = b->conf;
	const char *why;
	socklen_t len;
	unsigned i;

	if (port == 0)
		port = t.format == TARGET_IPFIX ? LOG_PORT_IPFIX :
						  LOG_PORT_SYSLOG;
	if (sockaddr_parse(text->text, (uint16_t)port, &t.addr, &len) == -1)
		why = "is no address";
	else
		why = check_collector_address(&t.addr);
	for (i = 0; why == NULL && i < c->n_log_targets; i++)
		if (log_target_same_place(&c->log_targets[i], &t))
			why = "is given twice with this port";
	if (why == NULL && c->n_log_targets == LOG_TARGETS_MAX)
		why = "is one collector too many";
	if (why != NULL)
		conf_refuse(cf, text, why);
	else
		c->log_targets[c->n_log_targets++] = t;
}

/*
 * Parse "192.0.2.0/28", "192.0.2.1" or "192.0.2.1-192.0.2.9". Returns NULL, or
 * the end of an error message.
 */
static const char *
parse_range4(const char *text, struct in_addr *first, struct in_addr *last)
{
	const char *dash = strchr(text, '-');
	char head[INET_ADDRSTRLEN];
	struct prefix p;
	const char *error;

	if (dash == NULL) {
		error = prefix_parse_family(text, AF_INET, &p);
		if (error != NULL)
			return (error);
		*first = p.v4;
		*last = range4_last(&p);
		return (NULL);
	}
	if ((size_t)(dash - text) >= sizeof(head))
		return ("is no range of IPv4 addresses");
	memcpy(head, text, (size_t)(dash - text));
	head[dash - text] = '\0';
	if (inet_pton(AF_INET, head, first) != 1 ||
	    inet_pton(AF_INET, dash + 1, last) != 1)
		return ("is no range of IPv4 addresses");
	return (NULL);
}

/* Set the clients of a pool statement; what is wrong is reported. */
static void
set_clients(struct conf_build *b, struct conf_file *cf,
    struct pool4_range *range, const struct conf_value *clients)
{
	const char *error;
	struct prefix p;

	error = prefix_parse_family(clients->text, AF_INET6, &p);
	if (error != NULL) {
		conf_refuse(cf, clients, error);
		return;
	}
	range->clients = p;
	if (p.len > b->longest_clients) {
		b->longest_clients = p.len;
		b->clients = clients->where;
	}
}

/* Where an earlier range stands that overlaps the new one, or NULL. */
static const struct conf_where *
pool_overlap(const struct conf_build *b, const struct pool4_range *new)
{
	const struct pool4_range *r = b->conf->pool;
	size_t i;

	for (i = 0; i < b->conf->nat64.n_pool; i++)
		if (ntohl(r[i].first.s_addr) <= ntohl(new->last.s_addr) &&
		    ntohl(r[i].last.s_addr) >= ntohl(new->first.s_addr))
			return (&b->pool_at[i]);
	return (NULL);
}

void
conf_add_pool(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text, const struct conf_pool_ports *ports,
    const struct conf_value *clients)
{
	struct conf *c = b->conf;
	struct pool4_range range = { .clients = { .family = 0 } }, *pool;
	const struct conf_where *other;
	const char *error;

	error = parse_range4(text->text, &range.first, &range.last);
	if (error == NULL)
		error = conf_pool_range_ports(&range, ports);
	if (error != NULL) {
		conf_refuse(cf, text, error);
		return;
	}
	pool = conf_grow(cf, &text->where, c->pool, c->nat64.n_pool,
	    sizeof(*pool), CONF_MAX_POOL);
	if (pool == NULL)
		return;
	c->pool = pool;
	if (clients != NULL)
		set_clients(b, cf, &range, clients);
	pool[c->nat64.n_pool] = range;
	error = pool4_check(&range, 1);
	other = error == NULL ? pool_overlap(b, &range) : NULL;
	if (error == NULL)
		error = pool4_check(pool, c->nat64.n_pool + 1);
	if (other != NULL)
		conf_error_at(cf, &text->where,
		    "pool %s: overlaps the range "
		    "of %s:%u",
		    text->text, other->file, other->line);
	else if (error != NULL)
		conf_error_at(cf, &text->where, "pool %s: %s", text->text,
		    error);
	else if (conf_keep_place(cf, &b->pool_at, c->nat64.n_pool,
		     &text->where) == 0)
		c->nat64.n_pool++;
}

const char *
conf_interface_name(const char *text, char name[IF_NAMESIZE])
{
	_Static_assert(IF_NAMESIZE == 16, "the message says 15");

	if (strlen(text) >= IF_NAMESIZE)
		return ("is longer than the 15 characters that the name of "
			"an interface may have");
	if (text[0] == '\0')
		return ("is no name of an interface");
	if (strpbrk(text, "/%") != NULL)
		return ("is no name of an interface: it has a \"/\" or "
			"\"%\"");
	strlcpy(name, text, IF_NAMESIZE);
	return (NULL);
}

bool
conf_interface_is_plain(const char *name)
{
	return (name[strspn(name,
		    "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0');
}

static const char *
check_shared_ports(struct pool4_range *r, const struct conf_pool_ports *ports)
{
	const char *error;

	if (ports->ports[L4_TCP].n == 0 || ports->ports[L4_UDP].n == 0)
		return ("ports are missing: the host itself uses the others");
	error = conf_pool_range_ports(r, ports);
	return (error != NULL ? error : pool4_check(r, 1));
}

void
conf_set_pool_interface(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *name, const struct conf_pool_ports *ports)
{
	struct conf *c = b->conf;
	/* Any valid address: only the ports are checked. */
	struct pool4_range r = { .first = { htonl(0xc0000201) },
		.last = { htonl(0xc0000201) } };
	char ifname[IF_NAMESIZE];
	const char *error;

	error = conf_interface_name(name->text, ifname);
	if (error == NULL && !conf_interface_is_plain(name->text))
		error = "has other characters than letters, digits, \".\", "
			"\"_\" and \"-\"";
	if (error != NULL) {
		conf_refuse(cf, name, error);
		return;
	}
	if (c->pool_ifname[0] != '\0') {
		conf_error_at(cf, &name->where,
		    "pool interface %s: one "
		    "interface only, and %s:%u has one",
		    name->text, b->pool_interface.file,
		    b->pool_interface.line);
		return;
	}
	b->pool_interface = name->where;
	strlcpy(c->pool_ifname, ifname, sizeof(c->pool_ifname));
	error = check_shared_ports(&r, ports);
	if (error != NULL) {
		conf_error_at(cf, &name->where, "pool interface %s: %s",
		    name->text, error);
		return;
	}
	r.first.s_addr = r.last.s_addr = INADDR_ANY;
	c->pool_if = r;
}

void
conf_add_fastpath_if(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *name)
{
	struct conf *c = b->conf;
	char ifname[IF_NAMESIZE];
	const char *error;
	unsigned i;

	error = conf_interface_name(name->text, ifname);
	for (i = 0; error == NULL && i < c->n_fastpath_ifs; i++)
		if (strcmp(ifname, c->fastpath_ifs[i]) == 0)
			error = "is named twice";
	if (error != NULL)
		conf_refuse(cf, name, error);
	else if (c->n_fastpath_ifs == CONF_MAX_FASTPATH_IFS)
		conf_error_at(cf, &name->where,
		    "fastpath on: more than %d interfaces",
		    CONF_MAX_FASTPATH_IFS);
	else
		strlcpy(c->fastpath_ifs[c->n_fastpath_ifs++], ifname,
		    IF_NAMESIZE);
}

static void
add_static(struct conf_build *b, struct conf_file *cf,
    const struct conf_static *s)
{
	struct conf *c = b->conf;
	struct conf_static *statics;

	statics = conf_grow(cf, &s->where, c->statics, c->n_statics,
	    sizeof(*statics), CONF_MAX_STATICS);
	if (statics == NULL)
		return;
	c->statics = statics;
	statics[c->n_statics++] = *s;
}

void
conf_add_static(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_addr4 *addr4, const struct conf_ports *ports4,
    const struct conf_value *text6, const struct conf_ports *ports6)
{
	const struct conf_ports *to6 = ports6->given ? ports6 : ports4;
	struct conf_static s = { .where = addr4->text.where };
	int from = proto == -1 ? 0 : proto;
	int to = proto == -1 ? L4_NPROTO - 1 : proto;

	if (addr4->interface) {
		if (strcmp(addr4->text.text, b->conf->pool_ifname) != 0) {
			conf_error_at(cf, &s.where,
			    "static: no \"pool "
			    "interface %s\" before",
			    addr4->text.text);
			return;
		}
	} else if (inet_pton(AF_INET, addr4->text.text, &s.addr4) != 1 ||
	    s.addr4.s_addr == INADDR_ANY) {
		conf_refuse(cf, &addr4->text, "is no IPv4 address");
		return;
	}
	if (inet_pton(AF_INET6, text6->text, &s.addr6) != 1) {
		conf_refuse(cf, text6, "is no IPv6 address");
		return;
	}
	if (proto == -1 && to6->given) {
		conf_error_at(cf, &s.where,
		    "ports need a protocol: tcp, udp or icmp");
		return;
	}
	for (; from <= to; from++) {
		s.proto = (enum l4proto)from;
		if (conf_ports_of(cf, s.proto, ports4, &s.ports4) == -1 ||
		    conf_ports_of(cf, s.proto, to6, &s.ports6) == -1)
			return;
		if (s.ports4.last - s.ports4.first !=
		    s.ports6.last - s.ports6.first) {
			conf_error_at(cf, &s.where,
			    "port ranges differ in size");
			return;
		}
		add_static(b, cf, &s);
	}
}

void
conf_add_exclude(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_value *text, const struct conf_ports *ports)
{
	struct conf *c = b->conf;
	struct nat64_exclude x = { .any_proto = proto == -1 }, *excludes;
	const char *error;
	struct prefix p;

	error = prefix_parse_family(text->text, AF_INET, &p);
	if (error == NULL && ports->given && proto != L4_TCP &&
	    proto != L4_UDP)
		error = "has ports: they need a protocol, tcp or udp";
	if (error != NULL) {
		conf_refuse(cf, text, error);
		return;
	}
	x.addr = p.v4;
	x.len = p.len;
	if (proto != -1) {
		x.proto = (enum l4proto)proto;
		if (conf_ports_of(cf, x.proto, ports, &x.ports) == -1)
			return;
	}
	excludes = conf_grow(cf, &text->where, c->excludes,
	    c->nat64.n_excludes, sizeof(*excludes), CONF_MAX_EXCLUDES);
	if (excludes == NULL)
		return;
	c->excludes = excludes;
	excludes[c->nat64.n_excludes++] = x;
}

/* The index of a rule, or -1. */
static ssize_t
find_permit(const struct nat64_config *n, const struct permit_rule *rules,
    const struct prefix *from, bool allow)
{
	size_t i;

	for (i = 0; i < n->n_permits; i++)
		if (rules[i].allow == allow &&
		    rules[i].from.len == from->len &&
		    IN6_ARE_ADDR_EQUAL(&rules[i].from.v6, &from->v6))
			return ((ssize_t)i);
	return (-1);
}

void
conf_add_permit(struct conf_build *b, struct conf_file *cf, bool allow,
    const struct conf_value *text)
{
	struct conf *c = b->conf;
	struct permit_rule rule = { .allow = allow }, *permits;
	const char *error;
	ssize_t other;

	error = prefix_parse_family(text->text, AF_INET6, &rule.from);
	if (error != NULL) {
		conf_refuse(cf, text, error);
		return;
	}
	other = find_permit(&c->nat64, c->permits, &rule.from, !allow);
	if (other != -1) {
		conf_refuse_for(cf, text,
		    allow ? "is denied at" : "is allowed at",
		    &b->permit_at[other]);
		return;
	}
	if (find_permit(&c->nat64, c->permits, &rule.from, allow) != -1)
		return;
	permits = conf_grow(cf, &text->where, c->permits, c->nat64.n_permits,
	    sizeof(*permits), CONF_MAX_PERMITS);
	if (permits == NULL)
		return;
	c->permits = permits;
	permits[c->nat64.n_permits] = rule;
	if (conf_keep_place(cf, &b->permit_at, c->nat64.n_permits,
		&text->where) == 0)
		c->nat64.n_permits++;
}

void
conf_set_tun(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text)
{
	const char *why = conf_interface_name(text->text, b->conf->tun);

	if (why != NULL)
		conf_refuse(cf, text, why);
}

void
conf_add_plateau(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *v, uint32_t mtu)
{
	struct xlat_conf *x = &b->conf->nat64.xlat;

	if (mtu != v->number)
		return;
	if (x->n_plateaus == XLAT_MAX_PLATEAUS)
		conf_error_at(cf, &v->where, "more than %d plateaus",
		    XLAT_MAX_PLATEAUS);
	else if (x->n_plateaus > 0 && x->plateaus[x->n_plateaus - 1] <= mtu)
		conf_error_at(cf, &v->where,
		    "%u: plateaus must be in descending order", mtu);
	else
		x->plateaus[x->n_plateaus++] = (uint16_t)mtu;
}
