#include <sys/types.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"

#include "recover.h"
#include "stateload.h"

/* Read all of the file. Returns 0, or -1 with errno, 0: see r->fault. */
static int
read_file(int fd, struct record_reader *r)
{
	uint8_t buf[16384];
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) == -1)
		return (-1);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		errno = 0;
		if (record_read(r, buf, (size_t)n) == -1)
			return (-1);
	}
	return (0);
}

static void
ignore_prefix(void *arg, uint8_t i, const struct pref64 *p)
{
	(void)arg;
	(void)i;
	(void)p;
}

static void
ignore_binding(void *arg, const struct nat64_saved_binding *b)
{
	(void)arg;
	(void)b;
}

/* Is the file whole? It is read twice, so that half a file is not used. */
static bool
check_file(int fd, const char *name, struct record_reader *r)
{
	const struct record_sink sink = { .prefix = ignore_prefix,
		.binding = ignore_binding };

	record_reader_init(r, &sink);
	errno = 0;
	if (read_file(fd, r) == 0 && record_finish(r) == 0)
		return (true);
	if (r->fault == RECORD_GOOD)
		log_warn("state: %s: %s: starting without it", name,
		    strerror(errno));
	else
		log_warn("state: %s: %s (byte %" PRIu64 "): starting "
			 "without it; ports that it names rest",
		    name, record_why(r->fault), r->offset);
	return (false);
}

static uint64_t
sum(const uint64_t counts[NAT64_NLEFTS])
{
	uint64_t all = 0;
	unsigned i;

	for (i = 0; i < NAT64_NLEFTS; i++)
		all += counts[i];
	return (all);
}

/* "not in the pool 3/5, ..." */
static void
describe_left(const struct nat64_restored *c, char *text, size_t size)
{
	size_t n = 0;
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < NAT64_NLEFTS && n < size; i++)
		if (c->left_bindings[i] > 0 || c->left_sessions[i] > 0)
			n += (size_t)snprintf(text + n, size - n,
			    "%s%s %" PRIu64 "/%" PRIu64, n > 0 ? ", " : "",
			    nat64_left_name((enum nat64_left)i),
			    c->left_bindings[i], c->left_sessions[i]);
}

static void
log_restored(const char *name, const struct recover *r)
{
	const struct nat64_restored *c = &r->restore.counts;
	char text[512];

	log_info("state: %s: %" PRIu64 " bindings and %" PRIu64
		 " sessions of %" PRId64 " s ago go on",
	    name, c->bindings, c->sessions,
	    (r->restore.at.wall_ms - r->saved_ms) / 1000);
	if (sum(c->left_bindings) == 0 && sum(c->left_sessions) == 0)
		return;
	describe_left(c, text, sizeof(text));
	log_info("state: %s: %" PRIu64 " bindings and %" PRIu64
		 " sessions do not: %s",
	    name, sum(c->left_bindings), sum(c->left_sessions), text);
}

void
stateload(int fd, const char *name, struct nat64 *n)
{
	const struct nat64_clocks at = { monotime_now(), wallclock_ms() };
	struct recover *r;
	bool good;

	r = malloc(sizeof(*r));
	if (r == NULL) {
		log_warn("state: %s: out of memory", name);
		return;
	}
	good = check_file(fd, name, &r->reader);
	recover_begin(r, n, &at, !good);
	(void)read_file(fd, &r->reader);
	(void)recover_end(r);
	if (good)
		log_restored(name, r);
	free(r);
}
