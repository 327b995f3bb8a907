/*
 * Which packets are accepted, dropped silently or answered, and the order of
 * the checks (tests/conformance/nat64.md, PIP-01 and PIP-02): a packet with two
 * faults shows which one is found first.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/nat64_lab.h"

#define WKP_PRIVATE "64:ff9b::10.1.2.3"
#define LOOP6 "2001:db8:64::127.0.0.1"

#define V6(p) .family = PKT_V6, .proto = IPPROTO_##p, .payload = 16
#define V4(p) .family = PKT_V4, .proto = IPPROTO_##p, .payload = 16
#define EXT(first, bytes) \
	.next = IPPROTO_##first, .ext = (bytes), .extlen = sizeof(bytes)
#define OPTIONS(bytes) .ext = (bytes), .extlen = sizeof(bytes)
#define PASSES .reason = NAT64_NONE
#define SILENT(why) .reason = NAT64_##why
#define ANSWER(why, t, c) .reason = NAT64_##why, .type = (t), .code = (c)

/* Extension headers, each in front of UDP but where it is said. */
static const uint8_t rh_used[] = { IPPROTO_UDP, 0, 4, 0, 0, 0, 0, 0 };
static const uint8_t rh_left[] = { IPPROTO_UDP, 0, 4, 1, 0, 0, 0, 0 };
static const uint8_t rh_fh_ext[] = { IPPROTO_FRAGMENT, 0, 4, 1, 0, 0, 0, 0,
	IPPROTO_DSTOPTS, 0, 0, 1, 0, 0, 0, 1 };
static const uint8_t beyond[] = { IPPROTO_UDP, 255, 1, 4, 0, 0, 0, 0 };
static const uint8_t jumbo[] = { IPPROTO_UDP, 0, 0xc2, 4, 0, 1, 0, 0 };
static const uint8_t unknown_opt[] = { IPPROTO_UDP, 0, 0xff, 4, 0, 0, 0, 0 };
static const uint8_t chain[] = { IPPROTO_DSTOPTS, 0, 1, 4, 0, 0, 0, 0,
	IPPROTO_ROUTING, 0, 1, 4, 0, 0, 0, 0, IPPROTO_HOPOPTS, 0, 4, 0, 0, 0,
	0, 0, IPPROTO_UDP, 0, 1, 4, 0, 0, 0, 0 };
static const uint8_t fh_ext_first[] = { IPPROTO_DSTOPTS, 0, 0, 1, 0, 0, 0, 1 };
static const uint8_t fh_ext_later[] = { IPPROTO_DSTOPTS, 0, 0, 8, 0, 0, 0, 1 };
static const uint8_t fh_esp_first[] = { IPPROTO_ESP, 0, 0, 1, 0, 0, 0, 1 };
static const uint8_t fh_esp_later[] = { IPPROTO_ESP, 0, 0, 8, 0, 0, 0, 1 };
static const uint8_t fh_atomic[] = { IPPROTO_UDP, 0, 0, 0, 0, 0, 0, 1 };

static const uint8_t lsrr_left[] = { 131, 7, 4, 192, 0, 2, 5, 0 };
static const uint8_t ssrr_left[] = { 1, 137, 7, 4, 192, 0, 2, 5 };
static const uint8_t lsrr_used[] = { 131, 7, 8, 192, 0, 2, 5, 0 };
static const uint8_t bad_option[] = { 7, 9, 4, 0, 0, 0, 0, 0 };
static const uint8_t short_option[] = { 7, 1, 4, 0, 0, 0, 0, 0 };
static const uint8_t end_option[] = { 0, 7, 1, 0, 0, 0, 0, 0 };
static const uint8_t record_route[] = { 7, 7, 4, 0, 0, 0, 0, 1 };

/* One byte of the packet that is changed after it was built. */
struct poke {
	bool on;
	bool fix; /* make the checksums right afterwards */
	uint16_t at;
	uint8_t value;
};

struct row {
	const char *name;
	struct spec s;
	struct flow f;
	enum nat64_reason reason; /* NAT64_NONE: it passes */
	uint8_t type;		  /* of the answer; 0: silence */
	uint8_t code;
	struct poke poke;
	uint32_t cut; /* bytes missing at the end */
	uint32_t add; /* bytes too many */
	void (*conf)(void);
};

