/*
 * UDP batches on Linux: recvmmsg(2), sendmmsg(2), IP_PKTINFO, UDP_SEGMENT.
 */
#define _GNU_SOURCE /* recvmmsg, sendmmsg, struct in6_pktinfo */

#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "udp.h"
#include "udp_group.h"

/* Room for the control messages that are received or sent. */
union control {
	struct cmsghdr align;
	char v4[CMSG_SPACE(sizeof(struct in_pktinfo)) +
	    CMSG_SPACE(sizeof(uint16_t))];
	char v6[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
	    CMSG_SPACE(sizeof(uint16_t))];
};

/* Whether UDP_SEGMENT can be used. */
enum { GROUPING_UNKNOWN, GROUPING_WORKS, GROUPING_FAILS };

/* The arguments of sendmmsg and recvmmsg for a batch. */
struct headers {
	struct mmsghdr msg[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	union control control[UDP_BATCH];
};

static int
set_int(int fd, int level, int option, int value)
{
	return (setsockopt(fd, level, option, &value, sizeof(value)));
}

/*
 * IP_PMTUDISC_OMIT ignores the path MTU, so that forged "fragmentation needed"
 * messages do not make us send fragments (RFC 9715, 3.1).
 */
int
udp_set_options(int fd, const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *sin = (const void *)addr;
	const struct sockaddr_in6 *sin6 = (const void *)addr;

	/* As root, rmem_max does not apply. */
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, UDP_RCVBUF) == -1 &&
	    set_int(fd, SOL_SOCKET, SO_RCVBUF, UDP_RCVBUF) == -1)
		return (-1);
	if (addr->ss_family == AF_INET) {
		if (set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			IP_PMTUDISC_OMIT) == -1)
			return (-1);
		if (sin->sin_addr.s_addr != INADDR_ANY)
			return (0);
		return (set_int(fd, IPPROTO_IP, IP_PKTINFO, 1));
	}
	if (set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT) ==
	    -1)
		return (-1);
	if (!IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr))
		return (0);
	return (set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
}

static void
read_control(struct msghdr *hdr, struct udp_path *path)
{
	struct cmsghdr *c;
	struct in_pktinfo info4;
	struct in6_pktinfo info6;

	path->local_family = AF_UNSPEC;
	path->ifindex = 0;
	for (c = CMSG_FIRSTHDR(hdr); c != NULL; c = CMSG_NXTHDR(hdr, c)) {
		if (c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_PKTINFO) {
			memcpy(&info4, CMSG_DATA(c), sizeof(info4));
			path->local_family = AF_INET;
			path->local4 = info4.ipi_spec_dst;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			path->local_family = AF_INET6;
			path->local6 = info6.ipi6_addr;
			path->ifindex = info6.ipi6_ifindex;
		}
	}
}

/* Add a control message; there must be room for it. */
static void
add_control(struct msghdr *hdr, int level, int type, const void *data,
    size_t len)
{
	struct cmsghdr *c =
	    (void *)((char *)hdr->msg_control + hdr->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	hdr->msg_controllen += CMSG_SPACE(len);
}

/* Set the source of an answer. */
static void
add_source(struct msghdr *hdr, const struct udp_path *path)
{
	struct in_pktinfo info4 = { .ipi_spec_dst = path->local4 };
	struct in6_pktinfo info6 = { .ipi6_addr = path->local6 };

	if (path->local_family == AF_INET)
		add_control(hdr, IPPROTO_IP, IP_PKTINFO, &info4,
		    sizeof(info4));
	else if (path->local_family == AF_INET6) {
		/* For other addresses routing chooses the interface. */
		if (IN6_IS_ADDR_LINKLOCAL(&path->local6))
			info6.ipi6_ifindex = path->ifindex;
		add_control(hdr, IPPROTO_IPV6, IPV6_PKTINFO, &info6,
		    sizeof(info6));
	}
}

void
udp_recv(int fd, struct udp_batch *b)
{
	struct headers h;
	struct msghdr *hdr;
	unsigned i;
	int n;

	for (i = 0; i < UDP_BATCH; i++) {
		h.iov[i].iov_base = b->msg[i].data;
		h.iov[i].iov_len = sizeof(b->msg[i].data);
		h.msg[i].msg_hdr = (struct msghdr){
			.msg_name = &b->msg[i].path.peer,
			.msg_namelen = sizeof(b->msg[i].path.peer),
			.msg_iov = &h.iov[i],
			.msg_iovlen = 1,
			.msg_control = &h.control[i],
			.msg_controllen = sizeof(h.control[i]),
		};
	}
	n = recvmmsg(fd, h.msg, UDP_BATCH, MSG_DONTWAIT, NULL);
	b->n = n > 0 ? n : 0;
	for (i = 0; i < b->n; i++) {
		hdr = &h.msg[i].msg_hdr;
		b->msg[i].len =
		    hdr->msg_flags & MSG_TRUNC ? 0 : h.msg[i].msg_len;
		read_control(hdr, &b->msg[i].path);
	}
}

/* Ask first: a kernel without UDP_SEGMENT ignores it when sending. */
static bool
may_group(int fd, int *grouping)
{
	socklen_t len = sizeof(int);
	int size;

	if (*grouping == GROUPING_UNKNOWN)
		*grouping = getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size,
				&len) == 0 ?
		    GROUPING_WORKS :
		    GROUPING_FAILS;
	return (*grouping == GROUPING_WORKS);
}

