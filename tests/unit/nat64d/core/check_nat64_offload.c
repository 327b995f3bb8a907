/*
 * Packets with the offload metadata of devices, through the whole translator:
 * checksums partial (veth, virtual machines), complete and verified (a NIC), or
 * complete and not verified (WireGuard, an old NIC); single segments and
 * super-packets. The metadata of each emitted packet must agree with its bytes,
 * which nat64_lab.c checks (sane_offload()).
 */
#include <check.h>
#include <netinet/in.h>

#include "tests/unit/nat64_lab.h"
#include "tests/unit/suite.h"

enum cksum { UNFINISHED, FINISHED, VERIFIED, NCKSUMS };

static const char *const cksum_names[NCKSUMS] = { "unfinished", "finished",
	"verified" };

#define SEG_SIZE 1200

struct sizes {
	const char *name;
	size_t payload;
	bool joined; /* the device says so */
	bool leaves_joined;
};

static const struct sizes sizes[] = {
	{ "a packet", SEG_SIZE, false, false },
	{ "a super-packet", 3 * SEG_SIZE + 7, true, true },
	{ "a super-packet of one segment and a byte", SEG_SIZE + 1, true,
	    true },
	{ "a super-packet of one segment", SEG_SIZE, true, false },
	{ "a super-packet of less than a segment", 1, true, false },
};

/* Give lab.in what a device would say of it. */
static void
hand_over(enum cksum cksum, bool joined)
{
	struct pkt p = lab.in;
	enum pkt_seg seg = PKT_SEG_NONE;

	REQUIRE(pkt_parse(&p) == NAT64_NONE);
	REQUIRE(pkt_parse_l4(&p) == NAT64_NONE);
	if (joined)
		seg = p.l4 == L4_TCP ? PKT_SEG_TCP : PKT_SEG_UDP;
	if (cksum == UNFINISHED)
		pkt_leave_cksum(&p);
	else
		p.ofl.csum_valid = cksum == VERIFIED;
	p.ofl.seg = seg;
	p.ofl.seg_size = joined ? SEG_SIZE : 0;
	lab.in.ofl = p.ofl;
}

static void
try(uint8_t proto, const struct flow *f, enum pkt_family family,
    enum cksum cksum, const struct sizes *z)
{
	const struct spec s = { .family = family,
		.proto = proto,
		.tcp_flags = PKT_TH_ACK,
		.payload = z->payload };
	const struct pkt *p;

	lab_build(&s, f);
	hand_over(cksum, z->joined);
	lab_send();
	p = lab_sent();
	ck_assert_msg((p->ofl.seg != PKT_SEG_NONE) == z->leaves_joined,
	    "%s, %s, protocol %u", z->name, cksum_names[cksum], proto);
	ck_assert_uint_eq(p->ofl.seg_size, z->leaves_joined ? SEG_SIZE : 0);
	ck_assert_int_eq(p->ofl.csum_partial, cksum == UNFINISHED);
	ck_assert_uint_eq(pkt_payload_len(p), z->payload);
}

/* Both ways, with all sizes; UDP segments always have an unfinished one. */
static void
try_all(enum l4proto l4, enum cksum cksum)
{
	const uint8_t proto = l4 == L4_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	const struct taddr4 out4 = lab_bind(l4, CLIENT6, PORT6);
	const struct flow out = { CLIENT6, SERVER6, PORT6, PORT_SERVER };
	const struct flow in = { SERVER4, text4(out4.addr), PORT_SERVER,
		out4.port };
	size_t i;

	for (i = 0; i < NITEMS(sizes); i++) {
		if (l4 == L4_UDP && sizes[i].joined && cksum != UNFINISHED)
			continue;
		try(proto, &out, PKT_V6, cksum, &sizes[i]);
		try(proto, &in, PKT_V4, cksum, &sizes[i]);
	}
}

/* Shows: GSO-04 GSO-10 GSO-14 GSO-26 CSM-01 */
START_TEST(tcp_passes_whatever_the_device_says_of_the_checksum)
{
	try_all(L4_TCP, (enum cksum)_i);
}
END_TEST

/* Shows: GSO-04 GSO-10 GSO-14 GSO-26 CSM-01 */
START_TEST(udp_passes_whatever_the_device_says_of_the_checksum)
{
	try_all(L4_UDP, (enum cksum)_i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nat64_offload");
	TCase *tc = tcase_create("nat64_offload");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_loop_test(tc,
	    tcp_passes_whatever_the_device_says_of_the_checksum, 0, NCKSUMS);
	tcase_add_loop_test(tc,
	    udp_passes_whatever_the_device_says_of_the_checksum, 0, NCKSUMS);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
