/*
 * Linux: /dev/net/tun with IFF_NO_PI and, where the kernel has it,
 * IFF_VNET_HDR.
 */
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/addr.h"

#include "nat64d/wire/gro.h"
#include "routed.h"
#include "tun.h"
#include "nat64d/wire/vnet.h"

/* Newer than the headers of Debian 12. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#endif
#ifndef TUN_F_USO6
#define TUN_F_USO6 0x40
#endif

/*
 * Length of the transmit queue, in packets. The kernel's default fills up
 * within two milliseconds while another process has the CPU. A length that is
 * not the default was set by the administrator and is kept.
 */
#define QUEUE_LEN_DEFAULT 500
#define QUEUE_LEN 4096

#define F_TSO (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)
#define F_USO (TUN_F_USO4 | TUN_F_USO6)

struct route {
	SLIST_ENTRY(route) next;
	struct prefix dst;
};

/*
 * Small packets are read in groups before they are handed to rx. A large one
 * ends its group, so that it is written while it is in the CPU's cache. With
 * each group leave those that need not wait for the end of the batch, which
 * may be half a millisecond away.
 */
#define GROUP 8
#define SMALL_PACKET 2048

struct tun {
	int fd;
	int ctl; /* a socket for ioctls on the interface */
	char name[IF_NAMESIZE];
	unsigned mtu;
	unsigned offloads; /* TUN_ bits */
	bool vnet;	   /* a vnet header comes before each packet */
	bool offload;	   /* offloads are wanted */
	SLIST_HEAD(, route) routes;
	struct gro *gro;  /* NULL: the kernel takes no super-packets */
	unsigned refused; /* packets, since the last tun_flush() */
	struct tun_refusal refusal;
	uint8_t bufs[GROUP][PKT_BUFSIZE];
};

static void
ifreq_init(const struct tun *t, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	strlcpy(ifr->ifr_name, t->name, sizeof(ifr->ifr_name));
}

/* What the administrator can do; the text of errno follows. */
static const char *
why_no_device(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return ("no /dev/net/tun: modprobe tun, or give the "
			"container the device (--device /dev/net/tun)");
	case EACCES:
	case EPERM:
		return (
		    "/dev/net/tun may not be opened: start as root, "
		    "chmod 666 /dev/net/tun as most systems have it, or give "
		    "the container the device (--device /dev/net/tun)");
	default:
		return ("/dev/net/tun");
	}
}

static const char *
why_no_interface(const char *name, int error)
{
	switch (error) {
	case EPERM:
		return (
		    "may not be made or taken: start as root or with "
		    "CAP_NET_ADMIN (--cap-add NET_ADMIN), or make it for "
		    "this user with ip tuntap add NAME mode tun user USER");
	case EBUSY:
		return ("another process has it: end that, or choose another "
			"name with \"tun NAME\"");
	case EINVAL:
		if (if_nametoindex(name) != 0)
			return ("exists and is no tun interface: choose "
				"another name with \"tun NAME\"");
		return ("is no name of an interface");
	default:
		return ("cannot be made or taken (TUNSETIFF)");
	}
}

/*
 * A persistent interface with several queues has to be opened with
 * IFF_MULTI_QUEUE; while we have the only queue open, all packets come there.
 */
static int
set_interface(struct tun *t, struct ifreq *ifr, const char **what)
{
	int error;

	if (ioctl(t->fd, TUNSETIFF, ifr) == 0)
		return (0);
	if (errno == EINVAL) {
		ifr->ifr_flags |= IFF_MULTI_QUEUE;
		if (ioctl(t->fd, TUNSETIFF, ifr) == 0)
			return (0);
	}
	error = errno;
	*what = why_no_interface(t->name, error);
	errno = error;
	return (-1);
}

/*
 * Create or find the interface. Set the size of the vnet header to 10 bytes: a
 * persistent device keeps the size that its last user set.
 */
