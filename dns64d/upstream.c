#include <sys/socket.h>

#include <stdlib.h>

#include "common/addr.h"

#include "upstream.h"

/* Of the score of a server that was not chosen: one part in so many. */
#define SCORE_DECAY 256

static const struct upstream *
find_addr(const struct upstreams *ups, const struct sockaddr_storage *addr)
{
	size_t i;

	for (i = 0; i < ups->n; i++) {
		if (sockaddr_equal(&ups->v[i].addr, addr))
			return (&ups->v[i]);
	}
	return (NULL);
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
		/* What is outstanding will end where it began. */
		ups->v[i].outstanding = 0;
	}
	return (0);
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

/* Whether a goes before b by the order alone. */
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

/* What the next choice depends on. */
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
	/* One query tells how fast it is: the others need not follow. */
	if (chosen->score_us == 0)
		chosen->score_us = UPSTREAM_RTO_FIRST_MS * INT64_C(1000);
}

struct upstream *
upstream_choose(const struct upstreams *ups,
    const struct upstream_route *route, const unsigned *tries,
    bool untried_only)
{
	struct upstream *u, *best = NULL;
	unsigned n, best_n = 0;
	size_t i;

	for (i = 0; i < route->n; i++) {
		u = &ups->v[route->member[i]];
		n = tries[route->member[i]];
		if (n >= (untried_only ? 1 : UPSTREAM_TRIES_EACH) ||
		    (untried_only && u->down))
			continue;
		if (best == NULL || best->down > u->down ||
		    (best->down == u->down && (best_n > n || (best_n == n &&
		    is_preferred(u, best, ups->conf.order))))) {
			best = u;
			best_n = n;
		}
	}
	if (best != NULL)
		note_choice(ups, route, best);
	return (best);
}

unsigned
upstream_rto_ms(const struct upstream *u, unsigned try)
{
	int64_t ms = UPSTREAM_RTO_FIRST_MS;

	if (u->srtt_us > 0)
		ms = (u->srtt_us + 4 * u->rttvar_us) / 1000;
	if (ms < UPSTREAM_RTO_MIN_MS)
		ms = UPSTREAM_RTO_MIN_MS;
	if (ms > UPSTREAM_RTO_MAX_MS)
		ms = UPSTREAM_RTO_MAX_MS;
	ms <<= try < UPSTREAM_TRIES_EACH ? try : UPSTREAM_TRIES_EACH;
	return (ms > UPSTREAM_RTO_MAX_MS ? UPSTREAM_RTO_MAX_MS : (unsigned)ms);
}

static bool
spoke_edns(const struct upstream *u, struct monotime now)
{
	return (u->edns_seen && !monotime_reached(
	    monotime_add_secs(u->edns_seen_at, UPSTREAM_EDNS_SECS), now));
}

/* Again, or for the first time. */
static void
set_noedns(struct upstream *u, struct monotime now)
{
	u->edns_missing_secs *= 2;
	if (u->edns_missing_secs == 0)
		u->edns_missing_secs = UPSTREAM_NOEDNS_FIRST_SECS;
	if (u->edns_missing_secs > UPSTREAM_NOEDNS_MAX_SECS)
		u->edns_missing_secs = UPSTREAM_NOEDNS_MAX_SECS;
	u->edns_missing = true;
	u->edns_missing_until = monotime_add_secs(now, u->edns_missing_secs);
	u->edns_seen = false;
	u->edns_lost = 0;
}

bool
upstream_speaks_edns(const struct upstream *u, struct monotime now)
{
	return (!u->edns_missing ||
	    monotime_reached(u->edns_missing_until, now));
}

bool
upstream_wants_edns(struct upstream *u, struct monotime now)
{
	if (!u->edns_missing)
		return (u->edns_lost < UPSTREAM_EDNS_LOST ||
		    spoke_edns(u, now));
	if (!upstream_speaks_edns(u, now))
		return (false);
	u->edns_missing_until = monotime_add_secs(now,
	    UPSTREAM_NOEDNS_TRY_SECS);
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

void
upstream_measured(struct upstream *u, int64_t rtt_us)
{
	int64_t off;

	if (rtt_us < 1)
		rtt_us = 1;
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
}

bool
upstream_answered(struct upstream *u, bool asked_edns, bool edns,
    struct monotime now)
{
	bool was_down = u->down;

	u->n_answered++;
	u->lost = 0;
	u->lost_names = false;
	u->down = false;
	u->backoff_ms = 0;
	/* Whatever it makes of OPT, it is not silence. */
	if (asked_edns)
		u->edns_lost = 0;
	if (edns) {
		u->edns_seen = true;
		u->edns_seen_at = now;
		u->edns_missing = false;
		u->edns_missing_secs = 0;
	}
	return (was_down);
}

bool
upstream_answered_plain(struct upstream *u, bool refused, struct monotime now)
{
	bool known = u->edns_missing;

	if (!refused && (known || u->edns_lost < UPSTREAM_EDNS_LOST ||
	    spoke_edns(u, now)))
		return (false);
	set_noedns(u, now);
	return (!known);
}

/* Three to five quarters of the delay, so that servers spread out. */
static void
schedule_probe(struct upstream *u, struct monotime now,
    const struct rng *rng)
{
	u->probe_at = monotime_add_ms(now, u->backoff_ms * 3 / 4 +
	    rng_below(rng, u->backoff_ms / 2));
}

static void
note_lost_edns(struct upstream *u, bool edns, struct monotime now)
{
	if (!edns)
		u->edns_lost = 0;
	else if (u->edns_missing)
		set_noedns(u, now);
	else
		u->edns_lost++;
}

bool
upstream_lost(struct upstream *u, uint64_t name, bool edns,
    struct monotime now, const struct rng *rng)
{
	const int64_t max_us = UPSTREAM_RTO_MAX_MS * INT64_C(1000);

	u->n_lost++;
	u->score_us *= 2;
	if (u->score_us > max_us)
		u->score_us = max_us;
	note_lost_edns(u, edns, now);
	if (u->lost++ == 0)
		u->lost_name = name;
	else if (u->lost_name != name)
		u->lost_names = true;
	if (u->down || u->lost < UPSTREAM_DOWN_LOST || !u->lost_names)
		return (false);
	u->down = true;
	u->backoff_ms = UPSTREAM_PROBE_FIRST_MS;
	schedule_probe(u, now, rng);
	return (true);
}

struct upstream *
upstream_probe_due(const struct upstreams *ups, struct monotime now)
{
	size_t i;

	for (i = 0; i < ups->n; i++) {
		if (ups->v[i].down &&
		    monotime_reached(ups->v[i].probe_at, now))
			return (&ups->v[i]);
	}
	return (NULL);
}

bool
upstreams_any_down(const struct upstreams *ups)
{
	size_t i;

	for (i = 0; i < ups->n; i++) {
		if (ups->v[i].down)
			return (true);
	}
	return (false);
}

void
upstream_probe_failed(struct upstream *u, struct monotime now,
    const struct rng *rng)
{
	u->backoff_ms *= 2;
	if (u->backoff_ms > UPSTREAM_PROBE_MAX_MS)
		u->backoff_ms = UPSTREAM_PROBE_MAX_MS;
	schedule_probe(u, now, rng);
}
