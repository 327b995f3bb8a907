/*
 * The interface of an application layer gateway: what reads and changes the
 * bytes of a TCP connection, because the protocol in it names addresses or
 * ports (RFC 2663, 2.9). README says how to write one; ftp.c is one.
 *
 * A gateway is a decoder with a state of its own, one for each connection. It
 * is shown the bytes of either direction in their order, each once, however
 * they were cut into segments, lost or repeated: that is the business of
 * stream.c. It knows no packets, no sequence numbers and no tables.
 *
 * It sees the addresses of the connection, the direction, and all bytes of
 * that direction about which it has not decided yet. In each step it decides
 * about some of the first ones: they pass, or other bytes take their place.
 * Or it waits until there are more. It may ask for a binding to which a server
 * is going to connect (alg_flow.expect).
 *
 * When it is not needed any more, it lets go. If no bytes have been added or
 * removed, the connection is then one like any other, which may use the fast
 * path; else its numbers are adjusted until it ends.
 */
#ifndef NAT64D_ALG_ALG_H
#define NAT64D_ALG_ALG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/base/tuple.h"

/* A gateway may wait with at most so many bytes of a direction. */
#define ALG_MAX_HELD 1024

/* At most so many bytes can take the place of others in one step. */
#define ALG_MAX_BYTES 128

/* The client is the IPv6 host, which has opened the connection. */
enum alg_dir { ALG_FROM_CLIENT, ALG_FROM_SERVER };
#define ALG_NDIRS 2

/* The connection; all borrowed for the call. */
struct alg_flow {
	struct taddr6 client; /* (X',x) */
	struct taddr4 server; /* (Z,z) */

	/*
	 * The server will connect to this port of the client, once and soon:
	 * make the binding, which counts against the client's limits. Only
	 * this server can use it, for one connection, and it ends if that does
	 * not come in time. Returns false if there can be none; else *out4 is
	 * the address and port to tell to the server.
	 */
	bool (*expect)(void *arg, uint16_t port, struct taddr4 *out4);
	void *arg;
};

enum alg_what {
	ALG_WAIT,    /* more bytes are needed; nothing is decided */
	ALG_PASS,    /* the first `used' bytes pass as they are */
	ALG_REPLACE, /* `bytes' take the place of the first `used' ones, which
			may be none */
	ALG_LET_GO,  /* all bytes pass, from these on, in both directions */
	ALG_END	     /* end the connection: both sides get an RST */
};

struct alg_step {
	enum alg_what what;
	size_t used;
	size_t n_bytes;
	uint8_t bytes[ALG_MAX_BYTES];
};

/*
 * state: ALG_MAX_STATE bytes for one connection, aligned for any number;
 * zeroed when it begins.
 */
struct alg_gateway {
	/* A new connection. */
	void (*init)(void *state);

	/*
	 * Would a zeroed state, without init(), go on in the same way? Then the
	 * gateway can follow the connection after a restart.
	 */
	bool (*is_idle)(const void *state);

	/*
	 * Decide about the first of these bytes, of which there is at least
	 * one. It is called again with what is left until it waits. It is given
	 * the bytes it waited with once more, with the new ones behind them.
	 * After ALG_MAX_HELD bytes it is not shown more: they pass, and the
	 * gateway has let go.
	 */
	void (*step)(void *state, const struct alg_flow *flow,
	    enum alg_dir dir, const uint8_t *data, size_t len,
	    struct alg_step *step);
};

#define ALG_MAX_STATE 512

#endif
