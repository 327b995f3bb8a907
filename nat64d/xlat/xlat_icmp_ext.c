/*
 * The extension structure of ICMP errors (RFC 4884, 7): a header and objects,
 * of which the translator adds one, Node Identification
 * (draft-ietf-intarea-extended-icmp-nodeid, 2). Owns their bytes; where the
 * structure stands in an error, and whether it has room, is decided in
 * xlat_icmp.c.
 *
 *	 0                   1                   2                   3
 *	+-------+-----------------------+-------------------------------+
 *	|   2   |       reserved        |           checksum            |
 *	+-------+-----------------------+---------------+---------------+
 *	|          length: 24           |   class: 5    |    type: 4    |
 *	+-------------------------------+---------------+---------------+
 *	|    address family: 2, IPv6    |           reserved            |
 *	+-------------------------------+-------------------------------+
 *	|                         IPv6 address                          |
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "nat64d/wire/cksum.h"
#include "xlat_int.h"

#define VERSION 2
#define EXT_CKSUM 2 /* offset of the checksum in the header */
#define OBJECT_HLEN 4
#define CLASS_NODE_ID 5
#define TYPE_ADDRESS 0x04 /* bit 5, counted from the left */
#define AFI_IPV6 2

/* None sent is 0 (RFC 4884, 7), so a sum that comes to 0 is sent as ffff. */
static uint16_t
checksum(const uint8_t *ext, uint32_t len)
{
	const uint16_t sum = cksum_finish(cksum_add(0, ext, len));

	return (sum == 0 ? 0xffff : sum);
}

bool
xlat_icmp_ext_is_valid(const uint8_t *ext, uint32_t len)
{
	uint32_t off, object;

	if (len < XLAT_EXT_HLEN || len % 4 != 0 || ext[0] >> 4 != VERSION)
		return (false);
	if (get16(ext + EXT_CKSUM) != 0 &&
	    cksum_finish(cksum_add(0, ext, len)) != 0)
		return (false);
	for (off = XLAT_EXT_HLEN; off < len; off += object) {
		object = get16(ext + off);
		if (object < OBJECT_HLEN || object % 4 != 0 ||
		    object > len - off)
			return (false);
	}
	return (true);
}

static void
put_node(uint8_t *object, const struct in6_addr *node)
{
	put16(object, XLAT_EXT_NODE_LEN);
	object[2] = CLASS_NODE_ID;
	object[3] = TYPE_ADDRESS;
	put16(object + 4, AFI_IPV6);
	put16(object + 6, 0);
	memcpy(object + 8, node, sizeof(*node));
}

void
xlat_icmp_ext_begin(uint8_t *ext, const struct in6_addr *node)
{
	memset(ext, 0, XLAT_EXT_HLEN);
	ext[0] = VERSION << 4;
	put_node(ext + XLAT_EXT_HLEN, node);
	put16(ext + EXT_CKSUM,
	    checksum(ext, XLAT_EXT_HLEN + XLAT_EXT_NODE_LEN));
}

void
xlat_icmp_ext_append(uint8_t *ext, uint32_t len, const struct in6_addr *node)
{
	const bool summed = get16(ext + EXT_CKSUM) != 0;

	put_node(ext + len, node);
	if (!summed)
		return;
	put16(ext + EXT_CKSUM, 0);
	put16(ext + EXT_CKSUM, checksum(ext, len + XLAT_EXT_NODE_LEN));
}
