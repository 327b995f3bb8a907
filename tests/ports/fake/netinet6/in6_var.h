#ifndef FAKE_NETINET6_IN6_VAR_H
#define FAKE_NETINET6_IN6_VAR_H
#include <sys/ioctl.h>

#include <net/if.h>
#include <netinet/in.h>

struct in6_ifreq {
	union {
		char ifrn_name[IF_NAMESIZE]; /* ifr_name, by net/if.h */
	} ifr_ifrn;
	union {
		struct sockaddr_in6 ifru_addr;
		int ifru_flags6;
	} ifr_ifru;
};

/* net/if.h of a BSD has it, for the union of both structures. */
#undef ifr_addr
#define ifr_addr ifr_ifru.ifru_addr

#define IN6_IFF_TENTATIVE 0x02
#define IN6_IFF_DUPLICATED 0x04
#define IN6_IFF_DEPRECATED 0x10
#define IN6_IFF_TEMPORARY 0x80

#define SIOCGIFAFLAG_IN6 _IOWR('i', 73, struct in6_ifreq)
#endif
