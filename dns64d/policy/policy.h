/*
 * The policy of a view: prefixes, the IPv4 ranges that each is for, exclusions
 * and modes. Filled by the configuration, then only read. Knows nothing of
 * messages, clients or sockets.
 */
#ifndef DNS64D_POLICY_POLICY_H
#define DNS64D_POLICY_POLICY_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/net/addr.h"
#include "common/net/pref64.h"

#define POLICY_PREFIXES_MAX 128
#define POLICY_RULES_MAX 256 /* IPv4 ranges, and each exclude list */
#define POLICY_NAME_MAX 255  /* octets of a name in wire form */

/* TTL of a synthesised AAAA when no SOA bounds it (RFC 6147, 5.1.7). */
#define POLICY_TTL_NO_SOA 600
#define POLICY_TTL_IPV4ONLY 600
#define POLICY_TTL_PTR 600
#define POLICY_TTL_SYNTH 86400
#define POLICY_AAAA_DEADLINE_MS 800

#define POLICY_BALANCE_LEN4 32
#define POLICY_BALANCE_LEN6 64 /* temporary addresses change the rest */
#define POLICY_WEIGHT_MAX 1000 /* of a prefix; the default is 1 */

/* A rule's target instead of an index: no synthesis for this range. */
#define POLICY_TARGET_NONE (-1)

/* Which clients get synthesised answers; for others we only forward. */
enum policy_dns64 {
	POLICY_DNS64_YES,
	POLICY_DNS64_NO,
	POLICY_DNS64_IPV6_CLIENTS /* those that ask over IPv6; see view.h */
};

/* Which prefixes are used if several match an address; see balance.h. */
enum policy_balance {
	POLICY_BALANCE_ALL,
	POLICY_BALANCE_ROUND_ROBIN,
	POLICY_BALANCE_RANDOM,
	POLICY_BALANCE_CLIENT_HASH,
	POLICY_BALANCE_LEAST_LOADED
};

/* When to ask for A records (RFC 6147, 5.1.8). */
enum policy_lookups {
	POLICY_LOOKUPS_PARALLEL,  /* together with the AAAA question */
	POLICY_LOOKUPS_DELAYED,	  /* a_delay_ms later, or when AAAA is empty */
	POLICY_LOOKUPS_SEQUENTIAL /* only when AAAA is empty */
};

/* The answer to a PTR query for an address in a prefix (RFC 6147, 5.3.1). */
enum policy_ptr {
	POLICY_PTR_CNAME, /* synthesised CNAME to in-addr.arpa */
	POLICY_PTR_LOCAL  /* the configured name, for every address */
};

/*
 * A prefix for an IPv4 range. A range may have several prefixes, each with a
 * rule: of the rules that match an address, all those with the longest range
 * apply. Sorted by the length of the range, longest first, then in the order
 * of adding.
 */
struct policy_rule {
	struct prefix range; /* AF_INET */
	int target;	     /* index into prefixes, or POLICY_TARGET_NONE */
};

struct policy_ranges {
	struct prefix *v;
	size_t n;
};

/* Owns its arrays. */
struct dns64_policy {
	struct pref64 prefixes[POLICY_PREFIXES_MAX];
	struct in6_addr suffix[POLICY_PREFIXES_MAX]; /* of each prefix */
	unsigned weight[POLICY_PREFIXES_MAX];	     /* its share, from 1 */
	size_t n_prefixes;
	struct policy_rule *rules;
	size_t n_rules;
	struct policy_ranges exclude_aaaa; /* AF_INET6: treated as absent */
	struct policy_ranges exclude_a;	   /* AF_INET: never synthesised */

	enum policy_dns64 dns64;
	enum policy_balance balance;
	unsigned balance_len4; /* bits of an address that tell clients */
	unsigned balance_len6; /* apart for balance */
	enum policy_lookups lookups;
	unsigned a_delay_ms;	   /* POLICY_LOOKUPS_DELAYED only */
	unsigned aaaa_deadline_ms; /* then A is used (RFC 6147, 5.1.3) */
	bool force;		   /* synthesise although AAAA exist */
	bool nxdomain_synth;	   /* try A after NXDOMAIN on AAAA */
	bool cd_synth;		   /* synthesise for CD=1, DO=0 */
	bool wkp_non_global;	   /* non-global IPv4 under 64:ff9b::/96 too */
	bool leave_signed;	   /* relay a signed denial to DO=1 */
	bool filter_a;		   /* remove A records */
	bool filter_ipv4hint;	   /* remove ipv4hint of HTTPS and SVCB */
	bool tell_synthesised;	   /* add EDE 29, "Synthesized" */
	unsigned max_synth;	   /* AAAA of one answer; 0: all */

	enum policy_ptr ptr_mode;
	uint8_t ptr_name[POLICY_NAME_MAX]; /* POLICY_PTR_LOCAL, wire form */
	size_t ptr_name_len;
	uint32_t ptr_ttl;      /* secs: of local PTR, cap of the CNAME */
	uint32_t ipv4only_ttl; /* secs: expected life of the prefixes */
	uint32_t synth_ttl;    /* secs: cap of synthesised AAAA */
};

/*
 * The defaults: no prefix, AAAA exclusion ::ffff:0:0/96 (RFC 6147, 5.1.4),
 * A exclusions 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4 and
 * 255.255.255.255/32, lookups in parallel, PTR by CNAME, an IPv6 /64 as one
 * client of balance.
 * Returns 0, or -1 with errno ENOMEM; then p holds nothing to clear.
 */
