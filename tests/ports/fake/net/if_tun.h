#ifndef FAKE_NET_IF_TUN_H
#define FAKE_NET_IF_TUN_H
#include <sys/ioctl.h>

/* tun(4) of FreeBSD and NetBSD */
#define TUNSLMODE _IOW('t', 93, int)
#define TUNSIFMODE _IOW('t', 94, int)
#define TUNSIFHEAD _IOW('t', 96, int)
#endif
