/*
 * UDP batches on the BSDs: recvmsg(2) and sendmsg(2) in a loop,
 * IP_RECVDSTADDR.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <errno.h>
#include <string.h>

#include "udp.h"

#define RCVBUF_MIN (64 * 1024)

/* Room for the one control message that is received or sent. */
union control {
	struct cmsghdr align;
	char v4[CMSG_SPACE(sizeof(struct in_addr))];
	char v6[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static int
set_int(int fd, int level, int option, int value)
{
	return (setsockopt(fd, level, option, &value, sizeof(value)));
}

/* A size above the system's limit is refused, not lowered. */
static void
set_rcvbuf(int fd)
{
	int size;

	for (size = UDP_RCVBUF; size >= RCVBUF_MIN; size /= 2) {
		if (set_int(fd, SOL_SOCKET, SO_RCVBUF, size) == 0)
			break;
	}
}

/*
 * IPv6 packets are sent with the minimum MTU, which UDP_PAYLOAD fits
 * (RFC 9715, 3.1). For IPv4 there is no path MTU discovery of UDP.
 */
int
udp_set_options(int fd, const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *sin = (const void *)addr;
	const struct sockaddr_in6 *sin6 = (const void *)addr;

	set_rcvbuf(fd);
	if (addr->ss_family == AF_INET) {
		if (sin->sin_addr.s_addr != INADDR_ANY)
			return (0);
		return (set_int(fd, IPPROTO_IP, IP_RECVDSTADDR, 1));
	}
	if (set_int(fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU, 1) == -1)
		return (-1);
	if (!IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr))
		return (0);
	return (set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
}

static void
read_control(struct msghdr *hdr, struct udp_path *path)
{
	struct cmsghdr *c;
	struct in6_pktinfo info6;

	path->local_family = AF_UNSPEC;
	path->ifindex = 0;
	for (c = CMSG_FIRSTHDR(hdr); c != NULL; c = CMSG_NXTHDR(hdr, c)) {
		if (c->cmsg_level == IPPROTO_IP &&
		    c->cmsg_type == IP_RECVDSTADDR) {
			memcpy(&path->local4, CMSG_DATA(c),
			    sizeof(path->local4));
			path->local_family = AF_INET;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			path->local_family = AF_INET6;
			path->local6 = info6.ipi6_addr;
			path->ifindex = info6.ipi6_ifindex;
		}
	}
}

/* Add the control message that sets the source of an answer. */
static void
write_control(struct msghdr *hdr, union control *control,
    const struct udp_path *path)
{
	struct cmsghdr *c;
	struct in6_pktinfo info6 = { 0 };

	memset(control, 0, sizeof(*control));
	hdr->msg_control = control;
	hdr->msg_controllen = sizeof(*control);
	c = CMSG_FIRSTHDR(hdr);
	if (path->local_family == AF_INET) {
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_SENDSRCADDR;
		c->cmsg_len = CMSG_LEN(sizeof(path->local4));
		memcpy(CMSG_DATA(c), &path->local4, sizeof(path->local4));
		hdr->msg_controllen = CMSG_SPACE(sizeof(path->local4));
	} else {
		info6.ipi6_addr = path->local6;
		/* For other addresses routing chooses the interface. */
		if (IN6_IS_ADDR_LINKLOCAL(&path->local6))
			info6.ipi6_ifindex = path->ifindex;
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info6));
		memcpy(CMSG_DATA(c), &info6, sizeof(info6));
		hdr->msg_controllen = CMSG_SPACE(sizeof(info6));
	}
}

void
udp_recv(int fd, struct udp_batch *b)
{
	union control control;
	struct iovec iov;
	struct msghdr hdr;
	ssize_t n;

	for (b->n = 0; b->n < UDP_BATCH; b->n++) {
		iov.iov_base = b->msg[b->n].data;
		iov.iov_len = sizeof(b->msg[b->n].data);
		memset(&hdr, 0, sizeof(hdr));
		hdr.msg_name = &b->msg[b->n].path.peer;
		hdr.msg_namelen = sizeof(b->msg[b->n].path.peer);
		hdr.msg_iov = &iov;
		hdr.msg_iovlen = 1;
		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		if ((n = recvmsg(fd, &hdr, MSG_DONTWAIT)) == -1)
			return;
		b->msg[b->n].len = hdr.msg_flags & MSG_TRUNC ? 0 : n;
		read_control(&hdr, &b->msg[b->n].path);
	}
}

unsigned
udp_send(int fd, struct udp_batch *b)
{
	union control control;
	struct iovec iov;
	struct msghdr hdr;
	unsigned i, lost = 0;

	for (i = 0; i < b->n; i++) {
		iov.iov_base = b->msg[i].data;
		iov.iov_len = b->msg[i].len;
		memset(&hdr, 0, sizeof(hdr));
		hdr.msg_name = &b->msg[i].path.peer;
		hdr.msg_namelen = udp_addrlen(&b->msg[i].path.peer);
		hdr.msg_iov = &iov;
		hdr.msg_iovlen = 1;
		if (b->msg[i].path.local_family != AF_UNSPEC)
			write_control(&hdr, &control, &b->msg[i].path);
		if (sendmsg(fd, &hdr, MSG_DONTWAIT) == -1)
			lost++;
	}
	b->n = 0;
	return (lost);
}

void
udp_read(int fd, struct udp_inbox *in, unsigned max)
{
	struct udp_datagram *d;
	socklen_t len;
	ssize_t n;

	in->error = 0;
	for (in->n = 0; in->n < max && in->n < UDP_BATCH; in->n++) {
		d = &in->datagram[in->n];
		len = sizeof(d->from);
		n = recvfrom(fd, d->data, sizeof(d->data), MSG_DONTWAIT,
		    (struct sockaddr *)&d->from, &len);
		if (n == -1) {
			if (errno != EAGAIN && errno != EINTR)
				in->error = errno;
			return;
		}
		d->len = n;
	}
}

unsigned
udp_write(int fd, struct iovec *v, unsigned n, int *grouping)
{
	unsigned i;

	(void)grouping;
	for (i = 0; i < n; i++) {
		if (send(fd, v[i].iov_base, v[i].iov_len, MSG_DONTWAIT) == -1)
			break;
	}
	return (i);
}
