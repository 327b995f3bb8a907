/*
 * Linux: requests to the kernel through netlink(7) and their answers. The
 * kernel produces an answer during send or read, so that no call blocks. When
 * the socket is open only send and read are called.
 */
#ifndef COMMON_OS_NETLINK_H
#define COMMON_OS_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netlink;

/* protocol: NETLINK_ROUTE and the like. Returns NULL with errno. */
struct netlink *netlink_open(int protocol);
void netlink_close(struct netlink *n);

/*
 * Send a request. head is followed by len bytes of payload; its fields are set
 * here, flags as given. fn is called with each message of the answer and
 * returns 0, or -1 with errno.
 *
 * Returns 0, or -1 with the errno of the kernel or of fn.
 */
typedef int (*netlink_fn)(void *arg, const struct nlmsghdr *m);
int netlink_ask(struct netlink *n, struct nlmsghdr *head, unsigned type,
    unsigned flags, size_t len, netlink_fn fn, void *arg);

/* The attributes of a message by their types; NULL: absent. */
#define NETLINK_ATTRS 32
struct netlink_attrs {
	const struct rtattr *at[NETLINK_ATTRS];
};

/* The attributes of a message, after a header of skip bytes. */
void netlink_parse(const struct nlmsghdr *m, size_t skip,
    struct netlink_attrs *attrs);

/* The attributes nested in an attribute; none in NULL. */
void netlink_parse_nested(const struct rtattr *a, struct netlink_attrs *attrs);

/* Copy a value of a known size; returns whether it is present. */
bool netlink_value(const struct netlink_attrs *attrs, unsigned type, void *to,
    size_t size);

/* Copy a string, cut to size; "" when it is absent. */
void netlink_string(const struct netlink_attrs *attrs, unsigned type, char *to,
    size_t size);

#endif
