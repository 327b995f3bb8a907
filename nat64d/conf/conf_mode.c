/*
 * The stateless modes: explicit address mappings (RFC 7757), and what has no
 * meaning beside them.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/net/ip4class.h"

#include "conf.h"
#include "conf_build.h"

const char *
conf_mode_name(enum nat64_mode mode)
{
	static const char *const names[] = { [NAT64_STATEFUL] = "nat64",
		[NAT64_CLAT] = "clat",
		[NAT64_SIIT] = "siit" };

	return (names[mode]);
}

void
conf_set_router_address(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text)
{
	struct in_addr addr;

	if (inet_pton(AF_INET, text->text, &addr) != 1 ||
	    ip4_is_never_unicast(addr)) {
		conf_refuse(cf, text, "is no address of one host");
		return;
	}
	b->conf->nat64.router4 = addr;
	b->router_address = text->where;
}

static bool
same_prefix(const struct eam *a, const struct eam *b)
{
	return ((a->len4 == b->len4 && a->addr4.s_addr == b->addr4.s_addr) ||
	    (a->len6 == b->len6 && IN6_ARE_ADDR_EQUAL(&a->addr6, &b->addr6)));
}

static const char *
check_addresses(const struct eam *m)
{
	if (m->len4 > 0 && ip4_is_never_unicast(m->addr4))
		return ("has IPv4 addresses that no host can have");
	if (IN6_IS_ADDR_MULTICAST(&m->addr6) ||
	    IN6_IS_ADDR_LINKLOCAL(&m->addr6) ||
	    IN6_IS_ADDR_LOOPBACK(&m->addr6) ||
	    IN6_IS_ADDR_UNSPECIFIED(&m->addr6) ||
	    IN6_IS_ADDR_V4MAPPED(&m->addr6))
		return ("has IPv6 addresses that are not global unicast");
	if (32 - m->len4 > 128 - m->len6)
		return ("has more IPv4 addresses than the IPv6 prefix has "
			"room for (RFC 7757, 3.2)");
	return (NULL);
}

/* m: checked. Returns 0, or -1: reported. */
static int
append(struct conf_build *b, struct conf_file *cf,
    const struct conf_where *where, const struct eam *m)
{
	struct conf *c = b->conf;
	struct eam *maps;

	maps = conf_grow(cf, where, c->maps, c->nat64.n_maps, sizeof(*maps),
	    CONF_MAX_MAPS);
	if (maps == NULL)
		return (-1);
	c->maps = maps;
	maps[c->nat64.n_maps] = *m;
	if (conf_keep_place(cf, &b->map_at, c->nat64.n_maps, where) == -1)
		return (-1);
	c->nat64.n_maps++;
	return (0);
}

void
conf_add_map(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text4, const struct conf_value *text6)
{
	struct prefix p4, p6;
	const char *error;
	struct eam m;

	error = prefix_parse_family(text4->text, AF_INET, &p4);
	if (error != NULL) {
		conf_refuse(cf, text4, error);
		return;
	}
	error = prefix_parse_family(text6->text, AF_INET6, &p6);
	if (error != NULL) {
		conf_refuse(cf, text6, error);
		return;
	}
	m = (struct eam){ p4.v4, p4.len, p6.v6, p6.len };
	error = check_addresses(&m);
	if (error != NULL) {
		conf_error_at(cf, &text4->where, "map %s to %s: %s",
		    text4->text, text6->text, error);
		return;
	}
	(void)append(b, cf, &text4->where, &m);
}

void
conf_add_map_interface(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *text4, const struct conf_value *name)
{
	struct conf *c = b->conf;
	struct eam m = { .len4 = 32, .len6 = 128 };
	char ifname[IF_NAMESIZE];
	const char *error;

	if (inet_pton(AF_INET, text4->text, &m.addr4) != 1 ||
	    ip4_is_never_unicast(m.addr4))
		error = "is no address of one host";
	else
		error = NULL;
	if (error != NULL) {
		conf_refuse(cf, text4, error);
		return;
	}
	error = conf_interface_name(name->text, ifname);
	if (error == NULL && c->map_ifname[0] != '\0')
		error = "is one interface too many: another map has one";
	if (error != NULL) {
		conf_refuse(cf, name, error);
		return;
	}
	if (append(b, cf, &text4->where, &m) == -1)
		return;
	strlcpy(c->map_ifname, ifname, sizeof(c->map_ifname));
	c->map_if = c->nat64.n_maps - 1;
}

/* For sorting: by one side, equal prefixes next to each other. */
struct sorted {
	const struct eam *map;
	const struct conf_where *where;
};

static int
cmp4(const void *pa, const void *pb)
{
	const struct eam *a = ((const struct sorted *)pa)->map;
	const struct eam *b = ((const struct sorted *)pb)->map;
	int d = memcmp(&a->addr4, &b->addr4, sizeof(a->addr4));

	if (d == 0)
		d = a->len4 - b->len4;
	return (d != 0 ? d : (a > b) - (a < b));
}

static int
cmp6(const void *pa, const void *pb)
{
	const struct eam *a = ((const struct sorted *)pa)->map;
	const struct eam *b = ((const struct sorted *)pb)->map;
	int d = memcmp(&a->addr6, &b->addr6, sizeof(a->addr6));

	if (d == 0)
		d = a->len6 - b->len6;
	return (d != 0 ? d : (a > b) - (a < b));
}

