/*
 * What the BSDs do not agree about in tun(4); all else is in tun_bsd.c.
 * Either tun_ifhead.c (FreeBSD, NetBSD) or tun_openbsd.c is linked.
 */
#ifndef NAT64D_OS_TUN_BSD_H
#define NAT64D_OS_TUN_BSD_H

/*
 * Make the device put the address family before each packet, and accept it
 * there (TUN-03). Returns 0, or -1 with errno set and *what the step.
 */
int tun_bsd_setup(int fd, const char **what);

#endif
