/*
 * The protocol is hiredis' (its parser, and its formatter of commands); the
 * connection is libevent's. The asynchronous interface of hiredis is not used:
 * it ends the process when a server sends an answer that nobody asked for, and
 * sets no bounds to what it reads.
 */
#include <netinet/in.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "common/compat.h"
#include "common/monotime.h"
#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/os/timer.h"

#include "store.h"

#define MAX_PENDING 4096 /* commands without an answer */
#define MAX_WAITING (32 * 1024 * 1024)
#define MAX_UNPARSED (8 * 1024 * 1024)
#define MAX_ELEMENTS 8192	       /* of one array */
#define MAX_OBJECTS (256 * 1024)       /* of one answer */
#define MAX_STRINGS (64 * 1024 * 1024) /* octets of one answer */
#define MAX_UNREAD (1024 * 1024)
#define READ_SIZE (64 * 1024) /* octets parsed or sent in one turn */
#define WATCH_MS 500
#define REFUSAL_MS (60 * 1000) /* between two equal warnings */

struct pending {
	store_answer_fn *fn;
	void *arg;
	size_t len;
	struct monotime sent;
};

struct store {
	struct event_base *base;
	struct store_opts opts;
	struct store_ops ops;
	struct bufferevent *bev; /* NULL: none */
	redisReader *reader;
	const redisReplyObjectFunctions *make; /* of hiredis */
	unsigned n_objects;		       /* of the answer being read */
	size_t n_octets;
	redisReply *answer;  /* that is being taken */
	struct event *timer; /* pause; connected: watches the answers */
	unsigned server;     /* index */
	bool ready;
	int64_t pause_ms;
	struct pending pending[MAX_PENDING];
	size_t first;
	size_t n_pending;
	size_t waiting;
	char name[64];
	char problem[192];
	char told[192]; /* the problem that was logged; "": none */
	struct monotime silent_until;
	char refusal[192]; /* that was logged last */
	struct monotime refusal_until;
	bool reached_before;
	struct monotime since; /* it is ready */
	uint64_t losses;
};

static void connect_next(struct store *s);

/* --- bounds of an answer --- */

static bool
count(struct store *s, size_t octets)
{
	s->n_objects++;
	s->n_octets += octets;
	return (s->n_objects <= MAX_OBJECTS && s->n_octets <= MAX_STRINGS);
}

static void *
make_string(const redisReadTask *t, char *text, size_t len)
{
	struct store *s = t->privdata;

	return (count(s, len) ? s->make->createString(t, text, len) : NULL);
}

static void *
make_array(const redisReadTask *t, int n)
{
	struct store *s = t->privdata;

	if (n < 0 || n > MAX_ELEMENTS || !count(s, 0))
		return (NULL);
	return (s->make->createArray(t, n));
}

static void *
make_integer(const redisReadTask *t, long long v)
{
	struct store *s = t->privdata;

	return (count(s, 0) ? s->make->createInteger(t, v) : NULL);
}

static void *
make_nil(const redisReadTask *t)
{
	struct store *s = t->privdata;

	return (count(s, 0) ? s->make->createNil(t) : NULL);
}

static redisReplyObjectFunctions bounded = {
	.createString = make_string,
	.createArray = make_array,
	.createInteger = make_integer,
	.createNil = make_nil,
	.freeObject = freeReplyObject,
};

/* The functions of hiredis, which has no other way to ask for them. */
static const redisReplyObjectFunctions *
find_functions(void)
{
	const redisReplyObjectFunctions *fn;
	redisReader *r = redisReaderCreate();

	if (r == NULL)
		return (NULL);
	fn = r->fn; /* static */
	redisReaderFree(r);
	return (fn);
}

/* --- the connection --- */

static void
disconnect(struct store *s)
{
	if (s->bev != NULL)
		bufferevent_free(s->bev);
	s->bev = NULL;
	if (s->reader != NULL)
		redisReaderFree(s->reader);
	s->reader = NULL;
	s->first = s->n_pending = s->waiting = 0;
}

