/*
 * The states of a request:
 *
 * IDLE      reconf_request() leads to READING.
 * READING   the reader has been asked. on_files() sets load and leads to
 *	     PARSING.
 * PARSING   in slices. At the end of the file next is set: what is refused,
 *	     and a check, leads to IDLE by finish(); otherwise apply() is
 *	     called.
 * WAITING   next is set: the translator is still busy with an earlier change.
 *	     After each WAIT_MS apply() tries again.
 * SETTLING  next is in use. When the sessions that it does not allow have
 *	     ended, finish() leads to IDLE.
 *
 * previous is the configuration that an unconfirmed one has replaced. When the
 * time to confirm is over, it becomes next, without a request; if it cannot be
 * used then, it becomes previous again, and that is tried each RETRY_MS.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/os/log.h"
#include "common/os/reader.h"
#include "common/os/reload.h"
#include "common/os/startup.h"
#include "common/os/timer.h"

#include "nat64d/conf/conf.h"
#include "engine.h"
#include "eventlog.h"
#include "nat64d/host/hostreport.h"
#include "nat64d/host/ifwatch.h"
#include "nat64d/host/poolif.h"
#include "nat64d/host/self6.h"
#include "pcpsock.h"
#include "reconf.h"
#include "reconf_fixed.h"

#define WAIT_MS 10
#define RETRY_MS 1000

/*
 * Tokens that are parsed in one turn of the event loop, which takes about half
 * a millisecond.
 */
#define MAX_TOKENS 64

/* Messages for the one who asked; there may be one for each line of a file. */
#define MESSAGES_SIZE 4096

enum step { IDLE, READING, PARSING, WAITING, SETTLING };

struct reconf {
	struct reconf_opts o;
	struct reconf_fixed fixed;
	struct reload *reload;
	struct event *wait;
	struct event *unconfirmed;
	enum step step;
	bool check;
	bool going_back; /* next was previous */
	unsigned confirm_secs;
	reconf_fn done; /* NULL: nobody has asked */
	void *arg;
	struct conf_load *load;
	struct conf *next;
	struct conf *previous;
	char messages[MESSAGES_SIZE];
};

/* --- the end of a request --- */

static void
finish(struct reconf *r, const char *error)
{
	const reconf_fn done = r->done;

	if (error != NULL)
		log_err("reload: refused, the old configuration stays: %s",
		    error);
	else if (r->check)
		log_info("reload: the configuration can be used");
	else
		log_info("reload: done");
	r->step = IDLE;
	r->going_back = false;
	r->done = NULL;
	if (done != NULL)
		done(r->arg, error);
}

static void
give_up(struct reconf *r, const char *error)
{
	conf_free(r->next);
	r->next = NULL;
	finish(r, error);
}

/* --- use --- */

/* Set what conf_load() leaves open, as the start did. */
static void
complete(const struct reconf *r, struct conf *c)
{
	const unsigned mtu = ifwatch_mtu(r->o.ifwatch);

	if (c->mtu4_follows)
		c->nat64.xlat.mtu4 = mtu;
	if (c->mtu6_follows)
		c->nat64.xlat.mtu6 = mtu;
	if (c->self6_follows && r->o.self6 != NULL)
		c->nat64.self6 = self6_addr(r->o.self6, &c->nat64);
	if (r->o.pool != NULL)
		poolif_complete(r->o.pool, c);
	if (c->map_ifname[0] != '\0')
		c->maps[c->map_if].addr6 =
		    r->o.conf->maps[r->o.conf->map_if].addr6;
	if (c->pref64_follows) {
		c->nat64.n_prefixes = r->o.conf->nat64.n_prefixes;
		c->nat64.prefixes[0] = r->o.conf->nat64.prefixes[0];
	}
}

static void
swap_text(char **a, char **b)
{
	char *text = *a;

	*a = *b;
	*b = text;
}

/*
 * Exchange the contents of both. Whoever looks at conf, and at the strings in
 * it that cannot change, finds them where they were.
 */
