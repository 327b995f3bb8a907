/* Those of NetBSD and OpenBSD use types of these two without including them. */
#include <features.h>
#ifndef __FreeBSD__
#if !defined(_NETINET_IN_SYSTM_H) && !defined(__NETINET_IN_SYSTM_H)
#error <netinet/in_systm.h> comes first
#endif
#ifndef __NETINET_IP_H
#error <netinet/ip.h> comes first
#endif
#endif
#include_next <netinet/ip_icmp.h>

#if defined(__NetBSD__) && defined(ICMP_UNREACH_FILTER_PROHIB)
#undef ICMP_UNREACH_FILTER_PROHIB
#define ICMP_UNREACH_ADMIN_PROHIBIT 13
#endif
