/*
 * Writes IPv4 headers (RFC 791, 3.1) and IPv6 headers with a Fragment Header
 * (RFC 8200, 3 and 4.5). Owns the layout; the callers decide all values.
 */
#include <netinet/in.h>

#include <stdint.h>
#include <string.h>

#include "cksum.h"
#include "iphdr.h"
#include "pkt.h"

void
iphdr_put4(uint8_t *p, const struct iphdr4 *h)
{
	uint16_t frag;
	uint64_t sum;

	frag = (uint16_t)(h->frag_off >> 3);
	if (h->df)
		frag |= IP4_DF;
	if (h->more)
		frag |= IP4_MF;
	/*
	 * Sum the fields, not the bytes: loads that span several recent stores
	 * have to wait for them.
	 */
	sum = IP4_VERSION_IHL << 8 | h->tos;
	sum += h->len;
	sum += h->id;
	sum += frag;
	sum += (uint32_t)h->ttl << 8 | h->proto;
	sum = cksum_add4(cksum_add4(sum, h->src), h->dst);

	p[0] = IP4_VERSION_IHL;
	p[PKT_IP4_TOS] = h->tos;
	put16(p + PKT_IP4_LEN, h->len);
	put16(p + PKT_IP4_ID, h->id);
	put16(p + PKT_IP4_FRAG, frag);
	p[PKT_IP4_TTL] = h->ttl;
	p[PKT_IP4_PROTO] = h->proto;
	put16(p + PKT_IP4_CKSUM, cksum_finish(sum));
	memcpy(p + PKT_IP4_SRC, &h->src, sizeof(h->src));
	memcpy(p + PKT_IP4_DST, &h->dst, sizeof(h->dst));
}

void
iphdr_set_len4(uint8_t *p, uint32_t hlen, uint32_t len)
{
	put16(p + PKT_IP4_LEN, (uint16_t)len);
	put16(p + PKT_IP4_CKSUM, 0);
	put16(p + PKT_IP4_CKSUM, cksum_finish(cksum_add(0, p, hlen)));
}

void
iphdr_put6(uint8_t *p, const struct iphdr6 *h)
{
	put32(p, 6u << 28 | (uint32_t)h->tclass << 20);
	put16(p + PKT_IP6_LEN, (uint16_t)h->len);
	p[PKT_IP6_NEXT] = h->frag ? IPPROTO_FRAGMENT : h->proto;
	p[PKT_IP6_HLIM] = h->hlim;
	memcpy(p + PKT_IP6_SRC, &h->src, sizeof(h->src));
	memcpy(p + PKT_IP6_DST, &h->dst, sizeof(h->dst));
	if (!h->frag)
		return;
	p += PKT_IP6_HLEN;
	p[0] = h->proto;
	p[1] = 0;
	/* frag_off is a multiple of 8: its low bits are free for M. */
	put16(p + 2, (uint16_t)(h->frag_off | h->more));
	put32(p + 4, h->id);
}
