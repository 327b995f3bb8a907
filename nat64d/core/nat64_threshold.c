/*
 * Thresholds of the pool and of subscribers.
 */
#include "nat64_threshold.h"

/*
 * Is the threshold reached, or still reached? percent 0, and max 0: there is
 * none.
 */
static bool
is_high(bool was, uint64_t used, uint64_t max, unsigned percent)
{
	if (percent == 0 || max == 0)
		return (false);
	if (used * 100 >= max * percent)
		return (true);
	return (was && percent > NAT64_THRESHOLD_GAP &&
	    used * 100 >= max * (percent - NAT64_THRESHOLD_GAP));
}

static void
report(struct nat64 *n, bool high, enum l4proto proto,
    const struct subscriber *sub, uint64_t max)
{
	const struct taddr6 prefix = { .addr = sub != NULL ?
		    sub->prefix :
		    (struct in6_addr)IN6ADDR_ANY_INIT };
	const struct nat64_event ev = {
		.type = high ? NAT64_EV_THRESHOLD : NAT64_EV_THRESHOLD_LEFT,
		.proto = proto,
		.in6 = sub != NULL ? &prefix : NULL,
		.subscriber_len = n->subs.prefix_len,
		.limit =
		    sub != NULL ? n->conf.warn_subscriber : n->conf.warn_pool,
		.max = max,
	};

	if (n->sink.event != NULL)
		n->sink.event(n->sink.arg, &ev);
}

static void
check_pool(struct nat64 *n, enum l4proto proto)
{
	const uint64_t max = pool4_capacity(n->pool, proto);
	const bool high = is_high(n->pool_high[proto],
	    max - pool4_n_free_all(n->pool, proto), max, n->conf.warn_pool);

	if (high == n->pool_high[proto])
		return;
	n->pool_high[proto] = high;
	report(n, high, proto, NULL, max);
}

/* The dynamic ports that a subscriber may have; 0: there is no limit. */
static uint32_t
subscriber_max(const struct nat64 *n, const struct subscriber *sub)
{
	const uint32_t ports = n->subs.limits.ports;
	const uint32_t blocks = pool4_block_ports(n->pool, sub->pool_addr);

	if (ports == 0 || blocks == 0)
		return (ports != 0 ? ports : blocks);
	return (ports < blocks ? ports : blocks);
}

static void
check_subscriber(struct nat64 *n, enum l4proto proto, struct subscriber *sub)
{
	const uint8_t bit = (uint8_t)(1u << proto);
	const bool was = (sub->high & bit) != 0;
	const uint32_t max = subscriber_max(n, sub);
	const bool high =
	    is_high(was, sub->n_bindings[proto] - sub->n_statics[proto], max,
		n->conf.warn_subscriber);

	if (high == was)
		return;
	n->n_subs_high -= sub->high != 0;
	sub->high ^= bit;
	n->n_subs_high += sub->high != 0;
	report(n, high, proto, sub, max);
}

void
nat64_threshold_check(struct nat64 *n, enum l4proto proto,
    struct subscriber *sub)
{
	if (n->conf.warn_pool != 0 || n->pool_high[proto])
		check_pool(n, proto);
	if (sub != NULL && (n->conf.warn_subscriber != 0 || sub->high != 0))
		check_subscriber(n, proto, sub);
}

bool
nat64_pool_is_high(const struct nat64 *n, enum l4proto proto)
{
	return (n->pool_high[proto]);
}

size_t
nat64_subscribers_high(const struct nat64 *n)
{
	return (n->conf.warn_subscriber != 0 ? n->n_subs_high : 0);
}
