#include <arpa/inet.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "dump.h"
#include "nat64d/core/nat64_walk.h"
#include "nat64d/tables/tcp_fsm.h"

/* [address]:port and the final NUL. */
#define TADDR_STRLEN (INET6_ADDRSTRLEN + 8)

struct dump {
	const struct nat64 *nat64;
	bool verbose;
	bool head_done;
	struct nat64_walk walk;
};

static const char *const proto_names[L4_NPROTO] = {
	[L4_TCP] = "tcp",
	[L4_UDP] = "udp",
	[L4_ICMP] = "icmp",
};

struct dump *
dump_new(const struct nat64 *nat64, bool verbose)
{
	struct dump *d;

	d = calloc(1, sizeof(*d));
	if (d == NULL)
		return (NULL);
	d->nat64 = nat64;
	d->verbose = verbose;
	return (d);
}

void
dump_free(struct dump *d)
{
	free(d);
}

static void
dump_counters(const struct dump *d, struct evbuffer *out)
{
	const struct nat64_stats *stats = nat64_stats(d->nat64);
	int i;

	for (i = 0; i < NAT64_NCOUNTERS; i++)
		evbuffer_add_printf(out, "counter %-30s %12" PRIu64 "\n",
		    nat64_counter_name((enum nat64_counter)i),
		    stats->counters[i]);
	for (i = NAT64_NONE + 1; i < NAT64_NREASONS; i++) {
		if (stats->drops[i] == 0 && !d->verbose)
			continue;
		evbuffer_add_printf(out, "dropped %-30s %12" PRIu64 "\n",
		    nat64_reason_name((enum nat64_reason)i), stats->drops[i]);
	}
}

static void
dump_head(const struct dump *d, struct evbuffer *out)
{
	const struct nat64 *n = d->nat64;
	const struct session_table *sessions = nat64_sessions(n);
	int proto;

	dump_counters(d, out);
	for (proto = 0; proto < L4_NPROTO; proto++)
		evbuffer_add_printf(out,
		    "table %-5s bindings %zu "
		    "sessions %zu ports %" PRIu64 "\n",
		    proto_names[proto],
		    nat64_bib(n, (enum l4proto)proto)->n_entries,
		    sessions->n_sessions[proto],
		    pool4_capacity(nat64_pool(n), (enum l4proto)proto));
	evbuffer_add_printf(out, "table fast-path sessions %zu\n",
	    sessions->n_fast);
	evbuffer_add_printf(out, "table stored-syns %u\n",
	    nat64_stored_syns(n));
	evbuffer_add_printf(out, "table fragments datagrams %zu bytes %zu\n",
	    frag_datagrams(nat64_frags(n)), frag_bytes(nat64_frags(n)));
	evbuffer_add_printf(out, "\n%-7s %-47s %-21s %s\n", "binding",
	    "IPv6 address and port", "IPv4 address and port", "sessions");
	evbuffer_add_printf(out, "%-7s %-47s %-21s %s\n\n", " to", "IPv6 peer",
	    "IPv4 peer", "left, state");
}

/* The peer of an ICMP session has no identifier of its own. */
static const char *
taddr6_text(const struct taddr6 *a, bool with_port, char text[TADDR_STRLEN])
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &a->addr, addr, sizeof(addr));
	if (with_port)
		snprintf(text, TADDR_STRLEN, "[%s]:%u", addr, a->port);
	else
		snprintf(text, TADDR_STRLEN, "[%s]", addr);
	return (text);
}

static const char *
taddr4_text(const struct taddr4 *a, bool with_port, char text[TADDR_STRLEN])
{
	char addr[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &a->addr, addr, sizeof(addr));
	if (with_port)
		snprintf(text, TADDR_STRLEN, "%s:%u", addr, a->port);
	else
		snprintf(text, TADDR_STRLEN, "%s", addr);
	return (text);
}

static void
dump_binding(struct evbuffer *out, const struct bib_entry *e)
{
	char in6[TADDR_STRLEN], out4[TADDR_STRLEN];

	evbuffer_add_printf(out, "%-7s %-47s %-21s %" PRIu32 "%s%s\n",
	    proto_names[e->proto], taddr6_text(&e->in6, true, in6),
	    taddr4_text(&e->out4, true, out4), e->n_sessions,
	    e->is_static ? " static" : "", e->held ? " mapped" : "");
}

static void
dump_session(const struct dump *d, struct evbuffer *out,
    const struct session *s, struct monotime now)
{
	const struct monotime end =
	    session_expires(nat64_sessions(d->nat64), s);
	const int64_t ms = monotime_diff_ms(end, now);
	const bool port = s->proto != L4_ICMP;
	const struct taddr6 to = { .addr = nat64_peer6(d->nat64, s),
		.port = s->peer.port };
	char peer6[TADDR_STRLEN], peer4[TADDR_STRLEN];

	evbuffer_add_printf(out, "%-7s %-47s %-21s %5" PRId64 " s", " to",
	    taddr6_text(&to, port, peer6), taddr4_text(&s->peer, port, peer4),
	    ms > 0 ? ms / 1000 : 0);
	if (s->proto == L4_TCP)
		evbuffer_add_printf(out, " %s",
		    tcp_state_name((enum tcp_state)s->tcp_state));
	evbuffer_add_printf(out, "%s%s\n", s->fast != 0 ? " fast" : "",
	    s->gateway ? " gateway" : "");
}

bool
dump_slice(struct dump *d, struct evbuffer *out, unsigned max,
    struct monotime now)
{
	const struct bib_entry *e;
	const struct session *s;
	enum nat64_met met;

	if (!d->head_done) {
		dump_head(d, out);
		d->head_done = true;
	}
	while ((met = nat64_walk_next(d->nat64, &d->walk, &max, &e, &s)) <=
	    NAT64_MET_SESSION) {
		if (met == NAT64_MET_BINDING)
			dump_binding(out, e);
		else
			dump_session(d, out, s, now);
	}
	if (met == NAT64_MET_PAUSE)
		return (true);
	evbuffer_add(out, "end\n", 4);
	return (false);
}

void
dump_refusals(struct evbuffer *out, const struct tun_refusal *r,
    struct monotime at, struct monotime now)
{
	evbuffer_add_printf(out,
	    "device refused %" PRIu64 " packets, the "
	    "last %" PRId64 " s ago: %s (%s)\n",
	    r->count, monotime_diff_ms(now, at) / 1000, strerror(r->error),
	    r->packet);
}

void
dump_fastpath(struct evbuffer *out, const struct fastpath_count *c)
{
	evbuffer_add_printf(out,
	    "fast-path ipv6-packets %" PRIu64 " ipv6-bytes %" PRIu64
	    " ipv4-packets %" PRIu64 " ipv4-bytes %" PRIu64 " lost %" PRIu64
	    "\n",
	    c->packets6, c->bytes6, c->packets4, c->bytes4, c->failed);
}
