/*
 * Systems and builds without a fast path: all packets go through the daemon.
 */
#include <errno.h>
#include <string.h>

#include "fastpath.h"
#include "fastpath_prog.h"

static const char why[] = "there is none on this system, or it was left out "
			  "of the build (make FASTPATH=no)";

struct fastpath *
fastpath_load(const char *ifname, size_t max_flows,
    const struct xlat_conf *xlat, bool ether, const char **what)
{
	(void)ifname;
	(void)max_flows;
	(void)xlat;
	(void)ether;
	*what = why;
	errno = ENOSYS;
	return (NULL);
}

int
fastpath_attach(struct fastpath *f, const char **what)
{
	(void)f;
	*what = why;
	errno = ENOSYS;
	return (-1);
}

struct fastpath *
fastpath_new(const char *ifname, size_t max_flows,
    const struct xlat_conf *xlat, const char **what)
{
	return (fastpath_load(ifname, max_flows, xlat, false, what));
}

int
fastpath_add_if(struct fastpath *f, const char *ifname, const char **what)
{
	(void)ifname;
	return (fastpath_attach(f, what));
}

int
fastpath_check(struct fastpath *f, const char **what)
{
	return (fastpath_attach(f, what));
}

int
fastpath_prog_fd(const struct fastpath *f)
{
	(void)f;
	return (-1);
}

int
fastpath_if_prog_fd(const struct fastpath *f)
{
	return (fastpath_prog_fd(f));
}

struct fast_slot *
fastpath_slots(const struct fastpath *f, uint32_t *n)
{
	(void)f;
	*n = 0;
	return (NULL);
}

void
fastpath_set_xlat(struct fastpath *f, const struct xlat_conf *xlat)
{
	(void)f;
	(void)xlat;
}

const struct fastpath_ops *
fastpath_ops(struct fastpath *f)
{
	(void)f;
	return (NULL);
}

bool
fastpath_is_waiting(const struct fastpath *f)
{
	(void)f;
	return (false);
}

void
fastpath_commit(struct fastpath *f, unsigned n, bool drained)
{
	(void)f;
	(void)n;
	(void)drained;
}

size_t
fastpath_max_flows(const struct fastpath *f)
{
	(void)f;
	return (0);
}

size_t
fastpath_flows(const struct fastpath *f)
{
	(void)f;
	return (0);
}

void
fastpath_counters(const struct fastpath *f, struct fastpath_count *c)
{
	(void)f;
	memset(c, 0, sizeof(*c));
}

void
fastpath_free(struct fastpath *f)
{
	(void)f;
}
