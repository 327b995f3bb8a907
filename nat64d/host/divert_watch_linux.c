/*
 * Linux: the kernel tells by netlink when tables of nftables are deleted.
 */
#include <sys/socket.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "divert.h"

int
divert_watch(void)
{
	const int group = NFNLGRP_NFTABLES;
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    NETLINK_NETFILTER);
	if (fd == -1)
		return (-1);
	if (bind(fd, (struct sockaddr *)&self, sizeof(self)) == -1 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		sizeof(group)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* Is one of the messages about a table that was deleted? */
static bool
says_deleted(const char *buf, int left)
{
	const uint16_t deleted = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE;
	const struct nlmsghdr *h;

	for (h = (const void *)buf; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
		if (h->nlmsg_type == deleted)
			return (true);
	return (false);
}

/* Messages that there was no room for are lost, and may have been those. */
bool
divert_removed(int fd)
{
	_Alignas(struct nlmsghdr) char buf[8192];
	bool removed = false;
	ssize_t n;

	for (;;) {
		n = recv(fd, buf, sizeof(buf), MSG_TRUNC);
		if (n == -1 && errno != EINTR && errno != ENOBUFS)
			return (removed);
		if (n == -1 || n > (ssize_t)sizeof(buf) ||
		    says_deleted(buf, (int)n))
			removed = true;
	}
}
