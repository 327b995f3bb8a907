#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/acl.h"
#include "common/net/addr.h"
#include "common/os/log.h"
#include "common/os/watch.h"

#include "connected.h"

struct connected {
	struct hostwatch *host;
	struct acl *networks;
	connected_fn *hand_over;
	void *arg;
};

/* A list that is being filled; error: of the first network that failed. */
struct filling {
	struct acl *acl;
	int error;
};

static void
add_network(void *arg, const struct hostaddr *a)
{
	struct filling *f = arg;
	struct prefix p = { .family = a->family, .len = a->len };

	if (f->error != 0 || a->len == 0)
		return;
	if (a->family == AF_INET)
		p.v4 = a->v4;
	else
		p.v6 = a->v6;
	addr_clear_host(&p.v6, sizeof(p.v6), p.len);
	if (acl_add(f->acl, &p, true) == -1)
		f->error = errno;
}

/* When there are more networks than ACL_MAX_RULES the first ones are added. */
static int
add_networks(struct hostwatch *host, struct acl *acl)
{
	struct filling f = { .acl = acl };

	if (host == NULL) {
		errno = EOPNOTSUPP;
		return (-1);
	}
	if (hostwatch_addrs(host, AF_UNSPEC, add_network, &f) == -1)
		return (-1);
	if (f.error == ENOSPC) {
		log_warn("connected networks: more than %d: allow the others "
			 "with statements",
		    ACL_MAX_RULES);
		f.error = 0;
	}
	errno = f.error;
	return (f.error == 0 ? 0 : -1);
}

/* Added even when the loopback interface is down. */
static int
add_loopback(struct acl *acl)
{
	static const char *const loopback[] = { "127.0.0.0/8", "::1" };
	struct prefix p;
	size_t i;

	for (i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		if (prefix_parse(loopback[i], &p) == NULL &&
		    acl_add(acl, &p, true) == -1)
			return (-1);
	}
	return (0);
}

/* Returns NULL with errno. */
static struct acl *
read_loopback(void)
{
	struct acl *acl;

	if ((acl = acl_new()) != NULL && add_loopback(acl) == -1) {
		acl_free(acl);
		acl = NULL;
	}
	return (acl);
}

/* Returns NULL with errno. */
static struct acl *
read_networks(struct hostwatch *host)
{
	struct acl *acl;
	int error;

	if ((acl = read_loopback()) != NULL && add_networks(host, acl) == -1) {
		error = errno;
		acl_free(acl);
		acl = NULL;
		errno = error;
	}
	return (acl);
}

struct connected *
connected_new(struct hostwatch *host, connected_fn *hand_over, void *arg)
{
	struct connected *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->host = host;
	c->hand_over = hand_over;
	c->arg = arg;
	if ((c->networks = read_networks(host)) == NULL) {
		log_warn("connected networks: cannot look at the addresses of "
			 "this host: %s: only this host and whom \"allow\" "
			 "names may ask",
		    strerror(errno));
		c->networks = read_loopback();
	}
	if (c->networks == NULL) {
		free(c);
		return (NULL);
	}
	hand_over(arg, c->networks);
	return (c);
}

void
connected_free(struct connected *c)
{
	if (c == NULL)
		return;
	acl_free(c->networks);
	free(c);
}

struct change {
	const char *what;
	unsigned n;
};

static void
log_change(void *arg, const struct prefix *p)
{
	struct change *change = arg;
	char text[PREFIX_STRLEN];

	change->n++;
	log_info("connected network %s: %s",
	    prefix_print(p, text, sizeof(text)), change->what);
}

void
connected_look(struct connected *c)
{
	struct change come = { .what = "new, its clients may ask" };
	struct change gone = { .what = "gone, its clients may ask no more" };
	struct acl *old = c->networks, *new;

	if ((new = read_networks(c->host)) == NULL) {
		log_warn("connected networks: cannot look at the addresses of "
			 "this host: %s: what has changed is not known",
		    strerror(errno));
		return;
	}
	acl_differ(old, new, log_change, &gone);
	acl_differ(new, old, log_change, &come);
	if (gone.n + come.n == 0) {
		acl_free(new);
		return;
	}
	c->networks = new;
	c->hand_over(c->arg, new);
	acl_free(old);
}

static void
address_changed(void *arg, unsigned what)
{
	(void)what;
	connected_look(arg);
}

void
connected_follow(struct connected *c, struct watch *w)
{
	watch_add(w, HOSTWATCH_ADDR, address_changed, c);
}
