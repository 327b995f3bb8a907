#define _GNU_SOURCE /* memmem */

#include <arpa/inet.h>
#include <net/if.h>

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "common/os/netlink.h"

#include "firewall.h"

/* nft's number of the type of interface names, and its bits in a key. */
#define TYPE_IFNAME 41
#define TYPE_BITS 6

/* Chains that are examined; few hosts have more than three. */
#define MAX_CHAINS 16

/* Sets of interfaces that are searched for one table. */
#define MAX_SETS 32

struct table {
	uint8_t family;
	char name[NFT_NAME_MAXLEN];
};

/* A chain that hooks into forwarding. */
struct chain {
	struct table table;
	char name[NFT_NAME_MAXLEN];
	bool drops; /* its policy is drop */
};

struct chains {
	struct chain found[MAX_CHAINS];
	size_t n;
};

/* The sets of one table whose elements are interfaces. */
struct sets {
	char names[MAX_SETS][NFT_SET_MAXNAMELEN];
	size_t n;
};

/* What the rules of a table say. */
struct search {
	const char *ifname;
	const struct chain *chain;
	bool found; /* something names the interface */
	bool drops; /* the last rule of the chain drops all packets */
};

/* A request and its attributes. */
struct question {
	struct nlmsghdr head;
	struct nfgenmsg of;
	uint8_t attrs[2 * RTA_SPACE(NFT_NAME_MAXLEN)];
};

static void
add_string(struct question *q, size_t *len, unsigned type, const char *text)
{
	const size_t size = strlen(text) + 1;
	struct rtattr a = { .rta_type = (uint16_t)type,
		.rta_len = (uint16_t)RTA_LENGTH(size) };

	memcpy(q->attrs + *len, &a, sizeof(a));
	memcpy(q->attrs + *len + RTA_LENGTH(0), text, size);
	*len += RTA_ALIGN(a.rta_len);
}

_Static_assert((int)NFTA_SET_TABLE == (int)NFTA_RULE_TABLE &&
	(int)NFTA_SET_ELEM_LIST_TABLE == (int)NFTA_RULE_TABLE,
    "all name a table alike");

/* Ask for all objects of a kind, in a table and a set unless these are NULL. */
static int
dump(struct netlink *n, unsigned what, const struct table *t, const char *set,
    netlink_fn fn, void *arg)
{
	struct question q = { .of.nfgen_family =
				  t == NULL ? NFPROTO_UNSPEC : t->family };
	size_t len = 0;

	if (t != NULL)
		add_string(&q, &len, NFTA_RULE_TABLE, t->name);
	if (set != NULL)
		add_string(&q, &len, NFTA_SET_ELEM_LIST_SET, set);
	return (netlink_ask(n, &q.head, NFNL_SUBSYS_NFTABLES << 8 | what,
	    NLM_F_DUMP, sizeof(q.of) + len, fn, arg));
}

static int
chain_seen(void *arg, const struct nlmsghdr *m)
{
	const struct nfgenmsg *of = NLMSG_DATA(m);
	struct chains *chains = arg;
	struct chain *c = &chains->found[chains->n];
	struct netlink_attrs attrs, hook;
	uint32_t number, policy;

	if (chains->n == MAX_CHAINS)
		return (0);
	if (of->nfgen_family != NFPROTO_INET &&
	    of->nfgen_family != NFPROTO_IPV4 &&
	    of->nfgen_family != NFPROTO_IPV6)
		return (0);
	netlink_parse(m, sizeof(*of), &attrs);
	netlink_parse_nested(attrs.at[NFTA_CHAIN_HOOK], &hook);
	if (!netlink_value(&hook, NFTA_HOOK_HOOKNUM, &number,
		sizeof(number)) ||
	    ntohl(number) != NF_INET_FORWARD)
		return (0);
	c->drops = netlink_value(&attrs, NFTA_CHAIN_POLICY, &policy,
		       sizeof(policy)) &&
	    ntohl(policy) == NF_DROP;
	c->table.family = of->nfgen_family;
	netlink_string(&attrs, NFTA_CHAIN_TABLE, c->table.name,
	    sizeof(c->table.name));
	netlink_string(&attrs, NFTA_CHAIN_NAME, c->name, sizeof(c->name));
	chains->n++;
	return (0);
}

/*
 * Does this expression drop? A verdict of nft, or the target of iptables.
 */
static bool
is_drop(const char *name, const struct rtattr *data)
{
	struct netlink_attrs attrs, verdict;
	char target[16];
	uint32_t code;

	netlink_parse_nested(data, &attrs);
	if (strcmp(name, "target") == 0) {
		netlink_string(&attrs, NFTA_TARGET_NAME, target,
		    sizeof(target));
		return (strcmp(target, "DROP") == 0 ||
		    strcmp(target, "REJECT") == 0);
	}
	if (strcmp(name, "immediate") != 0)
		return (strcmp(name, "reject") == 0);
	netlink_parse_nested(attrs.at[NFTA_IMMEDIATE_DATA], &verdict);
	netlink_parse_nested(verdict.at[NFTA_DATA_VERDICT], &attrs);
	return (
	    netlink_value(&attrs, NFTA_VERDICT_CODE, &code, sizeof(code)) &&
	    ntohl(code) == NF_DROP);
}

