#include <sys/socket.h>

#include <stdlib.h>

#include "common/addr.h"

#include "upstream.h"

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
upstreams_init(struct upstreams *ups, const struct sockaddr_storage *addrs,
    size_t n, const struct upstreams *old)
{
	const struct upstream *same;
	size_t i;

	if ((ups->v = calloc(n, sizeof(*ups->v))) == NULL)
		return (-1);
	ups->n = n;
	for (i = 0; i < n; i++) {
		same = old != NULL ? find_addr(old, &addrs[i]) : NULL;
		if (same != NULL)
			ups->v[i] = *same;
		else
			ups->v[i].addr = addrs[i];
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

struct upstream *
upstream_choose(const struct upstreams *ups, const unsigned *tries,
    bool untried_only)
{
	struct upstream *best = NULL;
	unsigned best_tries = 0;
	size_t i;

	for (i = 0; i < ups->n; i++) {
		if (tries[i] >= (untried_only ? 1 : UPSTREAM_TRIES_EACH) ||
		    (untried_only && ups->v[i].down))
			continue;
		if (best == NULL || best->down > ups->v[i].down ||
		    (best->down == ups->v[i].down && best_tries > tries[i])) {
			best = &ups->v[i];
			best_tries = tries[i];
		}
	}
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

bool
upstream_speaks_edns(const struct upstream *u, struct monotime now)
{
	return (!u->edns_missing ||
	    monotime_reached(u->edns_missing_until, now));
}

bool
upstream_spoke_edns(const struct upstream *u, struct monotime now)
{
	return (u->edns_seen && !monotime_reached(
	    monotime_add_secs(u->edns_seen_at, UPSTREAM_EDNS_SECS), now));
}

void
upstream_set_noedns(struct upstream *u, struct monotime now)
{
	u->edns_missing = true;
	u->edns_missing_until = monotime_add_secs(now, UPSTREAM_NOEDNS_SECS);
	u->edns_seen = false;
}

/* RFC 6298, 2. */
static void
measure(struct upstream *u, int64_t rtt_us)
{
	int64_t off;

	if (rtt_us < 1)
		rtt_us = 1;
	if (u->srtt_us == 0) {
		u->srtt_us = rtt_us;
		u->rttvar_us = rtt_us / 2;
		return;
	}
	off = u->srtt_us > rtt_us ? u->srtt_us - rtt_us : rtt_us - u->srtt_us;
	u->rttvar_us += (off - u->rttvar_us) / 4;
	u->srtt_us += (rtt_us - u->srtt_us) / 8;
	if (u->srtt_us < 1)
		u->srtt_us = 1;
}

bool
upstream_answered(struct upstream *u, int64_t rtt_us, bool edns,
    struct monotime now)
{
	bool was_down = u->down;

	measure(u, rtt_us);
	u->n_answered++;
	u->lost = 0;
	u->lost_names = false;
	u->down = false;
	u->backoff_ms = 0;
	if (edns) {
		u->edns_seen = true;
		u->edns_seen_at = now;
		u->edns_missing = false;
	}
	return (was_down);
}

/* Three to five quarters of the delay, so that servers spread out. */
static void
schedule_probe(struct upstream *u, struct monotime now,
    const struct rng *rng)
{
	u->probe_at = monotime_add_ms(now, u->backoff_ms * 3 / 4 +
	    rng_below(rng, u->backoff_ms / 2));
}

bool
upstream_lost(struct upstream *u, uint64_t name, struct monotime now,
    const struct rng *rng)
{
	u->n_lost++;
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
