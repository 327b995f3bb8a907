/*
 * The statements about upstreams: servers, the domains they are for, and the
 * order in which they are used.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "common/array.h"

#include "conf.h"
#include "dns64d/wire/name_text.h"

_Static_assert(CONF_ADDRS_MAX <= UPSTREAMS_MAX, "upstreams are addresses");

/* Find or add a route; returns its index, or -1 with the reason in *why. */
static int
get_route(struct conf *conf, const char *domain, const char **why)
{
	struct upstream_route r = { .n = 0 }, *bigger;
	size_t i;

	if ((r.domain_len = name_from_text(domain, r.domain)) == 0) {
		*why = "is no domain";
		return (-1);
	}
	for (i = 0; i < conf->n_routes; i++) {
		if (name_equal(conf->routes[i].domain, r.domain))
			return (i);
	}
	if (conf->n_routes == UPSTREAM_ROUTES_MAX) {
		*why = "is one domain too many";
		return (-1);
	}
	bigger = array_grow(conf->routes, conf->n_routes, sizeof(r));
	if (bigger == NULL) {
		*why = conf_no_memory();
		return (-1);
	}
	conf->routes = bigger;
	conf->routes[conf->n_routes] = r;
	return (conf->n_routes++);
}

/* The same for a server. */
static int
get_server(struct conf_addrs *list, const struct conf_value *v, unsigned port,
    const char **why)
{
	struct scoped_addr a;
	int i;

	if ((*why = scoped_addr_parse(v->text, port, &a)) != NULL)
		return (-1);
	if ((i = conf_find_addr(list, &a)) != -1)
		return (i);
	if ((*why = conf_append_addr(list, &a, &v->where)) != NULL)
		return (-1);
	return (list->n - 1);
}

const char *
conf_check_domain(const char *text)
{
	uint8_t wire[MSG_NAME_MAX];

	return (name_from_text(text, wire) == 0 ? "is no domain" : NULL);
}

/* Refuse because of the statement that has put the server on the route. */
static const char *
twice(struct conf *conf, unsigned server, unsigned route)
{
	const struct conf_upstream *line = conf->upstream_lines;

	while (line->server != server || line->route != route)
		line++;
	return (conf_blame(conf, &line->where, "is given twice, first at"));
}

const char *
conf_add_upstream(struct conf *conf, const struct conf_value *v, unsigned port,
    const char *domain)
{
	struct conf_upstream *bigger;
	struct upstream_route *r;
	const char *why = NULL;
	int server, route;
	size_t i;

	if ((server = get_server(&conf->upstreams, v, port, &why)) == -1 ||
	    (route = get_route(conf, domain, &why)) == -1)
		return (why);
	r = &conf->routes[route];
	for (i = 0; i < r->n; i++) {
		if (r->member[i] == server)
			return (port != 0 ? twice(conf, server, route) : NULL);
	}
	bigger = array_grow(conf->upstream_lines, conf->n_upstream_lines,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (conf_no_memory());
	conf->upstream_lines = bigger;
	bigger[conf->n_upstream_lines].where = *conf->here;
	bigger[conf->n_upstream_lines].server = server;
	bigger[conf->n_upstream_lines++].route = route;
	r->member[r->n++] = server;
	return (NULL);
}

void
conf_clear_upstreams(struct conf *conf)
{
	free(conf->upstream_common);
	free(conf->upstream_lines);
	free(conf->routes);
}

void
conf_upstreams(const struct conf *conf, struct upstreams_conf *out)
{
	out->addrs = conf->upstreams.v;
	out->common = conf->upstream_common;
	out->n = conf->upstreams.n;
	out->routes = conf->routes;
	out->n_routes = conf->n_routes;
	out->order = conf->upstream_order;
	out->tcp_max = conf->each.tcp_per_upstream;
}

static const char *
order_name(enum upstream_order order)
{
	switch (order) {
	case UPSTREAM_ORDERED:
		break;
	case UPSTREAM_ROUND_ROBIN:
		return ("round-robin");
	case UPSTREAM_LEAST_OUTSTANDING:
		return ("least-outstanding");
	case UPSTREAM_FASTEST:
		return ("fastest");
	}
	return ("ordered");
}

static void
print_line(const struct conf *conf, const struct conf_upstream *line, FILE *f)
{
	const uint8_t *domain = conf->routes[line->route].domain;
	char text[NAME_TEXT_MAX];

	conf_print_addr("upstream", &conf->upstreams.v[line->server], f);
	if (*domain != 0)
		fprintf(f, " for \"%s\"", name_to_text(domain, text));
	fputc('\n', f);
}

void
conf_print_upstreams(const struct conf *conf, FILE *f)
{
	size_t i;

	for (i = 0; i < conf->n_upstream_lines; i++)
		print_line(conf, &conf->upstream_lines[i], f);
	fprintf(f, "upstreams %s\n", order_name(conf->upstream_order));
}