static void
start(void (*conf)(void))
{
	lab_teardown();
	lab_setup();
	lab_set_prefix(1, "64:ff9b::", 96);
	lab_set_prefix(2, "2001:db8:122:300::", 56);
	lab_add_statics();
	if (conf != NULL)
		conf();
	lab_start();
	/* Something that could change. */
	lab_udp(SERVER4, 7, POOL4, PORT_IN);
	lab_udp(CLIENT6, PORT6, SERVER6, 9);
	lab_doze(1);
}

static void
run_row(const struct row *r)
{
	uint64_t before, drops, sum = 0;
	int i;

	start(r->conf);
	lab_build(&r->s, &r->f);
	if (r->poke.on)
		lab.in.data[r->poke.at] = r->poke.value;
	if (r->poke.fix)
		lab_fix();
	lab.in.len += r->add;
	lab.in.len -= r->cut;
	before = lab_state();
	drops = lab_drops(r->reason);
	lab_send();
	ck_assert_msg(lab.reason == r->reason, "%s: %s", r->name,
	    nat64_reason_name(lab.reason));
	if (r->reason == NAT64_NONE) {
		ck_assert_msg(lab.verdict == NAT64_SENT, "%s", r->name);
		return;
	}
	if (r->type == 0)
		ck_assert_msg(lab.n_out == 0 && lab.verdict == NAT64_DROPPED,
		    "%s: answered", r->name);
	else
		ck_assert_msg(lab.n_out == 1 && lab.verdict == NAT64_REPLIED &&
			lab.out[0].icmp_type == r->type &&
			lab.out[0].icmp_code == r->code,
		    "%s: answer", r->name);
	/* FLT-14, and one reason for each. */
	ck_assert_msg(lab_state() == before, "%s: state", r->name);
	ck_assert_uint_eq(lab_drops(r->reason), drops + 1);
	for (i = 0; i < NAT64_NREASONS; i++)
		sum += lab_drops((enum nat64_reason)i);
	ck_assert_msg(sum == drops + 1, "%s: counted twice", r->name);
}

#define RUN(rows)                                     \
	do {                                          \
		size_t i_;                            \
		for (i_ = 0; i_ < NITEMS(rows); i_++) \
			run_row(&(rows)[i_]);         \
	} while (0)

/* --- from IPv6 --- */

/* Shows: FLT-01 FLT-02 FLT-05 FLT-06 FLT-14 ADR-06 ADR-22 */
START_TEST(addresses_from_ipv6_that_cannot_be_are_dropped_in_silence)
{
	static const struct row rows[] = {
		{ "source unspecified", { V6(UDP) }, { "::", SERVER6, 1, 2 },
		    SILENT(MARTIAN6) },
		{ "source loopback", { V6(UDP) }, { "::1", SERVER6, 1, 2 },
		    SILENT(MARTIAN6) },
		{ "source multicast", { V6(UDP) },
		    { "ff02::1", SERVER6, 1, 2 }, SILENT(MARTIAN6) },
		{ "source link-local", { V6(UDP) },
		    { "fe80::1", SERVER6, 1, 2 }, SILENT(MARTIAN6) },
		{ "source end of link-local", { V6(UDP) },
		    { "febf:ffff::1", SERVER6, 1, 2 }, SILENT(MARTIAN6) },
		{ "source IPv4-mapped", { V6(UDP) },
		    { "::ffff:192.0.2.1", SERVER6, 1, 2 }, SILENT(MARTIAN6) },
		{ "source ULA", { V6(UDP) }, { "fd00::1", SERVER6, 1, 2 },
		    PASSES },
		{ "destination multicast", { V6(ICMPV6), .echo_type = 143 },
		    { CLIENT6, "ff02::16", 0, 0 }, SILENT(MULTICAST6) },
		{ "MLD report of a fresh tun",
		    { V6(ICMPV6), .echo_type = 143 },
		    { "::", "ff02::16", 0, 0 }, SILENT(MULTICAST6) },
		{ "destination link-local", { V6(UDP) },
		    { CLIENT6, "fe80::2", 1, 2 }, SILENT(MULTICAST6) },
		{ "source in Pref64", { V6(UDP) },
		    { SERVER6_2, SERVER6, 1, 2 }, SILENT(SOURCE_IN_PREF64) },
		{ "source in the second Pref64", { V6(UDP) },
		    { "64:ff9b::1.2.3.4", SERVER6, 1, 2 },
		    SILENT(SOURCE_IN_PREF64) },
		{ "destination elsewhere", { V6(UDP) },
		    { CLIENT6, "2001:db8:65::1", 1, 2 }, SILENT(NOT_OURS6) },
		{ "destination unspecified", { V6(UDP) },
		    { CLIENT6, "::", 1, 2 }, SILENT(NOT_OURS6) },
		{ "octet 8 not zero", { V6(UDP) },
		    { CLIENT6, "2001:db8:122:3c6:133:6414::", 1, 2 },
		    SILENT(BAD_U_OCTET) },
		{ "embedded this network", { V6(UDP) },
		    { CLIENT6, "2001:db8:64::0.1.2.3", 1, 2 },
		    SILENT(MARTIAN4) },
		{ "embedded loopback", { V6(UDP) }, { CLIENT6, LOOP6, 1, 2 },
		    SILENT(MARTIAN4) },
		{ "embedded link-local", { V6(UDP) },
		    { CLIENT6, "2001:db8:64::169.254.1.1", 1, 2 },
		    SILENT(MARTIAN4) },
		{ "embedded multicast", { V6(UDP) },
		    { CLIENT6, "2001:db8:64::224.0.0.1", 1, 2 },
		    SILENT(MARTIAN4) },
		{ "embedded broadcast", { V6(UDP) },
		    { CLIENT6, "2001:db8:64::255.255.255.255", 1, 2 },
		    SILENT(MARTIAN4) },
		{ "loopback in the WKP", { V6(UDP) },
		    { CLIENT6, "64:ff9b::127.0.0.1", 1, 2 },
		    SILENT(MARTIAN4) },
	};

	RUN(rows);
}
END_TEST

