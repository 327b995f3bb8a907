/*
 * The statements "metrics listen on".
 */
#include <netinet/in.h>

#include "common/net/addr.h"

#include "metrics.h"

static bool
is_link_local(const struct scoped_addr *a)
{
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;

	return (a->ss.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr));
}

void
metrics_conf_add(struct conf_file *cf, const struct conf_value *addr,
    const struct conf_value *port, bool private, struct metrics_conf *c)
{
	static const struct conf_bounds bounds = { 1, 65535, NULL };
	struct scoped_addr a;
	uint64_t number = 1;
	const char *why;
	size_t i;

	if (!conf_number(cf, port, &bounds, &number))
		return;
	why = scoped_addr_parse(addr->text, (uint16_t)number, &a);
	for (i = 0; why == NULL && i < c->n; i++)
		if (scoped_addr_equal(&c->v[i], &a))
			why = "is given twice with this port";
	if (why == NULL && is_link_local(&a) && !scoped_addr_has_zone(&a))
		why = "is link-local and needs its interface: write "
		      "fe80::1%eth0";
	if (why == NULL && c->n == METRICS_MAX)
		why = "is one address too many";
	if (why != NULL) {
		conf_refuse(cf, addr, why);
		return;
	}
	c->private[c->n] = private;
	c->v[c->n++] = a;
}

void
metrics_conf_print(const struct metrics_conf *c, const char *private, FILE *f)
{
	char text[SCOPED_ADDR_STRLEN];
	size_t i;

	for (i = 0; i < c->n; i++)
		fprintf(f, "metrics listen on %s port %u%s%s\n",
		    scoped_addr_print_host(&c->v[i], text, sizeof(text)),
		    sockaddr_port(&c->v[i].ss), c->private[i] ? " " : "",
		    c->private[i] ? private : "");
}

bool
metrics_conf_equal(const struct metrics_conf *a, const struct metrics_conf *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (!scoped_addr_equal(&a->v[i], &b->v[i]) ||
		    a->private[i] != b->private[i])
			return (false);
	return (a->n == b->n);
}
