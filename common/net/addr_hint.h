/*
 * An address and its port as other programs write them, "[::1]:53" or
 * "192.0.2.53@53", turned into the words of our configurations, "::1 port
 * 53". For messages only; such an address is not accepted.
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
