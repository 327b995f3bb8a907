#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/net/addr.h"
#include "common/net/pref64_dns.h"
#include "common/net/pref64_list.h"
#include "common/os/log.h"
#include "common/os/timer.h"

#include "ndopt.h"
#include "pref64find.h"

/* As the resolver of the C library has it. */
#define MAX_RESOLVERS 3
#define DNS_PORT 53
#define ROUNDS 2 /* each resolver is asked so often */
#define ANSWER_MS 2000

/* After a failure, doubled each time. */
#define RETRY_SECS 5
#define RETRY_MAX_SECS 600

/* Of the TTL. Again shortly before its end, so that no gap comes. */
#define TTL_MIN_SECS 60
#define TTL_MAX_SECS 86400
#define EARLY_SECS 15

/* Changes of the host come in bursts; questions at this interval at most. */
#define ASK_MS 2000

/* RFC 4861, 10: so many solicitations, at this interval. */
#define SOLICITATIONS 3
#define SOLICIT_MS 4000

#define LINE_SIZE 512
#define MESSAGE_SIZE 4096

struct pref64find {
	struct watch *watch;
	struct ndopt *ndopt; /* NULL: no advertisements here */
	struct pref64_list list;
	pref64find_fn *fn;
	void *arg;

	struct event *adverts; /* of ndopt */
	struct event *solicit;
	unsigned solicited;
	struct event *expiry; /* of the prefix that ends next */

	/* A query of DNS: its socket; -1: none is asked now. */
	int fd;
	uint16_t id;
	struct event *answer; /* with the time that it may take */
	struct sockaddr_storage resolvers[MAX_RESOLVERS];
	unsigned n_resolvers;
	unsigned attempt; /* of n_resolvers * ROUNDS */
	struct monotime not_before;
	struct event *again;
	unsigned retry_secs;
};

static void ask_next(struct pref64find *f);

/* --- the choice --- */

static void
chosen(struct pref64find *f)
{
	const struct pref64_list *l = &f->list;
	char text[PREF64_STRLEN];

	if (l->has_current)
		log_info("pref64: %s is used, from %s",
		    pref64_print(&l->current, text, sizeof(text)),
		    l->current_source == PREF64_BY_RA ? "a router" : "DNS");
	else
		log_warn("pref64: the network has none any more");
	f->fn(f->arg, l->has_current ? &l->current : NULL);
}

static void
choose(struct pref64find *f)
{
	const struct monotime now = monotime_now();
	struct monotime next;

	if (pref64_list_choose(&f->list, now))
		chosen(f);
	if (pref64_list_next(&f->list, &next))
		timer_start(f->expiry, monotime_diff_ms(next, now) + 1);
	else
		event_del(f->expiry);
}

/* --- router advertisements --- */

static void
announced(void *arg, const struct pref64 *p, uint32_t lifetime_secs)
{
	struct pref64find *f = arg;

	pref64_list_add(&f->list, p, PREF64_BY_RA, lifetime_secs,
	    monotime_now());
}

static void
adverts_waiting(evutil_socket_t fd, short what, void *arg)
{
	struct pref64find *f = arg;

	(void)fd;
	(void)what;
	ndopt_read(f->ndopt, announced, f);
	choose(f);
	if (!pref64_list_has(&f->list, PREF64_BY_RA) && f->fd == -1)
		timer_start(f->again, 0);
}

/* Where the default route leads, there are the routers. */
static void
solicit(evutil_socket_t fd, short what, void *arg)
{
	static const struct prefix global = { .family = AF_INET6,
		.len = 3,
		.v6 = { { { 0x20 } } } };
	struct pref64find *f = arg;
	struct host_route r;

	(void)fd;
	(void)what;
	if (pref64_list_has(&f->list, PREF64_BY_RA) ||
	    f->solicited == SOLICITATIONS)
		return;
	f->solicited++;
	if (hostwatch_route(watch_host(f->watch), &global, &r) == 0)
		ndopt_solicit(f->ndopt, r.ifindex);
	timer_start(f->solicit, SOLICIT_MS);
}