/* Does a rule with these expressions drop all packets? */
static bool
drops_all(const struct rtattr *expressions)
{
	const struct rtattr *e;
	struct netlink_attrs attrs;
	char name[32];
	size_t len;
	bool drops = false;

	if (expressions == NULL)
		return (false);
	len = RTA_PAYLOAD(expressions);
	for (e = RTA_DATA(expressions); RTA_OK(e, len); e = RTA_NEXT(e, len)) {
		netlink_parse_nested(e, &attrs);
		netlink_string(&attrs, NFTA_EXPR_NAME, name, sizeof(name));
		if (is_drop(name, attrs.at[NFTA_EXPR_DATA]))
			drops = true;
		else if (strcmp(name, "counter") != 0 &&
		    strcmp(name, "log") != 0)
			return (false);
	}
	return (drops);
}

static int
set_seen(void *arg, const struct nlmsghdr *m)
{
	struct sets *sets = arg;
	struct netlink_attrs attrs;
	uint32_t type;

	netlink_parse(m, sizeof(struct nfgenmsg), &attrs);
	if (!netlink_value(&attrs, NFTA_SET_KEY_TYPE, &type, sizeof(type)))
		return (0);
	/* Keys of several parts have a type of several parts. */
	for (type = ntohl(type); type != 0; type >>= TYPE_BITS)
		if ((type & ((1 << TYPE_BITS) - 1)) == TYPE_IFNAME)
			break;
	if (type != 0 && sets->n < MAX_SETS)
		netlink_string(&attrs, NFTA_SET_NAME, sets->names[sets->n++],
		    NFT_SET_MAXNAMELEN);
	return (0);
}

/* Names stand in comparisons and elements with the NUL that ends them. */
static void
search_attr(struct search *s, const struct rtattr *a)
{
	if (a != NULL &&
	    memmem(RTA_DATA(a), RTA_PAYLOAD(a), s->ifname,
		strlen(s->ifname) + 1) != NULL)
		s->found = true;
}

/* The kernel lists rules in their order. */
static int
rule_seen(void *arg, const struct nlmsghdr *m)
{
	struct search *s = arg;
	struct netlink_attrs attrs;
	char chain[NFT_NAME_MAXLEN];

	netlink_parse(m, sizeof(struct nfgenmsg), &attrs);
	search_attr(s, attrs.at[NFTA_RULE_EXPRESSIONS]);
	netlink_string(&attrs, NFTA_RULE_CHAIN, chain, sizeof(chain));
	if (strcmp(chain, s->chain->name) == 0)
		s->drops = drops_all(attrs.at[NFTA_RULE_EXPRESSIONS]);
	return (0);
}

static int
elements_seen(void *arg, const struct nlmsghdr *m)
{
	struct netlink_attrs attrs;

	netlink_parse(m, sizeof(struct nfgenmsg), &attrs);
	search_attr(arg, attrs.at[NFTA_SET_ELEM_LIST_ELEMENTS]);
	return (0);
}

/*
 * Does a chain drop by default, while nothing in its table names the
 * interface? Returns 1, 0, or -1 with errno.
 */
static int
is_in_the_way(struct netlink *n, const struct chain *c, const char *ifname)
{
	const struct table *t = &c->table;
	struct search s = { .ifname = ifname, .chain = c };
	struct sets sets = { .n = 0 };
	size_t i;

	if (dump(n, NFT_MSG_GETRULE, t, NULL, rule_seen, &s) == -1)
		return (-1);
	if (s.found || (!c->drops && !s.drops))
		return (0);
	if (dump(n, NFT_MSG_GETSET, t, NULL, set_seen, &sets) == -1)
		return (-1);
	for (i = 0; i < sets.n && !s.found; i++)
		if (dump(n, NFT_MSG_GETSETELEM, t, sets.names[i],
			elements_seen, &s) == -1)
			return (-1);
	return (s.found ? 0 : 1);
}

static void
name_chain(const struct chain *c, struct host_chain *to)
{
	const char *family = c->table.family == NFPROTO_INET ? "inet" :
	    c->table.family == NFPROTO_IPV4		     ? "ip" :
							       "ip6";

	snprintf(to->name, sizeof(to->name), "chain %.31s of table %s %.31s",
	    c->name, family, c->table.name);
}

static int
look(struct netlink *n, const char *ifname, struct host_chain *to)
{
	struct chains chains = { .n = 0 };
	size_t i;
	int rc, count = 0;

	if (dump(n, NFT_MSG_GETCHAIN, NULL, NULL, chain_seen, &chains) == -1)
		return (-1);
	for (i = 0; i < chains.n && count < HOST_CHAINS; i++) {
		rc = is_in_the_way(n, &chains.found[i], ifname);
		if (rc == -1)
			return (-1);
		if (rc == 1)
			name_chain(&chains.found[i], &to[count++]);
	}
	return (count);
}

int
firewall_look(const char *ifname, struct host_chain chains[HOST_CHAINS])
{
	struct netlink *n;
	int rc;

	n = netlink_open(NETLINK_NETFILTER);
	if (n == NULL)
		return (-1);
	rc = look(n, ifname, chains);
	netlink_close(n);
	return (rc);
}
