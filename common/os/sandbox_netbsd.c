/*
 * NetBSD: none. It has no mechanism by which an unprivileged process could
 * restrict itself further. There are no capabilities to give up.
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
