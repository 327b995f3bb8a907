/*
 * Creating, changing and freeing a translator. Packets are handled in
 * nat64_input.c.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/ip4class.h"
#include "nat64d/wire/iphdr.h"
#include "nat64_alg_table.h"
#include "nat64_binding.h"
#include "nat64_event.h"
#include "nat64_pair.h"
#include "nat64_pcp.h"
#include "nat64_policy.h"
#include "nat64_state.h"

/* Upper limit of bindings: a large pool has more ports than memory has room. */
#define MAX_BINDINGS (64U * 1024 * 1024)

void
nat64_config_init(struct nat64_config *c)
{
	memset(c, 0, sizeof(*c));
	c->pool_opts.select = POOL4_RANDOM;
	c->pool_opts.parity = true;
	c->pool_opts.range_fallback = true;
	c->pool_opts.quarantine_secs[L4_UDP] = 120;
	c->pool_opts.quarantine_secs[L4_ICMP] = 120;
	c->pool_opts.quarantine_max_percent = 25;
	c->pool_opts.block_rest_secs = 300;
	xlat_conf_init(&c->xlat);
	frag_limits_init(&c->frag);
	c->lifetime_secs[SESSION_UDP] = 300;
	c->lifetime_secs[SESSION_ICMP] = 60;
	c->lifetime_secs[SESSION_TCP_EST] = 7200;
	c->lifetime_secs[SESSION_TCP_OPEN] = 240;
	c->lifetime_secs[SESSION_TCP_CLOSE] = 240;
	c->lifetime_secs[SESSION_TCP_SYN] = 6;
	c->inbound_refresh = true;
	c->check_inner_ip = true;
	c->router4.s_addr = htonl(IP4_DUMMY);
	c->max_sessions = 1024 * 1024;
	c->max_sessions_per_binding = 4096;
	/*
	 * For a network whose hosts share a /64, from a home to a campus. No
	 * fixed limit suits all of these, so each host gets a fair share. See
	 * etc/nat64d.carrier.conf for limits of a carrier.
	 */
	c->soft_pooling = true;
	c->subscriber_len = 128;
	c->subscriber.fair_share = true;
	c->remap_fragment_id = true;
	c->pcp.min_secs = 120;
	c->pcp.max_secs = 24 * 60 * 60;
	c->pcp.per_subscriber = 64;
	c->max_stored_syns = 128;
	c->max_stored_syns_per_peer = 8;
	c->errors.per_sec = 100;
	c->errors.burst = 200;
	c->errors_dest.per_sec = 10;
	c->errors_dest.burst = 10;
}

/* A key for one purpose; keys of different purposes are independent. */
static struct siphash_key
derive_key(const struct siphash_key *secret, char purpose)
{
	struct siphash_key key;
	char label[2] = { purpose, 0 };
	uint64_t half;

	half = siphash24(secret, label, sizeof(label));
	memcpy(key.bytes, &half, sizeof(half));
	label[1] = 1;
	half = siphash24(secret, label, sizeof(label));
	memcpy(key.bytes + sizeof(half), &half, sizeof(half));
	return (key);
}

size_t
nat64_max_bindings(const struct nat64_config *c, const struct pool4 *pool)
{
	uint64_t sum = c->n_statics;
	int proto;

	if (c->max_bindings > 0)
		return (c->max_bindings);
	for (proto = 0; proto < L4_NPROTO; proto++)
		sum += pool4_capacity_all(pool, (enum l4proto)proto);
	return (sum < MAX_BINDINGS ? (size_t)sum : MAX_BINDINGS);
}

