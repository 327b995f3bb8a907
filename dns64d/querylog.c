#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"
#include "common/os/debuglog.h"
#include "common/monotime.h"
#include "common/net/pref64.h"
#include "common/net/scoped_addr.h"

#include "dns64d/client/frontend.h"
#include "dns64d/wire/msg_edns.h"
#include "dns64d/wire/name_text.h"
#include "dns64d/policy/policy.h"
#include "querylog.h"
#include "resolve.h"
#include "dns64d/upstream/upstream.h"

/* Longer lines are cut. An escaped octet of a name takes four characters. */
#define LINE_SIZE 900

struct querylog {
	struct debuglog *debug;
};

/* The line that is being composed. */
struct text {
	char buf[LINE_SIZE];
	size_t len;
};

struct querylog *
querylog_new(struct event_base *base)
{
	struct querylog *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	if ((l->debug = debuglog_new(base)) == NULL) {
		free(l);
		return (NULL);
	}
	return (l);
}

void
querylog_free(struct querylog *l)
{
	if (l == NULL)
		return;
	debuglog_free(l->debug);
	free(l);
}

const char *
querylog_over(const struct client *client)
{
	if (client->inside != NULL)
		return ("control");
	return (client->tcp != NULL ? "tcp" : "udp");
}

const char *
querylog_source(enum resolve_source source)
{
	static const char *const words[] = {
		[RESOLVE_UPSTREAM] = "upstream",
		[RESOLVE_CACHE] = "cache",
		[RESOLVE_STALE] = "stale-cache",
		[RESOLVE_CACHED_FAILURE] = "failure-cache",
	};

	return (words[source]);
}

const char *
querylog_outcome(enum synth_outcome outcome)
{
	static const char *const words[] = {
		[SYNTH_O_RELAYED] = "passed",
		[SYNTH_O_FILTERED] = "filtered",
		[SYNTH_O_SYNTHESISED] = "synthesised",
		[SYNTH_O_NXDOMAIN] = "nxdomain-synth",
		[SYNTH_O_NODATA] = "no-data",
		[SYNTH_O_PTR] = "ptr",
		[SYNTH_O_LOCAL] = "local",
		[SYNTH_O_FAILED] = "failed",
	};

	return (words[outcome]);
}

__attribute__((__format__(printf, 2, 3))) static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, sizeof(t->buf) - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n;
	if (t->len >= sizeof(t->buf))
		t->len = sizeof(t->buf) - 1;
}

static void
add_question(struct text *t, const struct msg_scan *query)
{
	char name[NAME_TEXT_MAX], type[TYPE_TEXT_MAX];

	name_to_text(query->wire + MSG_HEADER_LEN, name);
	add(t, " name=%s type=%s", name, type_to_text(query->qtype, type));
}

void
querylog_prefix(const struct querylog_line *line, struct pref64 *out)
{
	const struct dns64_policy *p = line->policy;
	struct msg_rr rr = { .msg = NULL };
	struct msg_scan scan;
	struct in6_addr addr;
	int i = -1;

	out->len = 0;
	if (p == NULL ||
	    msg_scan(line->answer, line->answer_len, &scan) != MSG_SCAN_OK)
		return;
	while (i == -1 && msg_rr_next(&scan, MSG_ANSWER, &rr)) {
		if (rr.type != MSG_T_AAAA || rr.rdlen != sizeof(addr))
			continue;
		memcpy(&addr, scan.wire + rr.rdata, sizeof(addr));
		i = pref64_find(p->prefixes, p->n_prefixes, &addr);
	}
	if (i != -1)
		*out = p->prefixes[i];
}

static void
add_prefix(struct text *t, const struct querylog_line *line)
{
	char buf[PREF64_STRLEN];
	struct pref64 prefix;

	querylog_prefix(line, &prefix);
	if (prefix.len != 0)
		add(t, " prefix=%s", pref64_print(&prefix, buf, sizeof(buf)));
}

static void
add_ede(struct text *t, const struct ede_set *ede)
{
	unsigned i;

	for (i = 0; i < ede->n; i++)
		add(t, "%s%u", i == 0 ? " ede=" : ",", ede->code[i]);
}

static void
add_upstream(struct text *t, const struct resolve *r, const char *lookup)
{
	char buf[SCOPED_ADDR_STRLEN];

	if (r->from == NULL) {
		add(t, " %sfrom=nobody", lookup);
		return;
	}
	add(t, " %sfrom=%s %sms=%" PRId64, lookup,
	    scoped_addr_print(&r->from->addr, buf, sizeof(buf)), lookup,
	    monotime_diff_ms(monotime_now(), r->asked_at));
}

/* Where the reply of a lookup came from. */
static void
add_lookup(struct text *t, const struct resolve *r, bool pending,
    const char *lookup)
{
	if (pending)
		add(t, " %sfrom=waiting", lookup);
	else if (r->source == RESOLVE_UPSTREAM)
		add_upstream(t, r, lookup);
	else
		add(t, " %sfrom=%s", lookup, querylog_source(r->source));
}

static void
add_origin(struct text *t, const struct querylog_line *line)
{
	if (line->from != NULL)
		add(t, " from=%s", line->from);
	if (line->lookup[SYNTH_MAIN] != NULL)
		add_lookup(t, line->lookup[SYNTH_MAIN],
		    line->pending[SYNTH_MAIN], "");
	if (line->lookup[SYNTH_A] != NULL)
		add_lookup(t, line->lookup[SYNTH_A], line->pending[SYNTH_A],
		    "a-");
}

void
querylog_write(struct querylog *l, const struct querylog_line *line)
{
	char buf[SOCKADDR_STRLEN], rcode[RCODE_TEXT_MAX];
	struct text t = { .len = 0 };

	if (!debuglog_take(l->debug))
		return;
	add(&t, "query client=%s over=%s",
	    sockaddr_print(frontend_peer(line->client), buf, sizeof(buf)),
	    querylog_over(line->client));
	if (line->question)
		add_question(&t, line->query);
	add(&t, " action=%s", line->action);
	if (line->why != NULL)
		add(&t, " why=%s", line->why);
	add_prefix(&t, line);
	if (line->answered)
		add(&t, " rcode=%s", rcode_to_text(line->rcode, rcode));
	if (line->ede != NULL)
		add_ede(&t, line->ede);
	add_origin(&t, line);
	log_debug("%s", t.buf);
}