static void
allow_nonglobal(void)
{
	lab.conf.wkp_nonglobal_ok = true;
}

/* Shows: ADR-12 ADR-20 ADR-21 CFG-13 ERR-10 */
START_TEST(the_well_known_prefix_carries_global_addresses_only)
{
	static const struct row rows[] = {
		{ "global", { V6(UDP) }, { CLIENT6, "64:ff9b::8.8.8.8", 1, 2 },
		    PASSES },
		{ "private", { V6(UDP) }, { CLIENT6, WKP_PRIVATE, 1, 2 },
		    ANSWER(WKP_NONGLOBAL, 1, 1) },
		{ "shared", { V6(UDP) },
		    { CLIENT6, "64:ff9b::100.64.0.1", 1, 2 },
		    ANSWER(WKP_NONGLOBAL, 1, 1) },
		{ "protocol assignment", { V6(UDP) },
		    { CLIENT6, "64:ff9b::192.0.0.8", 1, 2 },
		    ANSWER(WKP_NONGLOBAL, 1, 1) },
		{ "PCP anycast is global", { V6(UDP) },
		    { CLIENT6, "64:ff9b::192.0.0.9", 1, 2 }, PASSES },
		{ "AS112 is global", { V6(UDP) },
		    { CLIENT6, "64:ff9b::192.31.196.1", 1, 2 }, PASSES },
		{ "private, allowed", { V6(UDP) },
		    { CLIENT6, WKP_PRIVATE, 1, 2 }, PASSES,
		    .conf = allow_nonglobal },
		{ "loopback, allowed", { V6(UDP) },
		    { CLIENT6, "64:ff9b::127.0.0.1", 1, 2 }, SILENT(MARTIAN4),
		    .conf = allow_nonglobal },
		{ "private, own prefix", { V6(UDP) },
		    { CLIENT6, "2001:db8:64::10.1.2.3", 1, 2 }, PASSES },
		{ "echo is answered as well",
		    { V6(ICMPV6), .echo_type = ICMP6_ECHO_REQUEST },
		    { CLIENT6, WKP_PRIVATE, 1, 2 },
		    ANSWER(WKP_NONGLOBAL, 1, 1) },
		{ "an error is not",
		    { V6(ICMPV6), .echo_type = ICMP6_DST_UNREACH },
		    { CLIENT6, WKP_PRIVATE, 1, 2 }, SILENT(WKP_NONGLOBAL) },
	};

	RUN(rows);
}
END_TEST

static void
local_wkp_prefix(void)
{
	lab_set_prefix(3, "64:ff9b:1:fffe::", 96);
}

