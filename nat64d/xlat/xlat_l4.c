/*
 * The L4 part of a translated packet: ports, identifiers, checksums
 * (RFC 7915, 4.5 and 5.5), and the MSS option. It knows no IP headers and no
 * addresses, only the sums of these.
 */
#include <netinet/in.h>

#include <stdint.h>

#include "nat64d/wire/cksum.h"
#include "xlat_int.h"

#define TCPOPT_EOL 0
#define TCPOPT_NOP 1
#define TCPOPT_MAXSEG 2
#define TCPOLEN_MAXSEG 4

void
xlat_l4_update(struct pkt *p, uint64_t old, uint64_t new, uint16_t sport,
    uint16_t dport)
{
	bool udp = p->proto == IPPROTO_UDP;
	uint8_t *l4 = pkt_l4(p);
	uint8_t *field = l4 + (udp ? PKT_UDP_CKSUM : PKT_TCP_CKSUM);
	uint16_t cksum = get16(field);

	if (p->ofl.csum_partial) {
		/* It covers the pseudo header only: no ports, 0 stays 0. */
		cksum = cksum_update_partial(cksum, old, new);
	} else {
		old += get16(l4);
		old += get16(l4 + 2);
		new += sport;
		new += dport;
		cksum = cksum_update(cksum, old, new);
		/* 0 would mean that there is none (RFC 768). */
		if (udp && cksum == 0)
			cksum = 0xffff;
	}
	put16(field, cksum);
	put16(l4, sport);
	put16(l4 + 2, dport);
	p->sport = sport;
	p->dport = dport;
}

void
xlat_echo_update(uint8_t *l4, uint8_t type, uint16_t id, uint64_t old,
    uint64_t new)
{
	uint8_t *field = l4 + PKT_ICMP_CKSUM;

	old += get16(l4);
	old += get16(l4 + PKT_ICMP_ID);
	l4[0] = type;
	l4[1] = 0;
	put16(l4 + PKT_ICMP_ID, id);
	new += get16(l4);
	new += id;
	put16(field, cksum_update(get16(field), old, new));
}

/* In the checksum a word at an odd offset has its bytes swapped. */
static uint16_t
word_at(uint32_t off, uint16_t value)
{
	if (off % 2 == 0)
		return (value);
	return ((uint16_t)(value << 8 | value >> 8));
}

/* The offset of the MSS option's value in the TCP header; 0: none. */
static uint32_t
find_mss(const uint8_t *tcp, uint32_t end)
{
	uint32_t off = PKT_TCP_HLEN;

	while (off < end && tcp[off] != TCPOPT_EOL) {
		if (tcp[off] == TCPOPT_NOP) {
			off++;
			continue;
		}
		if (end - off < 2 || tcp[off + 1] < 2 ||
		    tcp[off + 1] > end - off)
			return (0);
		if (tcp[off] == TCPOPT_MAXSEG &&
		    tcp[off + 1] == TCPOLEN_MAXSEG)
			return (off + 2);
		off += tcp[off + 1];
	}
	return (0);
}

void
xlat_clamp_mss(struct pkt *p, const struct xlat_conf *c)
{
	uint8_t *tcp = pkt_l4(p);
	uint32_t limit, off;
	uint16_t mss;

	off = find_mss(tcp, p->l4hlen);
	if (off == 0)
		return;

	limit = c->mtu6 - PKT_IP6_HLEN - PKT_TCP_HLEN;
	if (limit > c->mtu4 - PKT_IP4_HLEN - PKT_TCP_HLEN)
		limit = c->mtu4 - PKT_IP4_HLEN - PKT_TCP_HLEN;
	mss = get16(tcp + off);
	if (mss <= limit)
		return;
	put16(tcp + off, (uint16_t)limit);
	if (!p->ofl.csum_partial)
		put16(tcp + PKT_TCP_CKSUM,
		    cksum_update(get16(tcp + PKT_TCP_CKSUM), word_at(off, mss),
			word_at(off, (uint16_t)limit)));
}
