/*
 * FreeBSD: none. capsicum(4) forbids every path and every connect(2) to an
 * address; a daemon that reads its configuration again and makes a socket
 * for each question would need a second process to do both for it. There
 * are no capabilities to give up.
 */
#include "common/sandbox.h"

int
sandbox_drop_caps(void)
{
	return (0);
}

void
sandbox_enter(const struct sandbox *sb)
{
	(void)sb;
}
