/*
 * Linux: does the firewall (nf_tables) drop forwarded packets by default? Rules
 * of legacy iptables, which the kernel keeps separately, are not seen.
 */
#ifndef NAT64D_HOST_FIREWALL_H
#define NAT64D_HOST_FIREWALL_H

#include "hostcheck.h"

/*
 * Find chains that drop forwarded packets unless a rule accepts them, in tables
 * in which nothing names the interface ifname. Returns their number;
 * -1 with errno when they cannot be read (EPERM: not without CAP_NET_ADMIN).
 */
int firewall_look(const char *ifname, struct host_chain chains[HOST_CHAINS]);

#endif
