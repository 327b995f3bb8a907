/*
 * Segments of connections with a gateway that come in fragments.
 */
#include <check.h>
#include <string.h>

#include "tests/unit/ftp_lab.h"
#include "tests/unit/suite.h"

/* Cut what is in lab.in at this byte behind the IP header, and send both. */
static void
send_in_two(uint32_t id, size_t at, bool swapped)
{
	const struct pkt whole = lab_copy(&lab.in);
	const size_t len = pkt_l4len(&whole);
	unsigned i;

	for (i = 0; i < 2; i++) {
		if ((i == 0) == swapped)
			lab_build_fragment(&whole, id, at, len - at, false);
		else
			lab_build_fragment(&whole, id, 0, at, true);
		lab_send();
		if (i == 0) {
			ck_assert_int_eq(lab.verdict, NAT64_HELD);
			ck_assert_uint_eq(lab.n_out, 0);
		}
	}
}

/* Shows: FTP-30 */
START_TEST(fragments_are_put_together)
{
	static const char command[] = "EPSV\r\nNOOP\r\nNOOP\r\nNOOP\r\n";
	uint32_t id = 7;
	size_t at;

	ftp_begin();
	for (at = 24; at < 40; at += 8) {
		ftp_build(true, ftp.c_seq, ftp.c_got, command, ACK | PSH);
		ftp.c_seq += sizeof(command) - 1;
		send_in_two(id++, at, at == 24);
		server_gets("PASV\r\nNOOP\r\nNOOP\r\nNOOP\r\n");
		ftp_build(false, ftp.s_seq, ftp.s_got, PASSIVE, ACK | PSH);
		ftp.s_seq += sizeof(PASSIVE) - 1;
		send_in_two(id++, at, at != 24);
		client_gets(EXTENDED);
		server_says("200 ok\r\n200 ok\r\n200 ok\r\n", PSH);
		client_gets("200 ok\r\n200 ok\r\n200 ok\r\n");
	}
	ck_assert_uint_eq(lab_drops(NAT64_GATEWAY_FRAGMENT), 0);
	ck_assert_uint_eq(frag_datagrams(nat64_frags(lab.n)), 0);
}
END_TEST

/* A repetition that is cut elsewhere is changed in the same way. */
START_TEST(repeated_fragments_are_put_together)
{
	ftp_begin();
	client_says("EPSV ALL\r\n12345678\r\n", PSH);
	server_gets("NOOP\r\n12345678\r\n");
	ftp.s_got -= 16;
	ftp_build(true, ftp.c_seq - 20, ftp.c_got, "EPSV ALL\r\n12345678\r\n",
	    ACK | PSH);
	send_in_two(7, 24, false);
	server_gets("NOOP\r\n12345678\r\n");
}
END_TEST

/* Large ones: each segment that comes of them has an identification. */
START_TEST(what_was_put_together_may_be_cut_again)
{
	char text[2401] = "";
	struct pkt p;
	size_t i, sum = 0;

	lab.conf.remap_fragment_id = false;
	ftp_begin();
	while (strlen(text) + 16 < sizeof(text))
		strcat(text, "RETR some file\r\n");
	ftp_build(true, ftp.c_seq, ftp.c_got, text, ACK | PSH);
	send_in_two(7, 1200, false);
	ck_assert_uint_ge(lab.n_out, 2);
	for (i = 0; i < lab.n_out; i++) {
		p = lab.out[i];
		ck_assert(!p.df);
		sum += p.len - p.l4off;
	}
	ck_assert_uint_eq(sum, strlen(text) + 20);

	ftp_build(false, ftp.s_seq, ftp.s_got, text, ACK | PSH);
	send_in_two(8, 1200, true);
	ck_assert_uint_ge(lab.n_out, 2);
	ck_assert(lab.out[0].is_frag);
	ck_assert_uint_le(lab.out[0].len, 1280);
}
END_TEST

/* RFC 1858: what the gateway reads must not be ambiguous. */
START_TEST(fragments_that_overlap_do_not_pass)
{
	struct pkt whole;

	ftp_begin();
	ftp_build(false, ftp.s_seq, ftp.s_got, PASSIVE, ACK);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 7, 0, 32, true);
	lab_send();
	lab_build_fragment(&whole, 7, 24, 16, true);
	lab_send();
	lab_expect_drop(NAT64_FRAG_OVERLAP);
	lab_build_fragment(&whole, 7, 32, pkt_l4len(&whole) - 32, false);
	lab_send();
	ck_assert_uint_eq(lab.n_out, 0);
}
END_TEST

/* A SYN in fragments has no gateway yet. Nobody sends one. */
START_TEST(a_fragmented_syn_opens_nothing)
{
	struct pkt whole;

	ftp_configure();
	lab_start();
	ftp_build(true, 1000, 0, "xxxxxxxxxxxxxx", SYN);
	whole = lab_copy(&lab.in);
	lab_build_fragment(&whole, 7, 0, 24, true);
	lab_send();
	lab_expect_drop(NAT64_GATEWAY_FRAGMENT);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		fragments_are_put_together,
		repeated_fragments_are_put_together,
		what_was_put_together_may_be_cut_again,
		fragments_that_overlap_do_not_pass,
		a_fragmented_syn_opens_nothing,
	};

	return (lab_main("nat64_alg_frag", tests, NITEMS(tests)));
}
