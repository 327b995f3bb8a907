#include <sys/socket.h>

#include <stdlib.h>

#include "upstream.h"

/* Each choice of another server lowers the score by this fraction. */
#define SCORE_DECAY 256

/* Relaxed order suffices: no other data depend on these fields. */
#define GET(field) \
	atomic_load_explicit(&u->common->field, memory_order_relaxed)
#define SET(field, value) \
	atomic_store_explicit(&u->common->field, value, memory_order_relaxed)

static const struct upstream *
find_addr(const struct upstreams *ups, const struct scoped_addr *addr)
{
	size_t i;

	for (i = 0; i < ups->n; i++) {
		if (scoped_addr_equal(&ups->v[i].addr, addr))
			return (&ups->v[i]);
	}
	return (NULL);
}

/* Each worker does this before any of them uses u, with the same values. */
static void
take_over(const struct upstream *u, const struct upstream *old)
{
	const struct upstream_common *from = old->common;

	SET(down, from->down);
	SET(down_ns, from->down_ns);
	SET(logged_down, from->logged_down);
	SET(logged_ns, from->logged_ns);
	SET(answered_ns, from->answered_ns);
	SET(srtt_us, from->srtt_us);
	SET(rttvar_us, from->rttvar_us);
	SET(edns_seen_ns, from->edns_seen_ns);
	SET(edns_missing_ns, from->edns_missing_ns);
	SET(edns_missing_secs, from->edns_missing_secs);
}

int
upstreams_init(struct upstreams *ups, const struct upstreams_conf *conf,
    const struct upstreams *old)
{
	const struct upstream *same;
	size_t i;

	if ((ups->v = calloc(conf->n, sizeof(*ups->v))) == NULL)
		return (-1);
	ups->n = conf->n;
	ups->conf = *conf;
	for (i = 0; i < conf->n; i++) {
		same = old != NULL ? find_addr(old, &conf->addrs[i]) : NULL;
		if (same != NULL)
			ups->v[i] = *same;
		else
			ups->v[i].addr = conf->addrs[i];
		ups->v[i].common = &conf->common[i];
		if (same != NULL)
			take_over(&ups->v[i], same);
		/* Queries that are waiting are counted in old. */
		ups->v[i].outstanding = 0;
	}
	return (0);
}

void
upstream_dest(const struct upstream *u, struct sockaddr_storage *to)
{
	scoped_addr_resolve(&u->addr, GET(ifindex), to);
}

void
upstreams_clear(struct upstreams *ups)
{
	free(ups->v);
	ups->v = NULL;
	ups->n = 0;
}

const struct upstream_route *
upstreams_route(const struct upstreams *ups, const uint8_t *name)
{
	const struct upstream_route *r, *best = NULL;
	size_t i;

	for (i = 0; i < ups->conf.n_routes; i++) {
		r = &ups->conf.routes[i];
		if ((best == NULL || r->domain_len > best->domain_len) &&
		    name_is_below(name, r->domain))
			best = r;
	}
	return (best);
}

/* Whether order puts a before b. */
static bool
is_preferred(const struct upstream *a, const struct upstream *b,
    enum upstream_order order)
{
	switch (order) {
	case UPSTREAM_ORDERED:
		break;
	case UPSTREAM_ROUND_ROBIN:
		return (a->turn < b->turn);
	case UPSTREAM_LEAST_OUTSTANDING:
		return (a->outstanding < b->outstanding);
	case UPSTREAM_FASTEST:
		return (a->score_us < b->score_us);
	}
	return (false);
}

/* Update what the next choice depends on. */
static void
note_choice(const struct upstreams *ups, const struct upstream_route *route,
    struct upstream *chosen)
{
	struct upstream *u;
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < route->n; i++) {
		u = &ups->v[route->member[i]];
		if (u->turn > last)
			last = u->turn;
		if (u != chosen && u->score_us > 0)
			u->score_us -= 1 + u->score_us / SCORE_DECAY;
	}
	chosen->turn = last + 1;
	/*
	 * Not measured: give it the score of the initial timeout, so that
	 * further queries go to other servers until it has answered.
	 */
	if (chosen->score_us == 0)
		chosen->score_us = UPSTREAM_RTO_FIRST_MS * INT64_C(1000);
}

