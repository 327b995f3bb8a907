/*
 * No process is started again on the BSDs, where nothing can be handed over to
 * it.
 */
#include <errno.h>
#include <stddef.h>

#include "starter.h"

struct starter *
starter_start(const struct starter_opts *o)
{
	(void)o;
	return (NULL);
}

int
starter_ask(const struct starter *s, unsigned i, int fd)
{
	(void)s;
	(void)i;
	(void)fd;
	errno = ENOSYS;
	return (-1);
}

void
starter_free(struct starter *s)
{
	(void)s;
}
