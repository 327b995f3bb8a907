/*
 * What becomes of packets that go no further, told one by one to who debugs.
 * Decides nothing and counts nothing.
 */
#include <string.h>

#include "nat64_struct.h"
#include "nat64_trace.h"

/*
 * A copy to show: what parsing has found, and the addresses also of a packet
 * that it refused, if there are any. One on its second pass is seen as it is
 * between the two.
 */
static struct pkt
show(const struct pkt *p)
{
	struct pkt copy = *p;
	const unsigned version = p->len > 0 ? p->data[0] >> 4 : 0;

	copy.family = 0;
	if (version == PKT_V6 && p->len >= PKT_IP6_HLEN) {
		copy.family = PKT_V6;
		memcpy(&copy.ip6.src, p->data + 8, sizeof(copy.ip6.src));
		memcpy(&copy.ip6.dst, p->data + 24, sizeof(copy.ip6.dst));
		if (copy.proto == 0)
			copy.proto = p->data[6];
	} else if (version == PKT_V4 && p->len >= PKT_IP4_HLEN) {
		copy.family = PKT_V4;
		memcpy(&copy.ip4.src, p->data + 12, sizeof(copy.ip4.src));
		memcpy(&copy.ip4.dst, p->data + 16, sizeof(copy.ip4.dst));
		if (copy.proto == 0)
			copy.proto = p->data[9];
	}
	return (copy);
}

static void
trace(struct nat64 *n, const struct pkt *p, enum nat64_reason reason,
    struct nat64_event ev)
{
	struct pkt copy = show(p);
	bool l4;

	/* Nothing was found behind a header that parsing refused. */
	l4 = p->l4off != 0 && p->frag_off == 0 && !p->truncated &&
	    pkt_parse_l4(&copy) == NAT64_NONE;
	ev.reason = reason;
	ev.pkt = &copy;
	ev.pkt_icmp = l4 && copy.l4 == L4_ICMP;
	ev.pkt_ports = l4 && copy.l4 != L4_ICMP;
	n->sink.trace(n->sink.arg, &ev);
}

void
nat64_trace_drop(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason)
{
	const struct nat64_event ev = { .type = NAT64_EV_PACKET_DROPPED };

	trace(n, p, reason, ev);
}

void
nat64_trace_error(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason, const struct icmp_error *e)
{
	const struct nat64_event ev = { .type = NAT64_EV_ERROR_SENT,
		.icmp_type = e->type,
		.icmp_code = e->code };

	trace(n, p, reason, ev);
}

void
nat64_trace_limited(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason)
{
	const struct nat64_event ev = { .type = NAT64_EV_ERROR_LIMITED };

	trace(n, p, reason, ev);
}

void
nat64_trace_reset(struct nat64 *n, const struct pkt *p,
    enum nat64_reason reason)
{
	const struct nat64_event ev = { .type = NAT64_EV_RESET_SENT };

	trace(n, p, reason, ev);
}
