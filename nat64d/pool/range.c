/*
 * Conversion of IPv4 ranges to prefixes.
 */
#include <arpa/inet.h>

#include <stdint.h>

#include "range.h"

struct prefix
range4_head(struct in_addr first, struct in_addr last)
{
	const uint32_t from = ntohl(first.s_addr), to = ntohl(last.s_addr);
	uint32_t host = 0, wider; /* host bits of the prefix */
	unsigned char len = 32;

	while (len > 0) {
		wider = host << 1 | 1;
		if ((from & wider) != 0 || (from | wider) > to)
			break;
		host = wider;
		len--;
	}
	return ((struct prefix){ .family = AF_INET, .len = len, .v4 = first });
}

struct in_addr
range4_last(const struct prefix *p)
{
	return ((struct in_addr){
	    .s_addr = p->v4.s_addr | htonl(~PREFIX4_MASK(p->len)) });
}

struct in_addr
range4_next(struct in_addr addr)
{
	return ((struct in_addr){ .s_addr = htonl(ntohl(addr.s_addr) + 1) });
}
