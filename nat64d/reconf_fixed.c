#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "reconf_fixed.h"

/* The message that is being written. */
struct message {
	char *text;
	size_t size;
	bool written;
};

static const char *
yes_no(bool on)
{
	return (on ? "yes" : "no");
}

static const char *
or_none(const char *text)
{
	return (text != NULL && text[0] != '\0' ? text : "none");
}

/* Only the first statement is reported. */
static void
check_text(struct message *m, const char *statement, const char *old,
    const char *new)
{
	if (m->written || strcmp(or_none(old), or_none(new)) == 0)
		return;
	m->written = true;
	snprintf(m->text, m->size,
	    "\"%s\" is %s, and only a restart can change it to %s", statement,
	    or_none(old), or_none(new));
}

static void
check_number(struct message *m, const char *statement, unsigned old,
    unsigned new)
{
	char a[16], b[16];

	snprintf(a, sizeof(a), "%u", old);
	snprintf(b, sizeof(b), "%u", new);
	check_text(m, statement, a, b);
}

/* No values: there are too many of them for a line. */
static void
check_same(struct message *m, const char *what, bool same)
{
	if (m->written || same)
		return;
	m->written = true;
	snprintf(m->text, m->size, "%s, which only a restart can do", what);
}

static const char *
fastpath_text(enum conf_fastpath f)
{
	if (f == FASTPATH_AUTO)
		return ("auto");
	return (yes_no(f == FASTPATH_YES));
}

static const char *
log_text(const struct conf *c)
{
	return (c->log_syslog ? "syslog" : c->log_file);
}

static const char *
log_format(const struct conf *c)
{
	return (c->log_json && !c->log_syslog ? "json" : "text");
}

/*
 * The kernel has been told which ports of the address are ours, and with
 * them those of the static bindings.
 */
static void
check_pool_interface(struct message *m, const struct conf *old,
    const struct conf *new)
{
	bool same;

	check_text(m, "pool interface", old->pool_ifname, new->pool_ifname);
	if (old->pool_ifname[0] == '\0' || m->written)
		return;
	same = memcmp(old->pool_if.ports, new->pool_if.ports,
		   sizeof(new->pool_if.ports)) == 0 &&
	    memcmp(old->pool_if.holes, new->pool_if.holes,
		sizeof(new->pool_if.holes)) == 0;
	check_same(m, "\"pool interface\" gets other ports", same);
	same = old->n_bindings == new->n_bindings;
	for (size_t i = 0; same && i < new->n_bindings; i++)
		same = old->bindings[i].proto == new->bindings[i].proto &&
		    old->bindings[i].out4.port == new->bindings[i].out4.port;
	check_same(m,
	    "with \"pool interface\", static bindings get other ports", same);
}

static void
check_host(struct message *m, const struct conf *old, const struct conf *new)
{
	check_text(m, "mode", conf_mode_name(old->nat64.mode),
	    conf_mode_name(new->nat64.mode));
	check_text(m, "map to interface", old->map_ifname, new->map_ifname);
	check_text(m, "prefix discover", yes_no(old->pref64_follows),
	    yes_no(new->pref64_follows));
	check_text(m, "tun", old->tun, new->tun);
	check_number(m, "mtu", old->tun_mtu, new->tun_mtu);
	check_text(m, "routes", yes_no(old->routes), yes_no(new->routes));
	check_text(m, "offload", yes_no(old->offload), yes_no(new->offload));
	check_text(m, "fastpath", fastpath_text(old->fastpath),
	    fastpath_text(new->fastpath));
	check_same(m, "\"fastpath on\" has changed",
	    old->n_fastpath_ifs ==
		new->n_fastpath_ifs &&memcmp(old->fastpath_ifs,
		    new->fastpath_ifs,
		    old->n_fastpath_ifs * sizeof(old->fastpath_ifs[0])) == 0);
	check_text(m, "user", old->user, new->user);
	check_text(m, "pidfile", old->pidfile, new->pidfile);
	check_text(m, "dump", old->dump, new->dump);
	check_text(m, "state", old->state, new->state);
	check_number(m, "state every", old->state_secs, new->state_secs);
	check_text(m, "role file", old->role_file, new->role_file);
	check_same(m, "\"replicate\" has changed",
	    conf_replicate_equal(&old->replicate, &new->replicate));
	check_same(m, "\"control\" has changed",
	    control_conf_equal(&old->control, &new->control));
	check_same(m, "\"metrics\" has changed",
	    metrics_conf_equal(&old->metrics, &new->metrics));
	check_pool_interface(m, old, new);
}

int
reconf_fixed_check(const struct reconf_fixed *start, const struct conf *old,
    const struct conf *new, char *text, size_t size)
{
	struct message m = { .text = text, .size = size };

	check_host(&m, old, new);
	check_text(&m, "log events to", log_text(old), log_text(new));
	if (!start->events)
		check_text(&m, "log events", "none",
		    new->log_events != 0 ? "some" : "none");
	check_text(&m, "log events to PATH", log_format(old), log_format(new));
	if (!start->collectors)
		check_text(&m, "log events to syslog or ipfix ADDRESS", "none",
		    new->log_events != 0 && new->n_log_targets > 0 ? "some" :
								     "none");
	if (!start->pcp)
		check_text(&m, "pcp listen", "none",
		    new->n_pcp > 0 ? "some" : "none");
	if (!start->self6_follows)
		check_text(&m, "address (IPv6)", "configured",
		    new->self6_follows ? "one of the host" : "configured");
	check_number(&m, "subscriber prefix-length", old->nat64.subscriber_len,
	    new->nat64.subscriber_len);
	if (!start->fair_share)
		check_text(&m, "fair-share", "no",
		    yes_no(new->nat64.subscriber.fair_share));
	return (m.written ? -1 : 0);
}
