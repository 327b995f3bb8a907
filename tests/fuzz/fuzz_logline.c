/*
 * Fuzz target of the reader of event logs: what is read of any line is in
 * bounds, and answers are in the interval that was asked for. The first octet
 * says what is asked; a line that is empty begins another file.
 */
#include <arpa/inet.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/log/whohad.h"

/* 1970 to 9999, give or take the offset of a zone. */
#define DAY_MS INT64_C(86400000)
#define LAST_MS INT64_C(253402300800000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take_line(struct whohad *w, const char *line, size_t len)
{
	struct logline l;

	if (len == 0) {
		whohad_begin_file(w);
		return;
	}
	if (!logline_parse(line, len, &l))
		return;
	if (l.unix_ms < -DAY_MS || l.unix_ms > LAST_MS + DAY_MS ||
	    l.len6 > 128 || (unsigned)l.proto >= L4_NPROTO ||
	    (l.kind == LOGLINE_BLOCK && l.ports.first > l.ports.last))
		abort();
	if (whohad_add(w, &l) == -1)
		abort();
}

static void
check_answers(const struct whohad *w, const struct whohad_query *q)
{
	const struct whohad_answer *a;
	size_t n = whohad_answers(w, &a);

	for (; n > 0; n--, a++) {
		if (a->what.addr4.addr.s_addr != q->addr.s_addr)
			abort();
		if (a->what.kind < LOGLINE_BINDING ||
		    a->what.kind > LOGLINE_BLOCK)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *eol;
	struct whohad_query q = { .port = 40000, .proto = -1 };
	struct whohad *w;

	if (size == 0)
		return (0);
	q.addr.s_addr = htonl(0xcb007105);
	q.from_ms = INT64_C(1795442400000) + *p++ * 1000;
	q.to_ms = q.from_ms + 999;
	w = whohad_new(&q);
	if (w == NULL)
		abort();
	whohad_begin_file(w);
	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		take_line(w, p, (size_t)(eol - p));
	}
	if (whohad_finish(w) == -1)
		abort();
	check_answers(w, &q);
	whohad_free(w);
	return (0);
}
