/*
 * Messages about an address and port in the notation of other programs,
 * "[::1]:53" or "192.0.2.53@53": how they are written in our configurations,
 * "::1 port 53".
 */
#ifndef COMMON_NET_ADDR_HINT_H
#define COMMON_NET_ADDR_HINT_H

#include <stddef.h>

#define ADDR_HINT_MAX 96

/*
 * What to write instead of the first len bytes of text: an address in
 * brackets, or one that a ":", "@" or "#" joins to its port. (":" behind an
 * IPv6 address only when that is in brackets.)
 *
 * Returns buf, or NULL when text has no such form.
 */
const char *addr_hint(const char *text, size_t len, char buf[ADDR_HINT_MAX]);

#endif