/* Make the tables of bindings and sessions. n->pool has been made. */
static int
init_tables(struct nat64 *n, const struct nat64_config *c)
{
	const size_t n_bindings = nat64_max_bindings(c, n->pool);
	const size_t expected =
	    n_bindings < c->max_sessions ? n_bindings : c->max_sessions;
	struct siphash_key key;
	int proto;

	key = derive_key(&c->secret, 's');
	if (subscribers_init(&n->subs, c->subscriber_len, &c->subscriber,
		n_bindings, &key) == -1)
		return (-1);
	slab_init(&n->bib_slab, sizeof(struct bib_entry), n_bindings);
	n->bib_slab.hint = c->memory_hint;
	nat64_mappings_init(n, n_bindings);
	key = derive_key(&c->secret, 'p');
	for (proto = 0; proto < L4_NPROTO; proto++)
		if (bib_init(&n->bibs[proto], (enum l4proto)proto, n->pool,
			&n->subs, &n->bib_slab, &key, c->soft_pooling,
			expected) == -1)
			return (-1);
	key = derive_key(&c->secret, 'f');
	session_table_init(&n->sessions, c->lifetime_secs, c->max_sessions,
	    c->max_sessions_per_binding, n->bibs, &n->subs, &key);
	session_table_set_inbound(&n->sessions, c->max_inbound);
	session_table_set_ports(&n->sessions, c->lifetime_ports,
	    c->n_lifetime_ports);
	session_table_set_hint(&n->sessions, c->memory_hint);
	session_table_set_fastpath(&n->sessions, n->fastpath,
	    c->inbound_refresh);
	return (0);
}

/* Make what holds no bindings and sessions, and the list of stored SYNs. */
static void
init_stateless(struct nat64 *n, const struct nat64_config *c,
    struct monotime now)
{
	struct siphash_key key;

	key = derive_key(&c->secret, 'i');
	ipid_init(&n->ids, &key, &n->rng);
	key = derive_key(&c->secret, '6');
	ratelimit_init(&n->errors6, &key, c->errors, c->errors_dest, now);
	key = derive_key(&c->secret, '4');
	ratelimit_init(&n->errors4, &key, c->errors, c->errors_dest, now);
	n->too_big6 = n->errors6;
	n->too_big4 = n->errors4;

	/*
	 * Twice the limit: as many that have timed out may be waiting for
	 * their answer (nat64_input.c).
	 */
	TAILQ_INIT(&n->syns);
	slab_init(&n->syn_slab, sizeof(struct stored_syn),
	    (size_t)c->max_stored_syns * 2);
	slab_init(&n->alg_slab, sizeof(struct nat64_alg), NAT64_MAX_GATEWAYS);
	key = derive_key(&c->secret, 'm');
	nat64_pcp_init(n, &key, now);
}

struct pool4_opts
nat64_pool_opts(const struct nat64_config *c)
{
	struct pool4_opts opts = c->pool_opts;
	unsigned i;

	opts.subscriber_len = c->subscriber_len;
	/* Address-dependent filtering: no quarantine (RFC 6888, REQ-8c). */
	for (i = 0; i < L4_NPROTO; i++)
		if (c->adf[i])
			opts.quarantine_secs[i] = 0;
	return (opts);
}

static void
report_block(void *arg, const struct pool4_block *block, bool allocated)
{
	struct nat64 *n = arg;

	nat64_report_block(n, block, n->conf.subscriber_len, allocated);
}

static int
init_pool(struct nat64 *n, const struct nat64_config *c)
{
	struct pool4_opts pool_opts = nat64_pool_opts(c);

	pool_opts.secret = derive_key(&c->secret, 'r');
	n->pool = pool4_new(c->pool, c->n_pool, &pool_opts);
	if (n->pool == NULL)
		return (-1);
	pool4_set_block_fn(n->pool, report_block, n);
	return (0);
}

static int
init_memory(struct nat64 *n, const struct nat64_config *c)
{
	if (init_pool(n, c) == -1)
		return (-1);
	n->frags = frag_table_new(&c->frag);
	if (n->frags == NULL)
		return (-1);
	if (c->mode != NAT64_STATEFUL) {
		n->eamt = eamt_new(c->maps, c->n_maps);
		if (n->eamt == NULL)
			return (-1);
	}
	n->excludes = nat64_copy_excludes(c);
	n->permit = permit_new(c->permits, c->n_permits);
	return (n->excludes != NULL && n->permit != NULL ? 0 : -1);
}

/*
 * Static bindings are not reported one by one: the administrator knows them,
 * and there may be one for every port of many addresses.
 */
