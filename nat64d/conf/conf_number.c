/*
 * Numbers, times and sizes in statements of nat64d.conf, and their bounds.
 */
#include "conf_build.h"

/* A day. */
#define DAY_SECS 86400
#define MAX_MTU UINT16_MAX
#define MEMORY "each takes memory"

uint32_t
conf_u32(struct conf_file *cf, const struct conf_value *v, uint32_t min,
    uint32_t max, const char *why)
{
	const struct conf_bounds b = { min, max, why };
	uint64_t n = min;

	conf_number(cf, v, &b, &n);
	return ((uint32_t)n);
}

uint32_t
conf_mtu4(struct conf_file *cf, const struct conf_value *v)
{
	return (conf_u32(cf, v, 68, MAX_MTU, "RFC 791, 3.2"));
}

uint32_t
conf_mtu6(struct conf_file *cf, const struct conf_value *v)
{
	return (conf_u32(cf, v, 1280, MAX_MTU, "RFC 8200, 5"));
}

uint32_t
conf_within_a_day(struct conf_file *cf, const struct conf_value *v,
    uint32_t min, const char *why)
{
	const struct conf_bounds b = { min, DAY_SECS, why };
	uint64_t n = min;

	conf_quantity_within(cf, v, QUANTITY_SECS, &b, &n);
	return ((uint32_t)n);
}

uint32_t
conf_quarantine_secs(struct conf_file *cf, const struct conf_value *v)
{
	return (conf_within_a_day(cf, v, 0,
	    "no quarantine needs more than a day"));
}

uint32_t
conf_size(struct conf_file *cf, const struct conf_value *v)
{
	static const struct conf_bounds b = { 0, CONF_MAX_ENTRIES, MEMORY };
	uint64_t n = b.min;

	conf_quantity_within(cf, v, QUANTITY_BYTES, &b, &n);
	return ((uint32_t)n);
}

struct bucket_rate
conf_rate(struct conf_file *cf, const struct conf_value *per_sec,
    const struct conf_value *burst, uint32_t min)
{
	struct bucket_rate r;

	r.per_sec = conf_u32(cf, per_sec, min, 1000000, "per second");
	r.burst =
	    conf_u32(cf, burst, r.per_sec > 0 ? 1 : 0, 1000000, "at once");
	return (r);
}
