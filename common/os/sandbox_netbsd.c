/*
 * NetBSD: none. It has no mechanism by which an unprivileged process could
 * restrict itself further.
 */
#include "sandbox.h"

void
sandbox_enter(const struct sandbox *sb)
{
	(void)sb;
}

void
sandbox_enter_reader(void)
{
}
