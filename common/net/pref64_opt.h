/*
 * The PREF64 option of router advertisements (RFC 8781).
 */
#ifndef COMMON_NET_PREF64_OPT_H
#define COMMON_NET_PREF64_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "pref64.h"

#define PREF64_OPT_TYPE 38
#define PREF64_OPT_LEN 16 /* bytes */

/* The longest lifetime: 8191 units of 8 seconds. */
#define PREF64_OPT_MAX_SECS 65528

/*
 * Write the option. lifetime_secs is rounded up to a multiple of 8 (RFC 8781,
 * 4.1), and cut to the longest one.
 */
void pref64_opt_put(uint8_t opt[PREF64_OPT_LEN], const struct pref64 *p,
    uint32_t lifetime_secs);

/*
 * Read one of len bytes. Returns 0; -1 for an option that a receiver has to
 * ignore: its length or its prefix length is none (RFC 8781, 4), or the prefix
 * can be no Pref64 (pref64_init()). Bits behind the prefix are ignored.
 */
int pref64_opt_get(const uint8_t *opt, size_t len, struct pref64 *p,
    uint32_t *lifetime_secs);

#endif
