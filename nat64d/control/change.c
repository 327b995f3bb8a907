/*
 * POST /v1/flush; POST and DELETE /v1/statics.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/os/log.h"

#include "nat64d/admin.h"
#include "nat64d/conf/conf.h"
#include "nat64d/core/nat64_kill.h"
#include "nat64d/core/nat64_static.h"
#include "nat64d/engine.h"

#include "numbers.h"
#include "query.h"
#include "routes.h"

/* Entries looked at in a turn, so that packets wait a fraction of a ms. */
#define KILL_STEPS 256

/* --- flush --- */

struct killing {
	struct nat64 *n;
	struct nat64_kill kill;
};

/* The answer comes at the end. */
static bool
kill_more(void *arg, struct evbuffer *out)
{
	struct killing *k = arg;

	if (nat64_kill(k->n, &k->kill, monotime_now(), KILL_STEPS))
		return (true);
	evbuffer_add_printf(out, "{\"sessions-ended\":%" PRIu64 "}\n",
	    k->kill.n_ended);
	return (false);
}

static void
kill_end(void *arg)
{
	const struct killing *k = arg;

	log_info("%" PRIu64 " sessions ended by an operator", k->kill.n_ended);
	free(arg);
}

static void
flush_all(const struct admin *a, struct httpd_request *rq)
{
	const struct nat64 *n = engine_nat64(a->engine);
	const uint64_t sessions = numbers_sessions(n);

	engine_flush(a->engine);
	httpd_json(rq, 200,
	    json_pack("{s:I}", "sessions-ended", (json_int_t)sessions));
}

void
post_flush(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { QUERY_FILTER, NULL };
	static const struct httpd_stream_ops ops = { kill_more, kill_end };
	const struct admin *a = arg;
	struct nat64_filter f;
	struct killing *k;

	if (httpd_only_params(rq, params) == -1 ||
	    query_filter(rq, engine_nat64(a->engine), &f) == -1)
		return;
	if (nat64_filter_is_empty(&f)) {
		flush_all(a, rq);
		return;
	}
	k = calloc(1, sizeof(*k));
	if (k == NULL) {
		httpd_error(rq, 500, "out of memory");
		return;
	}
	k->n = engine_nat64(a->engine);
	k->kill.filter = f;
	httpd_stream(rq, "application/json", &ops, k);
}

/* --- static bindings --- */

/* [2001:db8::1]:80 and 192.0.2.1:80. */
#define BOTH_STRLEN (INET6_ADDRSTRLEN + INET_ADDRSTRLEN + 32)

static const char *
print_both(const struct taddr6 *in6, const struct taddr4 *out4,
    char text[BOTH_STRLEN])
{
	char addr6[INET6_ADDRSTRLEN], addr4[INET_ADDRSTRLEN];

	inet_ntop(AF_INET6, &in6->addr, addr6, sizeof(addr6));
	inet_ntop(AF_INET, &out4->addr, addr4, sizeof(addr4));
	snprintf(text, BOTH_STRLEN, "[%s]:%u and %s:%u", addr6, in6->port,
	    addr4, out4->port);
	return (text);
}

/* Read proto, host and out. */
static int
read_static(struct httpd_request *rq, struct nat64_static *st)
{
	memset(st, 0, sizeof(*st));
	if (query_proto(rq, &st->proto) == -1 ||
	    query_taddr6(rq, "host", &st->in6) == -1)
		return (-1);
	return (query_taddr4(rq, "out", &st->out4));
}

/* Does the pool statement leave this port out? */
static bool
is_hole(const struct conf *c, const struct nat64_static *st)
{
	const uint32_t addr = ntohl(st->out4.addr.s_addr);
	const struct pool4_range *r = c->nat64.pool;
	size_t i;

	for (i = 0; i < c->nat64.n_pool; i++, r++)
		if (addr >= ntohl(r->first.s_addr) &&
		    addr <= ntohl(r->last.s_addr))
			return (
			    portlist_has(&r->holes[st->proto], st->out4.port));
	return (false);
}

static void
refuse_static(struct httpd_request *rq, const struct bib_entry *other)
{
	const int error = errno;
	char text[BOTH_STRLEN] = "";

	if (other != NULL)
		print_both(&other->in6, &other->out4, text);
	switch (error) {
	case EINVAL:
		httpd_error(rq, 400,
		    "host: must be a global unicast address outside of the "
		    "prefixes of the translator; ports must not be 0");
		break;
	case EADDRNOTAVAIL:
		httpd_error(rq, 400, "out: this address is not in the pool");
		break;
	case EEXIST:
		httpd_error(rq, 409, "%s are bound to each other %s", text,
		    other->is_static ? "statically: delete that first" :
				       "by traffic: --force ends that");
		break;
	case EBUSY:
		httpd_error(rq, 409,
		    "%s are bound to each other and have more than %u "
		    "sessions: end them first, with kill",
		    text, NAT64_STATIC_MAX_ENDED);
		break;
	default:
		httpd_error(rq, 503, "%s", strerror(error));
		break;
	}
}

/* Say in the log and in the answer what was done. */
static void
report_static(struct httpd_request *rq, const struct nat64_static *st,
    const char *what)
{
	char text[BOTH_STRLEN];

	log_info("static binding of %s %s %s by an operator",
	    numbers_proto(st->proto), print_both(&st->in6, &st->out4, text),
	    what);
	httpd_json(rq, 200, json_pack("{s:s}", "static", what));
}

void
post_statics(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "proto", "host", "out", "force",
		NULL };
	const struct admin *a = arg;
	const struct bib_entry *other;
	struct nat64_static st;

	if (httpd_only_params(rq, params) == -1 || read_static(rq, &st) == -1)
		return;
	if (is_hole(a->conf, &st)) {
		httpd_error(rq, 400,
		    "out: the pool statement leaves this port out");
		return;
	}
	if (nat64_static_add(engine_nat64(a->engine), &st,
		httpd_param(rq, "force") != NULL, monotime_now(),
		&other) == -1)
		refuse_static(rq, other);
	else
		report_static(rq, &st, "added");
}

void
delete_statics(void *arg, struct httpd_request *rq)
{
	static const char *const params[] = { "proto", "host", "out", NULL };
	const struct admin *a = arg;
	struct nat64_static st;

	if (httpd_only_params(rq, params) == -1 || read_static(rq, &st) == -1)
		return;
	if (nat64_static_delete(engine_nat64(a->engine), &st,
		monotime_now()) == 0)
		report_static(rq, &st, "deleted");
	else if (errno == EBUSY)
		httpd_error(rq, 409,
		    "its port is in a block of another subscriber, so its "
		    "sessions have to end, and it has more than %u: end them "
		    "first, with kill",
		    NAT64_STATIC_MAX_ENDED);
	else
		httpd_error(rq, 404,
		    "there is no such static binding; they are listed by "
		    "\"show bindings\"");
}
