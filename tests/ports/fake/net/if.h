/* As if_nametoindex(3) says. */
#include <features.h>
#ifndef _SYS_SOCKET_H
#error <sys/socket.h> comes first
#endif
#include_next <net/if.h>
#ifndef FAKE_NET_IF_H
#define FAKE_NET_IF_H
#include <stdint.h>

/* getifaddrs(3): ifa_data of an address of AF_LINK */
struct if_data {
	uint32_t ifi_mtu;
};
#endif
