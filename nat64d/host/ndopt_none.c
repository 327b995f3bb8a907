#include <errno.h>
#include <stddef.h>

#include "ndopt.h"

struct ndopt *
ndopt_open(void)
{
	errno = ENOSYS;
	return (NULL);
}

void
ndopt_close(struct ndopt *o)
{
	(void)o;
}

int
ndopt_fd(const struct ndopt *o)
{
	(void)o;
	return (-1);
}

void
ndopt_read(struct ndopt *o, ndopt_fn *fn, void *arg)
{
	(void)o;
	(void)fn;
	(void)arg;
}

void
ndopt_solicit(struct ndopt *o, unsigned ifindex)
{
	(void)o;
	(void)ifindex;
}