/* Whether each server of one route is in the other one. */
static bool
is_part(const struct upstreams *a, const struct upstream_route *of_a,
    const struct upstreams *b, const struct upstream_route *of_b)
{
	size_t i, j;

	for (i = 0; i < of_a->n; i++) {
		for (j = 0; j < of_b->n; j++)
			if (scoped_addr_equal(&a->v[of_a->member[i]].addr,
				&b->v[of_b->member[j]].addr))
				break;
		if (j == of_b->n)
			return (false);
	}
	return (true);
}

bool
upstreams_same(const struct upstreams *a, const struct upstreams *b,
    const uint8_t *domain)
{
	const struct upstream_route *of_a = upstreams_route(a, domain);
	const struct upstream_route *of_b = upstreams_route(b, domain);

	if (of_a == NULL || of_b == NULL)
		return (of_a == of_b);
	return (is_part(a, of_a, b, of_b) && is_part(b, of_b, a, of_a));
}

struct upstream *
upstream_choose(const struct upstreams *ups,
    const struct upstream_route *route, const unsigned *tries, unsigned round,
    bool untried_only)
{
	const unsigned most =
	    untried_only ? 1 : UPSTREAM_TRIES_EACH * (round + 1);
	struct upstream *u, *best = NULL;
	bool down, best_down = false;
	unsigned n, best_n = 0;
	size_t i;

	for (i = 0; i < route->n; i++) {
		u = &ups->v[route->member[i]];
		n = tries[route->member[i]];
		down = upstream_is_down(u);
		if (n >= most || (untried_only && down))
			continue;
		if (best == NULL || best_down > down ||
		    (best_down == down &&
			(best_n > n ||
			    (best_n == n &&
				is_preferred(u, best, ups->conf.order))))) {
			best = u;
			best_n = n;
			best_down = down;
		}
	}
	if (best != NULL)
		note_choice(ups, route, best);
	return (best);
}

/*
 * The timeout is doubled for each try of a round. Later rounds begin with
 * twice the first timeout.
 */
unsigned
upstream_rto_ms(const struct upstream *u, unsigned try)
{
	int64_t ms = UPSTREAM_RTO_FIRST_MS, srtt = u->srtt_us,
		rttvar = u->rttvar_us;

	if (upstream_is_down(u))
		return (UPSTREAM_RTO_DOWN_MS);
	if (srtt == 0) {
		srtt = GET(srtt_us);
		rttvar = GET(rttvar_us);
	}
	if (srtt > 0)
		ms = (srtt + 4 * rttvar) / 1000;
	if (ms < UPSTREAM_RTO_MIN_MS)
		ms = UPSTREAM_RTO_MIN_MS;
	if (ms > UPSTREAM_RTO_MAX_MS)
		ms = UPSTREAM_RTO_MAX_MS;
	ms <<= try % UPSTREAM_TRIES_EACH + (try >= UPSTREAM_TRIES_EACH);
	return (ms > UPSTREAM_RTO_MAX_MS ? UPSTREAM_RTO_MAX_MS : (unsigned)ms);
}

/* EDNS was found missing: for the first time, or by another trial. */
static void
set_noedns(struct upstream *u, struct monotime now)
{
	unsigned secs = GET(edns_missing_secs) * 2;

	if (secs == 0)
		secs = UPSTREAM_NOEDNS_FIRST_SECS;
	if (secs > UPSTREAM_NOEDNS_MAX_SECS)
		secs = UPSTREAM_NOEDNS_MAX_SECS;
	SET(edns_missing_secs, secs);
	SET(edns_missing_ns, monotime_add_secs(now, secs).ns);
	SET(edns_trial_ns, 0);
	SET(edns_doubt_ns, 0);
	SET(edns_seen_ns, 0);
}

