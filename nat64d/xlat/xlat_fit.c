/*
 * Will a packet fit the MTU of the other side (RFC 7915, 1.4, 4 and 5)? Owns
 * the arithmetic of the two MTUs, and the defaults of struct xlat_conf.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "nat64d/wire/iphdr.h"
#include "xlat_int.h"

#define IPV4_MAX_LEN 65535

/* RFC 1191, table 7-1. */
static const uint16_t default_plateaus[] = { 65535, 32000, 17914, 8166, 4352,
	2002, 1492, 1006, 508, 296, 68 };

void
xlat_conf_init(struct xlat_conf *c)
{
	memset(c, 0, sizeof(*c));
	c->mtu4 = 1500;
	c->mtu6 = 1500;
	c->lowest_mtu6 = IPV6_MIN_MTU;
	c->tos = XLAT_TOS_COPY;
	memcpy(c->plateaus, default_plateaus, sizeof(default_plateaus));
	c->n_plateaus = sizeof(default_plateaus) / sizeof(default_plateaus[0]);
}

enum xlat_fit
xlat_fit_6to4(const struct pkt *p, const struct xlat_conf *c, uint32_t *mtu)
{
	uint32_t l4len = xlat_wire_l4len(p);

	if (PKT_IP4_HLEN + l4len <= c->mtu4) {
		/* A super-packet may exceed the length field. */
		if (PKT_IP4_HLEN + pkt_l4len(p) > IPV4_MAX_LEN)
			return (XLAT_FRAGMENT);
		return (XLAT_FITS);
	}
	/*
	 * An IPv6 sender need not send less than 1280 bytes (RFC 8200, 5),
	 * so an error would not help.
	 */
	if (p->l4off + l4len <= IPV6_MIN_MTU)
		return (XLAT_FRAGMENT);
	*mtu = c->mtu4 + PKT_IP6_HLEN - PKT_IP4_HLEN;
	if (p->has_fh)
		*mtu += PKT_FRAG_HLEN;
	if (*mtu < IPV6_MIN_MTU)
		*mtu = IPV6_MIN_MTU;
	return (XLAT_TOO_BIG);
}

enum xlat_fit
xlat_fit_4to6(const struct pkt *p, const struct xlat_conf *c, uint32_t *mtu)
{
	uint32_t hlen, len, limit;

	hlen = PKT_IP6_HLEN + (p->is_frag ? PKT_FRAG_HLEN : 0);
	len = hlen + xlat_wire_l4len(p);
	if (p->df) {
		if (len <= c->mtu6)
			return (XLAT_FITS);
		*mtu = c->mtu6 - (hlen - PKT_IP4_HLEN);
		return (XLAT_TOO_BIG);
	}
	limit = c->lowest_mtu6 < c->mtu6 ? c->lowest_mtu6 : c->mtu6;
	return (len <= limit ? XLAT_FITS : XLAT_FRAGMENT);
}
