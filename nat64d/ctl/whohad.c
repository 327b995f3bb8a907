/*
 * nat64ctl whohad: who had an address and port, from files of the event log.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/conf/conf.h"
#include "nat64d/core/event_text.h"
#include "nat64d/log/whohad.h"

#include "commands.h"
#include "unpack.h"
#include "whohad_time.h"

/* Longer lines are none of ours, whatever others have put around them. */
#define LINE_SIZE (16 * 1024)

#define READ_SIZE (64 * 1024)

/* A line that is put together from pieces of a file. */
struct reading {
	struct whohad *w;
	char line[LINE_SIZE];
	size_t len;
	bool too_long;
	const char *torn; /* the last file whose last line has no end */
	bool has_conf;	  /* a configuration is given as well */
};

/* --- arguments --- */

static int
say(const char *name, const char *what)
{
	fprintf(stderr, "nat64ctl: %s: %s\n", name, what);
	return (-1);
}

/* 192.0.2.1:40123 */
static bool
take_address(const char *text, struct whohad_query *q)
{
	const char *colon = strrchr(text, ':'), *error;
	char addr[INET_ADDRSTRLEN];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(addr))
		return (false);
	memcpy(addr, text, (size_t)(colon - text));
	addr[colon - text] = '\0';
	q->port = (uint16_t)strtonum(colon + 1, 0, UINT16_MAX, &error);
	return (error == NULL && inet_pton(AF_INET, addr, &q->addr) == 1);
}

static int
take_proto(const char *name)
{
	if (name == NULL)
		return (-1);
	if (strcmp(name, "tcp") == 0)
		return (L4_TCP);
	return (strcmp(name, "udp") == 0 ? L4_UDP : L4_ICMP);
}

/* --- files --- */

static int
take_line(struct reading *r)
{
	struct logline l;
	int rc = 0;

	if (!r->too_long && logline_parse(r->line, r->len, &l))
		rc = whohad_add(r->w, &l);
	r->len = 0;
	r->too_long = false;
	return (rc);
}

/* Returns 0, or -1 with errno. */
static int
take_piece(struct reading *r, const char *p, size_t len)
{
	const char *const end = p + len;
	const char *eol;
	size_t n;

	while (p < end) {
		eol = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((eol != NULL ? eol : end) - p);
		if (n > sizeof(r->line) - r->len)
			r->too_long = true;
		else {
			memcpy(r->line + r->len, p, n);
			r->len += n;
		}
		if (eol == NULL)
			break;
		if (take_line(r) == -1)
			return (-1);
		p = eol + 1;
	}
	return (0);
}

static int
say_full(const char *name)
{
	return (say(name,
	    errno == E2BIG ? "there are too many events about this address "
			     "and port: give the files of a shorter time" :
			     strerror(errno)));
}

/*
 * What has no newline behind it: a part of a line, which may have a part of a
 * port, unless a bracket ends it.
 */
static int
take_rest(struct reading *r, const char *name)
{
	if (r->len == 0 || strchr("}]", r->line[r->len - 1]) != NULL)
		return (take_line(r));
	r->torn = name;
	r->len = 0;
	r->too_long = false;
	return (0);
}

static int
read_stream(struct reading *r, const char *name, FILE *f)
{
	static char buf[READ_SIZE];
	bool first = true;
	size_t n;

	whohad_begin_file(r->w);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0) {
		if (first && unpack_program(buf, n) != NULL)
			return (say(name,
			    "is compressed: decompress it and "
			    "give \"-\" for the file, as in: "
			    "zcat FILE | nat64ctl whohad ... -"));
		first = false;
		if (take_piece(r, buf, n) == -1)
			return (say_full(name));
	}
	if (ferror(f))
		return (say(name, strerror(errno)));
	return (take_rest(r, name) == -1 ? say_full(name) : 0);
}

/* A file that was compressed. */
static int
read_packed(struct reading *r, const char *name, FILE *f, const char *program)
{
	struct unpack u;
	char text[80];
	int rc, error;

	error = unpack_start(&u, program, f);
	if (error != 0) {
		snprintf(text, sizeof(text), "%s, which decompresses it: %s",
		    program, strerror(error));
		return (say(name, text));
	}
	rc = read_stream(r, name, u.out);
	if (unpack_finish(&u) || rc == -1)
		return (rc);
	snprintf(text, sizeof(text), "%s found an error", program);
	return (say(name, text));
}