/* Shows: ADR-12 ADR-13 */
START_TEST(local_use_prefixes_have_no_restrictions)
{
	static const struct row rows[] = {
		{ "private", { V6(TCP), .tcp_flags = PKT_TH_SYN },
		    { CLIENT6, "64:ff9b:1:fffe::10.1.2.3", 1, 2 }, PASSES,
		    .conf = local_wkp_prefix },
	};

	RUN(rows);
}
END_TEST

/* Shows: FLT-08 FLT-09 FLT-11 FLT-12 FLT-13 */
START_TEST(malformed_packets_from_ipv6_are_dropped_in_silence)
{
	static const struct row rows[] = {
		{ "version 5", { V6(UDP) }, FLOW_OUT, SILENT(BAD_VERSION),
		    .poke = { true, false, 0, 0x50 } },
		{ "shorter than its header", { V6(UDP) }, FLOW_OUT,
		    SILENT(BAD_LENGTH), .cut = 8 + 16 + 1 },
		{ "payload length too large", { V6(UDP) }, FLOW_OUT,
		    SILENT(BAD_LENGTH), .cut = 1 },
		{ "trailing bytes", { V6(UDP) }, FLOW_OUT, PASSES, .add = 7 },
		{ "UDP length too small", { V6(UDP) }, FLOW_OUT,
		    SILENT(BAD_L4), .poke = { true, false, 45, 7 } },
		{ "UDP length too large", { V6(UDP) }, FLOW_OUT,
		    SILENT(BAD_L4), .poke = { true, false, 45, 25 } },
		{ "UDP length below payload", { V6(UDP) }, FLOW_OUT, PASSES,
		    .poke = { true, true, 45, 20 } },
		{ "TCP data offset 4", { V6(TCP), .tcp_flags = 2 }, FLOW_OUT,
		    SILENT(BAD_L4), .poke = { true, false, 52, 0x40 } },
		{ "TCP data offset beyond", { V6(TCP), .tcp_flags = 2 },
		    FLOW_OUT, SILENT(BAD_L4),
		    .poke = { true, false, 52, 0xf0 } },
		{ "TCP source port 0", { V6(TCP), .tcp_flags = 2 },
		    { CLIENT6, SERVER6, 0, 2 }, SILENT(BAD_L4) },
		{ "TCP destination port 0", { V6(TCP), .tcp_flags = 2 },
		    { CLIENT6, SERVER6, 1, 0 }, SILENT(BAD_L4) },
		{ "UDP source port 0", { V6(UDP) }, { CLIENT6, SERVER6, 0, 2 },
		    PASSES },
		{ "jumbogram", { V6(UDP), EXT(HOPOPTS, jumbo) }, FLOW_OUT,
		    SILENT(JUMBOGRAM), .poke = { true, false, 5, 0 } },
		{ "headers beyond the end", { V6(UDP), EXT(DSTOPTS, beyond) },
		    FLOW_OUT, SILENT(EXT_HEADERS) },
	};

	RUN(rows);
}
END_TEST

/* Shows: CSM-11 FLT-14 */
START_TEST(udp_without_checksum_from_ipv6_is_dropped)
{
	const struct spec s = { V6(UDP) };
	const struct flow f = FLOW_OUT;

	lab_build(&s, &f);
	wire_put16(lab.in.data + 46, 0);
	lab_send();
	lab_expect_drop(NAT64_UDP_ZERO_CKSUM);
	ck_assert_uint_eq(lab_bindings(L4_UDP), 0);

	/* One that the device is to complete may be 0 (GSO-13). */
	lab_build(&s, &f);
	wire_put16(lab.in.data + 46,
	    wire_pseudo(lab.in.data, IPPROTO_UDP, 24));
	lab.in.ofl.csum_partial = true;
	lab.in.ofl.csum_start = 40;
	lab.in.ofl.csum_off = 6;
	lab_send();
	ck_assert(lab_sent()->ofl.csum_partial);
}
END_TEST

/*
 * Shows: XLT-27 XLT-30 XLT-31 XLT-32 XLT-35 TUP-20 ERR-01 ERR-04 ERR-05
 * ERR-14
 */