static int
attach(struct tun *t, const char **what)
{
	const int hdrlen = VNET_HDRLEN;
	unsigned features = 0;
	struct ifreq ifr;

	if (t->vnet &&
	    (ioctl(t->fd, TUNGETFEATURES, &features) == -1 ||
		(features & IFF_VNET_HDR) == 0))
		t->vnet = false;
	ifreq_init(t, &ifr);
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (t->vnet)
		ifr.ifr_flags |= IFF_VNET_HDR;
	if (set_interface(t, &ifr, what) == -1)
		return (-1);
	strlcpy(t->name, ifr.ifr_name, sizeof(t->name));
	*what = "TUNSETVNETHDRSZ";
	if (t->vnet && ioctl(t->fd, TUNSETVNETHDRSZ, &hdrlen) == -1)
		return (-1);
	return (0);
}

/*
 * Ask for fewer offloads until the kernel accepts: without UDP (before Linux
 * 6.2), without TCP, none. The request is made even for none, because a
 * persistent device keeps the offloads that its last user set.
 */
static int
negotiate(struct tun *t, const char **what)
{
	static const struct {
		unsigned long flags;
		unsigned offloads;
	} tries[] = {
		{ F_TSO | F_USO, TUN_CSUM | TUN_TSO | TUN_USO },
		{ F_TSO, TUN_CSUM | TUN_TSO },
		{ TUN_F_CSUM, TUN_CSUM },
		{ 0, 0 },
	};
	const size_t n = sizeof(tries) / sizeof(tries[0]);
	size_t i;

	for (i = t->vnet && t->offload ? 0 : n - 1; i < n; i++) {
		if (ioctl(t->fd, TUNSETOFFLOAD, tries[i].flags) == 0) {
			t->offloads = tries[i].offloads;
			return (0);
		}
	}
	*what = "TUNSETOFFLOAD";
	return (-1);
}

/*
 * Remember a refused packet, unless room or memory was lacking. fault: what is
 * wrong with its header, or NULL.
 */
static void
note_refusal(struct tun *t, const struct pkt *p, const uint8_t *hdr,
    const char *fault, int error)
{
	struct tun_refusal *r = &t->refusal;
	uint16_t v[4]; /* in host byte order, see vnet.c */

	t->refused++;
	if (error == EAGAIN || error == ENOBUFS || error == ENOMEM)
		return;
	memcpy(v, hdr + 2, sizeof(v));
	r->count++;
	r->error = error;
	snprintf(r->packet, sizeof(r->packet),
	    "IPv%d protocol %u, %u "
	    "bytes, flags %u type %u hdr_len %u gso_size %u csum_start %u "
	    "csum_offset %u%s%s",
	    p->family, p->proto, p->len, hdr[0], hdr[1], v[0], v[1], v[2],
	    v[3], fault == NULL ? "" : ": ", fault == NULL ? "" : fault);
}

/*
 * Write one packet; one that the kernel refuses is counted and lost. A wrong
 * header is not passed to the kernel, which refuses some of them but accepts
 * others and damages the packet.
 */
