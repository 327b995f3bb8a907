#include <stdio.h>

#include "common/net/addr.h"

#include "target.h"

bool
log_target_same_place(const struct log_target *a, const struct log_target *b)
{
	return (a->format == b->format && a->tcp == b->tcp &&
	    sockaddr_equal(&a->addr, &b->addr));
}

bool
log_target_equal(const struct log_target *a, const struct log_target *b)
{
	return (log_target_same_place(a, b) && a->domain == b->domain &&
	    a->templates_secs == b->templates_secs);
}

char *
log_target_print(const struct log_target *t, char buf[LOG_TARGET_STRLEN])
{
	char addr[SOCKADDR_STRLEN];

	snprintf(buf, LOG_TARGET_STRLEN, "%s %s %s",
	    t->format == TARGET_IPFIX ? "ipfix" : "syslog",
	    t->tcp ? "tcp" : "udp",
	    sockaddr_print(&t->addr, addr, sizeof(addr)));
	return (buf);
}