/*
 * A store that refuses what it is given is reached again at once, and refuses
 * it again. Was that said in the last minute?
 */
static bool
is_old_refusal(struct store *s, struct monotime now)
{
	if (strstr(s->problem, ": refused: ") == NULL)
		return (false);
	if (strcmp(s->refusal, s->problem) == 0 &&
	    !monotime_reached(s->refusal_until, now))
		return (true);
	strlcpy(s->refusal, s->problem, sizeof(s->refusal));
	s->refusal_until = monotime_add_ms(now, REFUSAL_MS);
	return (false);
}

/* Log the problem: the first one, and when there is another one. */
static void
tell(struct store *s)
{
	const struct monotime now = monotime_now();

	if (s->told[0] != '\0' &&
	    (strcmp(s->told, s->problem) == 0 ||
		!monotime_reached(s->silent_until, now)))
		return;
	if (is_old_refusal(s, now))
		return;
	log_warn("replication: %s: sessions are not copied", s->problem);
	strlcpy(s->told, s->problem, sizeof(s->told));
	s->silent_until = monotime_add_ms(now, STORE_PAUSE_MAX_MS);
}

/* Give up this connection, and try the next server after a pause. */
static void __attribute__((format(printf, 2, 3)))
give_up(struct store *s, const char *fmt, ...)
{
	const bool was_ready = s->ready;
	va_list ap;
	int n;

	n = snprintf(s->problem, sizeof(s->problem), "%s: ", s->name);
	va_start(ap, fmt);
	vsnprintf(s->problem + n, sizeof(s->problem) - (size_t)n, fmt, ap);
	va_end(ap);
	disconnect(s);
	s->ready = false;
	s->server = (s->server + 1) % s->opts.n_servers;
	/* Not before the last server of the list has been tried. */
	if (was_ready || s->server == 0)
		tell(s);
	if (was_ready &&
	    monotime_diff_ms(monotime_now(), s->since) >= STORE_PAUSE_MAX_MS)
		s->pause_ms = STORE_PAUSE_MIN_MS;
	timer_start(s->timer, s->pause_ms);
	s->pause_ms *= 2;
	if (s->pause_ms > STORE_PAUSE_MAX_MS)
		s->pause_ms = STORE_PAUSE_MAX_MS;
	if (!was_ready)
		return;
	s->losses++;
	s->ops.lost(s->ops.arg);
}

/*
 * The server has refused a command. Its text begins with a word that says why;
 * the rest is not logged, as it may quote what we have sent.
 */
static void
refused(struct store *s, const char *text)
{
	static const struct {
		const char *code;
		const char *meaning;
	} known[] = {
		{ "NOAUTH", "it wants a password" },
		{ "WRONGPASS", "wrong user or password" },
		{ "NOPERM", "the user may not do that (ACL)" },
		{ "OOM", "its memory is full: raise maxmemory" },
		{ "READONLY", "it is a replica" },
		{ "MISCONF", "it cannot save to its disk" },
		{ "LOADING", "it is still loading" },
		{ "ERR", "a command is unknown to it" },
	};
	char code[17];
	size_t i;

	for (i = 0; i < sizeof(code) - 1 && isupper((unsigned char)text[i]);
	     i++)
		code[i] = text[i];
	code[i] = '\0';
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(code, known[i].code) == 0)
			break;
	give_up(s, "refused: %s%s%s", code,
	    i < sizeof(known) / sizeof(known[0]) ? ": " : "",
	    i < sizeof(known) / sizeof(known[0]) ? known[i].meaning : "");
}

/* Returns false when the connection is no more. */
static bool
take_answer(struct store *s, redisReply *answer)
{
	const struct pending p = s->pending[s->first];

	if (answer->type == REDIS_REPLY_ERROR) {
		refused(s, answer->str);
		return (false);
	}
	if (s->n_pending == 0) {
		give_up(s, "it answers what was not asked");
		return (false);
	}
	s->first = (s->first + 1) % MAX_PENDING;
	s->n_pending--;
	s->waiting -= p.len;
	if (p.fn != NULL)
		p.fn(p.arg, answer);
	return (s->bev != NULL);
}

