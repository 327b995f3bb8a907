#include <stdlib.h>
#include <string.h>

#include "nat64d/tables/tcp_fsm.h"

#include "numbers.h"
#include "query.h"

#define BAD 400

/* RFC 6146 calls both states of a SYN from IPv4 the same. */
static const char *const states[TCP_NSTATES] = {
	[TCP_STATE_CLOSED] = "closed",
	[TCP_STATE_V6_INIT] = "v6-init",
	[TCP_STATE_V4_INIT] = "v4-init",
	[TCP_STATE_V4_INIT_STORED] = "v4-init",
	[TCP_STATE_ESTABLISHED] = "established",
	[TCP_STATE_V4_FIN_RCV] = "v4-fin-rcv",
	[TCP_STATE_V6_FIN_RCV] = "v6-fin-rcv",
	[TCP_STATE_V4_V6_FIN_RCV] = "v4-v6-fin-rcv",
	[TCP_STATE_TRANS] = "trans",
};

const char *
query_state_name(unsigned tcp_state)
{
	return (states[tcp_state]);
}

static int
bad(struct httpd_request *rq, const char *name, const char *text,
    const char *why)
{
	httpd_error(rq, BAD, "%s: \"%s\" %s", name, text, why);
	return (-1);
}

const char *
query_need(struct httpd_request *rq, const char *name)
{
	const char *text = httpd_param(rq, name);

	if (text == NULL)
		httpd_error(rq, BAD, "the parameter \"%s\" is missing", name);
	return (text);
}

static int
read_end(struct httpd_request *rq, const char *name, struct nat64_end *end)
{
	const char *text = httpd_param(rq, name), *why;

	if (text == NULL)
		return (0);
	why = nat64_end_parse(text, end);
	return (why != NULL ? bad(rq, name, text, why) : 0);
}

static int
read_port(struct httpd_request *rq, struct nat64_end *end)
{
	const char *text = httpd_param(rq, "port"), *why;

	if (text == NULL)
		return (0);
	why = nat64_port_parse(text, &end->port);
	end->has_port = true;
	return (why != NULL ? bad(rq, "port", text, why) : 0);
}

static int
parse_proto(struct httpd_request *rq, const char *text, enum l4proto *proto)
{
	int i;

	for (i = 0; i < L4_NPROTO; i++)
		if (strcmp(text, numbers_proto((enum l4proto)i)) == 0)
			break;
	if (i == L4_NPROTO)
		return (bad(rq, "proto", text,
		    "is no protocol: possible are tcp, udp, icmp"));
	*proto = (enum l4proto)i;
	return (0);
}

int
query_proto(struct httpd_request *rq, enum l4proto *proto)
{
	const char *text = query_need(rq, "proto");

	return (text == NULL ? -1 : parse_proto(rq, text, proto));
}

static int
read_proto(struct httpd_request *rq, unsigned *protos)
{
	const char *text = httpd_param(rq, "proto");
	enum l4proto proto;

	if (text == NULL)
		return (0);
	if (parse_proto(rq, text, &proto) == -1)
		return (-1);
	*protos = 1u << proto;
	return (0);
}

static int
read_state(struct httpd_request *rq, int *state)
{
	const char *text = httpd_param(rq, "state");
	int i;

	if (text == NULL)
		return (0);
	/* A session with a stored SYN is not in the list. */
	for (i = TCP_STATE_V6_INIT; i < TCP_NSTATES; i++)
		if (strcmp(text, states[i]) == 0)
			break;
	if (i == TCP_NSTATES)
		return (bad(rq, "state", text,
		    "is no state: possible are v6-init, v4-init, established, "
		    "v4-fin-rcv, v6-fin-rcv, v4-v6-fin-rcv, trans"));
	*state = i;
	return (0);
}

/* The subscriber that an address belongs to, or a prefix of several. */
static int
read_subscriber(struct httpd_request *rq, const struct nat64 *n,
    struct prefix *p)
{
	const unsigned len = nat64_subscribers(n)->prefix_len;
	const char *text = httpd_param(rq, "subscriber"), *why;

	if (text == NULL)
		return (0);
	why = prefix_parse_family(text, AF_INET6, p);
	if (why != NULL)
		return (bad(rq, "subscriber", text, why));
	if (p->len > len) {
		p->v6 = addr6_prefix(&p->v6, len);
		p->len = (unsigned char)len;
	}
	return (0);
}

int
query_filter(struct httpd_request *rq, const struct nat64 *n,
    struct nat64_filter *f)
{
	nat64_filter_init(f);
	if (read_end(rq, "addr", &f->any) == -1 ||
	    read_port(rq, &f->port) == -1 ||
	    read_end(rq, "host", &f->host) == -1 ||
	    read_end(rq, "peer", &f->peer) == -1 ||
	    read_proto(rq, &f->protos) == -1 ||
	    read_state(rq, &f->tcp_state) == -1)
		return (-1);
	return (read_subscriber(rq, n, &f->subscriber));
}

/* One address of a family with its port. */
static int
read_taddr(struct httpd_request *rq, const char *name, sa_family_t family,
    struct nat64_end *end)
{
	const char *text = query_need(rq, name), *why;

	if (text == NULL)
		return (-1);
	why = nat64_end_parse(text, end);
	if (why == NULL &&
	    (!end->has_port || end->net.family != family ||
		end->net.len != (family == AF_INET ? 32 : 128)))
		why = family == AF_INET ? "is no IPv4 ADDRESS:PORT" :
					  "is no IPv6 [ADDRESS]:PORT";
	return (why != NULL ? bad(rq, name, text, why) : 0);
}

int
query_taddr6(struct httpd_request *rq, const char *name, struct taddr6 *addr)
{
	struct nat64_end end;

	if (read_taddr(rq, name, AF_INET6, &end) == -1)
		return (-1);
	addr->addr = end.net.v6;
	addr->port = end.port;
	return (0);
}

int
query_taddr4(struct httpd_request *rq, const char *name, struct taddr4 *addr)
{
	struct nat64_end end;

	if (read_taddr(rq, name, AF_INET, &end) == -1)
		return (-1);
	addr->addr = end.net.v4;
	addr->port = end.port;
	return (0);
}

static int
read_key(struct httpd_request *rq, const char *const keys[], size_t *key)
{
	const char *text = httpd_param(rq, "sort");
	char possible[128] = "";
	size_t i;

	*key = 0;
	if (text == NULL)
		return (0);
	for (i = 0; keys[i] != NULL; i++) {
		if (strcmp(text, keys[i]) == 0) {
			*key = i;
			return (0);
		}
		strlcat(possible, i > 0 ? ", " : "", sizeof(possible));
		strlcat(possible, keys[i], sizeof(possible));
	}
	httpd_error(rq, BAD, "sort: \"%s\" is unknown: possible are %s", text,
	    possible);
	return (-1);
}

int
query_top(struct httpd_request *rq, const char *const keys[], size_t *key,
    size_t *top)
{
	const char *text = httpd_param(rq, "top"), *why;
	long long n;

	if (read_key(rq, keys, key) == -1)
		return (-1);
	*top = httpd_param(rq, "sort") != NULL ? QUERY_TOP : 0;
	if (text == NULL)
		return (0);
	n = strtonum(text, 1, QUERY_TOP_MAX, &why);
	if (why != NULL)
		return (bad(rq, "top", text, "is no number from 1 to 10000"));
	*top = (size_t)n;
	return (0);
}
