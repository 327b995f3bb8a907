/*
 * Systems on which the administrator sets up the IPv4 side of a CLAT.
 */
#include <errno.h>

#include "clatif.h"

int
clatif_up(const char *tun, const struct nat64_config *n,
    struct hostwatch *host, const char **what)
{
	(void)tun;
	(void)n;
	(void)host;
	*what = "\"mode clat\" cannot add addresses and routes here: say "
		"\"routes no\", and add them";
	errno = ENOSYS;
	return (-1);
}
