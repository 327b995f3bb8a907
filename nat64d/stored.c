#define _GNU_SOURCE /* memfd_create() */

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/os/log.h"
#include "common/os/notify.h"

#include "nat64d/state/handover.h"
#include "nat64d/state/stateload.h"
#include "stored.h"

/* Names in the store. */
#define NAME_TUN "tun"
#define NAME_STATE "state"

static void
take(void *arg, int fd, const char *name)
{
	struct stored *s = arg;

	if (strcmp(name, NAME_TUN) == 0 && s->tun == -1)
		s->tun = fd;
	else if (strcmp(name, NAME_STATE) == 0 && s->state == -1)
		s->state = fd;
	else {
		log_warn("descriptor %d of LISTEN_FDS, \"%s\", is not used",
		    fd, name);
		close(fd);
	}
}

void
stored_begin(struct stored *s)
{
	*s = (struct stored){ .tun = -1, .state = -1 };
	notify_each_fd(take, s);
}

struct tun *
stored_tun(struct stored *s, const struct conf *c)
{
	const int fd = s->tun;
	const char *what;
	struct tun *tun;

	if (fd == -1)
		return (NULL);
	s->tun = -1;
	tun = tun_adopt(fd, c->tun, c->offload, &what);
	if (tun != NULL) {
		log_info("%s: the device of the last process", tun_name(tun));
		return (tun);
	}
	log_info("%s: the device of the last process is not used: %s", c->tun,
	    what);
	notify_unstore(NAME_TUN);
	return (NULL);
}

static int
new_file(void)
{
#ifdef MFD_CLOEXEC
	return (memfd_create("nat64d-state", MFD_CLOEXEC));
#else
	errno = ENOSYS;
	return (-1);
#endif
}

void
stored_keep(struct stored *s, const struct tun *tun)
{
	if (!notify_is_used())
		return;
	if (s->state == -1)
		s->state = new_file();
	if (s->state == -1) {
		log_warn("state: no file in memory: %s", strerror(errno));
		return;
	}
	notify_store(NAME_TUN, tun_fd(tun));
	notify_store(NAME_STATE, s->state);
	s->kept = true;
}

bool
stored_has_state(const struct stored *s)
{
	struct stat st;

	return (s->state != -1 && fstat(s->state, &st) == 0 && st.st_size > 0);
}

bool
stored_load(const struct stored *s, struct nat64 *n)
{
	if (!stored_has_state(s))
		return (false);
	stateload(s->state, "of the last process", n);
	if (ftruncate(s->state, 0) == -1)
		log_warn("state: %s", strerror(errno));
	return (true);
}

void
stored_save(const struct stored *s, const struct nat64 *n)
{
	if (!s->kept)
		return;
	if (ftruncate(s->state, 0) == 0 && lseek(s->state, 0, SEEK_SET) == 0 &&
	    handover_write_state(s->state, n) == 0) {
		log_info("state: left to the service manager");
		return;
	}
	log_warn("state: cannot be left to the service manager: %s",
	    strerror(errno));
}
