#include <string.h>

#include "common/octets.h"

#include "addr.h"
#include "pref64_opt.h"

#define PREFIX_BYTES 12
#define UNIT_SECS 8
#define CODE_MASK 7

/* Of the Prefix Length Code (RFC 8781, 4). */
static const uint8_t lengths[] = { 96, 64, 56, 48, 40, 32 };
#define N_LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

void
pref64_opt_put(uint8_t opt[PREF64_OPT_LEN], const struct pref64 *p,
    uint32_t lifetime_secs)
{
	unsigned code = 0;

	if (lifetime_secs > PREF64_OPT_MAX_SECS)
		lifetime_secs = PREF64_OPT_MAX_SECS;
	while (code < N_LENGTHS - 1 && lengths[code] != p->len)
		code++;
	opt[0] = PREF64_OPT_TYPE;
	opt[1] = PREF64_OPT_LEN / 8;
	put16(opt + 2,
	    (uint16_t)((lifetime_secs + UNIT_SECS - 1) / UNIT_SECS << 3 |
		code));
	memcpy(opt + 4, &p->addr, PREFIX_BYTES);
}

int
pref64_opt_get(const uint8_t *opt, size_t len, struct pref64 *p,
    uint32_t *lifetime_secs)
{
	struct in6_addr addr = { .s6_addr = { 0 } };
	unsigned code;

	if (len < PREF64_OPT_LEN || opt[0] != PREF64_OPT_TYPE ||
	    opt[1] != PREF64_OPT_LEN / 8)
		return (-1);
	code = get16(opt + 2) & CODE_MASK;
	if (code >= N_LENGTHS)
		return (-1);
	memcpy(&addr, opt + 4, PREFIX_BYTES);
	addr_clear_host(&addr, sizeof(addr), lengths[code]);
	if (pref64_init(p, &addr, lengths[code]) != NULL)
		return (-1);
	*lifetime_secs = (uint32_t)(get16(opt + 2) >> 3) * UNIT_SECS;
	return (0);
}