/* Of two mappings with the same prefix, which one applies (RFC 7757, 5)? */
static void
check_twice(struct conf_build *b, struct conf_file *cf)
{
	const struct conf *c = b->conf;
	const size_t n = c->nat64.n_maps;
	struct sorted *sorted;
	size_t i, side;

	sorted = calloc(n + 1, sizeof(*sorted));
	if (sorted == NULL) {
		conf_error(cf, "out of memory");
		return;
	}
	for (i = 0; i < n; i++)
		sorted[i] = (struct sorted){ &c->maps[i], &b->map_at[i] };
	for (side = 0; side < 2; side++) {
		qsort(sorted, n, sizeof(*sorted), side == 0 ? cmp4 : cmp6);
		for (i = 1; i < n; i++)
			if (same_prefix(sorted[i - 1].map, sorted[i].map))
				conf_error_at(cf, sorted[i].where,
				    "map: its IPv%d prefix has another "
				    "mapping at %s:%u",
				    side == 0 ? 4 : 6,
				    sorted[i - 1].where->file,
				    sorted[i - 1].where->line);
	}
	free(sorted);
}

/* Statements about bindings and sessions, of which there are none. */
static const char *
find_stateful(const struct conf *c)
{
	if (c->nat64.n_pool > 0 || c->pool_ifname[0] != '\0')
		return ("pool");
	if (c->n_statics > 0)
		return ("static");
	if (c->nat64.n_excludes > 0)
		return ("exclude");
	if (c->nat64.n_permits > 0)
		return ("allow and deny");
	if (c->nat64.n_algs > 0)
		return ("alg");
	if (c->n_pcp > 0)
		return ("pcp");
	if (c->state != NULL)
		return ("state");
	if (c->standby || c->role_file != NULL)
		return ("role");
	if (c->replicate.n_stores > 0)
		return ("replicate");
	return (NULL);
}

void
conf_check_mode(struct conf_build *b, struct conf_file *cf)
{
	struct conf *c = b->conf;
	const char *statement;

	if (c->pref64_follows && c->nat64.mode != NAT64_CLAT)
		conf_error_at(cf, &b->discover,
		    "prefix discover: only with \"mode clat\"");
	else if (c->pref64_follows && c->nat64.n_prefixes > 0)
		conf_error_at(cf, &b->discover,
		    "prefix discover: not with another prefix: %s:%u",
		    b->prefix_at[0].file, b->prefix_at[0].line);
	if (c->nat64.mode == NAT64_STATEFUL) {
		if (c->nat64.n_maps > 0)
			conf_error_at(cf, &b->map_at[0],
			    "map: only with \"mode clat\" or \"mode siit\"");
		if (b->router_address.line > 0)
			conf_error_at(cf, &b->router_address,
			    "router-address: only with \"mode clat\" or "
			    "\"mode siit\": errors to IPv4 come from the pool "
			    "(RFC 6146, 3.6.1)");
		return;
	}
	if (c->map_ifname[0] != '\0' && c->nat64.mode != NAT64_CLAT)
		conf_error_at(cf, &b->map_at[c->map_if],
		    "map to interface: only with \"mode clat\"");
	if (c->nat64.n_maps == 0 && conf_file_errors(cf) == 0)
		conf_error_at(cf, &b->mode,
		    "mode %s: there is no \"map\": whose addresses are to be "
		    "translated?",
		    conf_mode_name(c->nat64.mode));
	statement = find_stateful(c);
	if (statement != NULL)
		conf_error_at(cf, &b->mode,
		    "mode %s: it has no state: not with \"%s\"",
		    conf_mode_name(c->nat64.mode), statement);
	check_twice(b, cf);
}

void
conf_print_mode(const struct conf *c, FILE *f)
{
	char text[INET_ADDRSTRLEN];

	fprintf(f, "mode %s\n", conf_mode_name(c->nat64.mode));
	if (c->nat64.mode != NAT64_STATEFUL)
		fprintf(f, "router-address %s\n",
		    inet_ntop(AF_INET, &c->nat64.router4, text, sizeof(text)));
}

void
conf_print_maps(const struct conf *c, FILE *f)
{
	struct prefix p4 = { .family = AF_INET }, p6 = { .family = AF_INET6 };
	char text4[PREFIX_STRLEN], text6[PREFIX_STRLEN];
	const struct eam *m;

	for (m = c->maps; m < c->maps + c->nat64.n_maps; m++) {
		p4.v4 = m->addr4;
		p4.len = m->len4;
		if (c->map_ifname[0] != '\0' && m == &c->maps[c->map_if]) {
			fprintf(f, "map %s to interface ",
			    inet_ntop(AF_INET, &m->addr4, text4,
				sizeof(text4)));
			conf_print_string(f, c->map_ifname);
			putc('\n', f);
			continue;
		}
		p6.v6 = m->addr6;
		p6.len = m->len6;
		fprintf(f, "map %s to %s\n",
		    prefix_print(&p4, text4, sizeof(text4)),
		    prefix_print(&p6, text6, sizeof(text6)));
	}
}
