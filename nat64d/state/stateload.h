/*
 * Bindings and sessions from an open file into a new translator.
 */
#ifndef NAT64D_STATE_STATELOAD_H
#define NAT64D_STATE_STATELOAD_H

#include "nat64d/core/nat64.h"

/*
 * Restore n from the records (record.h) in fd. If they are not whole or not
 * what they were, they are not used, but ports that they name are not given to
 * others for a while (nat64_restore.h). What happens is logged; name: of the
 * file, for that.
 */
void stateload(int fd, const char *name, struct nat64 *n);

#endif
