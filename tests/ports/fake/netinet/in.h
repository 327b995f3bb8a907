#include_next <netinet/in.h>
#ifndef FAKE_NETINET_IN_H
#define FAKE_NETINET_IN_H

/* ip(4), ip6(4) */
enum {
	IP_RECVDSTADDR = 1001,
	IPV6_USE_MIN_MTU,
	IPCTL_FORWARDING,
	IPV6CTL_FORWARDING
};
#define IP_SENDSRCADDR IP_RECVDSTADDR

#ifndef __OpenBSD__
#define IP_BINDANY 1010
#define IPV6_BINDANY 1011
#endif
#endif
