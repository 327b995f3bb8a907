/*
 * ORDER_STOP, sent as an octet, stops a thread, which confirms that and waits
 * for the next order: to go on, or to leave. Between the confirmation and that
 * order the main thread may use the worker.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/os/log.h"
#include "common/os/sandbox.h"
#include "common/siphash.h"

#include "dns64d/client/frontend.h"
#include "thread.h"
#include "worker.h"
#include "workers.h"

/* No two workers have counters in the same cache line. */
#define ALIGNMENT 128

enum order { ORDER_STOP, ORDER_GO_ON, ORDER_LEAVE };

struct member {
	_Alignas(ALIGNMENT) struct worker worker;
	unsigned number; /* from 1 */
	/* Not used for the first one, which runs in the main thread. */
	struct thread thread;
	struct event ordered;
	const struct sandbox *sandbox; /* while starting */
};

struct workers {
	struct member *v;
	unsigned n;
	unsigned n_threads; /* of v[1] and those that follow */
};

struct workers *
workers_new(unsigned n)
{
	struct siphash_key cookie_seed;
	struct workers *ws;
	unsigned i;

	if ((ws = calloc(1, sizeof(*ws))) == NULL)
		return (NULL);
	ws->n = n;
	ws->v = aligned_alloc(ALIGNMENT, n * sizeof(*ws->v));
	if (ws->v == NULL) {
		free(ws);
		return (NULL);
	}
	memset(ws->v, 0, n * sizeof(*ws->v));
	arc4random_buf(&cookie_seed, sizeof(cookie_seed));
	for (i = 0; i < n; i++) {
		ws->v[i].number = i + 1;
		if (worker_init(&ws->v[i].worker, i == 0, &cookie_seed) ==
		    -1) {
			workers_end(ws);
			workers_free(ws);
			return (NULL);
		}
	}
	return (ws);
}

int
workers_listen(struct workers *ws, const struct conf *conf)
{
	unsigned i;

	for (i = 0; i < ws->n; i++) {
		if (worker_listen(&ws->v[i].worker, conf) == -1)
			return (-1);
	}
	return (0);
}

int
workers_begin(struct workers *ws, struct conf *conf)
{
	unsigned i;

	for (i = 0; i < ws->n; i++) {
		if (worker_begin(&ws->v[i].worker, conf) == -1)
			return (-1);
	}
	return (0);
}

struct event_base *
workers_base(const struct workers *ws)
{
	return (ws->v[0].worker.base);
}

/* In the thread: confirm that it has stopped, and wait for the next order. */
static int
stop_and_wait(struct member *m)
{
	thread_put(m->thread.own_end, ORDER_STOP);
	return (thread_get(m->thread.own_end));
}

static void
on_order(evutil_socket_t fd, short what, void *arg)
{
	struct member *m = arg;

	(void)what;
	thread_get(fd);
	if (stop_and_wait(m) == ORDER_LEAVE)
		event_base_loopbreak(m->worker.base);
}

static void *
run(void *arg)
{
	struct member *m = arg;
	char name[sizeof("worker ") + 10];

	snprintf(name, sizeof(name), "worker %u", m->number);
	log_set_thread(name);
	sandbox_enter(m->sandbox);
	if (stop_and_wait(m) == ORDER_GO_ON)
		event_base_dispatch(m->worker.base);
	event_del(&m->ordered);
	return (NULL);
}

static void
order(struct workers *ws, enum order what)
{
	unsigned i;

	for (i = 1; i <= ws->n_threads; i++)
		thread_put(ws->v[i].thread.main_end, (uint8_t)what);
}

/* Stop the other workers. */
static void
hold(struct workers *ws)
{
	unsigned i;

	order(ws, ORDER_STOP);
	for (i = 1; i <= ws->n_threads; i++)
		thread_get(ws->v[i].thread.main_end);
}

/* Returns when the thread has entered the sandbox and waits for an order. */
static void
start_thread(struct member *m, const struct sandbox *sb)
{
	m->sandbox = sb;
	thread_start(&m->thread, "worker", run, m);
	event_assign(&m->ordered, m->worker.base, m->thread.own_end,
	    EV_READ | EV_PERSIST, on_order, m);
	if (event_add(&m->ordered, NULL) == -1)
		fatalx("worker: out of memory");
}

void
workers_start(struct workers *ws, const struct sandbox *sb)
{
	struct worker *w;
	unsigned i;

	for (i = 1; i < ws->n; i++) {
		start_thread(&ws->v[i], sb);
		ws->n_threads++;
	}
	sandbox_enter(sb);
	for (i = 0; i < ws->n; i++) {
		w = &ws->v[i].worker;
		if (frontend_start(w->frontend, w->base) == -1)
			fatal("listeners");
	}
	order(ws, ORDER_GO_ON);
}

