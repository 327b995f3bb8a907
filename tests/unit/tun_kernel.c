#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tun_kernel.h"

struct tun_kernel kernel;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
    __attribute__((alias("__wrap_open"))); /* with a 64-bit off_t */
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

void
kernel_init(void)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.features = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	kernel.offloads = 0xff;
	kernel.mtu = 1500;
	kernel.queue_len = 500;
	kernel.far_end = -1;
	signal(SIGPIPE, SIG_IGN);
}

void
kernel_clear(void)
{
	if (kernel.far_end != -1)
		close(kernel.far_end);
	kernel.far_end = -1;
}

int
__wrap_open(const char *path, int flags, ...)
{
	int pair[2];

	if (strncmp(path, "/dev/", 5) != 0 || strstr(path, "tun") == NULL)
		return (__real_open(path, flags, 0600));
	strlcpy(kernel.path, path, sizeof(kernel.path));
	if (kernel.open_error != 0) {
		errno = kernel.open_error;
		return (-1);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		return (-1);
	if (flags & O_NONBLOCK)
		(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	kernel.far_end = pair[1];
	return (pair[0]);
}

/* A kernel that lacks one of the bits refuses all of them. */
static int
set_offload(unsigned long flags)
{
	ck_assert_uint_lt(kernel.n_asked, KERNEL_MAX_ASKED);
	kernel.asked[kernel.n_asked++] = flags;
	if ((flags & ~kernel.offloads) == 0)
		return (0);
	errno = EINVAL;
	return (-1);
}

/* An interface is asked for as it was made. */
static int
set_interface(const struct ifreq *ifr)
{
	if (((ifr->ifr_flags & IFF_MULTI_QUEUE) != 0) != kernel.multi_queue) {
		errno = EINVAL;
		return (-1);
	}
	kernel.flags = ifr->ifr_flags;
	return (0);
}

static int
of_interface(unsigned long request, struct ifreq *ifr)
{
	switch (request) {
	case SIOCSIFMTU:
		kernel.mtu = ifr->ifr_mtu;
		return (0);
	case SIOCGIFMTU:
		ifr->ifr_mtu = kernel.mtu;
		return (0);
	case SIOCGIFTXQLEN:
		ifr->ifr_qlen = kernel.queue_len;
		return (0);
	case SIOCSIFTXQLEN:
		kernel.queue_len = ifr->ifr_qlen;
		return (0);
	case SIOCGIFFLAGS:
		ifr->ifr_flags = kernel.up ? IFF_UP : 0;
		return (0);
	case SIOCSIFFLAGS:
		kernel.up = (ifr->ifr_flags & IFF_UP) != 0;
		return (0);
	default:
		errno = ENOTTY;
		return (-1);
	}
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	unsigned long value;
	void *arg;
	va_list ap;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	value = (unsigned long)(uintptr_t)arg;
	if (request == kernel.broken) {
		errno = kernel.error != 0 ? kernel.error : EPERM;
		return (-1);
	}
	switch (request) {
	case TUNGETFEATURES:
		*(unsigned *)arg = kernel.features;
		return (0);
	case TUNSETIFF:
		return (set_interface(arg));
	case TUNSETVNETHDRSZ:
		kernel.hdrlen = *(int *)arg;
		return (0);
	case TUNSETOFFLOAD:
		return (set_offload(value));
	case SIOCGIFINDEX: /* if_nametoindex(), linked statically */
		return (__real_ioctl(fd, request, arg));
	default:
		return (of_interface(request, arg));
	}
}

void
kernel_put(const void *bytes, size_t len)
{
	ck_assert_int_eq(send(kernel.far_end, bytes, len, 0), len);
}

size_t
kernel_get(uint8_t *bytes, size_t size)
{
	ssize_t n;

	n = recv(kernel.far_end, bytes, size, MSG_DONTWAIT);
	return (n > 0 ? (size_t)n : 0);
}
