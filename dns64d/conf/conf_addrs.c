/*
 * The addresses to listen on and of upstreams, and the check that no query
 * sent to an upstream comes back to a listener.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "common/conf/conf_file.h"

#include "conf.h"

int
conf_find_addr(const struct conf_addrs *list, const struct scoped_addr *a)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (scoped_addr_equal(&list->v[i], a))
			return (i);
	}
	return (-1);
}

const char *
conf_append_addr(struct conf_addrs *list, const struct scoped_addr *a,
    const struct conf_where *where)
{
	struct conf_place *at = &list->at[list->n];

	if (list->n == CONF_ADDRS_MAX)
		return ("is one address too many");
	if ((at->file = strdup(where->file)) == NULL)
		return (conf_no_memory());
	at->line = where->line;
	list->v[list->n++] = *a;
	return (NULL);
}

static struct conf_where
where_of(const struct conf_place *at)
{
	return ((struct conf_where){ .file = at->file, .line = at->line });
}

static bool
is_v4mapped(const struct scoped_addr *a)
{
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;

	return (a->ss.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr));
}

/*
 * The index of a listener because of which a cannot be bound, or -1: the same
 * address, or the one for all addresses if a is a single one, and vice versa.
 * Link-local addresses are left out, since their interface need not exist.
 */
static int
find_rival(const struct conf_addrs *list, const struct scoped_addr *a)
{
	const struct scoped_addr *on;
	int i = conf_find_addr(list, a);
	size_t k;

	for (k = 0; i == -1 && k < list->n; k++) {
		on = &list->v[k];
		if (on->ss.ss_family == a->ss.ss_family &&
		    sockaddr_port(&on->ss) == sockaddr_port(&a->ss) &&
		    !scoped_addr_has_zone(on) && !scoped_addr_has_zone(a) &&
		    conf_is_wildcard(on) != conf_is_wildcard(a))
			i = (int)k;
	}
	return (i);
}

/* The socket takes IPv6 only (IPV6_V6ONLY): no IPv4-mapped address. */
const char *
conf_add_listener(struct conf *conf, const struct conf_value *v, unsigned port,
    bool freebind)
{
	struct conf_addrs *list = &conf->listens;
	struct conf_where first;
	struct scoped_addr a;
	const char *why;
	int i;

	if ((why = scoped_addr_parse(v->text, port, &a)) != NULL)
		return (why);
	if (is_v4mapped(&a))
		return ("is IPv4-mapped: give the IPv4 address itself");
	if (port == 0)
		return (NULL);
	if ((i = find_rival(list, &a)) != -1) {
		first = where_of(&list->at[i]);
		return (conf_blame(conf, &first,
		    scoped_addr_equal(&a, &list->v[i]) ?
			"is given twice, first at" :
			"cannot be listened on beside the address at"));
	}
	if ((why = conf_append_addr(list, &a, &v->where)) != NULL)
		return (why);
	list->freebind[list->n - 1] = freebind;
	return (NULL);
}

void
conf_clear_addrs(struct conf_addrs *list)
{
	while (list->n > 0)
		free(list->at[--list->n].file);
}

struct scoped_addr
conf_destination(const struct scoped_addr *a)
{
	const struct sockaddr_in6 *in = (const void *)&a->ss;
	struct scoped_addr out = *a;
	struct sockaddr_in *sin = (void *)&out.ss;
	struct sockaddr_in6 *sin6 = (void *)&out.ss;

	if (is_v4mapped(a)) {
		memset(&out, 0, sizeof(out));
		sin->sin_family = AF_INET;
		sin->sin_port = in->sin6_port;
		memcpy(&sin->sin_addr, &in->sin6_addr.s6_addr[12],
		    sizeof(sin->sin_addr));
	}
	if (out.ss.ss_family == AF_INET && sin->sin_addr.s_addr == INADDR_ANY)
		sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (out.ss.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr))
		sin6->sin6_addr = in6addr_loopback;
	return (out);
}

static bool
is_loopback(const struct scoped_addr *a)
{
	const struct sockaddr_in *sin = (const void *)&a->ss;
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;

	if (a->ss.ss_family == AF_INET)
		return (ntohl(sin->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET);
	return (IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr));
}

bool
conf_is_wildcard(const struct scoped_addr *a)
{
	const struct sockaddr_in *sin = (const void *)&a->ss;
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;

	if (a->ss.ss_family == AF_INET)
		return (sin->sin_addr.s_addr == INADDR_ANY);
	return (IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr));
}

bool
conf_opens_late(const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->listens.n; i++) {
		if (scoped_addr_has_zone(&conf->listens.v[i]) &&
		    sockaddr_port(&conf->listens.v[i].ss) < IPPORT_RESERVED)
			return (true);
	}
	return (false);
}

int
conf_find_loop(const struct conf *conf, const struct scoped_addr *upstream,
    bool own)
{
	const struct scoped_addr to = conf_destination(upstream), *on;
	size_t i;

	for (i = 0; i < conf->listens.n; i++) {
		on = &conf->listens.v[i];
		if (scoped_addr_equal(&to, on))
			return (i);
		if ((own || is_loopback(&to)) && conf_is_wildcard(on) &&
		    on->ss.ss_family == to.ss.ss_family &&
		    sockaddr_port(&on->ss) == sockaddr_port(&to.ss))
			return (i);
	}
	return (-1);
}

void
conf_check_loops(const struct conf *conf, struct conf_file *cf)
{
	const struct conf_addrs *ups = &conf->upstreams;
	struct conf_where where;
	char buf[SCOPED_ADDR_STRLEN];
	size_t i;
	int on;

	for (i = 0; i < ups->n; i++) {
		on = conf_find_loop(conf, &ups->v[i], false);
		if (on == -1)
			continue;
		where = where_of(&ups->at[i]);
		conf_error_at(cf, &where,
		    "upstream %s is listened on at "
		    "%s:%u: queries would loop",
		    scoped_addr_print(&ups->v[i], buf, sizeof(buf)),
		    conf->listens.at[on].file, conf->listens.at[on].line);
	}
}

void
conf_print_addr(const char *what, const struct scoped_addr *a, FILE *f)
{
	char buf[SCOPED_ADDR_STRLEN];

	fprintf(f, "%s %s port %u", what,
	    scoped_addr_print_host(a, buf, sizeof(buf)),
	    sockaddr_port(&a->ss));
}

void
conf_print_listeners(const struct conf *conf, FILE *f)
{
	size_t i;

	for (i = 0; i < conf->listens.n; i++) {
		conf_print_addr("listen on", &conf->listens.v[i], f);
		fprintf(f, "%s\n",
		    conf->listens.freebind[i] ? " freebind" : "");
	}
}
