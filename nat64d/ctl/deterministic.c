/*
 * nat64ctl deterministic: whose a port is, and which ports a subscriber has, by
 * a configuration file alone (RFC 7422, 2).
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "nat64d/conf/conf.h"
#include "nat64d/core/nat64_filter.h"
#include "nat64d/pool/portplan.h"

#include "commands.h"

/* The holder of an IPv4 port and its ports. */
static bool
find_holder(const struct portplan *p, struct in_addr addr, uint16_t port,
    struct prefix *holder, struct port_range *ports)
{
	unsigned number;

	if (p->n_fixed == 0 || port < p->ports.first || port > p->ports.last)
		return (false);
	number = (unsigned)(port - p->ports.first) / p->block_size;
	*holder = (struct prefix){ .family = AF_INET6,
		.len = (unsigned char)p->subscriber_len };
	if (!portplan_holder(p, ntohl(addr.s_addr), number, &holder->v6))
		return (false);
	*ports = portplan_ports(p, number);
	return (true);
}

bool
deterministic_holder(const struct conf *conf, struct in_addr addr,
    uint16_t port, struct prefix *holder, struct port_range *ports)
{
	const struct nat64_config *c = &conf->nat64;
	struct portplan plan;
	size_t i;

	for (i = 0; i < c->n_pool; i++)
		if (portplan_init(&plan, &c->pool[i], c->subscriber_len) ==
			NULL &&
		    find_holder(&plan, addr, port, holder, ports))
			return (true);
	return (false);
}

/* 0 when the holder of an IPv4 port is found. */
static int
find_port(const struct portplan *p, struct in_addr addr, uint16_t port)
{
	char text[PREFIX_STRLEN];
	struct port_range ports;
	struct prefix holder;

	if (!find_holder(p, addr, port, &holder, &ports))
		return (-1);
	printf("subscriber %s, ports %u-%u\n",
	    prefix_print(&holder, text, sizeof(text)), ports.first,
	    ports.last);
	return (0);
}

/* The ports of an IPv6 host. */
static int
find_host(const struct portplan *p, const struct in6_addr *host)
{
	char text[INET_ADDRSTRLEN];
	struct port_range ports;
	struct in_addr addr;
	unsigned number;
	uint32_t a;

	if (!portplan_find(p, host, &a, &number))
		return (-1);
	addr.s_addr = htonl(a);
	ports = portplan_ports(p, number);
	printf("%s, ports %u-%u\n",
	    inet_ntop(AF_INET, &addr, text, sizeof(text)), ports.first,
	    ports.last);
	return (0);
}

static int
find(const struct conf *conf, const struct nat64_end *end)
{
	const struct nat64_config *c = &conf->nat64;
	struct portplan plan;
	int rc = -1;
	size_t i;

	for (i = 0; i < c->n_pool && rc == -1; i++) {
		if (portplan_init(&plan, &c->pool[i], c->subscriber_len) !=
		    NULL)
			continue;
		rc = end->net.family == AF_INET ?
		    find_port(&plan, end->net.v4, end->port) :
		    find_host(&plan, &end->net.v6);
	}
	return (rc);
}

int
run_deterministic(struct ctl *ctl, const struct ctl_command *c)
{
	const char *text = ctl_value(ctl, "addr"), *error;
	struct nat64_end end = { .has_port = false };
	struct conf *conf;
	int rc;

	(void)c;
	error = nat64_end_parse(text, &end);
	if (error == NULL && end.net.family == AF_INET && !end.has_port)
		error = "has no port: write 192.0.2.1:PORT";
	if (error == NULL &&
	    end.net.len != (end.net.family == AF_INET ? 32 : 128))
		error = "is no single address";
	if (error != NULL) {
		fprintf(stderr, "nat64ctl: %s: %s\n", text, error);
		return (CTL_USAGE);
	}
	conf = conf_load(ctl_value(ctl, "file"), NULL, NULL, NULL);
	if (conf == NULL)
		return (CTL_REFUSED);
	rc = find(conf, &end);
	if (rc == -1)
		puts("none by computation: the event log has blocks and "
		     "bindings, the configuration static bindings");
	conf_free(conf);
	return (rc == 0 ? CTL_DONE : CTL_REFUSED);
}
