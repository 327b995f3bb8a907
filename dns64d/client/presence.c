#include <sys/socket.h>

#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "common/os/hostwatch.h"
#include "common/os/log.h"
#include "common/net/scoped_addr.h"
#include "common/os/watch.h"

#include "dns64d/conf/conf.h"
#include "presence.h"
#include "dns64d/local/zone.h"

/* An address of the configuration. */
struct place {
	uint32_t ifindex; /* of its zone; 0: no zone, or no such interface */
	bool here;	  /* it exists; for an upstream: its interface does */
};

/* What was found when the host was looked at. */
struct look {
	struct place listens[CONF_ADDRS_MAX];
	struct place upstreams[CONF_ADDRS_MAX];
	/* For an upstream: the listener that it leads back to, or -1. */
	int loop[CONF_ADDRS_MAX];
};

struct presence {
	struct hostwatch *host;
	presence_fn *changed;
	void *arg;
	struct conf *conf; /* NULL before the first presence_use */
	struct look last;
};

/* The argument of compare(), called for each address of the host. */
struct walk {
	const struct conf *conf;
	struct look *look;
};

static bool
is_same(const struct scoped_addr *a, uint32_t ifindex,
    const struct hostaddr *have)
{
	const struct sockaddr_in *sin = (const void *)&a->ss;
	const struct sockaddr_in6 *sin6 = (const void *)&a->ss;

	if (a->ss.ss_family != have->family ||
	    (scoped_addr_has_zone(a) && ifindex != have->ifindex))
		return (false);
	if (have->family == AF_INET)
		return (sin->sin_addr.s_addr == have->v4.s_addr);
	return (IN6_ARE_ADDR_EQUAL(&sin6->sin6_addr, &have->v6));
}

/*
 * The listener that takes what is sent to this address of the host, or -1.
 * One of them may be given by the name of the interface and the other by its
 * index.
 */
static int
find_loop(const struct walk *w, const struct scoped_addr *to,
    const struct hostaddr *have)
{
	const struct conf_addrs *on = &w->conf->listens;
	const int found = conf_find_loop(w->conf, to, true);
	size_t i;

	for (i = 0; found == -1 && i < on->n; i++) {
		if (is_same(&on->v[i], w->look->listens[i].ifindex, have) &&
		    sockaddr_port(&on->v[i].ss) == sockaddr_port(&to->ss))
			return (i);
	}
	return (found);
}

static void
compare(void *arg, const struct hostaddr *have)
{
	const struct walk *w = arg;
	const struct conf *conf = w->conf;
	struct scoped_addr to;
	struct look *look = w->look;
	size_t i;

	if ((have->flags & HOSTADDR_UNUSABLE) != 0)
		return;
	for (i = 0; i < conf->listens.n; i++) {
		if (is_same(&conf->listens.v[i], look->listens[i].ifindex,
			have))
			look->listens[i].here = true;
	}
	for (i = 0; i < conf->upstreams.n; i++) {
		to = conf_destination(&conf->upstreams.v[i]);
		if (look->loop[i] == -1 &&
		    is_same(&to, look->upstreams[i].ifindex, have))
			look->loop[i] = find_loop(w, &to, have);
	}
}

static void
find_zones(const struct conf *conf, struct look *look)
{
	const struct conf_addrs *on = &conf->listens, *ups = &conf->upstreams;
	size_t i;

	for (i = 0; i < on->n; i++) {
		look->listens[i].ifindex = zone_index(&on->v[i]);
		look->listens[i].here = conf_is_wildcard(&on->v[i]) ||
		    (on->freebind[i] &&
			(look->listens[i].ifindex != 0 ||
			    !scoped_addr_has_zone(&on->v[i])));
	}
	for (i = 0; i < ups->n; i++) {
		look->loop[i] = -1;
		look->upstreams[i].ifindex = zone_index(&ups->v[i]);
		look->upstreams[i].here = look->upstreams[i].ifindex != 0 ||
		    !scoped_addr_has_zone(&ups->v[i]);
	}
}

static void
look_at(struct hostwatch *host, const struct conf *conf, struct look *look)
{
	struct walk w = { conf, look };
	size_t i;

	memset(look, 0, sizeof(*look));
	find_zones(conf, look);
	if (host != NULL && hostwatch_addrs(host, AF_UNSPEC, compare, &w) == 0)
		return;
	for (i = 0; i < conf->listens.n; i++)
		look->listens[i].here = true;
}