static void
write_packet(void *arg, const struct pkt *p)
{
	struct tun *t = arg;
	uint8_t hdr[VNET_HDRLEN] = { 0 };
	struct iovec iov[2] = {
		{ .iov_base = hdr, .iov_len = sizeof(hdr) },
		{ .iov_base = p->data, .iov_len = p->len },
	};
	const char *fault;
	ssize_t n;

	vnet_encode(p, hdr);
	fault = vnet_fault(hdr, p->data, p->len, t->vnet);
	if (fault != NULL) {
		note_refusal(t, p, hdr, fault, EPROTO);
		return;
	}
	do {
		n = t->vnet ? writev(t->fd, iov, 2) :
			      write(t->fd, p->data, p->len);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		note_refusal(t, p, hdr, NULL, errno);
}

/* A device with that descriptor, which may be -1. */
static struct tun *
new_tun(int fd, const char *name, bool offload, const char **what)
{
	struct tun *t;

	*what = "memory";
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return (NULL);
	SLIST_INIT(&t->routes);
	t->vnet = t->offload = offload;
	t->fd = fd;
	t->ctl = -1;
	*what = "name";
	errno = ENAMETOOLONG;
	if (strlcpy(t->name, name, sizeof(t->name)) < sizeof(t->name))
		return (t);
	tun_close(t);
	return (NULL);
}

static int
open_ctl(struct tun *t, const char **what)
{
	*what = "no IPv6 in this kernel: load it, or remove ipv6.disable=1 "
		"from its command line";
	t->ctl = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return (t->ctl == -1 ? -1 : 0);
}

static int
use_offloads(struct tun *t, const char **what)
{
	if (negotiate(t, what) == -1)
		return (-1);
	*what = "memory";
	if ((t->offloads & (TUN_TSO | TUN_USO)) == 0)
		return (0);
	t->gro = gro_new((t->offloads & TUN_TSO) != 0,
	    (t->offloads & TUN_USO) != 0, write_packet, t);
	return (t->gro == NULL ? -1 : 0);
}

struct tun *
tun_open(const char *name, bool offload, const char **what)
{
	struct tun *t;

	t = new_tun(-1, name, offload, what);
	if (t == NULL)
		return (NULL);
	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd == -1) {
		*what = why_no_device(errno);
		goto fail;
	}
	if (open_ctl(t, what) == -1 || attach(t, what) == -1 ||
	    use_offloads(t, what) == -1)
		goto fail;
	return (t);

fail:
	tun_close(t);
	return (NULL);
}

/* The name of the interface, and whether it has a vnet header. */
static int
look(struct tun *t, const char **what)
{
	struct ifreq ifr = { .ifr_flags = 0 };

	*what = "is no tun device (TUNGETIFF)";
	if (ioctl(t->fd, TUNGETIFF, &ifr) == -1)
		return (-1);
	*what = "another interface is handed over: its name cannot be changed "
		"without a restart";
	errno = EINVAL;
	if (t->name[0] != '\0' && strcmp(t->name, ifr.ifr_name) != 0)
		return (-1);
	strlcpy(t->name, ifr.ifr_name, sizeof(t->name));
	t->vnet = (ifr.ifr_flags & IFF_VNET_HDR) != 0;
	return (0);
}

struct tun *
tun_adopt(int fd, const char *name, bool offload, const char **what)
{
	struct tun *t;

	t = new_tun(fd, name, offload, what);
	if (t == NULL) {
		close(fd);
		return (NULL);
	}
	if (open_ctl(t, what) == -1 || look(t, what) == -1 ||
	    use_offloads(t, what) == -1) {
		tun_close(t);
		return (NULL);
	}
	return (t);
}

/* Failures are ignored: a short queue works as well. */
static void
lengthen_queue(struct tun *t)
{
	struct ifreq ifr;

	ifreq_init(t, &ifr);
	if (ioctl(t->ctl, SIOCGIFTXQLEN, &ifr) == -1 ||
	    ifr.ifr_qlen != QUEUE_LEN_DEFAULT)
		return;
	ifr.ifr_qlen = QUEUE_LEN;
	(void)ioctl(t->ctl, SIOCSIFTXQLEN, &ifr);
}

/* Only change what differs: an ordinary user may not set the same value. */
static int
set_mtu(struct tun *t, unsigned mtu, const char **what)
{
	struct ifreq ifr;

	ifreq_init(t, &ifr);
	*what = "its MTU cannot be asked for (SIOCGIFMTU)";
	if (ioctl(t->ctl, SIOCGIFMTU, &ifr) == -1)
		return (-1);
	if (mtu != 0 && mtu != (unsigned)ifr.ifr_mtu) {
		ifr.ifr_mtu = (int)mtu;
		*what = "its MTU is another and cannot be changed: say \"tun "
			"NAME mtu BYTES\", or ip link set NAME mtu BYTES";
		if (ioctl(t->ctl, SIOCSIFMTU, &ifr) == -1)
			return (-1);
	}
	t->mtu = (unsigned)ifr.ifr_mtu;
	return (0);
}

