/*
 * The BSDs: getifaddrs(3) and sysctl(3). Routes and settings of single
 * interfaces are not examined.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/sysctl.h>

#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"

#include "hostview.h"

static const struct host_settings unknown = { .forward4 = HOST_UNKNOWN,
	.forward6 = HOST_UNKNOWN,
	.rp_filter = HOST_UNKNOWN,
	.proxy_arp = HOST_UNKNOWN };

struct hostview {
	bool looked;
	struct host host;
};

struct hostview *
hostview_open(void)
{
	struct hostview *v;

	v = calloc(1, sizeof(*v));
	if (v == NULL)
		return (NULL);
	v->host.all = unknown;
	v->host.to_forward4 = "sysctl net.inet.ip.forwarding=1";
	v->host.to_forward6 = "sysctl net.inet6.ip6.forwarding=1";
	return (v);
}

static void
forget(struct host *h)
{
	free(h->ifs);
	free(h->addrs);
	h->ifs = NULL;
	h->addrs = NULL;
	h->n_ifs = h->n_addrs = 0;
}

void
hostview_close(struct hostview *v)
{
	int saved_errno = errno;

	if (v == NULL)
		return;
	forget(&v->host);
	free(v);
	errno = saved_errno;
}

static int
setting(int family, int proto, int name)
{
	const int mib[] = { CTL_NET, family, proto, name };
	int value;
	size_t size = sizeof(value);

	if (sysctl(mib, 4, &value, &size, NULL, 0) == -1)
		return (HOST_UNKNOWN);
	return (value != 0);
}

/* Find or add the interface of an entry. There is room for it. */
static size_t
get_if(struct host *h, const struct ifaddrs *entry)
{
	struct host_if *i;
	size_t n;

	for (n = 0; n < h->n_ifs; n++)
		if (strcmp(h->ifs[n].name, entry->ifa_name) == 0)
			return (n);
	i = &h->ifs[h->n_ifs++];
	strlcpy(i->name, entry->ifa_name, sizeof(i->name));
	i->loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
	i->set = unknown;
	return (n);
}

static void
copy_addr(struct prefix *to, const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		to->v4 =
		    ((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else
		to->v6 =
		    ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
}

/* Take the length of a mask; without a valid one it is one address. */
static void
apply_mask(struct prefix *p, const struct sockaddr *sa)
{
	struct prefix mask = { .family = p->family };
	const size_t size = p->family == AF_INET ? 4 : 16;
	int len = -1;

	if (sa != NULL) {
		copy_addr(&mask, sa);
		len = netmask_len(&mask.v6, size);
	}
	p->len = (unsigned char)(len != -1 ? (size_t)len : size * 8);
	addr_clear_host(&p->v6, size, p->len);
}

static void
take_addr(struct host *h, const struct ifaddrs *entry, size_t ifn)
{
	const struct sockaddr *sa = entry->ifa_addr, *other;
	struct host_addr *a;

	if (sa == NULL ||
	    (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return;
	other = (entry->ifa_flags & IFF_POINTOPOINT) != 0 &&
		entry->ifa_dstaddr != NULL &&
		entry->ifa_dstaddr->sa_family == sa->sa_family ?
	    entry->ifa_dstaddr :
	    sa;
	a = &h->addrs[h->n_addrs++];
	a->ifn = ifn;
	a->own.family = a->net.family = sa->sa_family;
	copy_addr(&a->own, sa);
	apply_mask(&a->own, NULL);
	copy_addr(&a->net, other);
	/* The family of a mask is not always set. */
	if (entry->ifa_netmask != NULL) {
		entry->ifa_netmask->sa_family = sa->sa_family;
		apply_mask(&a->net, entry->ifa_netmask);
	} else
		apply_mask(&a->net, NULL);
}

static int
look_at_interfaces(struct host *h)
{
	struct ifaddrs *list, *i;
	size_t n = 0;
	int rc = -1;

	if (getifaddrs(&list) == -1)
		return (-1);
	for (i = list; i != NULL; i = i->ifa_next)
		n++;
	/* One more, for calloc() of nothing may return NULL. */
	h->ifs = calloc(n + 1, sizeof(*h->ifs));
	h->addrs = calloc(n + 1, sizeof(*h->addrs));
	if (h->ifs == NULL || h->addrs == NULL)
		goto out;
	for (i = list; i != NULL; i = i->ifa_next)
		take_addr(h, i, get_if(h, i));
	rc = 0;
out:
	freeifaddrs(list);
	return (rc);
}

const struct host *
hostview_look(struct hostview *v, const char *tun, const struct prefix *probes,
    size_t n)
{
	(void)tun;
	(void)probes;
	(void)n;
	/* pledge(2) forbids it later. */
	if (v->looked)
		return (&v->host);
	if (look_at_interfaces(&v->host) == -1) {
		forget(&v->host);
		return (NULL);
	}
	v->host.all.forward4 = setting(PF_INET, IPPROTO_IP, IPCTL_FORWARDING);
	v->host.all.forward6 =
	    setting(PF_INET6, IPPROTO_IPV6, IPV6CTL_FORWARDING);
	v->looked = true;
	return (&v->host);
}
