/*
 * FreeBSD: none. capsicum(4) forbids every path and every connect(2) to an
 * address: neither a daemon that opens a socket for each query nor a
 * process that opens the files of a configuration can run with that. There are
 * no capabilities to give up.
 */
#include "sandbox.h"

int
sandbox_drop_caps(void)
{
	return (0);
}

int
sandbox_hold_caps(void)
{
	return (0);
}

int
sandbox_drop_caps_but_ports(void)
{
	return (0);
}

void
sandbox_enter(const struct sandbox *sb)
{
	(void)sb;
}

void
sandbox_enter_reader(void)
{
}