static int
read_file(struct reading *r, const char *name)
{
	const char *program;
	FILE *f;
	int rc;

	if (strcmp(name, "-") == 0)
		return (read_stream(r, "standard input", stdin));
	f = fopen(name, "r");
	if (f == NULL)
		return (say(name, strerror(errno)));
	program = unpack_program_of(f);
	if (program != NULL)
		rc = read_packed(r, name, f, program);
	else
		rc = read_stream(r, name, f);
	fclose(f);
	return (rc);
}

/* --- the configuration --- */

/* The IPv6 side of a static binding, if it is one of this port. */
static int
add_static(struct whohad *w, const struct whohad_query *q,
    const struct conf_static *s)
{
	const struct logline l = { .kind = LOGLINE_BINDING,
		.proto = s->proto,
		.host6 = { .addr = s->addr6,
		    .port = (uint16_t)(s->ports6.first + q->port -
			s->ports4.first) } };

	if (s->addr4.s_addr != q->addr.s_addr || q->port < s->ports4.first ||
	    q->port > s->ports4.last ||
	    (q->proto != -1 && s->proto != (enum l4proto)q->proto))
		return (0);
	return (whohad_add_configured(w, &l));
}

/* Static bindings and deterministic ports are not logged. */
static int
add_configured(struct whohad *w, const struct whohad_query *q,
    const struct conf *conf)
{
	struct logline l = { .kind = LOGLINE_BLOCK };
	struct prefix holder;
	size_t i;

	for (i = 0; i < conf->n_statics; i++)
		if (add_static(w, q, &conf->statics[i]) == -1)
			return (-1);
	if (!deterministic_holder(conf, q->addr, q->port, &holder, &l.ports))
		return (0);
	l.host6.addr = holder.v6;
	l.len6 = holder.len;
	return (whohad_add_configured(w, &l));
}

/* path: NULL: no configuration is given. */
static int
read_conf(struct whohad *w, const struct whohad_query *q, const char *path)
{
	struct conf *conf;
	int rc;

	if (path == NULL)
		return (0);
	conf = conf_load(path, NULL, NULL, NULL);
	if (conf == NULL)
		return (-1);
	rc = add_configured(w, q, conf);
	conf_free(conf);
	return (rc == -1 ? say("whohad", strerror(errno)) : 0);
}

/* --- answers --- */

static const char *
time_text(int64_t ms, char buf[EVENT_TIME_SIZE])
{
	event_time(ms, buf);
	return (buf + strlen("time="));
}

static const char *const protos[L4_NPROTO] = {
	[L4_TCP] = "tcp",
	[L4_UDP] = "udp",
	[L4_ICMP] = "icmp",
};

static void
print_holder(const struct logline *l)
{
	char addr[INET6_ADDRSTRLEN], peer[INET_ADDRSTRLEN];

	inet_ntop(AF_INET6, &l->host6.addr, addr, sizeof(addr));
	switch (l->kind) {
	case LOGLINE_ADDRESS:
		printf("subscriber %s/%u, one of those with this address",
		    addr, l->len6);
		break;
	case LOGLINE_BLOCK:
		printf("subscriber %s/%u, ports %u-%u", addr, l->len6,
		    l->ports.first, l->ports.last);
		break;
	default:
		printf("%s [%s]:%u", protos[l->proto], addr, l->host6.port);
		break;
	}
	if (!l->has_peer)
		return;
	inet_ntop(AF_INET, &l->peer4.addr, peer, sizeof(peer));
	printf(" with %s", peer);
	if (l->proto != L4_ICMP)
		printf(":%u", l->peer4.port);
}

