/*
 * FreeBSD: none. capsicum(4) forbids every path and every connect(2) to an
 * address: neither a daemon that opens a socket for each query nor a
 * process that opens the files of a configuration can run with that.
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