bool
upstream_has_edns(const struct upstream *u, struct monotime now)
{
	return (GET(edns_missing_ns) <= now.ns);
}

/* For a server without EDNS: whether this query is to try OPT again. */
static bool
take_trial(struct upstream *u, struct monotime now)
{
	int64_t until = GET(edns_missing_ns);

	if (until > now.ns)
		return (false);
	if (!atomic_compare_exchange_strong(&u->common->edns_missing_ns,
		&until, monotime_add_secs(now, UPSTREAM_NOEDNS_TRY_SECS).ns))
		return (false);
	SET(edns_trial_ns, now.ns);
	return (true);
}

bool
upstream_wants_edns(struct upstream *u, const struct upstream_asked *asked,
    struct monotime now)
{
	int64_t seen = GET(edns_seen_ns);
	unsigned most = UPSTREAM_EDNS_LOST;

	if (GET(edns_missing_ns) != 0)
		return (take_trial(u, now));
	if (seen != 0 && GET(edns_doubt_ns) == 0)
		most = UPSTREAM_EDNS_LOST_SEEN;
	return (asked->n_edns < most || asked->last_plain ||
	    seen > asked->since.ns);
}

bool
upstream_answered_since(const struct upstream *u, struct monotime since)
{
	return (GET(answered_ns) > since.ns);
}

bool
upstreams_answered_since(const struct upstreams *ups,
    const struct upstream_route *route, struct monotime since)
{
	size_t i;

	for (i = 0; i < route->n; i++) {
		if (upstream_answered_since(&ups->v[route->member[i]], since))
			return (true);
	}
	return (false);
}

bool
upstreams_down_since(const struct upstreams *ups,
    const struct upstream_route *route, struct monotime since)
{
	const struct upstream *u;
	size_t i;

	for (i = 0; i < route->n; i++) {
		u = &ups->v[route->member[i]];
		if (!upstream_is_down(u) || GET(down_ns) > since.ns)
			return (false);
	}
	return (true);
}

void
upstream_sent(struct upstream *u)
{
	u->n_sent++;
	u->outstanding++;
}

void
upstream_ended(struct upstream *u)
{
	u->outstanding--;
}

/*
 * Other workers use the shared value only until they have measured the server
 * themselves, so it is written only when it is wrong by more than a quarter.
 */
static void
share_rtt(struct upstream *u)
{
	int64_t off = GET(srtt_us) - u->srtt_us;

	if ((off < 0 ? -off : off) <= u->srtt_us / 4)
		return;
	SET(srtt_us, u->srtt_us);
	SET(rttvar_us, u->rttvar_us);
}

/*
 * Longer times are cut to the longest timeout: a server that was unreachable
 * for seconds and then answered everything at once is not slow.
 */
void
upstream_measured(struct upstream *u, int64_t rtt_us)
{
	const int64_t max_us = UPSTREAM_RTO_MAX_MS * INT64_C(1000);
	int64_t off;

	if (rtt_us < 1)
		rtt_us = 1;
	if (rtt_us > max_us)
		rtt_us = max_us;
	if (u->srtt_us == 0) {
		u->srtt_us = rtt_us;
		u->rttvar_us = rtt_us / 2;
	} else {
		off = u->srtt_us > rtt_us ? u->srtt_us - rtt_us :
					    rtt_us - u->srtt_us;
		u->rttvar_us += (off - u->rttvar_us) / 4;
		u->srtt_us += (rtt_us - u->srtt_us) / 8;
	}
	if (u->srtt_us < 1)
		u->srtt_us = 1;
	u->score_us = u->srtt_us;
	share_rtt(u);
}

static void
note_edns(struct upstream *u, struct monotime now)
{
	SET(edns_seen_ns, now.ns);
	if (GET(edns_missing_ns) == 0 && GET(edns_missing_secs) == 0)
		return;
	SET(edns_missing_ns, 0);
	SET(edns_missing_secs, 0);
	SET(edns_trial_ns, 0);
}

