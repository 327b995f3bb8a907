#ifndef FAKE_NET_ROUTE_H
#define FAKE_NET_ROUTE_H

/* route(4): how every message begins */
struct rt_msghdr {
	unsigned short rtm_msglen;
	unsigned char rtm_version;
	unsigned char rtm_type;
};

enum {
	RTM_ADD = 1,
	RTM_DELETE,
	RTM_CHANGE,
	RTM_NEWADDR,
	RTM_DELADDR,
	RTM_IFINFO
};

#ifdef __OpenBSD__
#define RTM_DESYNC 16
#else
#define RTM_IFANNOUNCE 17
#endif
#endif