/* Returns false when the connection is no more. */
static bool
take_answers(struct store *s)
{
	void *answer;
	bool more = true;

	while (more) {
		answer = NULL;
		if (redisReaderGetReply(s->reader, &answer) != REDIS_OK ||
		    s->reader->len > MAX_UNPARSED) {
			give_up(s,
			    "it does not speak the protocol of Redis, "
			    "or answers more than was asked");
			return (false);
		}
		if (answer == NULL)
			return (true);
		s->n_objects = 0;
		s->n_octets = 0;
		s->answer = answer;
		more = take_answer(s, answer);
		freeReplyObject(s->answer);
		s->answer = NULL;
	}
	return (false);
}

static void
bytes_came(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct store *s = arg;
	char buf[16384];
	size_t left = READ_SIZE;
	int n;

	while (left > 0 && (n = evbuffer_remove(in, buf, sizeof(buf))) > 0) {
		left = left > (size_t)n ? left - (size_t)n : 0;
		if (redisReaderFeed(s->reader, buf, (size_t)n) != REDIS_OK) {
			give_up(s, "out of memory");
			return;
		}
		if (!take_answers(s))
			return;
	}
	/* The rest in another turn, after packets that have come. */
	if (evbuffer_get_length(in) > 0)
		bufferevent_trigger(bev, EV_READ,
		    BEV_TRIG_DEFER_CALLBACKS | BEV_TRIG_IGNORE_WATERMARKS);
}

static void
selected(void *arg, const redisReply *answer)
{
	struct store *s = arg;

	(void)answer;
	s->ready = true;
	s->since = monotime_now();
	if (s->told[0] != '\0')
		log_info("replication: %s: reached again", s->name);
	else if (!s->reached_before)
		log_info("replication: %s: reached", s->name);
	s->reached_before = true;
	s->told[0] = '\0';
	s->problem[0] = '\0';
	s->ops.ready(s->ops.arg);
}

/* Put a command into the output. */
static int
put(struct store *s, store_answer_fn *fn, void *arg, int argc,
    const char *const argv[], const size_t lens[])
{
	union {
		const char *const *in;
		const char **out;
	} args = { .in = argv }; /* hiredis does not change them */
	char *text;
	int len;

	if (s->n_pending == MAX_PENDING || s->waiting > MAX_WAITING)
		return (-1);
	len = redisFormatCommandArgv(&text, argc, args.out, lens);
	if (len < 0)
		return (-1);
	if (bufferevent_write(s->bev, text, (size_t)len) == -1) {
		free(text);
		return (-1);
	}
	free(text);
	s->pending[(s->first + s->n_pending++) % MAX_PENDING] =
	    (struct pending){ fn, arg, (size_t)len, monotime_now() };
	s->waiting += (size_t)len;
	return (0);
}

/* The connection is there: tell who we are. */
static void
greet(struct store *s)
{
	const char *auth[3] = { "AUTH", s->opts.user, s->opts.password };
	char db[16];
	const char *select[2] = { "SELECT", db };
	int rc = 0;

	snprintf(db, sizeof(db), "%u", s->opts.db);
	if (s->opts.user[0] == '\0')
		auth[1] = s->opts.password;
	if (s->opts.password[0] != '\0')
		rc = put(s, NULL, NULL, s->opts.user[0] == '\0' ? 2 : 3, auth,
		    NULL);
	if (rc == -1 || put(s, selected, s, 2, select, NULL) == -1)
		give_up(s, "out of memory");
}

static void
something_happened(struct bufferevent *bev, short what, void *arg)
{
	struct store *s = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		greet(s);
	else if (what & BEV_EVENT_EOF)
		give_up(s, "it has closed the connection");
	else
		give_up(s, "%s", strerror(errno));
}