bool
upstream_answered(struct upstream *u, bool asked_edns, bool edns,
    struct monotime now)
{
	u->n_answered++;
	u->lost = 0;
	SET(answered_ns, now.ns);
	/* Any answer shows that queries with OPT are not dropped. */
	if (asked_edns && GET(edns_doubt_ns) != 0)
		SET(edns_doubt_ns, 0);
	if (edns)
		note_edns(u, now);
	if (!upstream_is_down(u))
		return (false);
	SET(down, false);
	return (atomic_exchange(&u->common->logged_down, false));
}

bool
upstream_answered_plain(struct upstream *u, bool refused,
    const struct upstream_asked *asked, struct monotime now)
{
	const bool known = GET(edns_missing_ns) != 0;
	const int64_t trial = GET(edns_trial_ns);

	/* A query with OPT that was sent before the trial shows nothing new. */
	if (known &&
	    (trial == 0 || asked->n_edns == 0 || asked->edns_at.ns < trial))
		return (false);
	if (!known && !refused) {
		if (asked->n_edns < UPSTREAM_EDNS_LOST)
			return (false);
		if (GET(edns_doubt_ns) == 0) {
			SET(edns_lost, 0);
			SET(edns_doubt_ns, now.ns);
		}
		if (GET(edns_lost) < UPSTREAM_EDNS_LOST)
			return (false);
	}
	set_noedns(u, now);
	return (!known);
}

static bool
is_suspect(const struct upstream *u)
{
	return (u->lost >= UPSTREAM_SUSPECT_LOST &&
	    !upstream_answered_since(u, u->lost_at));
}

bool
upstream_lost(struct upstream *u, bool edns, struct monotime sent)
{
	const int64_t max_us = UPSTREAM_RTO_MAX_MS * INT64_C(1000);
	const int64_t doubt = GET(edns_doubt_ns);

	u->n_lost++;
	u->score_us *= 2;
	if (u->score_us > max_us)
		u->score_us = max_us;
	if (edns && doubt != 0 && sent.ns > doubt)
		atomic_fetch_add(&u->common->edns_lost, 1);
	if (upstream_answered_since(u, sent)) {
		u->lost = 0;
		return (false);
	}
	u->lost++;
	u->lost_at = sent;
	return (is_suspect(u));
}

struct upstream *
upstream_probe_due(const struct upstreams *ups, size_t *i, struct monotime now)
{
	struct upstream *u;
	int64_t due;

	while (*i < ups->n) {
		u = &ups->v[(*i)++];
		if (!upstream_is_down(u) && !is_suspect(u))
			continue;
		due = GET(probe_ns);
		if (due <= now.ns &&
		    atomic_compare_exchange_strong(&u->common->probe_ns, &due,
			monotime_add_ms(now, UPSTREAM_PROBE_HELD_MS).ns))
			return (u);
	}
	return (NULL);
}

bool
upstreams_any_silent(const struct upstreams *ups)
{
	size_t i;

	for (i = 0; i < ups->n; i++) {
		if (upstream_is_down(&ups->v[i]) || is_suspect(&ups->v[i]))
			return (true);
	}
	return (false);
}

/* Jitter keeps servers that went down together from being probed together. */
bool
upstream_probe_failed(struct upstream *u, struct monotime began,
    struct monotime now, const struct rng *rng)
{
	const int64_t logged = GET(logged_ns);

	SET(probe_ns,
	    monotime_add_ms(began,
		UPSTREAM_PROBE_MS + rng_below(rng, UPSTREAM_PROBE_JITTER_MS))
		.ns);
	if (upstream_answered_since(u, began))
		return (false);
	if (!atomic_exchange(&u->common->down, true))
		SET(down_ns, now.ns);
	if (GET(logged_down) ||
	    (logged != 0 &&
		now.ns - logged < UPSTREAM_LOG_SECS * INT64_C(1000000000)))
		return (false);
	SET(logged_ns, now.ns);
	return (!atomic_exchange(&u->common->logged_down, true));
}
