/*
 * Large pages for large tables: a slab_hint_fn for the pipeline, which may
 * not speak to the operating system itself.
 */
#ifndef NAT64D_OS_LARGEPAGE_H
#define NAT64D_OS_LARGEPAGE_H

#include <stddef.h>

/* Prefer large pages for this memory, where the system wants to be asked. */
void largepage_hint(void *mem, size_t len);

#endif