static void
watch(evutil_socket_t fd, short what, void *arg)
{
	struct store *s = arg;

	(void)fd;
	(void)what;
	if (s->bev == NULL) {
		connect_next(s);
		return;
	}
	if (monotime_diff_ms(monotime_now(), s->pending[s->first].sent) >
		STORE_PATIENCE_MS &&
	    (s->n_pending > 0 || !s->ready)) {
		give_up(s, "no answer for %d s", STORE_PATIENCE_MS / 1000);
		return;
	}
	timer_start(s->timer, WATCH_MS);
}

static void
connect_next(struct store *s)
{
	const struct sockaddr *sa =
	    (const struct sockaddr *)&s->opts.servers[s->server];
	const int len = sa->sa_family == AF_INET ?
	    (int)sizeof(struct sockaddr_in) :
	    (int)sizeof(struct sockaddr_in6);

	sockaddr_print(&s->opts.servers[s->server], s->name, sizeof(s->name));
	s->n_objects = 0;
	s->n_octets = 0;
	/* From here the answers are waited for. */
	s->pending[s->first].sent = monotime_now();
	s->reader = redisReaderCreateWithFunctions(&bounded);
	s->bev = bufferevent_socket_new(s->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (s->reader == NULL || s->bev == NULL) {
		give_up(s, "out of memory");
		return;
	}
	s->reader->privdata = s;
	bufferevent_setwatermark(s->bev, EV_READ, 0, MAX_UNREAD);
	(void)bufferevent_set_max_single_read(s->bev, READ_SIZE);
	(void)bufferevent_set_max_single_write(s->bev, READ_SIZE);
	bufferevent_setcb(s->bev, bytes_came, NULL, something_happened, s);
	if (bufferevent_enable(s->bev, EV_READ | EV_WRITE) == -1 ||
	    bufferevent_socket_connect(s->bev, sa, len) == -1) {
		if (s->bev != NULL)
			give_up(s, "%s", strerror(errno));
		return;
	}
	timer_start(s->timer, WATCH_MS);
}

/* --- for others --- */

struct store *
store_new(struct event_base *base, const struct store_opts *opts,
    const struct store_ops *ops)
{
	struct store *s;

	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return (NULL);
	s->base = base;
	s->opts = *opts;
	s->ops = *ops;
	s->pause_ms = STORE_PAUSE_MIN_MS;
	s->make = find_functions();
	s->timer = event_new(base, -1, 0, watch, s);
	if (s->make == NULL || s->timer == NULL) {
		store_free(s);
		errno = ENOMEM;
		return (NULL);
	}
	sockaddr_print(&opts->servers[0], s->name, sizeof(s->name));
	snprintf(s->problem, sizeof(s->problem), "%s: not reached yet",
	    s->name);
	timer_start(s->timer, 0);
	return (s);
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	disconnect(s);
	if (s->timer != NULL)
		event_free(s->timer);
	explicit_bzero(s->opts.password, sizeof(s->opts.password));
	free(s);
}

int
store_send(struct store *s, store_answer_fn *fn, void *arg, int argc,
    const char *const argv[], const size_t lens[])
{
	return (s->ready ? put(s, fn, arg, argc, argv, lens) : -1);
}

void
store_forget(struct store *s, const void *arg)
{
	struct pending *p;
	size_t i;

	for (i = 0; i < s->n_pending; i++) {
		p = &s->pending[(s->first + i) % MAX_PENDING];
		if (p->arg == arg)
			p->fn = NULL;
	}
}

redisReply *
store_keep_answer(struct store *s)
{
	redisReply *answer = s->answer;

	s->answer = NULL;
	return (answer);
}

void
store_free_answer(redisReply *answer)
{
	freeReplyObject(answer);
}

bool
store_is_ready(const struct store *s)
{
	return (s->ready);
}

size_t
store_waiting(const struct store *s)
{
	return (s->waiting);
}

const char *
store_problem(const struct store *s)
{
	return (s->ready ? NULL : s->problem);
}

const char *
store_server(const struct store *s)
{
	return (s->name);
}

uint64_t
store_losses(const struct store *s)
{
	return (s->losses);
}
