/*
 * Fuzz target of requests: the parameters about the tables of nat64d, decoded,
 * and the headers that say where a request comes from. The input is lines
 * NAME=VALUE, and for the headers the first three lines as they are.
 *
 * Whatever they say: a parameter is either used or refused with one message,
 * an address that is used reads the same after it was printed, and a name in
 * the Host header is accepted only if it is ours.
 */
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http/httpd.h"
#include "common/http/origin.h"

#include "nat64d/control/query.h"
#include "nat64d/core/nat64.h"

#define OWN "gateway.example.net"
#define LINES 16

#include "translator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request: its lines, and what became of it. */
struct httpd_request {
	char *lines[LINES]; /* as they are; NULL after the last */
	char *names[LINES];
	char *values[LINES];
	unsigned n;
	unsigned n_errors;
};

/* --- instead of the server --- */

const char *
httpd_param(struct httpd_request *rq, const char *name)
{
	unsigned i;

	for (i = 0; i < rq->n; i++)
		if (strcmp(rq->names[i], name) == 0)
			return (rq->values[i]);
	return (NULL);
}

void
httpd_error(struct httpd_request *rq, int status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (status != 400 || text[0] == '\0')
		abort();
	rq->n_errors++;
}

/* --- the tests --- */

static struct nat64 *
make_translator(void)
{
	const struct monotime now = { INT64_C(1) << 50 };
	struct pool4_range pool;
	struct nat64_config c;

	fuzz_config(&c, &pool);
	c.subscriber_len = 56;
	return (fuzz_translator(&c, now));
}

/* Either it was refused with one message, or not, without one. */
static bool
taken(struct httpd_request *rq, int rc)
{
	const unsigned errors = rq->n_errors;

	if (errors != (rc == -1))
		abort();
	rq->n_errors = 0;
	return (rc == 0);
}

static void
check_end(const struct nat64_end *end)
{
	char text[PREFIX_STRLEN];
	struct nat64_end again;

	if (end->net.family == 0)
		return;
	memset(&again, 0, sizeof(again));
	prefix_print(&end->net, text, sizeof(text));
	if (nat64_end_parse(text, &again) != NULL ||
	    again.net.len != end->net.len ||
	    !prefix_overlap(&again.net, &end->net))
		abort();
}

static void
check_filter(struct httpd_request *rq, const struct nat64 *n)
{
	struct nat64_filter f;

	if (!taken(rq, query_filter(rq, n, &f)))
		return;
	check_end(&f.any);
	check_end(&f.host);
	check_end(&f.peer);
	if (f.subscriber.family != 0 && f.subscriber.len > 56)
		abort();
	if (nat64_filter_is_empty(&f) &&
	    (httpd_param(rq, "addr") != NULL ||
		httpd_param(rq, "port") != NULL ||
		httpd_param(rq, "proto") != NULL))
		abort();
}

static void
check_rest(struct httpd_request *rq)
{
	static const char *const keys[] = { "sessions", "lifetime", NULL };
	struct taddr6 addr6;
	struct taddr4 addr4;
	enum l4proto proto;
	size_t key, top;

	if (taken(rq, query_top(rq, keys, &key, &top)) &&
	    (key > 1 || top > QUERY_TOP_MAX))
		abort();
	if (taken(rq, query_proto(rq, &proto)) && proto >= L4_NPROTO)
		abort();
	(void)taken(rq, query_taddr6(rq, "host", &addr6));
	(void)taken(rq, query_taddr4(rq, "out", &addr4));
}

/* Of what is accepted, the name is an address or one of ours. */
static void
check_headers(char *const lines[])
{
	unsigned char octets[sizeof(struct in6_addr)];
	char name[256];
	size_t len;

	if (origin_refuse(lines[0], lines[1],
		lines[1] != NULL ? lines[2] : NULL, OWN) != NULL)
		return;
	if (lines[0][0] == '[')
		return;
	len = strcspn(lines[0], ":");
	if (len >= sizeof(name))
		abort();
	memcpy(name, lines[0], len);
	name[len] = '\0';
	if (len > 0 && name[len - 1] == '.')
		name[len - 1] = '\0';
	if (inet_pton(AF_INET, name, octets) != 1 &&
	    inet_pton(AF_INET6, name, octets) != 1 &&
	    strcasecmp(name, "localhost") != 0 && strcasecmp(name, OWN) != 0 &&
	    strcasecmp(name, "gateway") != 0)
		abort();
}

static char *
copy_of(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		abort();
	return (copy);
}

static void
split(struct httpd_request *rq, char *text)
{
	char *line, *value;

	memset(rq, 0, sizeof(*rq));
	while (rq->n < LINES - 1 && (line = strsep(&text, "\n")) != NULL) {
		rq->lines[rq->n] = copy_of(line);
		value = strchr(line, '=');
		if (value != NULL)
			*value++ = '\0';
		rq->names[rq->n] = copy_of(line);
		rq->values[rq->n++] = copy_of(value != NULL ? value : "");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct nat64 *n;
	struct httpd_request rq;
	char *text;
	unsigned i;

	if (n == NULL)
		n = make_translator();
	text = malloc(size + 1);
	if (text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	split(&rq, text);
	free(text);
	check_filter(&rq, n);
	check_rest(&rq);
	check_headers(rq.lines);
	for (i = 0; i < rq.n; i++) {
		free(rq.lines[i]);
		free(rq.names[i]);
		free(rq.values[i]);
	}
	return (0);
}