static void
log_place(const char *what, const struct scoped_addr *a,
    const struct place *now, const struct place *before)
{
	const char *thing = scoped_addr_has_zone(a) && now->ifindex == 0 &&
		(before == NULL || before->ifindex != 0) ?
	    "interface" :
	    "address";
	char buf[SCOPED_ADDR_STRLEN];

	scoped_addr_print(a, buf, sizeof(buf));
	if (before == NULL && !now->here)
		log_warn("%s %s: this host does not have the %s yet: it is "
			 "used when it is there",
		    what, buf, thing);
	else if (before != NULL && before->here && !now->here)
		log_warn("%s %s: the %s has gone", what, buf, thing);
	else if (before != NULL && !before->here && now->here)
		log_info("%s %s: the %s is there now", what, buf,
		    scoped_addr_has_zone(a) && before->ifindex == 0 ?
			"interface" :
			"address");
}

static void
log_loop(const struct conf *conf, const struct look *look, size_t i)
{
	const struct scoped_addr *up = &conf->upstreams.v[i];
	const struct conf_place *at = &conf->upstreams.at[i], *on;
	const int listener = look->loop[i];
	char buf[SCOPED_ADDR_STRLEN];

	on = &conf->listens.at[listener];
	log_err("%s:%u: upstream %s is this host, its queries would "
		"loop: %s:%u listens on %s",
	    at->file, at->line, scoped_addr_print(up, buf, sizeof(buf)),
	    on->file, on->line,
	    conf_is_wildcard(&conf->listens.v[listener]) ? "all addresses" :
							   "it");
}

/* Workers read the index whenever they send. */
static void
set_zones(const struct conf *conf, const struct look *look)
{
	size_t i;

	for (i = 0; i < conf->upstreams.n; i++)
		atomic_store_explicit(&conf->upstream_common[i].ifindex,
		    look->upstreams[i].ifindex, memory_order_relaxed);
}

int
presence_prepare(struct hostwatch *host, const struct conf *conf)
{
	struct look look;
	size_t i;
	int rc = 0;

	look_at(host, conf, &look);
	set_zones(conf, &look);
	for (i = 0; i < conf->upstreams.n; i++) {
		if (look.loop[i] == -1)
			continue;
		log_loop(conf, &look, i);
		rc = -1;
	}
	return (rc);
}

/* What was known of an address in the previous configuration, or NULL. */
static const struct place *
find_place(const struct conf_addrs *list, const struct place *places,
    const struct scoped_addr *a)
{
	const int i = conf_find_addr(list, a);

	return (i != -1 ? &places[i] : NULL);
}

static void
log_all(const struct conf *conf, const struct look *look,
    const struct conf *old, const struct look *last)
{
	const struct conf_addrs *on = &conf->listens, *ups = &conf->upstreams;
	size_t i;

	for (i = 0; i < on->n; i++)
		log_place("listen on", &on->v[i], &look->listens[i],
		    old == NULL ?
			NULL :
			find_place(&old->listens, last->listens, &on->v[i]));
	for (i = 0; i < ups->n; i++)
		log_place("upstream", &ups->v[i], &look->upstreams[i],
		    old == NULL ? NULL :
				  find_place(&old->upstreams, last->upstreams,
				      &ups->v[i]));
}

void
presence_use(struct presence *p, struct conf *conf)
{
	struct look look;

	look_at(p->host, conf, &look);
	set_zones(conf, &look);
	log_all(conf, &look, p->conf, &p->last);
	conf_ref(conf);
	if (p->conf != NULL)
		conf_unref(p->conf);
	p->conf = conf;
	p->last = look;
}

static bool
listeners_differ(const struct conf *conf, const struct look *a,
    const struct look *b)
{
	size_t i;

	for (i = 0; i < conf->listens.n; i++) {
		if (a->listens[i].ifindex != b->listens[i].ifindex ||
		    a->listens[i].here != b->listens[i].here)
			return (true);
	}
	return (false);
}

static void
look_again(void *arg, unsigned what)
{
	struct presence *p = arg;
	const struct look before = p->last;
	struct conf *conf = p->conf;
	size_t i;

	(void)what;
	presence_use(p, conf);
	for (i = 0; i < conf->upstreams.n; i++) {
		if (p->last.loop[i] != -1 && before.loop[i] == -1)
			log_loop(conf, &p->last, i);
	}
	if (listeners_differ(conf, &p->last, &before))
		p->changed(p->arg);
}

struct presence *
presence_new(struct hostwatch *host, presence_fn *changed, void *arg)
{
	struct presence *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (NULL);
	p->host = host;
	p->changed = changed;
	p->arg = arg;
	return (p);
}

void
presence_free(struct presence *p)
{
	if (p == NULL)
		return;
	if (p->conf != NULL)
		conf_unref(p->conf);
	free(p);
}

void
presence_follow(struct presence *p, struct watch *watch)
{
	watch_add(watch, HOSTWATCH_ADDR | HOSTWATCH_LINK, look_again, p);
}
