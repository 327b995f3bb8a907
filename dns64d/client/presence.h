/*
 * What this host has of what the configuration names: addresses to listen
 * on, and the interfaces of link-local ones. Tells in the log what is missing
 * and what comes and goes, keeps the way to upstreams on an interface up to
 * date, and finds upstreams that are this host itself.
 *
 * Of the main thread.
 */
#ifndef DNS64D_CLIENT_PRESENCE_H
#define DNS64D_CLIENT_PRESENCE_H

struct conf;
struct hostwatch;
struct presence;
struct watch;

/* Called when a listener may be able to open, or has to be opened anew. */
typedef void presence_fn(void *arg);

/*
 * host: to look things up; NULL where the system does not tell: then every
 * address counts as there. Returns NULL with errno ENOMEM.
 */
struct presence *presence_new(struct hostwatch *host, presence_fn *changed,
    void *arg);
void presence_free(struct presence *p);

/* Look again whenever something has changed. */
void presence_follow(struct presence *p, struct watch *watch);

/*
 * Before anybody works by a configuration: find the interfaces of its
 * upstreams. Returns 0; -1 after log messages when one of them leads back to
 * a listener, because it is an address that this host has. host: or NULL.
 */
int presence_prepare(struct hostwatch *host, const struct conf *conf);

/*
 * Tell what is missing of what a configuration names, and follow it from now
 * on. Takes a reference. What the one before named is not told again.
 */
void presence_use(struct presence *p, struct conf *conf);

#endif