START_TEST(headers_from_ipv6_that_may_not_pass_are_answered)
{
	static const struct row rows[] = {
		{ "hop limit 2", { V6(UDP), .ttl = 2 }, FLOW_OUT, PASSES },
		{ "hop limit 1", { V6(UDP), .ttl = 1 }, FLOW_OUT,
		    ANSWER(TTL_EXPIRED, 3, 0) },
		{ "hop limit 0", { V6(UDP) }, FLOW_OUT,
		    ANSWER(TTL_EXPIRED, 3, 0), .poke = { true, false, 7, 0 } },
		{ "routing header used up", { V6(UDP), EXT(ROUTING, rh_used) },
		    FLOW_OUT, PASSES },
		{ "routing header", { V6(UDP), EXT(ROUTING, rh_left) },
		    FLOW_OUT, ANSWER(ROUTING_HEADER, 4, 0) },
		{ "option that asks for an answer",
		    { V6(UDP), EXT(HOPOPTS, unknown_opt) }, FLOW_OUT, PASSES },
		{ "headers in an odd order", { V6(UDP), EXT(HOPOPTS, chain) },
		    FLOW_OUT, PASSES },
		{ "Fragment Header before another",
		    { V6(UDP), EXT(FRAGMENT, fh_ext_first) }, FLOW_OUT,
		    ANSWER(EXT_HEADERS, 1, 1) },
		{ "the same, later fragment",
		    { V6(UDP), EXT(FRAGMENT, fh_ext_later) }, FLOW_OUT,
		    SILENT(EXT_HEADERS) },
		{ "fragment of ESP", { V6(UDP), EXT(FRAGMENT, fh_esp_first) },
		    FLOW_OUT, ANSWER(UNKNOWN_PROTO, 1, 4) },
		{ "later fragment of ESP",
		    { V6(UDP), EXT(FRAGMENT, fh_esp_later) }, FLOW_OUT,
		    SILENT(UNKNOWN_PROTO) },
		{ "atomic fragment", { V6(UDP), EXT(FRAGMENT, fh_atomic) },
		    FLOW_OUT, PASSES },
	};

	RUN(rows);
}
END_TEST

/* Shows: FLT-01 FLT-06 XLT-27 XLT-32 XLT-35 ADR-21 ADR-22 */
START_TEST(of_two_faults_from_ipv6_the_earlier_one_counts)
{
	static const struct row rows[] = {
		{ "1 before 2", { V6(UDP) }, { "::1", SERVER6, 1, 2 },
		    SILENT(BAD_LENGTH), .cut = 1 },
		{ "2 before 4", { V6(UDP) }, { SERVER6_2, "ff02::1", 1, 2 },
		    SILENT(MULTICAST6) },
		{ "2 before 5", { V6(UDP) },
		    { "fe80::1", "2001:db8:65::1", 1, 2 }, SILENT(MARTIAN6) },
		{ "3 before 4", { V6(UDP) }, { SERVER6, SELF6, 1, 2 },
		    SILENT(SELF_OTHER) },
		{ "4 before 5", { V6(UDP) },
		    { SERVER6, "2001:db8:65::1", 1, 2 },
		    SILENT(SOURCE_IN_PREF64) },
		{ "5 before 6", { V6(UDP), EXT(DSTOPTS, beyond) },
		    { CLIENT6, "2001:db8:65::1", 1, 2 }, SILENT(NOT_OURS6) },
		{ "6 before 7", { V6(UDP), EXT(DSTOPTS, beyond) },
		    { CLIENT6, LOOP6, 1, 2 }, SILENT(EXT_HEADERS) },
		{ "ADR-22 before 8", { V6(UDP), .ttl = 1 },
		    { CLIENT6, LOOP6, 1, 2 }, SILENT(MARTIAN4) },
		{ "ADR-21 before 8", { V6(UDP), .ttl = 1 },
		    { CLIENT6, WKP_PRIVATE, 1, 2 },
		    ANSWER(WKP_NONGLOBAL, 1, 1) },
		{ "8 before 9", { V6(UDP), EXT(ROUTING, rh_left), .ttl = 1 },
		    FLOW_OUT, ANSWER(TTL_EXPIRED, 3, 0) },
		{ "9 before 10", { V6(UDP), EXT(ROUTING, rh_fh_ext) },
		    FLOW_OUT, ANSWER(ROUTING_HEADER, 4, 0) },
		{ "8 before 10",
		    { V6(UDP), EXT(FRAGMENT, fh_ext_first), .ttl = 1 },
		    FLOW_OUT, ANSWER(TTL_EXPIRED, 3, 0) },
		{ "12 before 13", { V6(ICMPV6), .echo_type = 1 },
		    { CLIENT6, SERVER6, 0, 0 }, SILENT(ICMP_INNER) },
	};

	RUN(rows);
}
END_TEST