static int
set_up(struct tun *t, const char **what)
{
	struct ifreq ifr;

	ifreq_init(t, &ifr);
	*what = "its flags cannot be asked for (SIOCGIFFLAGS)";
	if (ioctl(t->ctl, SIOCGIFFLAGS, &ifr) == -1)
		return (-1);
	if ((ifr.ifr_flags & IFF_UP) != 0)
		return (0);
	ifr.ifr_flags |= IFF_UP;
	*what = "is down and cannot be brought up: ip link set NAME up";
	return (ioctl(t->ctl, SIOCSIFFLAGS, &ifr));
}

/*
 * Containers and some hosts have IPv6 disabled on new interfaces; enable it on
 * ours. When the setting does not exist or cannot be read, adding the IPv6
 * routes will fail and say so.
 */
static int
set_ipv6(struct tun *t, const char **what)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//disable_ipv6") +
	    IF_NAMESIZE];
	char old = '0';
	int fd, rc = 0, saved_errno;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6",
	    t->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return (0);
	if (read(fd, &old, 1) != 1)
		old = '0';
	close(fd);
	if (old == '0')
		return (0);
	*what =
	    "has IPv6 disabled: sysctl net.ipv6.conf.NAME.disable_ipv6=0, "
	    "or, before it is made, net.ipv6.conf.default.disable_ipv6=0 (of "
	    "a container: --sysctl)";
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return (-1);
	if (write(fd, "0", 1) == -1)
		rc = -1;
	saved_errno = errno;
	close(fd);
	errno = saved_errno;
	return (rc);
}

int
tun_up(struct tun *t, unsigned mtu, const char **what)
{
	if (set_mtu(t, mtu, what) == -1)
		return (-1);
	lengthen_queue(t);
	if (set_ipv6(t, what) == -1)
		return (-1);
	return (set_up(t, what));
}

/*
 * Routes.
 */

static void
sin_set(struct sockaddr *sa, struct in_addr addr)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr = addr };

	memcpy(sa, &sin, sizeof(sin));
}

/* cmd: SIOCADDRT or SIOCDELRT; a socket takes routes of its family only. */
static int
route4(struct tun *t, unsigned long cmd, const struct prefix *dst)
{
	const struct in_addr mask = { .s_addr =
					  htonl(PREFIX4_MASK(dst->len)) };
	struct rtentry rt = { .rt_flags = RTF_UP, .rt_dev = t->name };
	int s, rc, saved_errno;

	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return (-1);
	sin_set(&rt.rt_dst, dst->v4);
	sin_set(&rt.rt_genmask, mask);
	if (dst->len == 32)
		rt.rt_flags |= RTF_HOST;
	rc = ioctl(s, cmd, &rt);
	saved_errno = errno;
	close(s);
	errno = saved_errno;
	return (rc);
}

static int
route6(struct tun *t, unsigned long cmd, const struct prefix *dst)
{
	struct in6_rtmsg rt = { .rtmsg_dst = dst->v6,
		.rtmsg_dst_len = dst->len,
		.rtmsg_flags = RTF_UP,
		.rtmsg_ifindex = (int)if_nametoindex(t->name) };

	return (ioctl(t->ctl, cmd, &rt));
}

static int
route_change(struct tun *t, unsigned long cmd, const struct prefix *dst)
{
	return (dst->family == AF_INET ? route4(t, cmd, dst) :
					 route6(t, cmd, dst));
}

static const char *
why_no_route(int error)
{
	switch (error) {
	case EPERM:
		return ("there is none, and it may not be added: ip route "
			"add PREFIX dev NAME, or start with CAP_NET_ADMIN");
	case EACCES:
		return ("is IPv6 disabled? sysctl "
			"net.ipv6.conf.NAME.disable_ipv6=0");
	default:
		return ("cannot be added (SIOCADDRT)");
	}
}