static int
add_statics(struct nat64 *n, const struct nat64_config *c, struct monotime now)
{
	const struct nat64_static *st;
	const struct bib_entry *e;
	size_t i;

	for (i = 0; i < c->n_statics; i++) {
		st = &c->statics[i];
		e = bib_add_static(&n->bibs[st->proto], &st->in6, &st->out4,
		    now);
		if (e == NULL && errno != ENOMEM)
			errno = EINVAL;
		if (e == NULL)
			return (-1);
		if (subscriber_count_bindings(e->sub) == 1)
			nat64_report_address(n, NAT64_EV_ADDRESS_CREATE,
			    e->sub);
	}
	return (0);
}

void
nat64_copy_conf(struct nat64 *n, const struct nat64_config *c)
{
	n->conf = *c;
	n->conf.pool = NULL;
	n->conf.statics = NULL;
	n->conf.excludes = NULL;
	n->conf.permits = NULL;
	n->conf.maps = NULL;
}

struct nat64 *
nat64_new(const struct nat64_config *c, const struct nat64_sink *sink,
    const struct rng *rng, struct monotime now)
{
	struct nat64 *n;

	if ((c->n_prefixes == 0 && c->mode != NAT64_CLAT) ||
	    c->n_prefixes > NAT64_MAX_PREFIXES ||
	    (c->n_pool > 0 && pool4_check(c->pool, c->n_pool) != NULL) ||
	    pool4_check_plans(c->pool, c->n_pool, c->subscriber_len) != NULL) {
		errno = EINVAL;
		return (NULL);
	}
	n = calloc(1, sizeof(*n));
	if (n == NULL)
		return (NULL);
	nat64_copy_conf(n, c);
	n->sink = *sink;
	n->rng = *rng;
	nat64_place_prefixes(n, c);
	init_stateless(n, c, now);
	if (init_memory(n, c) == -1 || init_tables(n, c) == -1)
		goto fail;
	if (add_statics(n, c, now) == -1)
		goto fail;
	if (n->sink.trace != NULL)
		frag_table_set_drop(n->frags, nat64_trace_held, n);
	pool4_quarantine_all(n->pool, c->restart_quarantine_secs, now);
	n->start_rest = true;
	return (n);

fail:
	nat64_free(n);
	return (NULL);
}

/* Free the pool, bindings and sessions. */
static void
clear_tables(struct nat64 *n, struct monotime now)
{
	int proto;

	if (n->pool != NULL)
		pool4_set_block_fn(n->pool, NULL, NULL);
	memset(n->pool_high, 0, sizeof(n->pool_high));
	n->n_subs_high = 0;
	nat64_alg_clear(n);
	session_table_clear(&n->sessions);
	nat64_mappings_clear(n);
	for (proto = 0; proto < L4_NPROTO; proto++)
		bib_clear(&n->bibs[proto], now);
	slab_clear(&n->bib_slab);
	subscribers_clear(&n->subs);
	pool4_free(n->pool);
	n->pool = NULL;
}

void
nat64_free(struct nat64 *n)
{
	const struct monotime now = { 0 }; /* no quarantine is kept */
	int saved_errno = errno;

	if (n == NULL)
		return;
	clear_tables(n, now);
	slab_clear(&n->syn_slab);
	frag_table_free(n->frags);
	permit_free(n->permit);
	free(n->excludes);
	eamt_free(n->eamt);
	free(n);
	errno = saved_errno;
}

struct ending {
	struct nat64 *n;
	struct monotime now;
};

static bool
end(void *arg, struct session *s)
{
	const struct ending *ending = arg;

	nat64_session_end(ending->n, s, ending->now);
	return (true);
}

bool
nat64_next_expiry(const struct nat64 *n, struct monotime *when)
{
	struct monotime t;
	bool any;

	any = n->role != NAT64_ROLE_STANDBY &&
	    session_next_expiry(&n->sessions, when);
	if (nat64_mappings_next_expiry(n, &t) && (!any || t.ns < when->ns)) {
		*when = t;
		any = true;
	}
	if (frag_next_expiry(n->frags, &t) && (!any || t.ns < when->ns)) {
		*when = t;
		any = true;
	}
	if (pool4_next_expiry(n->pool, &t) && (!any || t.ns < when->ns)) {
		*when = t;
		any = true;
	}
	return (any);
}