/* --- DNS --- */

static void
read_resolvers(struct pref64find *f)
{
	char line[LINE_SIZE], name[64];
	struct sockaddr_storage ss;
	socklen_t len;
	FILE *file;

	f->n_resolvers = 0;
	file = fopen(PREF64FIND_RESOLV_CONF, "re");
	if (file == NULL) {
		log_debug("pref64: %s: %s", PREF64FIND_RESOLV_CONF,
		    strerror(errno));
		return;
	}
	while (f->n_resolvers < MAX_RESOLVERS &&
	    fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, " nameserver %63s", name) == 1 &&
		    sockaddr_parse(name, DNS_PORT, &ss, &len) == 0)
			f->resolvers[f->n_resolvers++] = ss;
	fclose(file);
}

static void
end_query(struct pref64find *f)
{
	if (f->answer != NULL)
		event_free(f->answer);
	f->answer = NULL;
	if (f->fd != -1)
		close(f->fd);
	f->fd = -1;
}

static void
failed(struct pref64find *f)
{
	end_query(f);
	timer_start(f->again, (int64_t)f->retry_secs * 1000);
	f->retry_secs *= 2;
	if (f->retry_secs > RETRY_MAX_SECS)
		f->retry_secs = RETRY_MAX_SECS;
}

/* What DNS says now takes the place of what it said before. */
static void
answered(struct pref64find *f, const struct pref64 *prefixes, int n,
    uint32_t ttl_secs)
{
	const struct monotime now = monotime_now();
	int i;

	if (ttl_secs < TTL_MIN_SECS)
		ttl_secs = TTL_MIN_SECS;
	if (ttl_secs > TTL_MAX_SECS)
		ttl_secs = TTL_MAX_SECS;
	pref64_list_clear(&f->list, PREF64_BY_DNS);
	for (i = 0; i < n; i++)
		pref64_list_add(&f->list, &prefixes[i], PREF64_BY_DNS,
		    ttl_secs, now);
	if (n == 0)
		failed(f); /* the network may have one later */
	else {
		end_query(f);
		f->retry_secs = RETRY_SECS;
		timer_start(f->again, (ttl_secs - EARLY_SECS) * INT64_C(1000));
	}
	choose(f);
}

static void
answer_waiting(evutil_socket_t fd, short what, void *arg)
{
	struct pref64 prefixes[PREF64_LIST_MAX];
	struct pref64find *f = arg;
	uint8_t msg[MESSAGE_SIZE];
	uint32_t ttl_secs;
	ssize_t len;
	int n;

	if ((what & EV_TIMEOUT) != 0) {
		ask_next(f);
		return;
	}
	len = recv(fd, msg, sizeof(msg), 0);
	if (len == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len == -1) {
		ask_next(f); /* connection refused */
		return;
	}
	n = pref64_dns_answer(msg, (size_t)len, f->id, prefixes,
	    PREF64_LIST_MAX, &ttl_secs);
	if (n != -1)
		answered(f, prefixes, n, ttl_secs);
	/* Else wait on: a forged answer must not end the query. */
}

