/*
 * The canonical form of a configuration: what `nat64d -nv` shows.
 */
#include <arpa/inet.h>

#include <string.h>

#include "conf.h"
#include "conf_build.h"
#include "nat64d/pool/range.h"

static const char *
yes(bool flag)
{
	return (flag ? "yes" : "no");
}

static void
print_range(FILE *f, const char *word, struct port_range r)
{
	if (r.first == r.last)
		fprintf(f, " %s %u", word, r.first);
	else
		fprintf(f, " %s %u-%u", word, r.first, r.last);
}

static void
print_list(FILE *f, const struct portlist *l)
{
	unsigned i;

	for (i = 0; i < l->n; i++) {
		fprintf(f, "%s %u", i > 0 ? "," : "", l->ranges[i].first);
		if (l->ranges[i].last != l->ranges[i].first)
			fprintf(f, "-%u", l->ranges[i].last);
	}
}

static const char *
fastpath_word(enum conf_fastpath use)
{
	return (use == FASTPATH_AUTO ? "auto" : yes(use == FASTPATH_YES));
}

static const char *
ports_word(enum l4proto proto)
{
	return (proto == L4_ICMP ? "id" : "port");
}

static void
print_addr4(FILE *f, struct in_addr addr)
{
	char text[INET_ADDRSTRLEN];

	fputs(inet_ntop(AF_INET, &addr, text, sizeof(text)), f);
}

static void
print_addr6(FILE *f, const struct in6_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	fputs(inet_ntop(AF_INET6, addr, text, sizeof(text)), f);
}

static bool
same_list(const struct portlist *a, const struct portlist *b)
{
	return (a->n == b->n &&
	    memcmp(a->ranges, b->ranges, a->n * sizeof(a->ranges[0])) == 0);
}

/* The holes: excluded ports, and ports between two ranges of a list. */
static void
print_holes(FILE *f, const struct portlist holes[L4_NPROTO])
{
	const bool same = same_list(&holes[L4_TCP], &holes[L4_UDP]);
	int i;

	for (i = 0; i < L4_NPROTO; i++) {
		if (holes[i].n == 0 || (same && i == L4_UDP))
			continue;
		fputs(" except", f);
		if (i != L4_ICMP && !same)
			fprintf(f, " %s", conf_proto_name((enum l4proto)i));
		fprintf(f, " %s", ports_word((enum l4proto)i));
		print_list(f, &holes[i]);
	}
}

static void
print_pool_ports(FILE *f, const struct pool4_range *r)
{
	const struct port_range *tcp = &r->ports[L4_TCP];
	const struct port_range *udp = &r->ports[L4_UDP];
	char text[PREFIX_STRLEN];

	if (tcp->first == udp->first && tcp->last == udp->last)
		print_range(f, "port", *tcp);
	else {
		print_range(f, "tcp port", *tcp);
		print_range(f, "udp port", *udp);
	}
	print_range(f, "id", r->ports[L4_ICMP]);
	print_holes(f, r->holes);
	if (r->block_size != 0)
		fprintf(f, " blocks of %u%s max %u per subscriber",
		    r->block_size, r->deterministic ? " deterministic" : "",
		    r->max_blocks);
	if (r->clients.family != 0)
		fprintf(f, " for %s",
		    prefix_print(&r->clients, text, sizeof(text)));
	putc('\n', f);
}

static void
print_pool(FILE *f, const struct pool4_range *r)
{
	const struct prefix head = range4_head(r->first, r->last);

	fputs("pool ", f);
	print_addr4(f, r->first);
	if (range4_last(&head).s_addr != r->last.s_addr) {
		putc('-', f);
		print_addr4(f, r->last);
	} else if (head.len < 32)
		fprintf(f, "/%u", head.len);
	print_pool_ports(f, r);
}

