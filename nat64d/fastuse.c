#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/os/log.h"

#include "fastuse.h"

/* It cannot be used: log why, or return -1 if it was asked for. */
static int
not_used(struct fastuse *u, const struct conf *c, const char *what)
{
	if (c->fastpath == FASTPATH_YES) {
		strlcpy(u->text, what, sizeof(u->text));
		return (-1);
	}
	log_info("fast path: not used: %s: %s", what, strerror(errno));
	return (0);
}

static int
add_interface(struct fastuse *u, const struct conf *c, const char *ifname)
{
	const char *what;

	if (fastpath_add_if(u->path, ifname, &what) == 0 &&
	    fastifs_add(u->ifs, ifname) == 0) {
		log_info("fast path: on %s", ifname);
		return (0);
	}
	if (c->fastpath == FASTPATH_YES) {
		snprintf(u->text, sizeof(u->text), "fast path: %s: %s", ifname,
		    what);
		return (-1);
	}
	log_warn("fast path: not used on %s: %s: %s", ifname, what,
	    strerror(errno));
	return (0);
}

static int
add_interfaces(struct fastuse *u, const struct conf *c, struct watch *watch)
{
	unsigned i;

	if (u->path == NULL || c->n_fastpath_ifs == 0)
		return (0);
	u->ifs = fastifs_new(watch);
	if (u->ifs == NULL) {
		strlcpy(u->text, "fast path", sizeof(u->text));
		return (-1);
	}
	for (i = 0; i < c->n_fastpath_ifs; i++)
		if (add_interface(u, c, c->fastpath_ifs[i]) == -1)
			return (-1);
	return (0);
}

int
fastuse_open(struct fastuse *u, const struct conf *c, const struct tun *tun,
    struct watch *watch)
{
	const char *what;
	int error;

	*u = (struct fastuse){ .path = NULL };
	if (c->fastpath == FASTPATH_NO)
		return (0);
	u->path = fastpath_new(tun_name(tun),
	    c->nat64.mode == NAT64_STATEFUL ? c->nat64.max_sessions :
					      FASTPATH_PAIRS,
	    &c->nat64.xlat, &what);
	if (u->path == NULL)
		return (not_used(u, c, what));
	if (add_interfaces(u, c, watch) == 0)
		return (0);
	error = errno;
	fastuse_close(u);
	errno = error;
	return (-1);
}

int
fastuse_begin(struct fastuse *u, const struct conf *c, struct engine *engine)
{
	const char *what;
	int error;

	if (u->path == NULL)
		return (0);
	if (fastpath_check(u->path, &what) == -1) {
		error = errno;
		fastpath_free(u->path);
		u->path = NULL;
		errno = error;
		return (not_used(u, c, what));
	}
	if (u->ifs != NULL)
		fastifs_follow(u->ifs);
	engine_set_fastpath(engine, u->path);
	log_info("fast path: used");
	if (c->nat64.mode == NAT64_STATEFUL &&
	    fastpath_max_flows(u->path) < c->nat64.max_sessions)
		log_info("fast path: memory for %zu sessions; others are "
			 "translated by this process",
		    fastpath_max_flows(u->path));
	return (0);
}

void
fastuse_close(struct fastuse *u)
{
	fastpath_free(u->path);
	fastifs_free(u->ifs);
	u->path = NULL;
	u->ifs = NULL;
}