/* Fill header at for n datagrams of one group, from the i-th of b on. */
static void
point_group(struct headers *h, unsigned at, struct udp_batch *b,
    const struct udp_groups *g, unsigned i, unsigned n, struct iovec *iov)
{
	struct msghdr *hdr = &h->msg[at].msg_hdr;
	struct udp_path *path = &b->msg[i].path;
	uint16_t size = b->msg[i].len;
	unsigned k;

	memset(&h->msg[at], 0, sizeof(h->msg[at]));
	hdr->msg_name = &path->peer;
	hdr->msg_namelen = udp_addrlen(&path->peer);
	hdr->msg_iov = iov;
	hdr->msg_iovlen = n;
	hdr->msg_control = &h->control[at];
	add_source(hdr, path);
	if (n > 1)
		add_control(hdr, IPPROTO_UDP, UDP_SEGMENT, &size,
		    sizeof(size));
	for (k = 0; k < n; k++, i = g->next[i]) {
		iov[k].iov_base = b->msg[i].data;
		iov[k].iov_len = size;
	}
}

/*
 * Send the datagrams of a group that was refused one by one. If that works
 * UDP_SEGMENT failed, which needs checksum offload and a segment size below
 * the MTU, and is not used again. Returns how many were dropped.
 */
static unsigned
send_apart(int fd, struct udp_batch *b, const struct udp_groups *g,
    unsigned group)
{
	struct headers h;
	unsigned lost = 0, n = g->v[group].n, i = g->v[group].first;

	for (; n > 0; n--, i = g->next[i]) {
		point_group(&h, 0, b, g, i, 1, h.iov);
		if (sendmsg(fd, &h.msg[0].msg_hdr, MSG_DONTWAIT) == -1)
			lost++;
		else
			b->grouping = GROUPING_FAILS;
	}
	return (lost);
}

unsigned
udp_send(int fd, struct udp_batch *b)
{
	struct headers h;
	struct udp_groups g;
	unsigned i, used = 0, lost = 0;
	int n;

	udp_group(b, may_group(fd, &b->grouping), &g);
	for (i = 0; i < g.n; i++) {
		point_group(&h, i, b, &g, g.v[i].first, g.v[i].n,
		    h.iov + used);
		used += g.v[i].n;
	}
	/* An error is about the first message that is left: skip it. */
	for (i = 0; i < g.n; i += n) {
		n = sendmmsg(fd, h.msg + i, g.n - i, MSG_DONTWAIT);
		if (n <= 0) {
			n = 1;
			lost += g.v[i].n > 1 ? send_apart(fd, b, &g, i) : 1;
		}
	}
	b->n = 0;
	return (lost);
}

/*
 * A pending error of the socket is returned before datagrams that have
 * arrived: they are received by a second call. An error that occurs after some
 * datagrams were received is kept by the kernel for the next call.
 */
void
udp_read(int fd, struct udp_inbox *in, unsigned max)
{
	struct mmsghdr msg[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct udp_datagram *d;
	unsigned i;
	int n;

	if (max > UDP_BATCH)
		max = UDP_BATCH;
	for (i = 0; i < max; i++) {
		d = &in->datagram[i];
		iov[i].iov_base = d->data;
		iov[i].iov_len = sizeof(d->data);
		msg[i].msg_hdr = (struct msghdr){
			.msg_name = &d->from,
			.msg_namelen = sizeof(d->from),
			.msg_iov = &iov[i],
			.msg_iovlen = 1,
		};
	}
	in->error = 0;
	n = recvmmsg(fd, msg, max, MSG_DONTWAIT, NULL);
	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		in->error = errno;
		n = recvmmsg(fd, msg, max, MSG_DONTWAIT, NULL);
	}
	in->n = n > 0 ? n : 0;
	for (i = 0; i < in->n; i++)
		in->datagram[i].len = msg[i].msg_len;
}

/* Room for the control message of UDP_SEGMENT. */
union segment {
	struct cmsghdr align;
	char size[CMSG_SPACE(sizeof(uint16_t))];
};

/* Count the leading datagrams that are as long as the first one. */
static unsigned
count_equal(const struct iovec *v, unsigned n)
{
	unsigned i;

	for (i = 1; i < n && v[i].iov_len == v[0].iov_len; i++)
		continue;
	return (i);
}

/*
 * merge: send consecutive datagrams of the same length, such as the queries
 * for A and AAAA of a name, as one that the kernel splits (UDP_SEGMENT), which
 * costs less. Returns as udp_write does.
 */
static unsigned
write_batch(int fd, struct iovec *v, unsigned n, bool merge)
{
	struct mmsghdr msg[UDP_WRITE_MAX];
	union segment segment[UDP_WRITE_MAX];
	unsigned i, k, m = 0, written = 0;
	uint16_t size;
	int sent;

	for (i = 0; i < n; i += k) {
		k = merge ? count_equal(v + i, n - i) : 1;
		msg[m].msg_hdr = (struct msghdr){
			.msg_iov = v + i,
			.msg_iovlen = k,
		};
		if (k > 1) {
			size = v[i].iov_len;
			msg[m].msg_hdr.msg_control = &segment[m];
			add_control(&msg[m].msg_hdr, IPPROTO_UDP, UDP_SEGMENT,
			    &size, sizeof(size));
		}
		m++;
	}
	sent = sendmmsg(fd, msg, m, MSG_DONTWAIT);
	for (i = 0; sent > 0 && i < (unsigned)sent; i++)
		written += msg[i].msg_hdr.msg_iovlen;
	return (written);
}

/* UDP_SEGMENT fails on devices without checksum offload. */
unsigned
udp_write(int fd, struct iovec *v, unsigned n, int *grouping)
{
	bool merge = may_group(fd, grouping);
	unsigned written = write_batch(fd, v, n, merge);

	if (written == 0 && merge && (errno == EIO || errno == EINVAL))
		written = write_batch(fd, v, n, false);
	return (written);
}