/* --- from IPv4 --- */

/* Shows: FLT-03 FLT-07 FLT-14 ADR-21 ADR-22 */
START_TEST(addresses_from_ipv4_that_cannot_be_are_dropped_in_silence)
{
	static const struct row rows[] = {
		{ "destination elsewhere", { V4(UDP) },
		    { SERVER4, "203.0.113.4", 1, 2 }, SILENT(NOT_OURS4) },
		{ "destination behind the pool", { V4(UDP) },
		    { SERVER4, "203.0.113.7", 1, 2 }, SILENT(NOT_OURS4) },
		{ "destination 0.0.0.0", { V4(ICMP), .echo_type = ICMP_ECHO },
		    { SERVER4, "0.0.0.0", 1, 2 }, SILENT(NOT_OURS4) },
		{ "source this network", { V4(UDP) },
		    { "0.1.2.3", POOL4, 1, PORT_IN }, SILENT(MARTIAN4) },
		{ "source loopback", { V4(UDP) },
		    { "127.0.0.1", POOL4, 1, PORT_IN }, SILENT(MARTIAN4) },
		{ "source link-local", { V4(UDP) },
		    { "169.254.1.1", POOL4, 1, PORT_IN }, SILENT(MARTIAN4) },
		{ "source multicast", { V4(UDP) },
		    { "224.0.0.1", POOL4, 1, PORT_IN }, SILENT(MARTIAN4) },
		{ "source broadcast", { V4(UDP) },
		    { "255.255.255.255", POOL4, 1, PORT_IN },
		    SILENT(MARTIAN4) },
		{ "source martian, to self4",
		    { V4(ICMP), .echo_type = ICMP_ECHO },
		    { "127.0.0.1", SELF4, 1, 2 }, SILENT(MARTIAN4) },
		{ "source private", { V4(UDP) },
		    { "10.1.2.3", POOL4, 1, PORT_IN }, PASSES },
	};

	RUN(rows);
}
END_TEST

/* Shows: FLT-08 FLT-09 FLT-10 FLT-12 FLT-13 XLT-09 */
START_TEST(malformed_packets_from_ipv4_are_dropped_in_silence)
{
	static const struct row rows[] = {
		{ "shorter than its header", { V4(UDP) }, FLOW_IN,
		    SILENT(BAD_LENGTH), .cut = 8 + 16 + 1 },
		{ "total length too large", { V4(UDP) }, FLOW_IN,
		    SILENT(BAD_LENGTH), .cut = 1 },
		{ "total length below the header", { V4(UDP) }, FLOW_IN,
		    SILENT(BAD_LENGTH), .poke = { true, true, 3, 19 } },
		{ "IHL 4", { V4(UDP) }, FLOW_IN, SILENT(BAD_LENGTH),
		    .poke = { true, true, 0, 0x44 } },
		{ "IHL beyond", { V4(UDP) }, FLOW_IN, SILENT(BAD_LENGTH),
		    .poke = { true, true, 0, 0x4f } },
		{ "trailing bytes", { V4(UDP) }, FLOW_IN, PASSES, .add = 7 },
		{ "header checksum", { V4(UDP) }, FLOW_IN,
		    SILENT(BAD_IP4_CKSUM), .poke = { true, false, 8, 63 } },
		{ "option beyond", { V4(UDP), OPTIONS(bad_option) }, FLOW_IN,
		    SILENT(BAD_IP4_OPTIONS) },
		{ "option without length", { V4(UDP), OPTIONS(short_option) },
		    FLOW_IN, SILENT(BAD_IP4_OPTIONS) },
		{ "rubbish behind the end", { V4(UDP), OPTIONS(end_option) },
		    FLOW_IN, PASSES },
		{ "UDP length too small", { V4(UDP) }, FLOW_IN, SILENT(BAD_L4),
		    .poke = { true, false, 25, 7 } },
		{ "UDP length too large", { V4(UDP) }, FLOW_IN, SILENT(BAD_L4),
		    .poke = { true, false, 25, 25 } },
		{ "TCP data offset 4", { V4(TCP), .tcp_flags = 2 }, FLOW_IN,
		    SILENT(BAD_L4), .poke = { true, false, 32, 0x40 } },
		{ "TCP source port 0", { V4(TCP), .tcp_flags = 2 },
		    { SERVER4, POOL4, 0, PORT_IN }, SILENT(BAD_L4) },
		{ "UDP source port 0", { V4(UDP) },
		    { SERVER4, POOL4, 0, PORT_IN }, PASSES },
	};

	RUN(rows);
}
END_TEST