static void
print_static(FILE *f, const struct conf *c, const struct conf_static *s)
{
	fprintf(f, "static %s ", conf_proto_name(s->proto));
	if (s->addr4.s_addr == INADDR_ANY) {
		fputs("interface ", f);
		conf_print_string(f, c->pool_ifname);
	} else
		print_addr4(f, s->addr4);
	print_range(f, ports_word(s->proto), s->ports4);
	fputs(" to ", f);
	print_addr6(f, &s->addr6);
	print_range(f, ports_word(s->proto), s->ports6);
	putc('\n', f);
}

static void
print_exclude(FILE *f, const struct nat64_exclude *x)
{
	fputs("exclude ", f);
	print_addr4(f, x->addr);
	fprintf(f, "/%u", x->len);
	if (!x->any_proto)
		fprintf(f, " %s", conf_proto_name(x->proto));
	if (!x->any_proto && x->proto != L4_ICMP)
		print_range(f, "port", x->ports);
	putc('\n', f);
}

static void
print_collector(FILE *f, const struct log_target *t)
{
	char host[INET6_ADDRSTRLEN];
	const void *addr = t->addr.ss_family == AF_INET ?
	    (const void *)&((const struct sockaddr_in *)&t->addr)->sin_addr :
	    (const void *)&((const struct sockaddr_in6 *)&t->addr)->sin6_addr;

	fprintf(f, "log events to %s %s %s port %u",
	    t->format == TARGET_IPFIX ? "ipfix" : "syslog",
	    t->tcp ? "tcp" : "udp",
	    inet_ntop(t->addr.ss_family, addr, host, sizeof(host)),
	    sockaddr_port(&t->addr));
	if (t->format == TARGET_IPFIX)
		fprintf(f, " domain %u", t->domain);
	if (t->format == TARGET_IPFIX && !t->tcp)
		fprintf(f, " templates every %u", t->templates_secs);
	putc('\n', f);
}

static void
print_events(FILE *f, const struct conf *c)
{
	char kinds[EVENT_KINDS_SIZE];
	unsigned i;

	event_kinds(c->log_events, ' ', kinds);
	fprintf(f, "log events %s\n", kinds);
	if (c->log_syslog)
		fputs("log events to syslog\n", f);
	else if (c->log_file != NULL) {
		fputs("log events to ", f);
		conf_print_string(f, c->log_file);
		fputs(c->log_json ? " json\n" : "\n", f);
	}
	for (i = 0; i < c->n_log_targets; i++)
		print_collector(f, &c->log_targets[i]);
	fprintf(f, "log destination %s\n", yes(c->log_destination));
}

static void
print_fastpath(FILE *f, const struct conf *c)
{
	unsigned i;

	fprintf(f, "fastpath %s\n", fastpath_word(c->fastpath));
	if (c->n_fastpath_ifs == 0)
		return;
	fputs("fastpath on", f);
	for (i = 0; i < c->n_fastpath_ifs; i++) {
		putc(' ', f);
		conf_print_string(f, c->fastpath_ifs[i]);
	}
	putc('\n', f);
}

static void
print_process(FILE *f, const struct conf *c)
{
	fputs("tun ", f);
	conf_print_string(f, c->tun);
	fprintf(f, " mtu %u\n", c->tun_mtu);
	fprintf(f, "routes %s\n", yes(c->routes));
	fprintf(f, "offload %s\n", yes(c->offload));
	print_fastpath(f, c);
	fputs("user ", f);
	conf_print_string(f, c->user);
	fputs("\npidfile ", f);
	conf_print_string(f, c->pidfile);
	if (c->dump != NULL) {
		fputs("\ndump ", f);
		conf_print_string(f, c->dump);
	}
	if (c->state != NULL) {
		fputs("\nstate ", f);
		conf_print_string(f, c->state);
		fprintf(f, " every %u", c->state_secs);
	}
	fprintf(f, "\nrole %s", c->standby ? "standby" : "active");
	if (c->role_file != NULL) {
		fputs("\nrole file ", f);
		conf_print_string(f, c->role_file);
	}
	putc('\n', f);
	conf_replicate_print(&c->replicate, f);
	control_conf_print(&c->control, f);
	metrics_conf_print(&c->metrics, "show subscribers", f);
	fprintf(f, "log level %s\n", log_level_name(c->log_level));
	print_events(f, c);
}

