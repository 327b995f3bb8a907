/*
 * Protocols, ports and identifiers in statements.
 */
#include "conf.h"
#include "conf_build.h"
#include "nat64d/pool/portset.h"

const char *
conf_proto_name(enum l4proto proto)
{
	static const char *const names[] = {
		[L4_TCP] = "tcp",
		[L4_UDP] = "udp",
		[L4_ICMP] = "icmp",
	};

	return (names[proto]);
}

struct port_range
conf_port_range(struct conf_file *cf, bool id, const struct conf_value *v)
{
	const uint64_t last = v->kind == CONF_RANGE ? v->last : v->number;

	if (v->number == 0 && !id) {
		conf_error_at(cf, &v->where, "%s: port 0 cannot be used",
		    v->what);
		return ((struct port_range){ 1, 1 });
	}
	if (last > UINT16_MAX) {
		conf_error_at(cf, &v->where, "%s: %s is above %d", v->what,
		    v->text, UINT16_MAX);
		return ((struct port_range){ 1, 1 });
	}
	return ((struct port_range){ (uint16_t)v->number, (uint16_t)last });
}

int
conf_ports_of(struct conf_file *cf, enum l4proto proto,
    const struct conf_ports *ports, struct port_range *range)
{
	const bool id = proto == L4_ICMP;

	*range = ports->range;
	if (!ports->given) {
		range->first = id ? 0 : 1;
		range->last = UINT16_MAX;
	} else if (ports->id != id) {
		conf_error_at(cf, &ports->where, "%s has %s",
		    conf_proto_name(proto),
		    id ? "no ports: use \"id\"" : "no \"id\": use \"port\"");
		return (-1);
	}
	return (0);
}

void
conf_list_add(struct conf_file *cf, struct conf_ports_list *l,
    const struct conf_value *v)
{
	if (!portlist_add(&l->list, conf_port_range(cf, l->id, v)))
		conf_error_at(cf, &v->where, "more than %d ranges",
		    PORTLIST_MAX);
}

/*
 * Does a list of a pool statement apply to protocol i? proto: the protocol in
 * front of the list, or -1 for none: "port" applies to tcp and udp then, "id"
 * to icmp.
 */
static bool
list_is_for(struct conf_file *cf, const struct conf_ports_list *l, int proto,
    int i)
{
	const struct conf_ports ports = { .given = true,
		.id = l->id,
		.where = l->where };
	struct port_range any;

	if (proto == -1)
		return (l->id == (i == L4_ICMP));
	return (proto == i &&
	    conf_ports_of(cf, (enum l4proto)i, &ports, &any) == 0);
}

void
conf_set_pool_ports(struct conf_file *cf, struct conf_pool_ports *to,
    int proto, const struct conf_ports_list *l)
{
	bool *given;
	int i;

	for (i = 0; i < L4_NPROTO; i++) {
		if (!list_is_for(cf, l, proto, i))
			continue;
		given = proto == -1 ? &to->given[i] : &to->given_for[i];
		if (*given) {
			conf_error_at(cf, &l->where,
			    "%s given twice: write "
			    "several ranges with a comma between them",
			    l->id ? "id" : "port");
			return;
		}
		*given = true;
		to->ports[i] = l->list;
	}
}

void
conf_except_ports(struct conf_file *cf, struct conf_pool_ports *to, int proto,
    const struct conf_ports_list *l)
{
	unsigned n;
	int i;

	for (i = 0; i < L4_NPROTO; i++) {
		if (!list_is_for(cf, l, proto, i))
			continue;
		for (n = 0; n < l->list.n; n++)
			if (!portlist_add(&to->except[i], l->list.ranges[n]))
				conf_error_at(cf, &l->where,
				    "more than %d ranges", PORTLIST_MAX);
	}
}

const char *
conf_pool_range_ports(struct pool4_range *r,
    const struct conf_pool_ports *ports)
{
	static const struct port_range defaults[L4_NPROTO] = {
		[L4_TCP] = { PORTSET_FIRST_USER, UINT16_MAX },
		[L4_UDP] = { PORTSET_FIRST_USER, UINT16_MAX },
		[L4_ICMP] = { 0, UINT16_MAX },
	};
	const struct portlist *l;
	unsigned i;
	int proto;

	r->block_size = ports->block_size;
	r->max_blocks = ports->max_blocks;
	r->deterministic = ports->deterministic;
	if (r->block_size != 0 && r->max_blocks == 0 && !r->deterministic)
		return ("has blocks of which subscribers get none: \"max 0\" "
			"is for deterministic ports");
	for (proto = 0; proto < L4_NPROTO; proto++) {
		l = &ports->ports[proto];
		r->ports[proto] = l->n == 0 ?
		    defaults[proto] :
		    (struct port_range){ l->ranges[0].first,
			    l->ranges[l->n - 1].last };
		r->holes[proto] = ports->except[proto];
		for (i = 1; i < l->n; i++)
			if (!portlist_add(&r->holes[proto],
				(struct port_range){
				    (uint16_t)(l->ranges[i - 1].last + 1),
				    (uint16_t)(l->ranges[i].first - 1) }))
				return ("has too many ranges of ports");
	}
	return (NULL);
}

static bool
has_proto(int proto, enum l4proto one)
{
	return (proto == -1 || proto == (int)one);
}

void
conf_set_quarantine(struct conf_build *b, struct conf_file *cf, int proto,
    const struct conf_value *v)
{
	const uint32_t secs = conf_quarantine_secs(cf, v);
	int i;

	for (i = 0; i < L4_NPROTO; i++)
		if (has_proto(proto, (enum l4proto)i))
			b->conf->nat64.pool_opts.quarantine_secs[i] = secs;
}

void
conf_set_filter(struct conf_build *b, int proto, bool address_dependent)
{
	int i;

	for (i = 0; i < L4_NPROTO; i++)
		if (has_proto(proto, (enum l4proto)i))
			b->conf->nat64.adf[i] = address_dependent;
}
