/*
 * Reverse names, in wire form without pointers: names below in-addr.arpa
 * (RFC 1035, 3.5) and ip6.arpa (RFC 3596, 2.5) as numbers and as addresses.
 * Pure.
 */
#ifndef DNS64D_SYNTH_REVERSE_H
#define DNS64D_SYNTH_REVERSE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REVERSE_DIGITS_MAX 32 /* nibbles of an IPv6 address */

/*
 * The numbers of a reverse name, from the label next to in-addr.arpa or
 * ip6.arpa on: octets without leading zeros, or nibbles in either case. They
 * end before the first label that is not such a number.
 */
struct reverse {
	int family;  /* 0: the name is in neither tree */
	bool deeper; /* it has more labels than an address */
	size_t n;
	uint8_t digit[REVERSE_DIGITS_MAX];
	const uint8_t *label[REVERSE_DIGITS_MAX]; /* in the name */
};

void reverse_read(const uint8_t *name, struct reverse *r);

/*
 * The address of a full reverse name, with nothing below it.
 * Returns its family, with what is behind an IPv4 address in *out zero, or 0
 * for every other name.
 */
int reverse_addr(const uint8_t *name, struct in6_addr *out);

/*
 * The in-addr.arpa name of an address.
 * out: room for REVERSE_NAME4_MAX. Returns its length.
 */
#define REVERSE_NAME4_MAX 30
size_t reverse_name4(struct in_addr addr, uint8_t *out);

#endif
