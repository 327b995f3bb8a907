#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/os/log.h"
#include "common/os/timer.h"

#include "nat64d/conf/conf.h"
#include "nat64d/core/nat64_walk.h"
#include "engine.h"
#include "nat64d/os/fastpath.h"
#include "role.h"

/* Between two looks at the file, and at what leaving waits for. */
#define LOOK_MS 100

/* Leaving: no packet for so long means that they go elsewhere now. */
#define QUIET_MS 1000
#define LEAVING_MAX_MS (30 * 1000)

/* Sessions that are looked at in one slice to take them back. */
#define MAX_ENTRIES 128

/* What tells one content of the file from the next. */
struct version {
	ino_t ino;
	off_t size;
	struct timespec changed;
};

struct role {
	struct engine *engine;
	struct nat64 *n;
	const struct conf *conf;
	struct role_ops ops;
	struct event *look; /* at the file; NULL: there is none */
	struct version seen;
	bool warned; /* about its content */
	struct event *leaving;
	struct monotime left;  /* when leaving began */
	struct monotime quiet; /* since when no packet was translated */
	uint64_t packets;      /* translated, at the last look */
	struct event *taking;  /* sessions back from the fast path */
	struct nat64_walk walk;
};

static uint64_t
translated(const struct role *r)
{
	const struct nat64_stats *stats = nat64_stats(r->n);
	uint64_t sum =
	    stats->counters[NAT64_OUT6] + stats->counters[NAT64_OUT4];
	struct fastpath_count c;

	if (engine_fastpath(r->engine) != NULL) {
		fastpath_counters(engine_fastpath(r->engine), &c);
		sum += c.packets6 + c.packets4;
	}
	return (sum);
}

static void
change(struct role *r, enum nat64_role role)
{
	nat64_set_role(r->n, role, monotime_now());
	engine_restored(r->engine);
	if (role == NAT64_ROLE_STANDBY) {
		memset(&r->walk, 0, sizeof(r->walk));
		timer_start(r->taking, 0);
	} else
		event_del(r->taking);
	if (r->ops.changed != NULL)
		r->ops.changed(r->ops.arg, role);
}

static void
take_back(evutil_socket_t fd, short what, void *arg)
{
	struct role *r = arg;

	(void)fd;
	(void)what;
	if (nat64_leave_fast(r->n, &r->walk, MAX_ENTRIES))
		timer_start(r->taking, 0);
}

void
role_activate(struct role *r, const char *who)
{
	const enum nat64_role before = nat64_role(r->n);

	if (before == NAT64_ROLE_ACTIVE)
		return;
	event_del(r->leaving);
	change(r, NAT64_ROLE_ACTIVE);
	log_info("role: active, was %s: by %s", nat64_role_name(before), who);
}

/* --- leaving --- */

static void
begin_leaving(struct role *r)
{
	r->left = r->quiet = monotime_now();
	r->packets = translated(r);
	timer_start(r->leaving, LOOK_MS);
}

void
role_leave(struct role *r, const char *who)
{
	if (nat64_role(r->n) != NAT64_ROLE_ACTIVE)
		return;
	log_info("role: leaving, was active: by %s", who);
	change(r, NAT64_ROLE_LEAVING);
	begin_leaving(r);
}

static void
stand_by(struct role *r, bool published, bool quiet)
{
	event_del(r->leaving);
	change(r, NAT64_ROLE_STANDBY);
	log_info("role: standby, was leaving");
	if (!published) {
		nat64_ports_unknown(r->n, monotime_now());
		log_warn("role: the newest sessions could not be given to the "
			 "other node");
	}
	if (!quiet)
		log_warn("role: packets still come here: they are dropped");
}

static void
look_at_packets(evutil_socket_t fd, short what, void *arg)
{
	const struct monotime now = monotime_now();
	struct role *r = arg;
	const uint64_t packets = translated(r);
	bool published, quiet;

	(void)fd;
	(void)what;
	if (packets != r->packets)
		r->quiet = now;
	r->packets = packets;
	published = r->ops.published == NULL || r->ops.published(r->ops.arg);
	quiet = monotime_diff_ms(now, r->quiet) >= QUIET_MS;
	if ((published && quiet) ||
	    monotime_diff_ms(now, r->left) >= LEAVING_MAX_MS)
		stand_by(r, published, quiet);
	else
		timer_start(r->leaving, LOOK_MS);
}

/* --- the file --- */

/* Has the file another content than at the last look? */
static bool
is_new(struct role *r)
{
	struct version v;
	struct stat st;

	if (stat(r->conf->role_file, &st) == -1)
		return (false);
	memset(&v, 0, sizeof(v));
	v.ino = st.st_ino;
	v.size = st.st_size;
	v.changed = st.st_ctim; /* of its mode, too */
	if (v.ino == r->seen.ino && v.size == r->seen.size &&
	    v.changed.tv_sec == r->seen.changed.tv_sec &&
	    v.changed.tv_nsec == r->seen.changed.tv_nsec)
		return (false);
	r->seen = v;
	return (true);
}