int
tun_route(struct tun *t, const struct prefix *dst, const char **what)
{
	struct route *r;
	int error;

	*what = "memory";
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return (-1);
	r->dst = *dst;
	if (route_change(t, SIOCADDRT, dst) == 0) {
		SLIST_INSERT_HEAD(&t->routes, r, next);
		return (0);
	}
	error = errno;
	free(r);
	/* A persistent device has kept the route. */
	if (error == EEXIST || (error == EPERM && routed(t->name, dst)))
		return (0);
	*what = why_no_route(error);
	errno = error;
	return (-1);
}

static void
end_routes(struct tun *t, bool remove)
{
	struct route *r;

	while ((r = SLIST_FIRST(&t->routes)) != NULL) {
		SLIST_REMOVE_HEAD(&t->routes, next);
		if (remove)
			(void)route_change(t, SIOCDELRT, &r->dst);
		free(r);
	}
}

void
tun_leave(struct tun *t)
{
	end_routes(t, false);
	tun_close(t);
}

void
tun_close(struct tun *t)
{
	int saved_errno = errno;

	if (t == NULL)
		return;
	end_routes(t, true);
	gro_free(t->gro);
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
	return (t->offloads);
}

int
tun_fd(const struct tun *t)
{
	return (t->fd);
}

const char *
tun_why(int error)
{
	return (
	    error == EBADFD ? "the interface was removed" : strerror(error));
}

/*
 * Packets.
 */

/*
 * Read one packet to PKT_HEADROOM of buf; the header, if any, ends up before
 * it. Returns 1, 0 when none is waiting, or -1.
 */
static int
recv_one(struct tun *t, struct pkt *p, uint8_t buf[PKT_BUFSIZE])
{
	const size_t hdrlen = t->vnet ? VNET_HDRLEN : 0;
	uint8_t *start;
	ssize_t n;

	pkt_init(p, buf, PKT_BUFSIZE);
	start = p->data - hdrlen;
	do {
		n = read(t->fd, start, PKT_BUFSIZE - PKT_HEADROOM + hdrlen);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return (errno == EAGAIN || errno == ENOBUFS ? 0 : -1);
	p->len = (size_t)n > hdrlen ? (uint32_t)((size_t)n - hdrlen) : 0;
	/*
	 * An invalid header becomes segments of size 0, which pkt_parse()
	 * refuses and counts.
	 */
	if (t->vnet && vnet_decode(start, &p->ofl) == -1)
		p->ofl = (struct pkt_offload){ .seg = PKT_SEG_TCP };
	return (1);
}

int
tun_recv_batch(struct tun *t, unsigned max, size_t max_bytes, tun_rx_fn rx,
    void *arg)
{
	struct pkt group[GROUP];
	size_t bytes = 0;
	unsigned n = 0, count = 0; /* in total, and in the group */
	int rc = 1;

	while (n < max && bytes < max_bytes &&
	    (rc = recv_one(t, &group[count], t->bufs[count])) == 1) {
		n++;
		bytes += group[count].len;
		if (group[count++].len <= SMALL_PACKET && count < GROUP)
			continue;
		rx(arg, group, count);
		count = 0;
		if (t->gro != NULL)
			gro_release(t->gro);
	}
	if (count > 0)
		rx(arg, group, count);
	return (rc == -1 ? -1 : (int)n);
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
	if (t->gro != NULL)
		gro_send(t->gro, p);
	else
		write_packet(t, p);
}

unsigned
tun_flush(struct tun *t)
{
	unsigned refused;

	if (t->gro != NULL)
		gro_flush(t->gro);
	refused = t->refused;
	t->refused = 0;
	return (refused);
}

const struct tun_refusal *
tun_refusal(const struct tun *t)
{
	return (&t->refusal);
}
