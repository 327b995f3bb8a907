#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "common/array.h"
#include "common/os/log.h"

#include "fastifs.h"

struct interface {
	struct host_link link; /* as it was when its program was attached */
	bool gone;
};

struct fastifs {
	struct watch *watch;
	struct interface *ifs;
	size_t n;
};

struct fastifs *
fastifs_new(struct watch *watch)
{
	struct fastifs *f = calloc(1, sizeof(*f));

	if (f != NULL)
		f->watch = watch;
	return (f);
}

void
fastifs_free(struct fastifs *f)
{
	if (f == NULL)
		return;
	free(f->ifs);
	free(f);
}

int
fastifs_add(struct fastifs *f, const char *ifname)
{
	struct interface *ifs;

	ifs = array_grow(f->ifs, f->n, sizeof(*ifs));
	if (ifs == NULL)
		return (-1);
	f->ifs = ifs;
	ifs[f->n].gone = false;
	if (hostwatch_link(watch_host(f->watch), 0, ifname, &ifs[f->n].link) ==
	    -1)
		return (-1);
	f->n++;
	return (0);
}

/* An interface that comes back has another index. */
static bool
has_gone(const struct fastifs *f, const struct interface *i)
{
	struct host_link now;

	return (hostwatch_link(watch_host(f->watch), i->link.ifindex, NULL,
		    &now) == -1 &&
	    errno == ENODEV);
}

static void
changed(void *arg, unsigned what)
{
	const struct fastifs *f = arg;
	size_t i;

	(void)what;
	for (i = 0; i < f->n; i++) {
		if (f->ifs[i].gone || !has_gone(f, &f->ifs[i]))
			continue;
		f->ifs[i].gone = true;
		log_warn("fast path: %s has gone, and its program with it: "
			 "should it come back, only a restart of nat64d puts "
			 "the program there again",
		    f->ifs[i].link.name);
	}
}

void
fastifs_follow(struct fastifs *f)
{
	watch_add(f->watch, HOSTWATCH_LINK, changed, f);
}
