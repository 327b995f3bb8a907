/*
 * Large pages for large tables: a slab_hint_fn for the translator, which makes
 * no system calls itself.
 */
#ifndef NAT64D_OS_LARGEPAGE_H
#define NAT64D_OS_LARGEPAGE_H

#include <stddef.h>

/* Ask the system to use large pages for this memory, if it supports that. */
void largepage_hint(void *mem, size_t len);

#endif