static void
print_addresses(FILE *f, const struct conf *c)
{
	const struct nat64_config *n = &c->nat64;
	char text[PREF64_STRLEN];
	size_t i;

	conf_print_mode(c, f);
	if (c->pref64_follows)
		fputs("prefix discover\n", f);
	for (i = 0; i < n->n_prefixes && !c->pref64_follows; i++)
		fprintf(f, "prefix %s\n",
		    pref64_print(&n->prefixes[i], text, sizeof(text)));
	for (i = 0; i < n->n_pool; i++)
		print_pool(f, &n->pool[i]);
	if (c->pool_ifname[0] != '\0') {
		fputs("pool interface ", f);
		conf_print_string(f, c->pool_ifname);
		print_pool_ports(f, &c->pool_if);
	}
	if (n->self4.s_addr != INADDR_ANY) {
		fputs("address ", f);
		print_addr4(f, n->self4);
		putc('\n', f);
	}
	if (!IN6_IS_ADDR_UNSPECIFIED(&n->self6)) {
		fputs("address ", f);
		print_addr6(f, &n->self6);
		putc('\n', f);
	}
	conf_print_maps(c, f);
	for (i = 0; i < c->n_statics; i++)
		print_static(f, c, &c->statics[i]);
	for (i = 0; i < n->n_excludes; i++)
		print_exclude(f, &n->excludes[i]);
}

static void
print_xlat(FILE *f, const struct nat64_config *n)
{
	const struct xlat_conf *x = &n->xlat;
	unsigned i;

	fprintf(f, "mtu ipv4 %u\n", x->mtu4);
	fprintf(f, "mtu ipv6 %u\n", x->mtu6);
	fprintf(f, "lowest-ipv6-mtu %u\n", x->lowest_mtu6);
	if (x->tos == XLAT_TOS_COPY)
		fputs("tos copy\n", f);
	else
		fprintf(f, "tos %d\n", x->tos);
	fprintf(f, "traffic-class %s\n", x->tclass_zero ? "0" : "copy");
	fprintf(f, "mss %s\n", x->mss_clamp ? "clamp" : "keep");
	fputs("plateaus", f);
	for (i = 0; i < x->n_plateaus; i++)
		fprintf(f, " %u", x->plateaus[i]);
	fprintf(f, "\nremap-fragment-id %s\n", yes(n->remap_fragment_id));
	fprintf(f, "wkp-non-global %s\n",
	    n->wkp_nonglobal_ok ? "allow" : "drop");
}

static void
print_icmp(FILE *f, const struct nat64_config *n)
{
	if (n->errors.per_sec == 0)
		fputs("icmp-errors off\n", f);
	else
		fprintf(f, "icmp-errors rate %u burst %u\n", n->errors.per_sec,
		    n->errors.burst);
	fprintf(f, "icmp-errors per-destination rate %u burst %u\n",
	    n->errors_dest.per_sec, n->errors_dest.burst);
	fprintf(f, "icmp-fragments %s\n",
	    n->frag.drop_icmp ? "drop" : "reassemble");
	fprintf(f, "first-fragment-errors %s\n", yes(n->first_frag_errors));
	fprintf(f, "unbound-errors %s\n", yes(n->unbound_errors));
	fprintf(f, "check-inner-ip %s\n", yes(n->check_inner_ip));
	fprintf(f, "node-id %s\n", yes(n->node_id));
	fprintf(f, "pool4-echo %s\n", yes(n->pool_echo));
}

static void
print_permits(FILE *f, const struct nat64_config *n)
{
	char text[PREFIX_STRLEN];
	size_t i;

	for (i = 0; i < n->n_permits; i++)
		fprintf(f, "%s from %s\n",
		    n->permits[i].allow ? "allow" : "deny",
		    prefix_print(&n->permits[i].from, text, sizeof(text)));
}

