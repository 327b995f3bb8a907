/*
 * The networks that this host is directly connected to, by the addresses that
 * it has at the moment: their clients may ask (access.h). Every address
 * counts: a deprecated one, because clients use the old prefix until it is
 * withdrawn (RFC 4192), and a tentative one, because its network is there
 * already. Loopback always belongs to the list.
 *
 * For the main thread only. The list is replaced as a whole: its users switch
 * to the new one before the old one is freed.
 */
#ifndef DNS64D_CLIENT_CONNECTED_H
#define DNS64D_CLIENT_CONNECTED_H

struct acl;
struct connected;
struct hostwatch;
struct watch;

/* When it returns the previous list must not be used any more. */
typedef void connected_fn(void *arg, const struct acl *networks);

/*
 * Make the list and pass it to hand_over. host: where to look addresses up, or
 * NULL. When they cannot be read the list contains loopback only, which is
 * logged.
 * Returns NULL with errno ENOMEM.
 */
struct connected *connected_new(struct hostwatch *host,
    connected_fn *hand_over, void *arg);

/* The list must not be in use any more. c may be NULL. */
void connected_free(struct connected *c);

/*
 * Read the addresses again; when they differ, log the changes and pass the new
 * list to hand_over. On failure the list stays as it is, which is logged.
 */
void connected_look(struct connected *c);

/* Do that whenever w reports a change of addresses. */
void connected_follow(struct connected *c, struct watch *w);

#endif