int policy_init(struct dns64_policy *p);

void policy_clear(struct dns64_policy *p);

/*
 * Make p, uninitialised, a copy of from with arrays of its own.
 * Returns 0, or -1 with errno ENOMEM; then p holds nothing to clear.
 */
int policy_copy(struct dns64_policy *p, const struct dns64_policy *from);

/* Remove all prefixes and rules. */
void policy_clear_prefixes(struct dns64_policy *p);

/*
 * Add a prefix, unless it is there already. The caller refuses prefixes that
 * overlap. A prefix without a rule is used for PTR queries only, as for one
 * that is being phased out.
 * Returns its index, or -1 with errno ENOSPC (POLICY_PREFIXES_MAX).
 */
int policy_add_prefix(struct dns64_policy *p, const struct pref64 *prefix);

/*
 * Set the bits behind the IPv4 address in addresses of a prefix (RFC 6052,
 * 2.2); they are zero otherwise.
 * Returns NULL, or the reason for the refusal as a static string that reads
 * well behind the text of the suffix; then nothing has changed.
 */
const char *policy_set_suffix(struct dns64_policy *p, int index,
    const struct in6_addr *suffix);

/* weight: 1 to POLICY_WEIGHT_MAX, the share of clients (balance.h). */
void policy_set_weight(struct dns64_policy *p, int index, unsigned weight);

/*
 * Use the prefix with this index for the IPv4 addresses of a range; target
 * POLICY_TARGET_NONE: do not translate them. A prefix for all of IPv4 has the
 * range 0.0.0.0/0.
 * Returns 0, or -1 with errno EINVAL (not IPv4, no such prefix), ENOSPC
 * (POLICY_RULES_MAX) or ENOMEM; then nothing has changed.
 */
int policy_add_rule(struct dns64_policy *p, const struct prefix *range,
    int target);

/*
 * Add to the AAAA or, by the family of the range, to the A exclusions.
 * Returns 0, or -1 with errno as policy_add_rule.
 */
int policy_add_exclude(struct dns64_policy *p, const struct prefix *range);

/* Empty an exclude list (AF_INET6 or AF_INET), including the defaults. */
void policy_clear_excludes(struct dns64_policy *p, int family);

/*
 * To be called after all statements. Without a prefix for synthesis, adds
 * 64:ff9b::/96 (RFC 6147, 5.2) for all of IPv4 that has no other rule.
 * Returns 0, or -1 with errno ENOMEM or ENOSPC (POLICY_PREFIXES_MAX).
 */
int policy_finish(struct dns64_policy *p);

/* True if a real AAAA is to be treated as absent (RFC 6147, 5.1.4). */
bool policy_excludes_aaaa(const struct dns64_policy *p,
    const struct in6_addr *addr);

/*
 * The prefixes for an IPv4 address, as indices into prefixes in the order of
 * the rules, with exclusions applied; 64:ff9b::/96 is not among those of
 * non-global addresses (RFC 6052, 3.1). 192.0.0.170 and .171 are exempt from
 * exclusions and from that (RFC 7050, 2).
 * out: room for max of them, of which POLICY_PREFIXES_MAX is the most there
 * can be; with a max of 1 the search ends at the first.
 * Returns how many were written.
 */
size_t policy_targets(const struct dns64_policy *p, struct in_addr addr4,
    int *out, size_t max);

/* Why an IPv4 address is synthesised with prefixes, or not. */
enum policy_reason {
	POLICY_TRANSLATED, /* there is a prefix for it */
	POLICY_EXCLUDED,   /* it is in an A exclusion */
	POLICY_RULE_NONE,  /* "prefix none" is for its range */
	POLICY_NOT_GLOBAL, /* and the only prefix is 64:ff9b::/96 */
	POLICY_NO_RULE	   /* no prefix is for its range */
};

/*
 * The reason for what policy_targets gives. range: the range of the exclusion
 * or of the rule, which lives as long as p; NULL: there is none.
 */
enum policy_reason policy_explain(const struct dns64_policy *p,
    struct in_addr addr4, const struct prefix **range);

/* The AAAA exclusion that has an address; NULL: none. */
const struct prefix *policy_aaaa_exclusion(const struct dns64_policy *p,
    const struct in6_addr *addr);

/* Embed addr4 in the prefix with this index, and add its suffix. */
void policy_embed(const struct dns64_policy *p, int index,
    struct in_addr addr4, struct in6_addr *out);

/* True if a rule has the prefix with this index. */
bool policy_prefix_in_use(const struct dns64_policy *p, int index);

/* The addresses of ipv4only.arpa (RFC 7050, 2.2), in host order. */
#define POLICY_IPV4ONLY_170 0xc00000aa
#define POLICY_IPV4ONLY_171 0xc00000ab

/* Whether addr4 is one of them. */
bool policy_is_ipv4only(struct in_addr addr4);

/*
 * The IPv4 address in addr, if that lies in a prefix and its octet 8 is zero
 * (RFC 6052, 2.2). The suffix is ignored. Of nested prefixes the longest
 * counts. Returns 0, or -1.
 */
int policy_extract(const struct dns64_policy *p, const struct in6_addr *addr,
    struct in_addr *out);

#endif
