#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "common/net/addr.h"

#include "planline.h"

/* As many subscribers as a plan can have. */
#define MAX_INDEX_BITS 28

/* The longest range of ports, with a comma and what follows when it is full. */
#define RANGE_MAX (sizeof(",65535-65535") + sizeof("..."))

/* There is room. Returns the length. */
static size_t
put_range(char *p, size_t room, struct port_range r, const char *before)
{
	int len;

	if (r.first == r.last)
		len = snprintf(p, room, "%s%u", before, r.first);
	else
		len = snprintf(p, room, "%s%u-%u", before, r.first, r.last);
	return ((size_t)len);
}

static void
put_holes(char *buf, size_t len, const struct portlist *holes)
{
	unsigned i;

	for (i = 0; i < holes->n; i++) {
		if (EVENT_TEXT_SIZE - len < RANGE_MAX + sizeof(" except=")) {
			strlcpy(buf + len, "...", EVENT_TEXT_SIZE - len);
			return;
		}
		len += put_range(buf + len, EVENT_TEXT_SIZE - len,
		    holes->ranges[i], i == 0 ? " except=" : ",");
	}
}

void
planline_text(const struct portplan *p, unsigned max_blocks,
    char buf[EVENT_TEXT_SIZE])
{
	char clients[PREFIX_STRLEN];
	char first4[INET_ADDRSTRLEN], last4[INET_ADDRSTRLEN];
	const struct in_addr first = { htonl(p->first) };
	const struct in_addr last = { htonl(p->first + p->n_addrs - 1) };
	int len;

	len = snprintf(buf, EVENT_TEXT_SIZE,
	    "event=deterministic-ports clients=%s prefixlength=%u addr4=%s "
	    "lastaddr4=%s firstport4=%u lastport4=%u block=%u fixed=%u "
	    "overflow=%u max=%u algorithm=sequential",
	    prefix_print(&p->clients, clients, sizeof(clients)),
	    p->subscriber_len,
	    inet_ntop(AF_INET, &first, first4, sizeof(first4)),
	    inet_ntop(AF_INET, &last, last4, sizeof(last4)), p->ports.first,
	    p->ports.last, p->block_size, p->n_fixed, p->n_blocks - p->n_fixed,
	    max_blocks);
	put_holes(buf, (size_t)len, &p->holes);
}

/* Do the numbers of a line, which may come from anywhere, make a plan? */
static bool
take_plan(const struct logline *l, struct portplan *p)
{
	*p = (struct portplan){ .block_size = l->plan.block_size,
		.ports = l->ports,
		.n_fixed = l->plan.n_fixed,
		.first = ntohl(l->addr4.addr.s_addr),
		.clients = { .family = AF_INET6,
		    .len = (unsigned char)l->len6,
		    .v6 = l->host6.addr },
		.subscriber_len = l->plan.subscriber_len };
	if (p->block_size == 0 || p->n_fixed == 0 ||
	    ntohl(l->plan.last4.s_addr) < p->first)
		return (false);
	p->n_addrs = ntohl(l->plan.last4.s_addr) - p->first + 1;
	p->n_blocks = (p->ports.last - p->ports.first + 1u) / p->block_size;
	return (p->n_fixed <= p->n_blocks && p->n_addrs != 0 &&
	    p->subscriber_len >= l->len6 && p->subscriber_len <= 128 &&
	    p->subscriber_len - l->len6 <= MAX_INDEX_BITS);
}

bool
planline_block(const struct logline *l, struct in_addr addr, uint16_t port,
    struct logline *block)
{
	struct portplan p;
	unsigned number;

	if (!take_plan(l, &p) || port < p.ports.first || port > p.ports.last)
		return (false);
	number = (unsigned)(port - p.ports.first) / p.block_size;
	*block = (struct logline){ .unix_ms = l->unix_ms,
		.sender = l->sender,
		.kind = LOGLINE_BLOCK,
		.begins = l->begins,
		.computed = true,
		.addr4 = { .addr = addr },
		.len6 = p.subscriber_len };
	if (!portplan_holder(&p, ntohl(addr.s_addr), number,
		&block->host6.addr))
		return (false);
	block->ports = portplan_ports(&p, number);
	return (true);
}
