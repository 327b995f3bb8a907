#include <sys/socket.h>

#include <net/if.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "common/os/log.h"
#include "common/os/watch.h"

#include "hostcheck.h"
#include "hostreport.h"
#include "hostview.h"

/*
 * Delay of a look after a change, since a look takes long with thousands of
 * interfaces; longer after something was logged, so that a link that flaps does
 * not fill the log.
 */
#define LOOK_SECS 1
#define LOOK_AFTER_LOG_SECS 5

struct hostreport {
	struct hostview *view;	   /* NULL: the system has refused it */
	struct nat64_config nat64; /* without a pool that is found later */
	struct hostcheck_conf conf;
	char tun[IF_NAMESIZE];
	struct prefix probes[HOSTCHECK_PROBES];
	size_t n_probes;
	struct hostcheck found;
	struct hostcheck logged; /* what was found at the last log */

	struct watch *watch; /* NULL: changes are not followed */
	void (*cut_off)(void *arg);
	void *cut_off_arg;
	bool waiting;	 /* for look_again() */
	bool log_recent; /* something was logged at the last look */
};

struct hostreport *
hostreport_new(const struct nat64_config *conf, bool routes)
{
	struct hostreport *r;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		fatal("host report");
	r->nat64 = *conf;
	r->conf = (struct hostcheck_conf){ .nat64 = &r->nat64,
		.routes = routes,
		.tun = r->tun };
	r->n_probes = hostcheck_probes(conf, r->probes);
	r->view = hostview_open();
	if (r->view == NULL)
		log_warn("cannot look at the network of this host: %s",
		    strerror(errno));
	return (r);
}

void
hostreport_use(struct hostreport *r, const struct nat64_config *conf)
{
	r->nat64 = *conf;
	r->n_probes = hostcheck_probes(conf, r->probes);
}

void
hostreport_free(struct hostreport *r)
{
	if (r == NULL)
		return;
	hostview_close(r->view);
	free(r);
}

/* Returns 0; -1 with errno when the system does not answer. */
static int
look(struct hostreport *r)
{
	const struct host *host;

	memset(&r->found, 0, sizeof(r->found));
	if (r->view == NULL)
		return (0);
	host = hostview_look(r->view, r->tun, r->probes, r->n_probes);
	if (host == NULL)
		return (-1);
	hostcheck(&r->conf, host, &r->found);
	return (0);
}

static void
log_finding(const struct hostcheck_finding *f)
{
	if (f->error)
		log_err("%s", f->text);
	else
		log_warn("%s", f->text);
}

int
hostreport_log(struct hostreport *r, const char *tun,
    enum hostreport_when when)
{
	const struct hostcheck *found = &r->found;
	size_t i;

	strlcpy(r->tun, tun, sizeof(r->tun));
	r->conf.running = when == HOSTREPORT_RUN;
	if (look(r) == -1)
		log_warn("cannot look at the network of this host: %s",
		    strerror(errno));
	for (i = 0; i < found->n_findings; i++)
		if (found->findings[i].error || when != HOSTREPORT_START)
			log_finding(&found->findings[i]);
	if (found->n_more > 0)
		log_warn("and %zu more of this kind", found->n_more);
	r->logged = *found;
	return (found->n_errors == 0 ? 0 : -1);
}

/*
 * Following.
 */

static bool
has(const struct hostcheck *found, const struct hostcheck_finding *f)
{
	size_t i;

	for (i = 0; i < found->n_findings; i++)
		if (strcmp(found->findings[i].text, f->text) == 0)
			return (true);
	return (false);
}

/* Returns whether there was something to log. */
static bool
log_changes(struct hostreport *r)
{
	const struct hostcheck *old = &r->logged, *new = &r->found;
	bool logged = false;
	size_t i;

	for (i = 0; i < old->n_findings; i++) {
		if (has(new, &old->findings[i]))
			continue;
		log_info("no longer: %s", old->findings[i].text);
		logged = true;
	}
	for (i = 0; i < new->n_findings; i++) {
		if (has(old, &new->findings[i]))
			continue;
		log_finding(&new->findings[i]);
		logged = true;
	}
	r->logged = *new;
	return (logged);
}

static void
look_again(evutil_socket_t fd, short what, void *arg)
{
	struct hostreport *r = arg;

	(void)fd;
	(void)what;
	r->waiting = false;
	/* The next change tries again. */
	if (look(r) == -1)
		return;
	r->log_recent = log_changes(r);
	if (!r->found.cut_off)
		return;
	log_err("leaving, so that %s takes its routes with it", r->tun);
	r->cut_off(r->cut_off_arg);
}

static void
host_changed(void *arg, unsigned what)
{
	struct hostreport *r = arg;
	const struct timeval later = {
		.tv_sec = r->log_recent ? LOOK_AFTER_LOG_SECS : LOOK_SECS
	};

	(void)what;
	if (r->waiting)
		return;
	if (event_base_once(watch_base(r->watch), -1, EV_TIMEOUT, look_again,
		r, &later) == 0)
		r->waiting = true;
}

void
hostreport_follow(struct hostreport *r, struct watch *watch,
    void (*cut_off)(void *arg), void *arg)
{
	r->watch = watch;
	r->cut_off = cut_off;
	r->cut_off_arg = arg;
	watch_add(watch, HOSTWATCH_ALL, host_changed, r);
}

/*
 * Dumps, and the control socket.
 */

void
hostreport_each(const struct hostreport *r,
    void (*fn)(void *arg, bool error, const char *text), void *arg)
{
	const struct hostcheck *found = &r->found;
	size_t i;

	for (i = 0; i < found->n_findings; i++)
		fn(arg, found->findings[i].error, found->findings[i].text);
}

void
hostreport_print(void *arg, struct evbuffer *out)
{
	struct hostreport *r = arg;
	const struct hostcheck_finding *f;
	size_t i;

	if (look(r) == -1) {
		evbuffer_add_printf(out, "host    not seen: %s\n",
		    strerror(errno));
		return;
	}
	for (i = 0; i < r->found.n_findings; i++) {
		f = &r->found.findings[i];
		evbuffer_add_printf(out, "host    %-7s %s%s\n",
		    f->error ? "error" : "warning", f->text,
		    f->old ? " (when nat64d started)" : "");
	}
}