static void
print_answer(const struct whohad_answer *a)
{
	char text[EVENT_TIME_SIZE];

	print_holder(&a->what);
	if (a->configured) {
		puts(", by the configuration");
		return;
	}
	if (a->from_ms == WHOHAD_UNKNOWN)
		fputs(" since before the file begins", stdout);
	else
		printf(" from %s", time_text(a->from_ms, text));
	if (a->to_ms == WHOHAD_UNKNOWN)
		fputs(", not ended in the log", stdout);
	else
		printf(" to %s", time_text(a->to_ms, text));
	if (a->sure_until_ms != WHOHAD_UNKNOWN)
		printf("; after a restart or change at %s it may not have "
		       "gone on",
		    time_text(a->sure_until_ms, text));
	putchar('\n');
}

static void
note_times(const struct whohad_notes *n, const struct whohad_query *q,
    void (*fn)(void *arg, const char *text), void *arg)
{
	char time[EVENT_TIME_SIZE], text[160];

	if (q->to_ms < n->first_ms) {
		snprintf(text, sizeof(text), "the log begins at %s only",
		    time_text(n->first_ms, time));
		fn(arg, text);
	}
	if (n->begins_ms != WHOHAD_UNKNOWN) {
		snprintf(text, sizeof(text),
		    "who had it since before %s, and has not lost it in the "
		    "files, is not known",
		    time_text(n->begins_ms, time));
		fn(arg, text);
	}
	if (q->from_ms > n->last_ms) {
		snprintf(text, sizeof(text), "the log ends at %s already",
		    time_text(n->last_ms, time));
		fn(arg, text);
	}
	if (n->stopped_ms != WHOHAD_UNKNOWN) {
		snprintf(text, sizeof(text),
		    "nat64d did not run: it was stopped at %s",
		    time_text(n->stopped_ms, time));
		fn(arg, text);
	}
	if (n->off_ms != WHOHAD_UNKNOWN) {
		snprintf(text, sizeof(text),
		    "since %s no events were logged, by \"log events none\"",
		    time_text(n->off_ms, time));
		fn(arg, text);
	}
	if (n->set_back_ms != WHOHAD_UNKNOWN) {
		snprintf(text, sizeof(text),
		    "the clock was set back to %s: this time was there twice",
		    time_text(n->set_back_ms, time));
		fn(arg, text);
	}
}

static bool
has_block(const struct whohad *w)
{
	const struct whohad_answer *answers;
	size_t i, n = whohad_answers(w, &answers);

	for (i = 0; i < n && answers[i].what.kind != LOGLINE_BLOCK; i++)
		;
	return (i < n);
}

/* What the reader of the answer should know, by a function for each. */
static void
each_note(const struct reading *r, const struct whohad_query *q,
    void (*fn)(void *arg, const char *text), void *arg)
{
	struct whohad_notes n;
	char text[PATH_MAX + 80];

	whohad_notes(r->w, &n);
	if (n.empty)
		fn(arg, "there is no event of nat64d in the files");
	else
		note_times(&n, q, fn, arg);
	if (n.lost > 0) {
		snprintf(text, sizeof(text),
		    "%" PRIu64 " lines are missing in the log up to that "
		    "time: the answer may not be complete",
		    n.lost);
		fn(arg, text);
	}
	if (!r->has_conf && has_block(r->w))
		fn(arg,
		    "static bindings, which may use ports of a block, are not "
		    "in the log: give the configuration of that time with -f");
	if (r->torn != NULL) {
		snprintf(text, sizeof(text),
		    "%s: the last line has no end and was passed over",
		    r->torn);
		fn(arg, text);
	}
}

static void
print_note(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "nat64ctl: note: %s\n", text);
}

static void
set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_string(text));
}

static void
set_time(json_t *o, const char *key, int64_t ms)
{
	char text[EVENT_TIME_SIZE];

	if (ms != WHOHAD_UNKNOWN)
		set_text(o, key, time_text(ms, text));
}

static void
set_host(json_t *o, const struct logline *l)
{
	char addr[INET6_ADDRSTRLEN];

	set_text(o, "transport-protocol", protos[l->proto]);
	set_text(o, "internal-src-address",
	    inet_ntop(AF_INET6, &l->host6.addr, addr, sizeof(addr)));
	json_object_set_new(o, "internal-src-port",
	    json_integer(l->host6.port));
	if (!l->has_peer)
		return;
	set_text(o, "external-dst-address",
	    inet_ntop(AF_INET, &l->peer4.addr, addr, sizeof(addr)));
	if (l->proto != L4_ICMP)
		json_object_set_new(o, "external-dst-port",
		    json_integer(l->peer4.port));
}

