/*
 * What the tests of synth share: one question, the replies to its lookups as
 * text (dns_text.h), a policy, and the answer as text.
 */
#ifndef TESTS_SYNTH_UTIL_H
#define TESTS_SYNTH_UTIL_H

#include <arpa/inet.h>

#include <check.h>
#include <string.h>

#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"

#include "tests/unit/dns_text.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

struct message {
	uint8_t wire[MSG_MAX];
	struct msg_scan scan;
};

static struct message query, reply[SYNTH_N_LOOKUPS];
static struct dns64_policy policy;
static char text[DNS_TEXT_MAX];
static uint8_t out[MSG_MAX];

static inline void
set_message(struct message *m, const char *t, uint16_t id, bool qr)
{
	size_t len;

	len = dns_text_write(t, id, qr, m->wire);
	ck_assert_int_eq(msg_scan(m->wire, len, &m->scan), MSG_SCAN_OK);
}

static inline void
add_prefix(const char *prefix, unsigned len, const char *range)
{
	struct in6_addr addr;
	struct pref64 p;
	struct prefix r;

	ck_assert_int_eq(inet_pton(AF_INET6, prefix, &addr), 1);
	ck_assert_ptr_null(pref64_init(&p, &addr, len));
	ck_assert_ptr_null(prefix_parse(range, &r));
	ck_assert_int_eq(policy_add_rule(&policy, &r,
			     policy_add_prefix(&policy, &p)),
	    0);
}

static inline void
add_exclude(const char *range)
{
	struct prefix r;

	ck_assert_ptr_null(prefix_parse(range, &r));
	ck_assert_int_eq(policy_add_exclude(&policy, &r), 0);
}

/* The changes to the defaults that rows ask for. */
enum tweak {
	DEFAULTS = 0,
	NSP = 1 << 0,	  /* 2001:db8:64::/96 in place of 64:ff9b::/96 */
	TWO = 1 << 1,	  /* and 2001:db8:65::/96 */
	RANGES = 1 << 2,  /* 10.0.0.0/8 elsewhere, 10.1.0.0/16 nowhere */
	EXCLUDE = 1 << 3, /* AAAA of 2001:db8:bad::/48 */
	NO_EXCLUDE = 1 << 4,
	FORCE = 1 << 5,
	NXDOMAIN_SYNTH = 1 << 6,
	CD_SYNTH = 1 << 7,
	WKP_PRIVATE = 1 << 8
};

static inline void
set_policy(unsigned tweaks)
{
	const struct prefix none = { .family = AF_INET,
		.len = 16,
		.v4.s_addr = htonl(0x0a010000) };

	policy_clear(&policy);
	ck_assert_int_eq(policy_init(&policy), 0);
	if (tweaks & (NSP | TWO | RANGES))
		add_prefix("2001:db8:64::", 96, "0.0.0.0/0");
	if (tweaks & TWO)
		add_prefix("2001:db8:65::", 96, "0.0.0.0/0");
	if (tweaks & RANGES) {
		add_prefix("2001:db8:10::", 96, "10.0.0.0/8");
		ck_assert_int_eq(policy_add_rule(&policy, &none,
				     POLICY_TARGET_NONE),
		    0);
	}
	if (tweaks & NO_EXCLUDE)
		policy_clear_excludes(&policy, AF_INET6);
	if (tweaks & EXCLUDE)
		add_exclude("2001:db8:bad::/48");
	policy.force = (tweaks & FORCE) != 0;
	policy.nxdomain_synth = (tweaks & NXDOMAIN_SYNTH) != 0;
	policy.cd_synth = (tweaks & CD_SYNTH) != 0;
	policy.wkp_non_global = (tweaks & WKP_PRIVATE) != 0;
	ck_assert_int_eq(policy_finish(&policy), 0);
}

#define AAAA_Q "NOERROR rd\nwww.example. AAAA\n"
#define DO_Q "NOERROR rd\nwww.example. AAAA\nOPT 4096 do\n"
#define R4 "NOERROR ra\nwww.example. A\n"
#define R6 "NOERROR ra\nwww.example. AAAA\n"
#define HEAD "NOERROR rd ra\nwww.example. AAAA\n"
#define SOA(ttl, min)                                                       \
	"NS example. " ttl " IN SOA ns.example. root.example. 1 2 3 4 " min \
	"\n"
#define NODATA R6 SOA("3600", "120")
#define A1 "AN www.example. 3600 IN A 192.0.3.33\n"
#define WKP1 "64:ff9b::c000:321"
#define CNAME "AN www.example. 300 IN CNAME t.example.net.\n"

static inline unsigned
report(struct synth *s, enum synth_lookup lookup, const char *t)
{
	if (t == NULL)
		return (synth_fail(s, lookup));
	set_message(&reply[lookup], t, 0xbeef, true);
	return (synth_reply(s, lookup, &reply[lookup].scan));
}

static inline const char *
answer_text(struct synth *s, size_t limit)
{
	struct msg_scan m;
	size_t len;

	len = synth_answer(s, limit, out);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, limit);
	ck_assert_int_eq(msg_scan(out, len, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.id, 0x1234);
	ck_assert_uint_ne(m.flags & MSG_QR, 0);
	return (dns_text_read(out, len, text));
}

/* Begin with the defaults. */
static inline unsigned
begin(struct synth *s, const char *q)
{
	set_policy(0);
	set_message(&query, q, 0x1234, false);
	return (synth_begin(s, &policy, &query.scan));
}

#endif
