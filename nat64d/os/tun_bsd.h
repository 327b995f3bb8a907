/*
 * The parts of tun(4) in which the BSDs differ; the rest is in tun_bsd.c.
 * Either tun_ifhead.c (FreeBSD, NetBSD) or tun_openbsd.c is linked.
 */
#ifndef NAT64D_OS_TUN_BSD_H
#define NAT64D_OS_TUN_BSD_H

/*
 * Make the device put the address family before each packet, and accept it
 * there. Returns 0, or -1 with errno set and *what the step.
 */
int tun_bsd_setup(int fd, const char **what);

#endif