/* Shows: XLT-07 XLT-09 TUP-21 ERR-02 ERR-04 ERR-05 ERR-14 */
START_TEST(headers_from_ipv4_that_may_not_pass_are_answered)
{
	static const struct row rows[] = {
		{ "TTL 2", { V4(UDP), .ttl = 2 }, FLOW_IN, PASSES },
		{ "TTL 1", { V4(UDP), .ttl = 1 }, FLOW_IN,
		    ANSWER(TTL_EXPIRED, 11, 0) },
		{ "TTL 0", { V4(UDP) }, FLOW_IN, ANSWER(TTL_EXPIRED, 11, 0),
		    .poke = { true, true, 8, 0 } },
		{ "TTL 1, later fragment", { V4(UDP), .ttl = 1, .frag = 3 },
		    FLOW_IN, SILENT(TTL_EXPIRED) },
		{ "TTL 1, ICMP error",
		    { V4(ICMP), .ttl = 1, .echo_type = ICMP_UNREACH },
		    { SERVER4, POOL4, 0, 0 }, SILENT(TTL_EXPIRED) },
		{ "TTL 1, echo",
		    { V4(ICMP), .ttl = 1, .echo_type = ICMP_ECHO },
		    { SERVER4, POOL4, ID4, 0 }, ANSWER(TTL_EXPIRED, 11, 0) },
		{ "loose source route", { V4(UDP), OPTIONS(lsrr_left) },
		    FLOW_IN, ANSWER(SOURCE_ROUTE, 3, 5) },
		{ "strict source route", { V4(UDP), OPTIONS(ssrr_left) },
		    FLOW_IN, ANSWER(SOURCE_ROUTE, 3, 5) },
		{ "source route used up", { V4(UDP), OPTIONS(lsrr_used) },
		    FLOW_IN, PASSES },
		{ "other options", { V4(UDP), OPTIONS(record_route) }, FLOW_IN,
		    PASSES },
	};

	RUN(rows);
}
END_TEST

/* Shows: FLT-03 FLT-07 FLT-10 XLT-07 XLT-09 */
START_TEST(of_two_faults_from_ipv4_the_earlier_one_counts)
{
	static const struct row rows[] = {
		{ "1 before 2", { V4(UDP) }, { SERVER4, "203.0.113.4", 1, 2 },
		    SILENT(BAD_IP4_CKSUM), .poke = { true, false, 8, 63 } },
		{ "2 before 3", { V4(UDP) },
		    { "127.0.0.1", "203.0.113.4", 1, 2 }, SILENT(NOT_OURS4) },
		{ "3 before 4", { V4(UDP), .ttl = 1 },
		    { "127.0.0.1", POOL4, 1, PORT_IN }, SILENT(MARTIAN4) },
		{ "4 before 5", { V4(UDP), .ttl = 1, OPTIONS(lsrr_left) },
		    FLOW_IN, ANSWER(TTL_EXPIRED, 11, 0) },
		{ "5 before 6",
		    { .family = PKT_V4,
			.proto = IPPROTO_GRE,
			.payload = 16,
			OPTIONS(lsrr_left) },
		    FLOW_IN, ANSWER(SOURCE_ROUTE, 3, 5) },
		{ "6 before 7",
		    { .family = PKT_V4,
			.proto = IPPROTO_GRE,
			.payload = 16,
			.frag = 0x2000 },
		    FLOW_IN, ANSWER(UNKNOWN_PROTO, 3, 2) },
		{ "8 before 9", { V4(ICMP), .echo_type = ICMP_UNREACH },
		    { SERVER4, POOL4, 0, 0 }, SILENT(ICMP_CKSUM),
		    .poke = { true, false, 30, 0xff } },
	};

	RUN(rows);
}
END_TEST

/* --- what is for the translator itself --- */