static void
exchange(const struct reconf *r, struct conf *conf, struct conf *other)
{
	const struct conf old = *conf, new = *other;

	*conf = new;
	*other = old;
	swap_text(&conf->user, &other->user);
	swap_text(&conf->pidfile, &other->pidfile);
	swap_text(&conf->dump, &other->dump);
	swap_text(&conf->state, &other->state);
	swap_text(&conf->log_file, &other->log_file);
	conf->control = old.control;
	other->control = new.control;
	if (r->o.pool != NULL) {
		poolif_complete(r->o.pool, conf);
		poolif_complete(r->o.pool, other);
	}
}

/* Collectors that are left out are told before that no events will come. */
static void
use_events(struct eventlog *log, const struct conf *c)
{
	const unsigned n = c->log_events != 0 ? c->n_log_targets : 0;

	if (n == 0)
		eventlog_set_kinds(log, c->log_events, c->log_destination);
	eventlog_set_targets(log, c->log_targets, n);
	eventlog_set_kinds(log, c->log_events, c->log_destination);
}

/* What follows the configuration apart from the translator. */
static void
follow(struct reconf *r)
{
	const struct conf *c = r->o.conf;

	log_set_level(startup_log_level(r->o.start, c->log_level));
	engine_log_level_changed(r->o.engine);
	use_events(r->o.log, c);
	eventlog_set_plans(r->o.log, &c->nat64);
	hostreport_use(r->o.report, &c->nat64);
	pcpsock_use(r->o.pcp, c->pcp, c->n_pcp);
	if (ifwatch_use(r->o.ifwatch, c->routes ? &c->nat64 : NULL) == -1)
		log_warn("reload: out of memory: routes are not watched");
	if (r->o.self6 != NULL)
		self6_look(r->o.self6);
	conf_warn(c);
}

/* The administrator may have lost his way to this host: do not give up. */
static void
go_back_later(struct reconf *r, const char *error)
{
	log_err("reload: the configuration of before cannot be used yet: %s",
	    error);
	r->previous = r->next;
	r->next = NULL;
	r->going_back = false;
	r->step = IDLE;
	timer_start(r->unconfirmed, RETRY_MS);
}

/* Use next, as soon as that is possible. */
static void
apply(struct reconf *r)
{
	const char *error;

	if (engine_is_settling(r->o.engine)) {
		r->step = WAITING;
		timer_start(r->wait, WAIT_MS);
		return;
	}
	complete(r, r->next);
	if (engine_reconfigure(r->o.engine, &r->next->nat64) == -1) {
		error = strerror(errno);
		if (r->going_back)
			go_back_later(r, error);
		else
			give_up(r, error);
		return;
	}
	exchange(r, r->o.conf, r->next);
	follow(r);
	if (r->confirm_secs > 0) {
		r->previous = r->next;
		timer_start(r->unconfirmed, (int64_t)r->confirm_secs * 1000);
	} else
		conf_free(r->next);
	r->next = NULL;
	r->step = SETTLING;
	timer_start(r->wait, WAIT_MS);
}

/* Nobody has confirmed: go back. */
static void
not_confirmed(evutil_socket_t fd, short what, void *arg)
{
	struct reconf *r = arg;

	(void)fd;
	(void)what;
	if (r->step != IDLE) {
		timer_start(r->unconfirmed, WAIT_MS);
		return;
	}
	log_warn("reload: not confirmed: the configuration of before is used");
	r->next = r->previous;
	r->previous = NULL;
	r->check = false;
	r->confirm_secs = 0;
	r->going_back = true;
	apply(r);
}

/* --- checks --- */

static void
add_message(void *arg, bool warning, const char *msg)
{
	struct reconf *r = arg;
	const size_t len = strlen(r->messages);

	if (warning) {
		log_warn("%s", msg);
		return;
	}
	snprintf(r->messages + len, sizeof(r->messages) - len, "%s%s",
	    len > 0 ? "\n" : "", msg);
}

/* Routes to what is new are to be there. */
static int
check_routes(struct reconf *r)
{
	char text[PREFIX_STRLEN];
	struct prefix missing;

	if (!r->next->routes ||
	    ifwatch_find_unrouted(r->o.ifwatch, &r->next->nat64, &missing) ==
		0)
		return (0);
	prefix_print(&missing, text, sizeof(text));
	snprintf(r->messages, sizeof(r->messages),
	    "no route to %s leads to %s, and the privilege to make one was "
	    "given up: make it, and reload again (ip %sroute add %s dev %s), "
	    "or use \"nat64ctl upgrade\"",
	    text, r->o.conf->tun, missing.family == AF_INET6 ? "-6 " : "",
	    text, r->o.conf->tun);
	return (-1);
}

