/*
 * The BSDs: /dev/tunN, with the address family in 4 bytes before each packet
 * (tun(4)). There are no offloads. Routes are left to route(8), since each
 * system has another interface for them.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tun.h"
#include "tun_bsd.h"

/* The family in network byte order. */
#define FAMILY_LEN 4

struct tun {
	int fd;
	int ctl; /* a socket for ioctls on the interface */
	char name[IF_NAMESIZE];
	unsigned mtu;
	unsigned refused; /* packets, since the last tun_flush() */
	struct tun_refusal refusal;
	uint8_t buf[PKT_BUFSIZE];
};

/* What the administrator can do; the text of errno follows. */
static const char *
why_no_device(int error)
{
	switch (error) {
	case EBUSY:
		return ("another process has it: end that, or choose another "
			"name with \"tun NAME\"");
	case EACCES:
	case EPERM:
		return ("its device in /dev may not be opened: start as root, "
			"or let this user open it");
	case ENOENT:
	case ENXIO:
		return ("has no device in /dev: choose a name such as tun0 "
			"with \"tun NAME\"");
	default:
		return ("its device in /dev");
	}
}

struct tun *
tun_open(const char *name, bool offload, const char **what)
{
	char path[sizeof("/dev/") + IF_NAMESIZE];
	struct tun *t;

	(void)offload;
	*what = "memory";
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return (NULL);
	t->fd = t->ctl = -1;
	*what = "name";
	errno = EINVAL;
	if (name[0] == '\0' ||
	    strlcpy(t->name, name, sizeof(t->name)) >= sizeof(t->name))
		goto fail;
	snprintf(path, sizeof(path), "/dev/%s", t->name);
	t->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd == -1) {
		*what = why_no_device(errno);
		goto fail;
	}
	*what = "socket";
	t->ctl = socket(AF_INET, SOCK_DGRAM, 0);
	if (t->ctl == -1 || fcntl(t->ctl, F_SETFD, FD_CLOEXEC) == -1)
		goto fail;
	if (tun_bsd_setup(t->fd, what) == -1)
		goto fail;
	return (t);

fail:
	tun_close(t);
	return (NULL);
}

static void
ifreq_init(const struct tun *t, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	strlcpy(ifr->ifr_name, t->name, sizeof(ifr->ifr_name));
}

/* Only change what differs: an ordinary user may not set the same value. */
int
tun_up(struct tun *t, unsigned mtu, const char **what)
{
	struct ifreq ifr;

	ifreq_init(t, &ifr);
	*what = "its MTU cannot be asked for (SIOCGIFMTU)";
	if (ioctl(t->ctl, SIOCGIFMTU, &ifr) == -1)
		return (-1);
	if (mtu != 0 && mtu != (unsigned)ifr.ifr_mtu) {
		ifr.ifr_mtu = (int)mtu;
		*what = "its MTU is another and cannot be changed: say \"tun "
			"NAME mtu BYTES\", or ifconfig NAME mtu BYTES";
		if (ioctl(t->ctl, SIOCSIFMTU, &ifr) == -1)
			return (-1);
	}
	t->mtu = (unsigned)ifr.ifr_mtu;
	*what = "its flags cannot be asked for (SIOCGIFFLAGS)";
	if (ioctl(t->ctl, SIOCGIFFLAGS, &ifr) == -1)
		return (-1);
	if ((ifr.ifr_flags & IFF_UP) != 0)
		return (0);
	ifr.ifr_flags |= IFF_UP;
	*what = "is down and cannot be brought up: ifconfig NAME up";
	return (ioctl(t->ctl, SIOCSIFFLAGS, &ifr));
}

int
tun_route(struct tun *t, const struct prefix *dst, const char **what)
{
	(void)t;
	(void)dst;
	*what = "say \"routes no\" and use route(8)";
	errno = EOPNOTSUPP;
	return (-1);
}

struct tun *
tun_adopt(int fd, const char *name, bool offload, const char **what)
{
	(void)name;
	(void)offload;
	close(fd);
	*what = "no take-over on this system";
	errno = EOPNOTSUPP;
	return (NULL);
}

void
tun_leave(struct tun *t)
{
	tun_close(t);
}

void
tun_close(struct tun *t)
{
	int saved_errno = errno;

	if (t == NULL)
		return;
	if (t->ctl != -1)
		close(t->ctl);
	if (t->fd != -1)
		close(t->fd);
	free(t);
	errno = saved_errno;
}

const char *
tun_name(const struct tun *t)
{
	return (t->name);
}

unsigned
tun_mtu(const struct tun *t)
{
	return (t->mtu);
}

unsigned
tun_offloads(const struct tun *t)
{
	(void)t;
	return (0);
}

int
tun_fd(const struct tun *t)
{
	return (t->fd);
}

const char *
tun_why(int error)
{
	return (error == ENXIO || error == EIO ? "the interface was removed" :
						 strerror(error));
}

static uint32_t
family_of(const uint8_t *data)
{
	return (data[0] >> 4 == 6 ? AF_INET6 : AF_INET);
}

/* Returns 1, 0 when no packet is waiting, or -1. */
static int
recv_one(struct tun *t, struct pkt *p)
{
	uint8_t *start;
	ssize_t n;

	pkt_init(p, t->buf, sizeof(t->buf));
	start = p->data - FAMILY_LEN;
	do {
		n = read(t->fd, start,
		    sizeof(t->buf) - PKT_HEADROOM + FAMILY_LEN);
	} while (n == -1 && errno == EINTR);
	/* EHOSTDOWN: the interface has no address yet. */
	if (n == -1)
		return (errno == EAGAIN || errno == EHOSTDOWN ? 0 : -1);
	/*
	 * A packet whose version contradicts its family gets length 0, which
	 * pkt_parse() refuses and counts.
	 */
	if (n > FAMILY_LEN && get32(start) == family_of(p->data))
		p->len = (uint32_t)n - FAMILY_LEN;
	return (1);
}

int
tun_recv_batch(struct tun *t, unsigned max, size_t max_bytes, tun_rx_fn rx,
    void *arg)
{
	struct pkt p;
	size_t bytes = 0;
	unsigned n;
	int rc;

	for (n = 0; n < max && bytes < max_bytes; n++) {
		rc = recv_one(t, &p);
		if (rc == -1)
			return (-1);
		if (rc == 0)
			break;
		bytes += p.len;
		rx(arg, &p, 1);
	}
	return ((int)n);
}

bool
tun_is_drained(const struct tun *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	return (poll(&p, 1, 0) == 0);
}

void
tun_send(struct tun *t, const struct pkt *p)
{
	uint32_t family = htonl(family_of(p->data));
	struct iovec iov[2] = {
		{ .iov_base = &family, .iov_len = sizeof(family) },
		{ .iov_base = p->data, .iov_len = p->len },
	};
	ssize_t n;

	do {
		n = writev(t->fd, iov, 2);
	} while (n == -1 && errno == EINTR);
	if (n != -1)
		return;
	t->refused++;
	if (errno == EAGAIN || errno == ENOBUFS)
		return;
	t->refusal.count++;
	t->refusal.error = errno;
	snprintf(t->refusal.packet, sizeof(t->refusal.packet),
	    "IPv%d protocol %u, %u bytes", p->family, p->proto, p->len);
}

/* Each packet leaves at once. */
unsigned
tun_flush(struct tun *t)
{
	unsigned refused = t->refused;

	t->refused = 0;
	return (refused);
}

const struct tun_refusal *
tun_refusal(const struct tun *t)
{
	return (&t->refusal);
}
