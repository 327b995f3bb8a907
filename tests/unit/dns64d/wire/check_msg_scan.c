/*
 * Tests of the bounded reader of DNS messages: hand-made messages, each with
 * one thing wrong, messages made to be slow, and random ones.
 */
#include <sys/types.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns64d/wire/msg_scan.h"
#include "dns64d/wire/wire.h"

#include "tests/unit/suite.h"

static uint8_t big[MSG_MAX];

/* A fixed sequence: a failure can be replayed. */
static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8);
}

#define HEADER(flags, qd, an, ns, ar) \
	"\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define QUERY HEADER("\x01\0", "\x01", "\0", "\0", "\0")
#define WWW "\3www\7example\0"
#define Q_AAAA WWW "\0\x1c\0\1"
#define REPLY(an, ns, ar) HEADER("\x81\x80", "\x01", an, ns, ar) Q_AAAA
#define PTR12 "\xc0\x0c"
#define FIXED(type, rdlen) "\0" type "\0\1\0\0\1\x2c\0" rdlen
#define OPT_RR(rdlen) "\0\0\x29\x04\xd0\0\0\x80\0\0" rdlen
#define TSIG_RR "\0\0\xfa\0\xff\0\0\0\0\0\0"

#define L63 \
	"\77aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L61 "\75aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L62 "\76aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct scan_row {
	const char *name;
	const char *wire;
	size_t len;
	enum msg_scan_error error;
} scan_rows[] = {
#define ROW(name, wire, error)                      \
	{                                           \
		name, wire, sizeof(wire) - 1, error \
	}
	ROW("nothing", "", MSG_SCAN_SHORT),
	ROW("header cut", "\x12\x34\1\0\0\1\0\0\0\0\0", MSG_SCAN_SHORT),
	ROW("header alone", HEADER("\1\0", "\0", "\0", "\0", "\0"),
	    MSG_SCAN_OK),
	ROW("question missing", QUERY, MSG_SCAN_BOUNDS),
	ROW("question cut in name", QUERY "\3ww", MSG_SCAN_BOUNDS),
	ROW("question cut behind name", QUERY WWW "\0\x1c\0", MSG_SCAN_BOUNDS),
	ROW("query", QUERY Q_AAAA, MSG_SCAN_OK),
	ROW("octet behind query", QUERY Q_AAAA "\0", MSG_SCAN_TRAILING),
	ROW("self-pointer", QUERY PTR12 "\0\x1c\0\1", MSG_SCAN_NAME),
	ROW("pointer to header", QUERY "\xc0\0\0\x1c\0\1", MSG_SCAN_NAME),
	ROW("pointer forward", QUERY "\xc0\x12\0\x1c\0\1", MSG_SCAN_NAME),
	ROW("pointer cut", QUERY "\3www\xc0", MSG_SCAN_BOUNDS),
	ROW("label of type 01",
	    QUERY "\x40"
		  "\0\0\x1c\0\1",
	    MSG_SCAN_NAME),
	ROW("label of type 10",
	    QUERY "\x80"
		  "\0\0\x1c\0\1",
	    MSG_SCAN_NAME),
	ROW("name of 255 octets", QUERY L63 L63 L63 L61 "\0\0\x1c\0\1",
	    MSG_SCAN_OK),
	ROW("name of 256 octets", QUERY L63 L63 L63 L62 "\0\0\x1c\0\1",
	    MSG_SCAN_NAME),
	ROW("label in front of 255 octets",
	    HEADER("\x81\x80", "\1", "\1", "\0", "\0") L63 L63 L63 L61
	    "\0\0\x1c\0\1"
	    "\1a" PTR12 FIXED("\1", "\4") "\300\0\2\1",
	    MSG_SCAN_NAME),
	ROW("two records that point at each other",
	    REPLY("\2", "\0", "\0") "\xc0\x2c" FIXED("\1",
		"\0") "\xc0\x1d" FIXED("\1", "\0"),
	    MSG_SCAN_NAME),
	ROW("pointer to a label that runs over the pointer",
	    REPLY("\2", "\0", "\0") PTR12
	    "\xff\1\0\1\0\0\0\0\0\1\x20"
	    "\1a\xc0\x29" FIXED("\1", "\4") "\300\0\2\1"
					    "12345678901234567890",
	    MSG_SCAN_NAME),
	ROW("A", REPLY("\1", "\0", "\0") PTR12 FIXED("\1", "\4") "\300\0\2\1",
	    MSG_SCAN_OK),
	ROW("A of 3 octets",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\1", "\3") "\300\0\2",
	    MSG_SCAN_RDATA),
	ROW("AAAA of 15 octets",
	    REPLY("\1", "\0", "\0")
		PTR12 FIXED("\x1c", "\x0f") "123456789012345",
	    MSG_SCAN_RDATA),
	ROW("record cut in fixed part",
	    REPLY("\1", "\0", "\0") PTR12 "\0\1\0\1\0\0\0\0\0",
	    MSG_SCAN_BOUNDS),
	ROW("rdlength over the end",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\1", "\5") "\300\0\2\1",
	    MSG_SCAN_BOUNDS),
	ROW("more records announced",
	    REPLY("\2", "\0", "\0") PTR12 FIXED("\1", "\4") "\300\0\2\1",
	    MSG_SCAN_BOUNDS),
	ROW("CNAME",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\5", "\4") "\1a" PTR12,
	    MSG_SCAN_OK),
	ROW("CNAME shorter than rdlength",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\5", "\5") "\1a" PTR12 "\0",
	    MSG_SCAN_RDATA),
	ROW("CNAME longer than rdlength",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\5", "\3") "\1a" PTR12,
	    MSG_SCAN_RDATA),
	ROW("CNAME to itself by pointer",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\5", "\2") "\xc0\x29",
	    MSG_SCAN_NAME),
	ROW("CNAME without rdata",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\5", "\0"), MSG_SCAN_RDATA),
	ROW("MX of one octet",
	    REPLY("\1", "\0", "\0") PTR12 FIXED("\x0f", "\1") "\0",
	    MSG_SCAN_RDATA),
	ROW("NAPTR",
	    REPLY("\1", "\0", "\0")
		PTR12 FIXED("\x23", "\x0b") "\0\1\0\1\1s\1S\0" PTR12,
	    MSG_SCAN_OK),
	ROW("NAPTR string over rdata",
	    REPLY("\1", "\0", "\0")
		PTR12 FIXED("\x23", "\x0b") "\0\1\0\1\1s\1S\x30" PTR12,
	    MSG_SCAN_RDATA),
	ROW("SOA",
	    REPLY("\0", "\1", "\0") PTR12 FIXED("\6", "\x18") PTR12 PTR12
	    "12345678901234567890",
	    MSG_SCAN_OK),
	ROW("SOA with 19 octets of numbers",
	    REPLY("\0", "\1", "\0") PTR12 FIXED("\6", "\x17") PTR12 PTR12
	    "1234567890123456789",
	    MSG_SCAN_RDATA),
	ROW("unknown type",
	    REPLY("\1", "\0", "\0") PTR12 "\xff\x01\0\1\0\0\0\0\0\3"
					  "\xc0\xff\xff",
	    MSG_SCAN_OK),
	ROW("OPT", REPLY("\0", "\0", "\1") OPT_RR("\0"), MSG_SCAN_OK),
	ROW("OPT with option",
	    REPLY("\0", "\0", "\1") OPT_RR("\6") "\0\x0a\0\2ab", MSG_SCAN_OK),
	ROW("OPT with option over the end",
	    REPLY("\0", "\0", "\1") OPT_RR("\6") "\0\x0a\0\3ab", MSG_SCAN_OPT),
	ROW("OPT with half an option",
	    REPLY("\0", "\0", "\1") OPT_RR("\3") "\0\x0a\0", MSG_SCAN_OPT),
	ROW("two OPT", REPLY("\0", "\0", "\2") OPT_RR("\0") OPT_RR("\0"),
	    MSG_SCAN_OPT),
	ROW("OPT in the answer", REPLY("\1", "\0", "\0") OPT_RR("\0"),
	    MSG_SCAN_OPT),
	ROW("OPT not of the root", REPLY("\0", "\0", "\1") "\1a" OPT_RR("\0"),
	    MSG_SCAN_OPT),
	ROW("OPT and TSIG", REPLY("\0", "\0", "\2") OPT_RR("\0") TSIG_RR,
	    MSG_SCAN_OK),
	ROW("TSIG in front of OPT",
	    REPLY("\0", "\0", "\2") TSIG_RR OPT_RR("\0"), MSG_SCAN_TSIG),
	ROW("two TSIG", REPLY("\0", "\0", "\2") TSIG_RR TSIG_RR,
	    MSG_SCAN_TSIG),
	ROW("TSIG in the authority", REPLY("\0", "\1", "\0") TSIG_RR,
	    MSG_SCAN_TSIG),
};

/* Shows: DNS64-94 DNS64-74 */
START_TEST(scan_accepts_the_good_and_names_the_fault)
{
	const struct scan_row *row = &scan_rows[_i];
	struct msg_scan m;
	uint8_t *exact;

	/* On the heap and without a spare octet, for the sanitizer. */
	exact = malloc(row->len + 1);
	memcpy(exact + 1, row->wire, row->len);
	ck_assert_msg(msg_scan(exact + 1, row->len, &m) == row->error,
	    "%s: %d", row->name, (int)msg_scan(exact + 1, row->len, &m));
	ck_assert_uint_le(m.steps, MSG_STEPS_MAX(row->len));
	free(exact);
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(scan_of_every_cut_of_a_message_is_refused)
{
	static const uint8_t wire[] = REPLY("\1", "\0", "\1")
	    PTR12 FIXED("\1", "\4") "\300\0\2\1" OPT_RR("\0");
	size_t len, full = sizeof(wire) - 1;
	struct msg_scan m;
	uint8_t *exact;

	ck_assert_int_eq(msg_scan(wire, full, &m), MSG_SCAN_OK);
	for (len = 0; len < full; len++) {
		exact = malloc(len + 1);
		memcpy(exact, wire, len);
		ck_assert_int_ne(msg_scan(exact, len, &m), MSG_SCAN_OK);
		free(exact);
	}
}
END_TEST

/* Shows: DNS64-56 DNS64-58 */
START_TEST(scan_fills_the_view)
{
	static const uint8_t wire[] =
	    HEADER("\x81\x83", "\1", "\1", "\0", "\1") Q_AAAA PTR12
	    "\0\1\0\1\xff\xff\xff\xff\0\4\300\0\2\1"
	    "\0\0\x29\x04\xd0\1\0\x80\0\0\0";
	struct msg_rr rr = { .msg = NULL };
	struct msg_scan m;

	ck_assert_int_eq(msg_scan(wire, sizeof(wire) - 1, &m), MSG_SCAN_OK);
	ck_assert_uint_eq(m.id, 0x1234);
	ck_assert_uint_eq(m.flags, 0x8183);
	ck_assert_uint_eq(m.rcode, 0x13);
	ck_assert_uint_eq(m.qname_len, 13);
	ck_assert_uint_eq(m.qtype, MSG_T_AAAA);
	ck_assert_uint_eq(m.qclass, MSG_CLASS_IN);
	ck_assert_uint_eq(m.udp_size, 1232);
	ck_assert(m.dnssec_ok);
	ck_assert_uint_eq(m.edns_version, 0);
	ck_assert_uint_eq(m.opt_end, m.len);

	ck_assert(msg_rr_next(&m, MSG_ANSWER, &rr));
	ck_assert_uint_eq(rr.type, MSG_T_A);
	ck_assert_uint_eq(rr.rdlen, 4);
	ck_assert_uint_eq(rr.ttl, 0); /* RFC 2181, 8 */
	ck_assert(!msg_rr_next(&m, MSG_ANSWER, &rr));
	rr.msg = NULL;
	ck_assert(!msg_rr_next(&m, MSG_AUTHORITY, &rr));
	rr.msg = NULL;
	ck_assert(msg_rr_next(&m, MSG_ADDITIONAL, &rr));
	ck_assert_uint_eq(rr.type, MSG_T_OPT);
}
END_TEST

static const struct query_row {
	const char *name;
	const char *wire;
	size_t len;
	enum msg_query_verdict verdict;
	unsigned rcode;
} query_rows[] = {
#define QROW(name, wire, verdict, rcode)                     \
	{                                                    \
		name, wire, sizeof(wire) - 1, verdict, rcode \
	}
	QROW("good", QUERY Q_AAAA, MSG_Q_ACCEPT, 0),
	QROW("11 octets", "\x12\x34\1\0\0\1\0\0\0\0\0", MSG_Q_DROP, 0),
	QROW("a response", HEADER("\x81\0", "\1", "\0", "\0", "\0") Q_AAAA,
	    MSG_Q_DROP, 0),
	QROW("opcode 1", HEADER("\x09\0", "\1", "\0", "\0", "\0") Q_AAAA,
	    MSG_Q_REJECT, MSG_NOTIMP),
	QROW("opcode 15 with garbage",
	    HEADER("\x78\0", "\1", "\0", "\0", "\0") "\xff\xff", MSG_Q_REJECT,
	    MSG_NOTIMP),
	QROW("no question", HEADER("\1\0", "\0", "\0", "\0", "\0"),
	    MSG_Q_EMPTY, MSG_FORMERR),
	QROW("two questions",
	    HEADER("\1\0", "\2", "\0", "\0", "\0") Q_AAAA Q_AAAA, MSG_Q_REJECT,
	    MSG_FORMERR),
	QROW("question cut", QUERY "\3ww", MSG_Q_REJECT, MSG_FORMERR),
	QROW("EDNS",
	    HEADER("\1\0", "\1", "\0", "\0", "\1") Q_AAAA OPT_RR("\0"),
	    MSG_Q_ACCEPT, 0),
	QROW("EDNS with unknown option",
	    HEADER("\1\0", "\1", "\0", "\0", "\1")
		Q_AAAA OPT_RR("\4") "\xff\0\0\0",
	    MSG_Q_ACCEPT, 0),
	QROW("EDNS version 1",
	    HEADER("\1\0", "\1", "\0", "\0", "\1") Q_AAAA
	    "\0\0\x29\x04\xd0\0\1\0\0\0\0",
	    MSG_Q_REJECT, MSG_BADVERS),
	QROW("two OPT",
	    HEADER("\1\0", "\1", "\0", "\0", "\2") Q_AAAA OPT_RR("\0")
		OPT_RR("\0"),
	    MSG_Q_REJECT, MSG_FORMERR),
	QROW("bad rdlength of OPT",
	    HEADER("\1\0", "\1", "\0", "\0", "\1") Q_AAAA OPT_RR("\1"),
	    MSG_Q_REJECT, MSG_FORMERR),
	QROW("unknown type", QUERY WWW "\3\xe8\0\1", MSG_Q_ACCEPT, 0),
	QROW("unknown flag", HEADER("\1\x40", "\1", "\0", "\0", "\0") Q_AAAA,
	    MSG_Q_ACCEPT, 0),
	QROW("AD", HEADER("\1\x20", "\1", "\0", "\0", "\0") Q_AAAA,
	    MSG_Q_ACCEPT, 0),
	QROW("CD", HEADER("\1\x10", "\1", "\0", "\0", "\0") Q_AAAA,
	    MSG_Q_ACCEPT, 0),
	QROW("AXFR", QUERY WWW "\0\xfc\0\1", MSG_Q_REJECT, MSG_REFUSED),
	QROW("IXFR", QUERY WWW "\0\xfb\0\1", MSG_Q_REJECT, MSG_REFUSED),
};

/* Shows: DNS64-39 DNS64-56 DNS64-57 DNS64-74 */
START_TEST(query_gets_the_verdict_of_its_row)
{
	const struct query_row *row = &query_rows[_i];
	unsigned rcode = 0;
	struct msg_scan m;

	ck_assert_msg(msg_scan_query((const uint8_t *)row->wire, row->len, &m,
			  &rcode) == row->verdict,
	    "%s", row->name);
	ck_assert_msg(rcode == row->rcode, "%s: rcode %u", row->name, rcode);
}
END_TEST

static size_t
put_head(uint8_t *p, unsigned an)
{
	static const uint8_t head[] = REPLY("\0", "\0", "\0");

	memcpy(p, head, sizeof(head) - 1);
	put16(p + 6, (uint16_t)an);
	return (sizeof(head) - 1);
}

/* Fills rr records of the same owner pointer until the message is full. */
static size_t
fill_records(size_t n, uint16_t pointer, uint16_t count_from)
{
	unsigned count = count_from;

	for (; n + 16 <= sizeof(big); n += 16, count++) {
		put16(big + n, pointer);
		memcpy(big + n + 2, "\0\1\0\1\0\0\0\x3c\0\4\300\0\2\1", 14);
	}
	put16(big + 6, (uint16_t)count);
	return (n);
}

/* Shows: DNS64-94 */
START_TEST(scan_of_64_kb_of_addresses_takes_two_steps_each)
{
	struct msg_scan m;
	size_t n;

	n = fill_records(put_head(big, 0), 0xc00c, 0);
	ck_assert_int_eq(msg_scan(big, n, &m), MSG_SCAN_OK);
	ck_assert_uint_gt(m.count[MSG_ANSWER], 4000);
	ck_assert_uint_le(m.steps, 2 * (unsigned)m.count[MSG_ANSWER]);
}
END_TEST

/* The 64 KB message that costs libldns 76 ms. */
/* Shows: DNS64-94 */
START_TEST(scan_refuses_long_chains_of_pointers)
{
	size_t i, n, rdata;
	struct msg_scan m;

	/* One record of unknown type whose RDATA is a ladder of pointers. */
	n = put_head(big, 0);
	memcpy(big + n, PTR12 "\xff\1\0\1\0\0\0\0", 10);
	put16(big + n + 10, 2 * 7500);
	rdata = n + 12;
	for (i = 0; i < 7500; i++)
		put16(big + rdata + 2 * i,
		    (uint16_t)(0xc000 |
			(i == 0 ? MSG_HEADER_LEN : rdata + 2 * (i - 1))));
	n = fill_records(rdata + 2 * 7500,
	    (uint16_t)(0xc000 | (rdata + 2 * 7499)), 1);
	ck_assert_int_eq(msg_scan(big, n, &m), MSG_SCAN_NAME);
	ck_assert_uint_le(m.steps, NAME_HOPS_MAX + 20);
}
END_TEST

/*
 * Names of 127 labels, each record leading to a place of its own in them, so
 * that the memo does not help.
 */
/* Shows: DNS64-94 */
START_TEST(scan_stops_when_the_budget_is_spent)
{
	size_t i, n, k, names, at[60];
	unsigned count = 0;
	struct msg_scan m;

	n = put_head(big, 0);
	memcpy(big + n, PTR12 "\xff\1\0\1\0\0\0\0", 10);
	put16(big + n + 10, 60 * 255);
	names = n + 12;
	for (i = 0; i < 60; i++) {
		at[i] = names + 255 * i;
		for (k = 0; k < 127; k++)
			memcpy(big + at[i] + 2 * k, "\1a", 2);
		big[at[i] + 254] = 0;
	}
	n = names + 60 * 255;
	for (; n + 16 <= sizeof(big); n += 16, count++) {
		put16(big + n, (uint16_t)(0xc000 | at[count % 60]));
		memcpy(big + n + 2, "\0\1\0\1\0\0\0\x3c\0\4\300\0\2\1", 14);
	}
	put16(big + 6, (uint16_t)(count + 1));
	ck_assert_int_eq(msg_scan(big, n, &m), MSG_SCAN_STEPS);
	ck_assert_uint_le(m.steps, MSG_STEPS_MAX(sizeof(big)) + 1);
}
END_TEST

/* The message that costs libldns a second and 20 GB. */
/* Shows: DNS64-94 */
START_TEST(scan_does_not_look_into_txt)
{
	struct msg_scan m;
	size_t n;

	n = put_head(big, 1);
	memcpy(big + n, PTR12 "\0\x10\0\1\0\0\0\0", 10);
	put16(big + n + 10, (uint16_t)(sizeof(big) - n - 12));
	memset(big + n + 12, 0, sizeof(big) - n - 12);
	ck_assert_int_eq(msg_scan(big, sizeof(big), &m), MSG_SCAN_OK);
	ck_assert_uint_le(m.steps, 10);
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(scan_of_root_records_is_one_step_each)
{
	unsigned count = MSG_RECORDS_MAX - 1; /* and the question */
	struct msg_scan m;
	size_t i, n;

	n = put_head(big, 0);
	for (i = 0; i < count + 1; i++) {
		memset(big + n + 11 * i, 0, 11);
		big[n + 11 * i + 1] = 0xff;
	}
	put16(big + 6, (uint16_t)count);
	ck_assert_int_eq(msg_scan(big, n + 11 * count, &m), MSG_SCAN_OK);
	ck_assert_uint_le(m.steps, count + 3);

	put16(big + 6, (uint16_t)(count + 1));
	ck_assert_int_eq(msg_scan(big, n + 11 * (count + 1), &m),
	    MSG_SCAN_RECORDS);
	ck_assert_uint_eq(m.steps, 0);
}
END_TEST

/* Everything that may be done with a message that passed. */
static void
walk(const struct msg_scan *m)
{
	struct msg_rdata_names names;
	uint8_t name[MSG_NAME_MAX];
	struct msg_rr rr;
	unsigned count;
	size_t i, len;
	int section;
	uint32_t ttl;

	for (section = MSG_ANSWER; section < MSG_N_SECTIONS; section++) {
		rr.msg = NULL;
		count = 0;
		while (msg_rr_next(m, section, &rr)) {
			count++;
			len = name_copy(m->wire, rr.off, name);
			ck_assert_uint_eq(len, name_length(name));
			ck_assert_uint_le(len, MSG_NAME_MAX);
			msg_rr_names(&rr, &names);
			for (i = 0; i < names.n; i++)
				name_copy(m->wire, names.off[i], name);
			(void)msg_rr_covered(&rr);
		}
		ck_assert_uint_eq(count, m->count[section]);
	}
	(void)msg_has_dnssec_error(m);
	(void)msg_negative_ttl(m, &ttl, NULL);
}

/* Shows: DNS64-94 */
START_TEST(scan_survives_random_octets)
{
	uint32_t seed = 1;
	struct msg_scan m;
	uint8_t *wire;
	size_t i, len;
	int run;

	for (run = 0; run < 100000; run++) {
		len = next_random(&seed) % 120;
		wire = malloc(len + 1);
		for (i = 0; i < len; i++)
			wire[i] = (uint8_t)next_random(&seed);
		/* Small counts, or hardly a message gets beyond them. */
		for (i = 4; i < 12 && i < len; i++)
			wire[i] = i % 2 == 0 ? 0 : wire[i] & 1;
		if (msg_scan(wire, len, &m) == MSG_SCAN_OK)
			walk(&m);
		ck_assert_uint_le(m.steps, MSG_STEPS_MAX(len) + 1);
		free(wire);
	}
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(scan_survives_changed_octets)
{
	static const uint8_t good[] = REPLY("\2", "\1", "\2")
	    PTR12 FIXED("\5", "\4") "\1a" PTR12 "\xc0\x29" FIXED("\1",
		"\4") "\300\0\2\1" PTR12 FIXED("\6", "\x18") PTR12 PTR12
	    "12345678901234567890" OPT_RR(
		"\6") "\0\x0f\0\2\0\6" PTR12 FIXED("\x0f", "\4") "\0\1" PTR12;
	const size_t len = sizeof(good) - 1;
	unsigned passed = 0, changes;
	uint32_t seed = 2;
	struct msg_scan m;
	uint8_t *wire;
	int run;

	ck_assert_int_eq(msg_scan(good, len, &m), MSG_SCAN_OK);
	ck_assert(msg_has_dnssec_error(&m));
	for (run = 0; run < 100000; run++) {
		wire = malloc(len);
		memcpy(wire, good, len);
		for (changes = 1 + next_random(&seed) % 3; changes > 0;
		     changes--)
			wire[next_random(&seed) % len] =
			    (uint8_t)next_random(&seed);
		if (msg_scan(wire, len, &m) == MSG_SCAN_OK) {
			walk(&m);
			passed++;
		}
		free(wire);
	}
	ck_assert_uint_gt(passed, 1000);
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(name_comparison_ignores_case_and_stops_at_its_budget)
{
	static const uint8_t lower[] = "\3www\7example";
	static const uint8_t upper[] = "\3WWW\7EXample";
	static const uint8_t other[] = "\3wwx\7example";
	unsigned work = 100;

	ck_assert(name_equal(lower, upper));
	ck_assert(!name_equal(lower, other));
	ck_assert(!name_equal(lower, lower + 4));
	ck_assert(name_is_below(upper, lower + 4));
	ck_assert(name_is_below(lower, lower));
	ck_assert(!name_is_below(lower + 4, lower));
	ck_assert(name_equal_work(lower, 0, upper, 0, &work));
	ck_assert_uint_eq(work, 100 - 13);
	work = 12;
	ck_assert(!name_equal_work(lower, 0, upper, 0, &work));
	ck_assert_uint_eq(work, 0);
}
END_TEST

/* Shows: DNS64-15 */
START_TEST(negative_ttl_is_the_lower_one)
{
	uint8_t wire[] = REPLY("\0", "\1", "\0") PTR12 FIXED("\6", "\x18")
	    PTR12 PTR12 "12345678901234567890";
	const size_t len = sizeof(wire) - 1;
	struct msg_scan m;
	uint32_t ttl;
	bool fixed;

	put32(wire + len - 4, 120);
	ck_assert_int_eq(msg_scan(wire, len, &m), MSG_SCAN_OK);
	ck_assert(msg_negative_ttl(&m, &ttl, &fixed));
	ck_assert_uint_eq(ttl, 120);
	ck_assert(fixed);
	put32(wire + len - 4, 86400);
	ck_assert(msg_negative_ttl(&m, &ttl, &fixed));
	ck_assert_uint_eq(ttl, 300);
	ck_assert(!fixed);
	wire[9] = 0;
	wire[7] = 1;
	ck_assert_int_eq(msg_scan(wire, len, &m), MSG_SCAN_OK);
	ck_assert(!msg_negative_ttl(&m, &ttl, NULL));
}
END_TEST

/* The first record stands at 29, its TTL at 35 to 38, its RDATA at 41. */
#define FIRST REPLY("\2", "\0", "\0") PTR12 FIXED("\5", "\3") "\1t\0"

static const struct apart_row {
	const char *name;
	const char *wire;
	size_t len;
	bool apart;
} apart_rows[] = {
#define AROW(name, wire, apart)                     \
	{                                           \
		name, wire, sizeof(wire) - 1, apart \
	}
	AROW("the question", FIRST PTR12 FIXED("\1", "\4") "1234", true),
	AROW("a name in RDATA", FIRST "\xc0\x29" FIXED("\1", "\4") "1234",
	    true),
	AROW("a name behind it", FIRST "\xc0\x2b" FIXED("\1", "\4") "1234",
	    true),
	AROW("a label's length", FIRST "\xc0\x25" FIXED("\1", "\4") "1234",
	    false),
	AROW("a label's octets", FIRST "\xc0\x22" FIXED("\1", "\4") "1234",
	    false),
	AROW("the root", FIRST "\xc0\x23" FIXED("\1", "\4") "1234", false),
	AROW("in RDATA", FIRST PTR12 FIXED("\5", "\4") "\1x\xc0\x25", false),
};

/* Shows: DNS64-94 */
START_TEST(names_that_lead_through_ttls_are_found)
{
	const struct apart_row *row = &apart_rows[_i];
	struct msg_scan m;

	ck_assert_int_eq(msg_scan((const uint8_t *)row->wire, row->len, &m),
	    MSG_SCAN_OK);
	ck_assert_msg(msg_ttls_are_apart(&m) == row->apart, "%s", row->name);
}
END_TEST

START_TEST(reply_may_have_octets_behind_it)
{
	static const uint8_t wire[] = "\x12\x34\x81\x80\0\1\0\0\0\0\0\0"
				      "\1a\0\0\1\0\1more";
	struct msg_scan m;

	ck_assert_int_eq(msg_scan(wire, sizeof(wire) - 1, &m),
	    MSG_SCAN_TRAILING);
	ck_assert_int_eq(msg_scan_reply(wire, sizeof(wire) - 1, &m),
	    MSG_SCAN_OK);
	ck_assert_uint_eq(m.len, sizeof(wire) - 5);
	/* But not be cut short. */
	ck_assert_int_eq(msg_scan_reply(wire, sizeof(wire) - 6, &m),
	    MSG_SCAN_BOUNDS);
}
END_TEST

static Suite *
msg_scan_suite(void)
{
	Suite *s = suite_create("msg_scan");
	TCase *tc = tcase_create("scan");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, scan_accepts_the_good_and_names_the_fault, 0,
	    (int)(sizeof(scan_rows) / sizeof(scan_rows[0])));
	tcase_add_test(tc, reply_may_have_octets_behind_it);
	tcase_add_test(tc, scan_of_every_cut_of_a_message_is_refused);
	tcase_add_test(tc, scan_fills_the_view);
	tcase_add_loop_test(tc, query_gets_the_verdict_of_its_row, 0,
	    (int)(sizeof(query_rows) / sizeof(query_rows[0])));
	tcase_add_test(tc, scan_of_64_kb_of_addresses_takes_two_steps_each);
	tcase_add_test(tc, scan_refuses_long_chains_of_pointers);
	tcase_add_test(tc, scan_stops_when_the_budget_is_spent);
	tcase_add_test(tc, scan_does_not_look_into_txt);
	tcase_add_test(tc, scan_of_root_records_is_one_step_each);
	tcase_add_test(tc, scan_survives_random_octets);
	tcase_add_test(tc, scan_survives_changed_octets);
	tcase_add_test(tc,
	    name_comparison_ignores_case_and_stops_at_its_budget);
	tcase_add_test(tc, negative_ttl_is_the_lower_one);
	tcase_add_loop_test(tc, names_that_lead_through_ttls_are_found, 0,
	    sizeof(apart_rows) / sizeof(apart_rows[0]));
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(msg_scan_suite()));
}
