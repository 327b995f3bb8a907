/*
 * The BSDs: addresses are not shared with the host. That would take rules in
 * pf.conf(5), which is left to the administrator.
 */
#include <errno.h>
#include <stddef.h>

#include "divert.h"

char *
divert_begin_commands(const struct conf *c, const char *tun)
{
	(void)c;
	(void)tun;
	errno = EOPNOTSUPP;
	return (NULL);
}

char *
divert_end_commands(const struct conf *c, const char *tun)
{
	(void)c;
	(void)tun;
	errno = EOPNOTSUPP;
	return (NULL);
}

char *
divert_repair_commands(const struct conf *c, const char *tun)
{
	return (divert_end_commands(c, tun));
}

int
divert_watch(void)
{
	return (-1);
}

bool
divert_removed(int fd)
{
	(void)fd;
	return (false);
}

int
divert_unreserved(const struct conf *c)
{
	(void)c;
	return (-1);
}
