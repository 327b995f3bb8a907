/*
 * Linux: does the firewall, nf_tables, forward nothing by itself? Rules of the
 * older iptables, which a kernel keeps apart from it, are not seen.
 */
#ifndef NAT64D_HOST_FIREWALL_H
#define NAT64D_HOST_FIREWALL_H

#include "hostcheck.h"

/*
 * Find chains that drop what is forwarded unless a rule lets it pass, in
 * tables in which nothing names the interface ifname. Returns their number;
 * -1 with errno when they cannot be read (EPERM: not without CAP_NET_ADMIN).
 */
int firewall_look(const char *ifname, struct host_chain chains[HOST_CHAINS]);

#endif