/* Undo prepare() for the first n workers. */
static void
abandon(struct workers *ws, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		worker_abandon(&ws->v[i].worker);
}

/* Returns 0; -1 after a log message, and then nothing has changed. */
static int
prepare(struct workers *ws, struct conf *conf)
{
	unsigned i;

	for (i = 0; i < ws->n; i++) {
		if (worker_prepare(&ws->v[i].worker, conf) == -1) {
			abandon(ws, i);
			return (-1);
		}
	}
	return (0);
}

int
workers_check(struct workers *ws, struct conf *conf)
{
	int rc;

	hold(ws);
	rc = prepare(ws, conf);
	if (rc == 0)
		abandon(ws, ws->n);
	order(ws, ORDER_GO_ON);
	return (rc);
}

int
workers_reload(struct workers *ws, struct conf *conf, bool keep)
{
	unsigned i;
	int rc;

	hold(ws);
	rc = prepare(ws, conf);
	for (i = 0; rc == 0 && i < ws->n; i++)
		worker_commit(&ws->v[i].worker, keep);
	order(ws, ORDER_GO_ON);
	return (rc);
}

void
workers_connect(struct workers *ws, const struct acl *connected)
{
	unsigned i;

	hold(ws);
	for (i = 0; i < ws->n; i++)
		frontend_connect(ws->v[i].worker.frontend, connected);
	order(ws, ORDER_GO_ON);
}

void
workers_hurry(struct workers *ws)
{
	unsigned i;

	hold(ws);
	for (i = 0; i < ws->n; i++)
		worker_hurry(&ws->v[i].worker);
	order(ws, ORDER_GO_ON);
}

void
workers_watch_refusals(struct workers *ws, refusals_fn *fn, void *arg)
{
	struct refusals *r;
	unsigned i;

	for (i = 0; i < ws->n; i++) {
		r = frontend_refusals(ws->v[i].worker.frontend);
		r->first = fn;
		r->arg = arg;
	}
}

void
workers_take_refusals(struct workers *ws, struct refusals *sum)
{
	unsigned i;

	hold(ws);
	for (i = 0; i < ws->n; i++)
		refusals_move(sum,
		    frontend_refusals(ws->v[i].worker.frontend));
	order(ws, ORDER_GO_ON);
}

void
workers_follow(struct workers *ws)
{
	unsigned i;

	hold(ws);
	for (i = 0; i < ws->n; i++)
		frontend_follow(ws->v[i].worker.frontend);
	order(ws, ORDER_GO_ON);
}

static void
print_stopped(const struct workers *ws, FILE *f)
{
	struct stats sum = { 0 };
	const struct worker *w;
	unsigned i;

	for (i = 0; i < ws->n; i++)
		stats_add(&sum, &ws->v[i].worker.stats);
	stats_print(&sum, f);
	for (i = 0; i < ws->n; i++) {
		w = &ws->v[i].worker;
		if (ws->n > 1)
			fprintf(f, "worker %u queries %" PRIu64 "\n",
			    ws->v[i].number,
			    w->stats.n[STAT_QUERIES_UDP] +
				w->stats.n[STAT_QUERIES_TCP]);
		worker_print(w, f);
	}
	fputs("end\n", f);
}

int
workers_print(struct workers *ws, struct evbuffer *out)
{
	char *text = NULL;
	size_t len;
	FILE *memory;
	int rc = -1;

	if ((memory = open_memstream(&text, &len)) == NULL)
		return (-1);
	hold(ws);
	print_stopped(ws, memory);
	order(ws, ORDER_GO_ON);
	if (fclose(memory) == 0)
		rc = evbuffer_add(out, text, len);
	free(text);
	return (rc);
}

void
workers_each(struct workers *ws, void (*fn)(void *arg, struct worker *w),
    void *arg)
{
	unsigned i;

	hold(ws);
	for (i = 0; i < ws->n; i++)
		fn(arg, &ws->v[i].worker);
	order(ws, ORDER_GO_ON);
}

struct worker *
workers_first(struct workers *ws)
{
	return (&ws->v[0].worker);
}

static void
end_threads(struct workers *ws)
{
	unsigned i;

	hold(ws);
	order(ws, ORDER_LEAVE);
	for (i = 1; i <= ws->n_threads; i++)
		thread_end(&ws->v[i].thread);
}

void
workers_end(struct workers *ws)
{
	unsigned i;

	end_threads(ws);
	for (i = 0; i < ws->n; i++)
		worker_end(&ws->v[i].worker);
}

void
workers_free(struct workers *ws)
{
	unsigned i;

	for (i = 0; i < ws->n; i++)
		worker_clear(&ws->v[i].worker);
	free(ws->v);
	free(ws);
}
