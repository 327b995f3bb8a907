/*
 * Socket addresses as a configuration gives them: numeric, and for link-local
 * ones with a zone, the name or index of their interface (RFC 4007, 11:
 * fe80::1%eth0, fe80::1%2).
 *
 * A name is kept as a name: the interface may appear later, or again with
 * another index. zone.h looks the index up. Pure.
 */
#ifndef COMMON_NET_SCOPED_ADDR_H
#define COMMON_NET_SCOPED_ADDR_H

#include <sys/socket.h>

#include <net/if.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

struct scoped_addr {
	struct sockaddr_storage ss; /* its scope id is 0 when zone is set */
	char zone[IF_NAMESIZE];	    /* the name of an interface, or "" */
};

/* [address%zone]:port and the final NUL. */
#define SCOPED_ADDR_STRLEN (SOCKADDR_STRLEN + IF_NAMESIZE)

/*
 * Read a numeric address, with a zone if it is link-local; port in
 * host order.
 *
 * Returns NULL, or the reason for the refusal as a static string that reads
 * well behind the text ("is no address"); then out is unchanged.
 */
const char *scoped_addr_parse(const char *text, uint16_t port,
    struct scoped_addr *out);

/* Print as 192.0.2.1:53 or [fe80::1%eth0]:53; returns buf. */
char *scoped_addr_print(const struct scoped_addr *a, char *buf, size_t size);

/* Print as 192.0.2.1 or fe80::1%eth0, in the way it is read; returns buf. */
char *scoped_addr_print_host(const struct scoped_addr *a, char *buf,
    size_t size);

/* Same family, address, port and zone. A name is not equal to an index. */
bool scoped_addr_equal(const struct scoped_addr *a,
    const struct scoped_addr *b);

/* The index of the zone when it is given as such; 0: by name, or none. */
uint32_t scoped_addr_index(const struct scoped_addr *a);

/* True when it has a zone, and so belongs to one interface. */
bool scoped_addr_has_zone(const struct scoped_addr *a);

/* The socket address, on the interface with this index where it has a zone. */
void scoped_addr_resolve(const struct scoped_addr *a, uint32_t ifindex,
    struct sockaddr_storage *ss);

#endif
