/*
 * Filters: which bindings and sessions an operator asks for. A filter is a
 * conjunction: whatever is not set in it matches everything.
 */
#ifndef NAT64D_CORE_NAT64_FILTER_H
#define NAT64D_CORE_NAT64_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/net/addr.h"

#include "nat64.h"

/* A transport address, or a set of them. Port in host order. */
struct nat64_end {
	struct prefix net; /* family 0: any address */
	bool has_port;	   /* ICMP: the identifier of the host */
	uint16_t port;
};

#define NAT64_ANY_STATE (-1)

struct nat64_filter {
	unsigned protos;	  /* 1 << enum l4proto; 0: all */
	int tcp_state;		  /* enum tcp_state, or NAT64_ANY_STATE */
	struct nat64_end any;	  /* one of the ends below */
	struct nat64_end port;	  /* likewise, it may be another one */
	struct nat64_end host;	  /* (X',x) or (T,t) */
	struct nat64_end peer;	  /* (Y',y) or (Z,z) */
	struct prefix subscriber; /* X' is in it; family 0: any */
};

/* It matches everything. */
void nat64_filter_init(struct nat64_filter *f);

/* Does it match everything? */
bool nat64_filter_is_empty(const struct nat64_filter *f);

/*
 * Read "ADDRESS", "ADDRESS/LENGTH", "192.0.2.1:PORT" or "[ADDRESS]:PORT".
 * ::ffff:192.0.2.1 is 192.0.2.1.
 *
 * Returns NULL, or the reason for the refusal as a static string that reads
 * well behind the text ("has host bits set"); then end is unchanged.
 */
const char *nat64_end_parse(const char *text, struct nat64_end *end);

/* The same for "PORT": 0 to 65535. */
const char *nat64_port_parse(const char *text, uint16_t *port);

/*
 * Does it match this binding? tcp_state and peer are properties of sessions:
 * they are not looked at.
 */
bool nat64_filter_binding(const struct nat64_filter *f,
    const struct bib_entry *e);

/* Can it match a session of this binding? False: it matches none. */
bool nat64_filter_enters(const struct nat64_filter *f,
    const struct bib_entry *e);

/* Does it match this session, which has a binding? */
bool nat64_filter_session(const struct nat64_filter *f, const struct nat64 *n,
    const struct session *s);

#endif
