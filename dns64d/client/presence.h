/*
 * Which addresses and interfaces of the configuration exist on this host:
 * those to listen on, and the interfaces of link-local ones. Logs which are
 * missing, come and go, keeps the interface index of upstreams up to date,
 * and finds upstreams that are this host itself.
 *
 * For the main thread only.
 */
#ifndef DNS64D_CLIENT_PRESENCE_H
#define DNS64D_CLIENT_PRESENCE_H

struct conf;
struct hostwatch;
struct presence;
struct watch;

/* Called when a listener may open, or has to be reopened. */
typedef void presence_fn(void *arg);

/*
 * host: where to look addresses up; NULL on systems that cannot: then every
 * address counts as present. Returns NULL with errno ENOMEM.
 */
struct presence *presence_new(struct hostwatch *host, presence_fn *changed,
    void *arg);
void presence_free(struct presence *p);

/* Look again whenever addresses or interfaces have changed. */
void presence_follow(struct presence *p, struct watch *watch);

/*
 * Find the interfaces of the upstreams of a configuration before it is used.
 * host: or NULL. Returns 0; -1 after log messages when an upstream is an
 * address of this host that leads back to a listener.
 */
int presence_prepare(struct hostwatch *host, const struct conf *conf);

/*
 * Log which addresses of a configuration are missing, unless that was logged
 * for the previous one, and follow its addresses from now on. Takes a
 * reference.
 */
void presence_use(struct presence *p, struct conf *conf);

#endif
