/*
 * The types and codes of ICMP and ICMPv6, by the names of the systems' headers.
 * On some BSDs <netinet/ip_icmp.h> needs two others before it.
 */
#ifndef NAT64D_WIRE_ICMP_H
#define NAT64D_WIRE_ICMP_H

#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/in_systm.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include <netinet/icmp6.h>

/* Code 13 has another name on NetBSD. */
#ifndef ICMP_UNREACH_FILTER_PROHIB
#define ICMP_UNREACH_FILTER_PROHIB ICMP_UNREACH_ADMIN_PROHIBIT
#endif

#endif