static void
set_subscriber(json_t *o, const struct logline *l)
{
	char addr[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4];

	inet_ntop(AF_INET6, &l->host6.addr, addr, sizeof(addr));
	snprintf(text, sizeof(text), "%s/%u", addr, l->len6);
	set_text(o, "subscriber", text);
	if (l->kind != LOGLINE_BLOCK)
		return;
	json_object_set_new(o, "start-port-number",
	    json_integer(l->ports.first));
	json_object_set_new(o, "end-port-number", json_integer(l->ports.last));
}

static json_t *
answer_json(const struct whohad_answer *a)
{
	json_t *o = json_object();

	if (a->what.kind == LOGLINE_ADDRESS || a->what.kind == LOGLINE_BLOCK)
		set_subscriber(o, &a->what);
	else
		set_host(o, &a->what);
	if (a->configured)
		set_text(o, "source", "configuration");
	set_time(o, "from", a->from_ms);
	set_time(o, "to", a->to_ms);
	set_time(o, "sure-until", a->sure_until_ms);
	return (o);
}

static void
add_note(void *list, const char *text)
{
	json_array_append_new(list, json_string(text));
}

static void
print_json(const struct reading *r, const struct whohad_query *q)
{
	json_t *holders = json_array(), *notes = json_array(), *o;
	const struct whohad_answer *answers;
	size_t i, n_answers = whohad_answers(r->w, &answers);

	for (i = 0; i < n_answers; i++)
		json_array_append_new(holders, answer_json(&answers[i]));
	each_note(r, q, add_note, notes);
	o = json_pack("{s:o, s:o}", "holders", holders, "notes", notes);
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void
print_text(const struct reading *r, const struct whohad_query *q)
{
	const struct whohad_answer *answers;
	size_t i, n_answers = whohad_answers(r->w, &answers);

	for (i = 0; i < n_answers; i++)
		print_answer(&answers[i]);
	if (n_answers == 0)
		puts("nobody");
	fflush(stdout);
	each_note(r, q, print_note, NULL);
}

/* Read all files and print; returns a status. */
static int
search(struct ctl *ctl, const struct whohad_query *q)
{
	struct reading r = { .w = whohad_new(q) };
	const struct whohad_answer *answers;
	const char *const *file;
	int rc = r.w != NULL ? 0 : say("whohad", strerror(errno));

	for (file = ctl_rest(ctl); rc == 0 && *file != NULL; file++)
		rc = read_file(&r, *file);
	if (rc == 0 && whohad_finish(r.w) == -1)
		rc = say("whohad", strerror(errno));
	r.has_conf = ctl_value(ctl, "conf") != NULL;
	if (rc == 0)
		rc = read_conf(r.w, q, ctl_value(ctl, "conf"));
	if (rc == 0 && ctl_wants_json(ctl))
		print_json(&r, q);
	else if (rc == 0)
		print_text(&r, q);
	if (rc == 0 && whohad_answers(r.w, &answers) == 0)
		rc = -1;
	whohad_free(r.w);
	return (rc == 0 ? CTL_DONE : CTL_REFUSED);
}

int
run_whohad(struct ctl *ctl, const struct ctl_command *c)
{
	struct whohad_query q = { .proto =
				      take_proto(ctl_value(ctl, "proto")) };
	const char *error;

	(void)c;
	if (!take_address(ctl_value(ctl, "addr"), &q)) {
		(void)say(ctl_value(ctl, "addr"),
		    "is no IPv4 address with a port, such as 192.0.2.1:40123");
		return (CTL_USAGE);
	}
	error = whohad_time(ctl_value(ctl, "time"), &q.from_ms, &q.to_ms);
	if (error != NULL) {
		(void)say(ctl_value(ctl, "time"), error);
		return (CTL_USAGE);
	}
	return (search(ctl, &q));
}
