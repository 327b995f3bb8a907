/*
 * Filters of bindings and sessions.
 */
#include <netinet/in.h>

#include <string.h>

#include "nat64_filter.h"

void
nat64_filter_init(struct nat64_filter *f)
{
	memset(f, 0, sizeof(*f));
	f->tcp_state = NAT64_ANY_STATE;
}

static bool
is_any(const struct nat64_end *end)
{
	return (end->net.family == 0 && !end->has_port);
}

bool
nat64_filter_is_empty(const struct nat64_filter *f)
{
	return (f->protos == 0 && f->tcp_state == NAT64_ANY_STATE &&
	    is_any(&f->any) && is_any(&f->port) && is_any(&f->host) &&
	    is_any(&f->peer) && f->subscriber.family == 0);
}

/* --- reading --- */

const char *
nat64_port_parse(const char *text, uint16_t *port)
{
	const char *p;
	uint32_t n = 0;

	for (p = text; *p >= '0' && *p <= '9' && n <= UINT16_MAX; p++)
		n = n * 10 + (uint32_t)(*p - '0');
	if (p == text || *p != '\0' || n > UINT16_MAX)
		return ("is no port from 0 to 65535");
	*port = (uint16_t)n;
	return (NULL);
}

/* Split "[ADDRESS]:PORT" or "192.0.2.1:PORT"; *port: NULL if there is none. */
static const char *
split(const char *text, char addr[PREFIX_STRLEN], const char **port)
{
	const bool brackets = *text == '[';
	const char *begin = text + brackets, *end;

	if (brackets)
		end = strchr(begin, ']');
	else
		end = strchr(begin, ':');
	/* Without brackets two colons are an IPv6 address. */
	if (!brackets && (end == NULL || strchr(end + 1, ':') != NULL))
		end = begin + strlen(begin);
	if (end == NULL || (size_t)(end - begin) >= PREFIX_STRLEN)
		return ("is no address, prefix or ADDRESS:PORT");
	memcpy(addr, begin, (size_t)(end - begin));
	addr[end - begin] = '\0';
	end += brackets;
	*port = NULL;
	if (*end == ':')
		*port = end + 1;
	else if (*end != '\0')
		return ("has something other than :PORT behind the address");
	return (NULL);
}

/*
 * Servers whose sockets are of both families log IPv4 addresses as IPv4-mapped
 * ones, which no host or peer has.
 */
static void
unmap(struct prefix *p)
{
	struct prefix v4 = { .family = AF_INET };

	if (p->family != AF_INET6 || p->len < 96 ||
	    !IN6_IS_ADDR_V4MAPPED(&p->v6))
		return;
	v4.len = (unsigned char)(p->len - 96);
	memcpy(&v4.v4, &p->v6.s6_addr[12], sizeof(v4.v4));
	*p = v4;
}

const char *
nat64_end_parse(const char *text, struct nat64_end *out)
{
	struct nat64_end end = { .has_port = false };
	char addr[PREFIX_STRLEN];
	const char *port, *why;

	why = split(text, addr, &port);
	if (why == NULL)
		why = prefix_parse(addr, &end.net);
	if (why == NULL && port != NULL) {
		why = nat64_port_parse(port, &end.port);
		end.has_port = true;
	}
	if (why != NULL)
		return (why);
	unmap(&end.net);
	*out = end;
	return (NULL);
}

/* --- matching --- */

static bool
match6(const struct nat64_end *end, const struct taddr6 *a)
{
	return ((!end->has_port || end->port == a->port) &&
	    (end->net.family == 0 || prefix_match6(&end->net, &a->addr)));
}

static bool
match4(const struct nat64_end *end, const struct taddr4 *a)
{
	return ((!end->has_port || end->port == a->port) &&
	    (end->net.family == 0 || prefix_match4(&end->net, a->addr)));
}

static bool
match_host(const struct nat64_end *end, const struct bib_entry *e)
{
	return (is_any(end) || match6(end, &e->in6) || match4(end, &e->out4));
}

/* The peer of an ICMP session has no port. */
static bool
match_peer(const struct nat64_end *end, const struct nat64 *n,
    const struct session *s)
{
	struct taddr6 peer6;

	if (is_any(end))
		return (true);
	if (end->has_port && s->proto == L4_ICMP)
		return (false);
	if (end->net.family != AF_INET6)
		return (match4(end, &s->peer));
	peer6.addr = nat64_peer6(n, s);
	peer6.port = s->peer.port;
	return (match6(end, &peer6));
}

static bool
match_either(const struct nat64_end *end, const struct nat64 *n,
    const struct session *s)
{
	return (match_host(end, s->bib) || match_peer(end, n, s));
}

bool
nat64_filter_enters(const struct nat64_filter *f, const struct bib_entry *e)
{
	if (f->protos != 0 && (f->protos & 1u << e->proto) == 0)
		return (false);
	if (f->subscriber.family != 0 &&
	    !prefix_match6(&f->subscriber, &e->in6.addr))
		return (false);
	return (match_host(&f->host, e));
}

bool
nat64_filter_binding(const struct nat64_filter *f, const struct bib_entry *e)
{
	return (nat64_filter_enters(f, e) && match_host(&f->any, e) &&
	    match_host(&f->port, e));
}

bool
nat64_filter_session(const struct nat64_filter *f, const struct nat64 *n,
    const struct session *s)
{
	if (f->tcp_state != NAT64_ANY_STATE &&
	    (s->proto != L4_TCP || s->tcp_state != f->tcp_state))
		return (false);
	return (nat64_filter_enters(f, s->bib) && match_peer(&f->peer, n, s) &&
	    match_either(&f->any, n, s) && match_either(&f->port, n, s));
}