/* Shows: LOC-01 LOC-02 */
START_TEST(everything_else_to_our_own_addresses_is_dropped)
{
	static const struct row rows[] = {
		{ "UDP to self6", { V6(UDP) }, { CLIENT6, SELF6, 1, 2 },
		    SILENT(SELF_OTHER) },
		{ "TCP to self6", { V6(TCP), .tcp_flags = 2 },
		    { CLIENT6, SELF6, 1, 2 }, SILENT(SELF_OTHER) },
		{ "echo reply to self6",
		    { V6(ICMPV6), .echo_type = ICMP6_ECHO_REPLY },
		    { CLIENT6, SELF6, 1, 2 }, SILENT(SELF_OTHER) },
		{ "neighbour solicitation", { V6(ICMPV6), .echo_type = 135 },
		    { CLIENT6, SELF6, 1, 2 }, SILENT(SELF_OTHER) },
		{ "routing header to self6",
		    { V6(ICMPV6), .echo_type = ICMP6_ECHO_REQUEST,
			EXT(ROUTING, rh_left) },
		    { CLIENT6, SELF6, 1, 2 }, SILENT(SELF_OTHER),
		    .poke = { true, false, 40, IPPROTO_ICMPV6 } },
		{ "UDP to P(self4)", { V6(UDP) },
		    { CLIENT6, "2001:db8:64::192.0.2.1", 1, 2 },
		    SILENT(SELF_OTHER) },
		{ "UDP to self4", { V4(UDP) }, { SERVER4, SELF4, 1, 2 },
		    SILENT(SELF_OTHER) },
		{ "timestamp to self4", { V4(ICMP), .echo_type = 13 },
		    { SERVER4, SELF4, 1, 2 }, SILENT(SELF_OTHER) },
		{ "fragment to self4",
		    { V4(ICMP), .echo_type = ICMP_ECHO, .frag = 0x2000 },
		    { SERVER4, SELF4, 1, 2 }, SILENT(SELF_OTHER) },
		{ "source route to self4",
		    { V4(ICMP), .echo_type = ICMP_ECHO, OPTIONS(lsrr_left) },
		    { SERVER4, SELF4, 1, 2 }, SILENT(SELF_OTHER) },
	};

	RUN(rows);
}
END_TEST

static void
nameless(void)
{
	lab.conf.self4.s_addr = INADDR_ANY;
	lab.conf.self6 = in6addr_any;
}

/* Shows: ERR-12 ERR-13 LOC-01 */
START_TEST(without_addresses_of_its_own_the_translator_says_nothing)
{
	static const struct row rows[] = {
		{ "hop limit", { V6(UDP), .ttl = 1 }, FLOW_OUT,
		    SILENT(TTL_EXPIRED), .conf = nameless },
		{ "TTL", { V4(UDP), .ttl = 1 }, FLOW_IN, SILENT(TTL_EXPIRED),
		    .conf = nameless },
		{ "echo to ::",
		    { V6(ICMPV6), .echo_type = ICMP6_ECHO_REQUEST },
		    { CLIENT6, "::", 1, 2 }, SILENT(NOT_OURS6),
		    .conf = nameless },
		{ "echo to 0.0.0.0", { V4(ICMP), .echo_type = ICMP_ECHO },
		    { SERVER4, "0.0.0.0", 1, 2 }, SILENT(NOT_OURS4),
		    .conf = nameless },
	};

	RUN(rows);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		addresses_from_ipv6_that_cannot_be_are_dropped_in_silence,
		the_well_known_prefix_carries_global_addresses_only,
		local_use_prefixes_have_no_restrictions,
		malformed_packets_from_ipv6_are_dropped_in_silence,
		udp_without_checksum_from_ipv6_is_dropped,
		headers_from_ipv6_that_may_not_pass_are_answered,
		of_two_faults_from_ipv6_the_earlier_one_counts,
		addresses_from_ipv4_that_cannot_be_are_dropped_in_silence,
		malformed_packets_from_ipv4_are_dropped_in_silence,
		headers_from_ipv4_that_may_not_pass_are_answered,
		of_two_faults_from_ipv4_the_earlier_one_counts,
		everything_else_to_our_own_addresses_is_dropped,
		without_addresses_of_its_own_the_translator_says_nothing,
	};

	return (lab_main("nat64_admission", tests, NITEMS(tests)));
}