/* Is the new one possible? Otherwise why is in r->messages. */
static int
check(struct reconf *r)
{
	if (reconf_fixed_check(&r->fixed, r->o.conf, r->next, r->messages,
		sizeof(r->messages)) == -1)
		return (-1);
	return (check_routes(r));
}

/* The whole file has been read. */
static void
parsed(struct reconf *r)
{
	r->next = conf_load_end(r->load);
	r->load = NULL;
	reload_end(r->reload);
	if (r->next == NULL || check(r) == -1)
		give_up(r, r->messages);
	else if (r->check)
		give_up(r, NULL);
	else
		apply(r);
}

static void
on_files(void *arg, struct files *files)
{
	struct reconf *r = arg;

	if (files == NULL) {
		finish(r, "the configuration could not be read");
		return;
	}
	r->messages[0] = '\0';
	r->load =
	    conf_load_begin(r->o.start->conf_file, files, add_message, r);
	if (r->load == NULL) {
		finish(r, r->messages);
		return;
	}
	reload_keep(r->reload);
	r->step = PARSING;
	timer_start(r->wait, 0);
}

static void
waited(evutil_socket_t fd, short what, void *arg)
{
	struct reconf *r = arg;

	(void)fd;
	(void)what;
	switch (r->step) {
	case PARSING:
		if (conf_load_more(r->load, MAX_TOKENS))
			timer_start(r->wait, 0);
		else
			parsed(r);
		break;
	case WAITING:
		apply(r);
		break;
	case SETTLING:
		if (engine_is_settling(r->o.engine))
			timer_start(r->wait, WAIT_MS);
		else
			finish(r, NULL);
		break;
	case IDLE:
	case READING:
		break;
	}
}

/* --- for others --- */

const char *
reconf_pending(const struct reconf *r)
{
	if (r->step != IDLE)
		return ("another reload is not finished: try again");
	if (r->previous != NULL)
		return ("the last reload waits for its confirmation");
	return (NULL);
}

const char *
reconf_request(struct reconf *r, bool check_only, unsigned confirm_secs,
    reconf_fn done, void *arg)
{
	const char *why = reconf_pending(r);

	if (why != NULL && (r->step != IDLE || !check_only))
		return (why);
	r->step = READING;
	r->check = check_only;
	if (!check_only)
		r->confirm_secs = confirm_secs;
	r->done = done;
	r->arg = arg;
	reload_request(r->reload);
	return (NULL);
}

const char *
reconf_confirm(struct reconf *r)
{
	if (r->previous == NULL)
		return ("there is no reload that waits for a confirmation");
	event_del(r->unconfirmed);
	conf_free(r->previous);
	r->previous = NULL;
	log_info("reload: confirmed");
	return (NULL);
}

struct reconf *
reconf_new(const struct reconf_opts *o)
{
	struct event_base *base = engine_base(o->engine);
	struct reconf *r;

	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		reader_free(o->reader);
		return (NULL);
	}
	r->o = *o;
	r->fixed = (struct reconf_fixed){
		.fair_share = o->conf->nat64.subscriber.fair_share,
		.events = o->conf->log_events != 0,
		.collectors =
		    o->conf->log_events != 0 && o->conf->n_log_targets > 0,
		.pcp = o->conf->n_pcp > 0,
		.self6_follows = o->self6 != NULL,
	};
	r->reload = reload_new(base, o->reader, on_files, r);
	r->wait = event_new(base, -1, 0, waited, r);
	r->unconfirmed = event_new(base, -1, 0, not_confirmed, r);
	if (r->reload == NULL || r->wait == NULL || r->unconfirmed == NULL) {
		reconf_free(r);
		errno = ENOMEM;
		return (NULL);
	}
	return (r);
}

void
reconf_free(struct reconf *r)
{
	if (r == NULL)
		return;
	if (r->load != NULL)
		conf_free(conf_load_end(r->load));
	reload_free(r->reload);
	if (r->wait != NULL)
		event_free(r->wait);
	if (r->unconfirmed != NULL)
		event_free(r->unconfirmed);
	conf_free(r->next);
	conf_free(r->previous);
	free(r);
}
