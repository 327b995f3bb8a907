/*
 * The statement "alg": connections that get a gateway.
 */
#include "conf.h"
#include "conf_build.h"

/* An IPv6 prefix, ::/0 without text. Returns 0, or -1 when it is refused. */
static int
clients_of(struct conf_file *cf, const struct conf_value *text,
    struct prefix *clients)
{
	const char *error;

	*clients = (struct prefix){ .family = AF_INET6 };
	if (text == NULL)
		return (0);
	error = prefix_parse_family(text->text, AF_INET6, clients);
	if (error == NULL)
		return (0);
	conf_refuse(cf, text, error);
	return (-1);
}

static bool
add(struct nat64_config *n, const struct prefix *clients, uint32_t port)
{
	if (n->n_algs == NAT64_MAX_ALGS)
		return (false);
	n->algs[n->n_algs++] = (struct nat64_alg_rule){ .clients = *clients,
		.port = (uint16_t)port };
	return (true);
}

void
conf_add_alg(struct conf_build *b, struct conf_file *cf,
    const struct conf_value *name, const struct conf_ports_list *l,
    const struct conf_value *text)
{
	struct prefix clients;
	const struct port_range *r;
	uint32_t port;

	if (l->id) {
		conf_error_at(cf, &l->where,
		    "alg %s has no \"id\": use \"port\"", name->text);
		return;
	}
	if (clients_of(cf, text, &clients) == -1)
		return;
	for (r = l->list.ranges; r < l->list.ranges + l->list.n; r++)
		for (port = r->first; port <= r->last; port++)
			if (!add(&b->conf->nat64, &clients, port)) {
				conf_error_at(cf, &l->where,
				    "alg %s: more than %d ports in all",
				    name->text, NAT64_MAX_ALGS);
				return;
			}
}

void
conf_print_algs(const struct nat64_config *n, FILE *f)
{
	char text[PREFIX_STRLEN];
	unsigned i;

	for (i = 0; i < n->n_algs; i++)
		fprintf(f, "alg ftp port %u for %s\n", n->algs[i].port,
		    prefix_print(&n->algs[i].clients, text, sizeof(text)));
}