static void
print_filtering(FILE *f, const struct nat64_config *n)
{
	int i;

	print_permits(f, n);
	for (i = 0; i < L4_NPROTO; i++)
		fprintf(f, "filter %s %s\n", conf_proto_name((enum l4proto)i),
		    n->adf[i] ? "address-dependent" : "endpoint-independent");
	fprintf(f, "inbound tcp %s\n",
	    n->refuse_inbound_tcp ? "refuse" : "accept");
	fprintf(f, "echo %s\n", n->refuse_echo6 ? "refuse" : "accept");
	fprintf(f, "inbound-refresh %s\n", yes(n->inbound_refresh));
	fprintf(f, "rst-in-fin %s\n",
	    n->rst_refreshes ? "refresh" : "shorten");
	fprintf(f, "unknown-tcp %s\n",
	    n->reset_unknown_tcp ? "reset" : "drop");
}

static void
print_ports(FILE *f, const struct nat64_config *n)
{
	const struct pool4_opts *o = &n->pool_opts;
	int i;

	fprintf(f, "port-select %s\n",
	    o->select == POOL4_PRESERVE ? "preserve" : "random");
	fprintf(f, "parity %s\n", yes(o->parity));
	fprintf(f, "range-fallback %s\n", yes(o->range_fallback));
	fprintf(f, "soft-pooling %s\n", yes(n->soft_pooling));
	for (i = 0; i < L4_NPROTO; i++)
		fprintf(f, "quarantine %s %u\n",
		    conf_proto_name((enum l4proto)i), o->quarantine_secs[i]);
	fprintf(f, "quarantine max-percent %u\n", o->quarantine_max_percent);
	fprintf(f, "quarantine blocks %u\n", o->block_rest_secs);
	fprintf(f, "quarantine restart %u\n", n->restart_quarantine_secs);
	fprintf(f, "subscriber prefix-length %u\n", n->subscriber_len);
}

static void
print_limits(FILE *f, const struct nat64_config *n)
{
	const struct subscriber_limits *sub = &n->subscriber;
	const struct frag_limits *frag = &n->frag;

	fprintf(f, "limit sessions %zu\n", n->max_sessions);
	fprintf(f, "limit bindings %zu\n", n->max_bindings);
	fprintf(f, "limit inbound-sessions %zu\n", n->max_inbound);
	fprintf(f, "limit binding-sessions %u\n", n->max_sessions_per_binding);
	fprintf(f, "fair-share %s\n", yes(sub->fair_share));
	fprintf(f, "limit subscriber ports %u\n", sub->ports);
	fprintf(f, "limit subscriber sessions %u\n", sub->sessions);
	fprintf(f, "limit subscriber new-bindings rate %u burst %u\n",
	    sub->new_bindings.per_sec, sub->new_bindings.burst);
	fprintf(f, "warn pool at %u\n", n->warn_pool);
	fprintf(f, "warn subscriber at %u\n", n->warn_subscriber);
	fprintf(f, "limit stored-syns %u\n", n->max_stored_syns);
	fprintf(f, "limit stored-syns-per-peer %u\n",
	    n->max_stored_syns_per_peer);
	fprintf(f, "limit fragments bytes %zu\n", frag->max_bytes);
	fprintf(f, "limit fragments datagrams %zu\n", frag->max_datagrams);
	fprintf(f, "limit fragments per-datagram %u\n", frag->per_datagram);
	fprintf(f, "limit fragments source-bytes %zu\n", frag->source_bytes);
	fprintf(f, "limit fragments source-datagrams %zu\n",
	    frag->source_datagrams);
}

void
conf_print(const struct conf *c, FILE *f)
{
	const struct nat64_config *n = &c->nat64;

	print_process(f, c);
	print_addresses(f, c);
	conf_print_algs(n, f);
	conf_print_pcp(c, f);
	print_xlat(f, n);
	print_icmp(f, n);
	print_filtering(f, n);
	print_ports(f, n);
	conf_print_timeouts(c, f);
	print_limits(f, n);
}
