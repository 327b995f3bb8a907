/*
 * The networks that this host is directly connected to, as its addresses say
 * at this moment: whoever is on one of them may ask (access.h). Every address
 * counts while the host has it: a deprecated one, for its clients are served
 * until the old prefix is withdrawn (RFC 4192), and a tentative one, for its
 * network is there already. Loopback is always among them.
 *
 * For the main thread only; whoever works by the list gets the new one, and
 * then the old one goes.
 *
 * Linux: socket, bind, sendto, recvmsg, close for each look.
 */
#ifndef DNS64D_CLIENT_CONNECTED_H
#define DNS64D_CLIENT_CONNECTED_H

struct acl;
struct connected;
struct watch;

/* On return the list that was handed over before is used no more. */
typedef void connected_fn(void *arg, const struct acl *networks);

/*
 * Look, and hand the list over. Where the host's addresses cannot be read
 * loopback is all, and the log says so. Returns NULL with errno ENOMEM.
 */
struct connected *connected_new(connected_fn *hand_over, void *arg);

/* When nobody uses the list any more. */
void connected_free(struct connected *c);

/*
 * Look again, and hand over what has changed, if anything. When that fails
 * the list stays as it is, and the log says so.
 */
void connected_look(struct connected *c);

/* Look whenever an address comes or goes, while w is attached. */
void connected_follow(struct connected *c, struct watch *w);

#endif