/* Returns the number of bytes, which are made a string; -1 with errno. */
static ssize_t
read_word(const char *path, char *word, size_t size)
{
	ssize_t n;
	int fd;

	/* Whoever made it a pipe does not stop us. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return (-1);
	n = read(fd, word, size - 1);
	close(fd);
	if (n < 0)
		return (-1);
	word[n] = '\0';
	word[strcspn(word, "\r\n")] = '\0';
	return (n);
}

/* Returns false when the file says no role. */
static bool
read_file(struct role *r, enum nat64_role *role)
{
	const char *path = r->conf->role_file,
		   *why = "says neither "
			  "\"active\" nor "
			  "\"standby\"";
	char word[32];
	ssize_t n;

	n = read_word(path, word, sizeof(word));
	if (n == 0) /* it is being written */
		return (false);
	*role = NAT64_ROLE_ACTIVE;
	if (n > 0 && strcmp(word, "active") == 0)
		return (true);
	*role = NAT64_ROLE_STANDBY;
	if (n > 0 && strcmp(word, "standby") == 0)
		return (true);
	if (!r->warned && n < 0)
		log_warn("role: %s: %s: make it readable for user %s", path,
		    strerror(errno), r->conf->user);
	else if (!r->warned)
		log_warn("role: %s: %s", path, why);
	r->warned = true;
	return (false);
}

static void
look_at_file(evutil_socket_t fd, short what, void *arg)
{
	struct role *r = arg;
	enum nat64_role role;

	(void)fd;
	(void)what;
	timer_start(r->look, LOOK_MS);
	if (!is_new(r) || !read_file(r, &role))
		return;
	r->warned = false;
	if (role == NAT64_ROLE_ACTIVE)
		role_activate(r, r->conf->role_file);
	else
		role_leave(r, r->conf->role_file);
}

/* --- for others --- */

/* The role at start; see the header. */
static void
begin(struct role *r, bool resumed)
{
	enum nat64_role role = nat64_role(r->n);

	if (!resumed && r->conf->standby)
		role = NAT64_ROLE_STANDBY;
	else if (!resumed && role == NAT64_ROLE_LEAVING)
		role = NAT64_ROLE_STANDBY;
	if (r->conf->role_file != NULL && is_new(r))
		(void)read_file(r, &role);
	if (resumed)
		nat64_ports_rested(r->n, monotime_now());
	nat64_set_role(r->n, role, monotime_now());
	engine_restored(r->engine);
	if (role == NAT64_ROLE_LEAVING)
		begin_leaving(r);
	if (role != NAT64_ROLE_ACTIVE)
		log_info("role: %s", nat64_role_name(role));
	if (nat64_is_draining(r->n))
		log_info("draining, as before");
}

struct role *
role_new(struct engine *e, const struct conf *c, bool resumed)
{
	struct event_base *base = engine_base(e);
	struct role *r;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return (NULL);
	r->engine = e;
	r->n = engine_nat64(e);
	r->conf = c;
	r->leaving = event_new(base, -1, 0, look_at_packets, r);
	r->taking = event_new(base, -1, 0, take_back, r);
	r->look = event_new(base, -1, 0, look_at_file, r);
	if (r->leaving == NULL || r->taking == NULL || r->look == NULL) {
		role_free(r);
		errno = ENOMEM;
		return (NULL);
	}
	begin(r, resumed);
	if (c->role_file != NULL)
		timer_start(r->look, LOOK_MS);
	return (r);
}

void
role_free(struct role *r)
{
	if (r == NULL)
		return;
	if (r->leaving != NULL)
		event_free(r->leaving);
	if (r->taking != NULL)
		event_free(r->taking);
	if (r->look != NULL)
		event_free(r->look);
	free(r);
}

void
role_attach(struct role *r, const struct role_ops *ops)
{
	r->ops = *ops;
	if (r->ops.changed != NULL)
		r->ops.changed(r->ops.arg, nat64_role(r->n));
}

void
role_drain(struct role *r, bool draining)
{
	if (nat64_is_draining(r->n) == draining)
		return;
	nat64_set_draining(r->n, draining);
	log_info("%s",
	    draining ? "draining: no new clients are wanted here" :
		       "draining ended");
}

const char *
role_unfit(const struct role *r)
{
	switch (nat64_role(r->n)) {
	case NAT64_ROLE_LEAVING:
		return ("the role standby was asked for");
	case NAT64_ROLE_STANDBY:
		if (r->ops.incomplete != NULL)
			return (r->ops.incomplete(r->ops.arg));
		break;
	case NAT64_ROLE_ACTIVE:
		break;
	}
	return (NULL);
}
