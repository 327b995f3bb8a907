/*
 * The interfaces that link-local addresses of the configuration name, as they
 * are now. Only for the main thread, since it makes system calls.
 */
#ifndef DNS64D_LOCAL_ZONE_H
#define DNS64D_LOCAL_ZONE_H

#include <stdint.h>

struct scoped_addr;

/* The index of the interface of its zone; 0: no such interface, or no zone. */
uint32_t zone_index(const struct scoped_addr *a);

#endif