void
nat64_flush_begin(struct nat64 *n)
{
	frag_flush(n->frags);
	session_flush(&n->sessions);
}

bool
nat64_flush(struct nat64 *n, struct monotime now, unsigned max)
{
	struct session *s;

	for (; max > 0; max--) {
		s = session_next_stale(&n->sessions);
		if (s == NULL)
			return (false);
		nat64_session_end(n, s, now);
	}
	return (n->sessions.n_stale > 0);
}

int
nat64_set_pool(struct nat64 *n, const struct nat64_config *c,
    struct monotime now)
{
	struct ending ending = { n, now };
	struct nat64_config conf;

	if ((c->n_pool > 0 && pool4_check(c->pool, c->n_pool) != NULL) ||
	    pool4_check_plans(c->pool, c->n_pool, n->conf.subscriber_len) !=
		NULL) {
		errno = EINVAL;
		return (-1);
	}
	frag_flush(n->frags);
	nat64_mappings_lose_all(n, now);
	while (session_drain(&n->sessions, UINT_MAX, end, &ending))
		;
	nat64_statics_end(n, now);
	n->settling.on = false;
	pool4_release_blocks(n->pool);
	clear_tables(n, now);
	conf = n->conf;
	conf.pool = c->pool;
	conf.n_pool = c->n_pool;
	conf.statics = c->statics;
	conf.n_statics = c->n_statics;
	n->conf.self4 = c->self4;
	nat64_pairs_forget(n);
	if (init_pool(n, &conf) == -1 || init_tables(n, &conf) == -1)
		return (-1);
	return (add_statics(n, &conf, now));
}

void
nat64_set_self6(struct nat64 *n, const struct in6_addr *self6)
{
	n->conf.self6 = *self6;
	nat64_pairs_forget(n);
}

void
nat64_set_mtu(struct nat64 *n, uint32_t mtu4, uint32_t mtu6)
{
	if (mtu4 != 0)
		n->conf.xlat.mtu4 = mtu4;
	if (mtu6 != 0)
		n->conf.xlat.mtu6 = mtu6 > IPV6_MIN_MTU ? mtu6 : IPV6_MIN_MTU;
}

void
nat64_set_fastpath(struct nat64 *n, const struct fastpath_ops *ops)
{
	session_leave_fast_all(&n->sessions);
	nat64_pairs_forget(n);
	n->fastpath = ops;
	session_table_set_fastpath(&n->sessions, ops, n->conf.inbound_refresh);
	ipid_share(&n->ids, ops != NULL ? ops->ids : NULL);
}

const struct xlat_conf *
nat64_xlat(const struct nat64 *n)
{
	return (&n->conf.xlat);
}

void
nat64_set_changes(struct nat64 *n, nat64_change_fn *fn, void *arg)
{
	n->changed = fn;
	n->changed_arg = arg;
}

void
nat64_count_device_drop(struct nat64 *n)
{
	n->stats.drops[NAT64_DEVICE]++;
}

void
nat64_set_trace(struct nat64 *n, bool on)
{
	n->trace_off = !on;
}

const struct nat64_config *
nat64_config(const struct nat64 *n)
{
	return (&n->conf);
}

const struct nat64_stats *
nat64_stats(const struct nat64 *n)
{
	return (&n->stats);
}

const struct bib *
nat64_bib(const struct nat64 *n, enum l4proto proto)
{
	return (&n->bibs[proto]);
}

const struct session_table *
nat64_sessions(const struct nat64 *n)
{
	return (&n->sessions);
}

const struct pool4 *
nat64_pool(const struct nat64 *n)
{
	return (n->pool);
}

const struct subscribers *
nat64_subscribers(const struct nat64 *n)
{
	return (&n->subs);
}

const struct frag_table *
nat64_frags(const struct nat64 *n)
{
	return (n->frags);
}

unsigned
nat64_stored_syns(const struct nat64 *n)
{
	return (n->n_syns);
}