/* Returns -1 when this resolver cannot be asked. */
static int
ask(struct pref64find *f, const struct sockaddr_storage *ss)
{
	const struct timeval limit = { .tv_sec = ANSWER_MS / 1000 };
	const socklen_t len = ss->ss_family == AF_INET ?
	    sizeof(struct sockaddr_in) :
	    sizeof(struct sockaddr_in6);
	uint8_t query[PREF64_DNS_QUERY_LEN];

	f->fd = socket(ss->ss_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (f->fd == -1)
		return (-1);
	f->id = (uint16_t)arc4random();
	pref64_dns_query(query, f->id);
	f->answer = event_new(watch_base(f->watch), f->fd,
	    EV_READ | EV_PERSIST, answer_waiting, f);
	if (f->answer == NULL ||
	    connect(f->fd, (const struct sockaddr *)ss, len) == -1 ||
	    send(f->fd, query, sizeof(query), 0) == -1)
		return (-1);
	return (event_add(f->answer, &limit));
}

/* Ask the resolvers in turn, until one can be. */
static void
ask_next(struct pref64find *f)
{
	const struct sockaddr_storage *ss;

	while (f->attempt < f->n_resolvers * ROUNDS) {
		ss = &f->resolvers[f->attempt++ % f->n_resolvers];
		end_query(f);
		if (ask(f, ss) == 0)
			return;
	}
	failed(f);
}

static void
ask_again(evutil_socket_t fd, short what, void *arg)
{
	struct pref64find *f = arg;

	(void)fd;
	(void)what;
	if (pref64_list_has(&f->list, PREF64_BY_RA))
		return; /* it would not be used: RFC 8781, 5.1 */
	f->not_before = monotime_add_ms(monotime_now(), ASK_MS);
	read_resolvers(f);
	f->attempt = 0;
	ask_next(f);
}

static void
expired(evutil_socket_t fd, short what, void *arg)
{
	struct pref64find *f = arg;

	(void)fd;
	(void)what;
	choose(f);
	if (!pref64_list_has(&f->list, PREF64_BY_RA) && f->fd == -1)
		timer_start(f->again, 0);
}

/* --- begin and end --- */

/* Another network may have another prefix. */
static void
changed(void *arg, unsigned what)
{
	const struct monotime now = monotime_now();
	struct pref64find *f = arg;

	(void)what;
	if (f->again == NULL)
		return;
	f->retry_secs = RETRY_SECS;
	f->solicited = 0;
	if (f->ndopt != NULL)
		timer_start(f->solicit, 0);
	timer_start(f->again,
	    monotime_reached(f->not_before, now) ?
		0 :
		monotime_diff_ms(f->not_before, now) + 1);
}

struct pref64find *
pref64find_new(struct watch *watch)
{
	struct pref64find *f;

	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return (NULL);
	f->watch = watch;
	f->fd = -1;
	f->retry_secs = RETRY_SECS;
	f->ndopt = ndopt_open();
	if (f->ndopt == NULL)
		log_info("pref64: no router advertisements: %s",
		    strerror(errno));
	watch_add(watch, HOSTWATCH_ADDR | HOSTWATCH_ROUTE, changed, f);
	return (f);
}

int
pref64find_follow(struct pref64find *f, pref64find_fn *fn, void *arg)
{
	struct event_base *base = watch_base(f->watch);

	f->fn = fn;
	f->arg = arg;
	f->expiry = event_new(base, -1, 0, expired, f);
	f->again = event_new(base, -1, 0, ask_again, f);
	f->solicit = event_new(base, -1, 0, solicit, f);
	if (f->expiry == NULL || f->again == NULL || f->solicit == NULL)
		goto fail;
	if (f->ndopt != NULL) {
		f->adverts = event_new(base, ndopt_fd(f->ndopt),
		    EV_READ | EV_PERSIST, adverts_waiting, f);
		if (f->adverts == NULL || event_add(f->adverts, NULL) == -1)
			goto fail;
	}
	return (0); /* changed() is called at once, and begins */

fail:
	pref64find_stop(f);
	errno = ENOMEM;
	return (-1);
}

static void
free_event(struct event **ev)
{
	if (*ev != NULL)
		event_free(*ev);
	*ev = NULL;
}

void
pref64find_stop(struct pref64find *f)
{
	if (f == NULL)
		return;
	end_query(f);
	free_event(&f->adverts);
	free_event(&f->solicit);
	free_event(&f->expiry);
	free_event(&f->again);
}

void
pref64find_free(struct pref64find *f)
{
	if (f == NULL)
		return;
	ndopt_close(f->ndopt);
	free(f);
}
