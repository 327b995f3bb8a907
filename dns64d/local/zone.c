#include <sys/socket.h>

#include <net/if.h>

#include "common/net/scoped_addr.h"

#include "zone.h"

uint32_t
zone_index(const struct scoped_addr *a)
{
	const uint32_t ifindex = scoped_addr_index(a);
	char name[IF_NAMESIZE];

	if (a->zone[0] != '\0')
		return (if_nametoindex(a->zone));
	if (ifindex == 0 || if_indextoname(ifindex, name) == NULL)
		return (0);
	return (ifindex);
}
