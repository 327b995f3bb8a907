/*
 * The record format: what is read is what was written, and a stream that was
 * cut or changed at any place is refused or read right.
 */
#include <check.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/octets.h"
#include "nat64d/core/nat64_struct.h"
#include "nat64d/state/record.h"
#include "tests/unit/state_util.h"
#include "tests/unit/suite.h"

/* What has been read, in order. */
static struct {
	struct {
		enum { PREFIX, BLOCK, BINDING, SESSION, UNKNOWN } kind;
		struct nat64_saved_binding b;
		struct nat64_saved_session s;
		struct nat64_saved_block block;
		struct pref64 p;
	} all[256];
	unsigned n;
	struct nat64_saved_role role;
	unsigned n_roles;
	char text[32 * 1024]; /* the same, without padding */
	size_t text_len;
	int64_t origin;
	char program[80];
} got, good;

static struct record_reader reader;

static void __attribute__((format(printf, 1, 2))) note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	got.text_len += (size_t)vsnprintf(got.text + got.text_len,
	    sizeof(got.text) - got.text_len, fmt, ap);
	va_end(ap);
	REQUIRE(got.text_len < sizeof(got.text));
	REQUIRE(got.n < NITEMS(got.all));
}

static void
got_origin(void *arg, int64_t wall_ms, const char *program)
{
	(void)arg;
	got.origin = wall_ms;
	strlcpy(got.program, program, sizeof(got.program));
}

static void
got_prefix(void *arg, uint8_t i, const struct pref64 *p)
{
	(void)arg;
	note("prefix %u %s/%u\n", i, text6(p->addr), p->len);
	got.all[got.n].kind = PREFIX;
	got.all[got.n++].p = *p;
}

static void
got_binding(void *arg, const struct nat64_saved_binding *b)
{
	(void)arg;
	note("binding %d %s.%u %s:%u %u %s %u\n", b->proto, text6(b->in6.addr),
	    b->in6.port, text4(b->out4.addr), b->out4.port, b->is_static,
	    text4(b->paired), b->prefix);
	got.all[got.n].kind = BINDING;
	got.all[got.n++].b = *b;
}

static void
got_session(void *arg, const struct nat64_saved_session *s)
{
	(void)arg;
	note("session %s:%u %u %lld %u %u %u %u %u\n", text4(s->peer.addr),
	    s->peer.port, s->prefix, (long long)s->used_ms, s->cls, s->state,
	    s->ack6, s->ack4, s->inbound);
	got.all[got.n].kind = SESSION;
	got.all[got.n++].s = *s;
}

static void
got_block(void *arg, const struct nat64_saved_block *b)
{
	(void)arg;
	note("block %s/%u %s:%u-%u\n", text6(b->subscriber), b->subscriber_len,
	    text4(b->addr), b->ports.first, b->ports.last);
	got.all[got.n].kind = BLOCK;
	got.all[got.n++].block = *b;
}

static void
got_unknown(void *arg, bool session)
{
	(void)arg;
	note("unknown %d\n", session);
	got.all[got.n++].kind = UNKNOWN;
}

static void
got_role(void *arg, const struct nat64_saved_role *r)
{
	(void)arg;
	note("role %d %d\n", r->role, r->draining);
	got.role = *r;
	got.n_roles++;
}

/* Read bytes in pieces. Returns what is wrong. */
static enum record_fault
read_pieces(const uint8_t *bytes, size_t len, size_t piece)
{
	const struct record_sink sink = { .origin = got_origin,
		.prefix = got_prefix,
		.binding = got_binding,
		.session = got_session,
		.block = got_block,
		.role = got_role,
		.unknown = got_unknown };
	size_t n;

	memset(&got, 0, sizeof(got));
	record_reader_init(&reader, &sink);
	for (; len > 0; bytes += n, len -= n) {
		n = len < piece ? len : piece;
		if (record_read(&reader, bytes, n) == -1)
			break;
	}
	(void)record_finish(&reader);
	return (reader.fault);
}

static enum record_fault
read_stream(void)
{
	return (read_pieces(stream, stream_len, SIZE_MAX));
}

/* A stream of several blocks; good is what it says. */
static void
make_stream(void)
{
	unsigned i;

	lab_add_statics();
	lab_set_prefix(1, "2001:db8:65::", 48);
	lab.pool[0].block_size = 1000;
	lab.pool[0].max_blocks = 1;
	lab_start();
	lab_tcp(CLIENT6, PORT6, SERVER6, PORT_SERVER, PKT_TH_SYN);
	lab_udp(SERVER4, PORT_SERVER, POOL4, PORT_IN);
	for (i = 0; i < 6; i++)
		lab_tcp(HOST_C, (uint16_t)(6000 + i), SERVER6_2, 80,
		    PKT_TH_SYN);
	lab_ping(HOST_C, SERVER6, 77);
	save();
	ck_assert_int_eq(read_stream(), RECORD_GOOD);
	good = got;
}

/* What has been read is a beginning of what was written. */
static void
expect_beginning(void)
{
	ck_assert_int_eq(strncmp(got.text, good.text, got.text_len), 0);
}

START_TEST(what_is_read_is_what_was_written)
{
	unsigned i, bindings = 0, sessions = 0, blocks = 0;

	make_stream();
	ck_assert_int_eq(good.origin, clocks().wall_ms);
	ck_assert_str_eq(good.program, "nat64d test");
	ck_assert_int_eq(good.all[0].kind, PREFIX);
	ck_assert(pref64_equal(&good.all[0].p, &lab.conf.prefixes[0]));
	ck_assert(pref64_equal(&good.all[1].p, &lab.conf.prefixes[1]));
	for (i = 0; i < good.n; i++) {
		if (good.all[i].kind == BLOCK) /* before its bindings */
			ck_assert_uint_eq(bindings, 0);
		blocks += good.all[i].kind == BLOCK;
		bindings += good.all[i].kind == BINDING;
		sessions += good.all[i].kind == SESSION;
	}
	ck_assert_uint_eq(blocks, 1);
	ck_assert_uint_eq(bindings, 10);
	ck_assert_uint_eq(sessions, 9);
	ck_assert(record_is_complete(&reader));
}
END_TEST

START_TEST(pieces_of_any_size_are_read_alike)
{
	make_stream();
	ck_assert_int_eq(read_pieces(stream, stream_len, (size_t)_i + 1),
	    RECORD_GOOD);
	ck_assert_str_eq(got.text, good.text);
}
END_TEST

START_TEST(a_stream_that_was_cut_anywhere_is_refused)
{
	enum record_fault fault;
	size_t len;

	make_stream();
	for (len = 0; len < stream_len; len++) {
		fault = read_pieces(stream, len, SIZE_MAX);
		ck_assert_int_eq(fault, len < 8 ? RECORD_FOREIGN : RECORD_CUT);
		expect_beginning();
	}
}
END_TEST

START_TEST(a_stream_with_any_bit_flipped_is_refused)
{
	enum record_fault fault;
	size_t bit;

	make_stream();
	for (bit = 0; bit < stream_len * 8; bit++) {
		stream[bit / 8] ^= (uint8_t)(1 << bit % 8);
		fault = read_stream();
		ck_assert_int_ne(fault, RECORD_GOOD);
		ck_assert_int_ne(fault, RECORD_NEWER);
		expect_beginning();
		stream[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(a_stream_with_two_blocks_swapped_is_refused)
{
	const size_t head = RECORD_HEAD;
	size_t first, second;
	uint8_t copy[4096];

	make_stream();
	first = RECORD_BLOCK_HEAD + get32(stream + head);
	second = RECORD_BLOCK_HEAD + get32(stream + head + first);
	ck_assert_uint_le(first, sizeof(copy));
	memcpy(copy, stream + head, first);
	memmove(stream + head, stream + head + first, second);
	memcpy(stream + head + second, copy, first);
	ck_assert_int_eq(read_stream(), RECORD_DAMAGED);
	ck_assert_uint_eq(got.n, 0);
}
END_TEST

START_TEST(a_stream_with_something_behind_is_refused)
{
	make_stream();
	stream[stream_len++] = 0;
	ck_assert_int_eq(read_stream(), RECORD_MORE);
	expect_beginning();
}
END_TEST

START_TEST(other_files_are_foreign)
{
	const char text[] = "This is a letter to somebody else.\n";

	ck_assert_int_eq(read_pieces((const uint8_t *)text, sizeof(text),
			     SIZE_MAX),
	    RECORD_FOREIGN);
	ck_assert_int_eq(read_pieces((const uint8_t *)text, 0, 1),
	    RECORD_FOREIGN);
}
END_TEST

/* --- streams written by others --- */

static struct crc32 crc;

/* Begin a stream by hand. */
static void
begin(uint16_t version)
{
	crc32_init(&crc);
	memcpy(stream, "\x8eN64ST\r\n", 8);
	put16(stream + 8, version);
	put16(stream + 10, 0);
	put32(stream + 12, crc32_add(&crc, 0, stream, 12));
	stream_len = RECORD_HEAD + RECORD_BLOCK_HEAD;
}

static void
add(const void *bytes, size_t len)
{
	memcpy(stream + stream_len, bytes, len);
	stream_len += len;
}

/* One block, which has all of it. */
static void
finish(void)
{
	uint8_t *block = stream + RECORD_HEAD;
	const size_t len = stream_len - RECORD_HEAD - RECORD_BLOCK_HEAD;

	put32(block, (uint32_t)len);
	put32(block + 4, 0);
	put32(block + 8,
	    crc32_add(&crc, crc32_add(&crc, 0, block, 8),
		block + RECORD_BLOCK_HEAD, len));
}

#define ORIGIN "\0\1\0\12\1\10\0\0\0\0\0\0\0\1"
#define BINDING_UDP                                                        \
	"\0\3\0\37\1\1\21\2\22\x20\1\xd\xb8\0\1\0\0\0\0\0\0\0\0\0\x10\0\7" \
	"\3\6\xcb\0\x71\5\x10\0"
#define BLOCK_OF_64                                               \
	"\0\6\0\35\1\21\x20\1\xd\xb8\0\1\0\0\0\0\0\0\0\0\0\0\x40" \
	"\2\10\xcb\0\x71\5\x10\0\x10\xff"
#define ROLE(role) "\0\10\0\5\1\1" role "\2\0"
#define END(b, s) "\0\5\0\24\1\10\0\0\0\0\0\0\0" b "\2\10\0\0\0\0\0\0\0" s
#define ADD(text) add(text, sizeof(text) - 1)

START_TEST(the_manual_describes_the_bytes)
{
	begin(1);
	ADD(ORIGIN);
	ADD(ROLE("\2"));
	ADD(BINDING_UDP);
	ADD(BLOCK_OF_64);
	ADD(END("\1", "\0"));
	finish();
	ck_assert_int_eq(read_stream(), RECORD_GOOD);
	ck_assert_uint_eq(got.n_roles, 1);
	ck_assert_int_eq(got.role.role, NAT64_ROLE_STANDBY);
	ck_assert(got.role.draining);
	ck_assert_uint_eq(got.n, 2);
	ck_assert_str_eq(text6(got.all[1].block.subscriber), "2001:db8:1::");
	ck_assert_uint_eq(got.all[1].block.subscriber_len, 64);
	ck_assert_str_eq(text4(got.all[1].block.addr), "203.0.113.5");
	ck_assert_uint_eq(got.all[1].block.ports.first, 0x1000);
	ck_assert_uint_eq(got.all[1].block.ports.last, 0x10ff);
	ck_assert_str_eq(text6(got.all[0].b.in6.addr), "2001:db8:1::10");
	ck_assert_uint_eq(got.all[0].b.in6.port, 7);
	ck_assert_str_eq(text4(got.all[0].b.out4.addr), "203.0.113.5");
	ck_assert_uint_eq(got.all[0].b.out4.port, 0x1000);
	ck_assert_int_eq(got.all[0].b.proto, L4_UDP);
	ck_assert_str_eq(text4(got.all[0].b.paired), "203.0.113.5");
	ck_assert(!got.all[0].b.is_static);
}
END_TEST

/* One that a later version has. */
START_TEST(a_role_that_is_unknown_is_skipped)
{
	begin(1);
	ADD(ORIGIN);
	ADD(ROLE("\3"));
	ADD(END("\0", "\0"));
	finish();
	ck_assert_int_eq(read_stream(), RECORD_GOOD);
	ck_assert_uint_eq(got.n_roles, 0);
}
END_TEST

START_TEST(records_and_fields_that_are_unknown_are_skipped)
{
	begin(1);
	ADD("\0\1\0\20"
	    "\x63\2ab"
	    "\1\10\0\0\0\0\0\0\0\1"
	    "\xff\0");
	ADD("\x12\x34\0\3"
	    "\1\7\1"); /* its fields may be anything */
	ADD(BINDING_UDP);
	ADD(END("\1", "\0"));
	finish();
	ck_assert_int_eq(read_stream(), RECORD_GOOD);
	ck_assert_uint_eq(got.n, 1);
}
END_TEST

START_TEST(another_version_is_refused)
{
	begin(2);
	ADD(ORIGIN);
	ADD(END("\0", "\0"));
	finish();
	ck_assert_int_eq(read_stream(), RECORD_NEWER);
}
END_TEST

/* Such as SCTP. */
START_TEST(a_binding_of_an_unknown_protocol_is_told)
{
	char record[] = BINDING_UDP;

	record[6] = (char)132;
	begin(1);
	ADD(ORIGIN);
	ADD(record);
	ADD(END("\1", "\0"));
	finish();
	ck_assert_int_eq(read_stream(), RECORD_GOOD);
	ck_assert_int_eq(got.all[0].kind, UNKNOWN);
}
END_TEST

/* The sums are right, but nobody who knows the format writes this. */
static const struct {
	const char *bytes;
	size_t len;
} nonsense[] = {
#define TEXT(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	}
	TEXT("\0\3\0\0"),	  /* no fields */
	TEXT("\0\3\0\1\1"),	  /* half a field */
	TEXT("\0\3\0\3\1\2\21"),  /* half a value */
	TEXT("\0\3\0"),		  /* half a head */
	TEXT("\0\3\xff\xff"),	  /* longer than all */
	TEXT("\0\1\0\4\1\2\0\0"), /* a short number */
	TEXT("\0\1\0\24\1\10\0\0\0\0\0\0\0\1"
	     "\1\10\0\0\0\0\0\0\0\1"), /* twice */
	TEXT("\0\4\0\3\2\1\0"),	       /* no peer */
	TEXT("\0\2\0\3\1\1\0"),	       /* no prefix */
	TEXT(END("\1", "\0")),	       /* one too many */
	TEXT(END("\0", "\1")), TEXT("\0\5\0\0"),
	TEXT(END("\0", "\0") "\0\1\0\0"), /* goes on */
};

START_TEST(nonsense_is_refused)
{
	begin(1);
	add(nonsense[_i].bytes, nonsense[_i].len);
	finish();
	ck_assert_int_eq(read_stream(), RECORD_DAMAGED);
}
END_TEST

/* A length that no block has is seen before that much is waited for. */
START_TEST(a_block_that_is_too_long_is_refused_at_once)
{
	begin(1);
	put32(stream + RECORD_HEAD, RECORD_BLOCK_MAX - RECORD_BLOCK_HEAD + 1);
	ck_assert_int_eq(read_stream(), RECORD_CUT);
	stream_len++;
	ck_assert_int_eq(read_stream(), RECORD_DAMAGED);
}
END_TEST

/* RFC 3720, B.4, and the usual check value. */
START_TEST(the_sum_is_crc32c)
{
	uint8_t zeros[32] = { 0 };

	crc32_init(&crc);
	ck_assert_uint_eq(crc32_add(&crc, 0, "123456789", 9), 0xe3069283);
	ck_assert_uint_eq(crc32_add(&crc, 0, zeros, 32), 0x8a9136aa);
	ck_assert_uint_eq(crc32_add(&crc, crc32_add(&crc, 0, "1234", 4),
			      "56789", 5),
	    0xe3069283);
}
END_TEST

/* --- slices of tables that change --- */

/* How often the session of CLIENT6 with that port of the server was read. */
static unsigned
count_session(uint16_t port)
{
	unsigned i, n = 0;

	for (i = 0; i < got.n; i++)
		n += got.all[i].kind == SESSION &&
		    got.all[i].s.peer.port == port;
	return (n);
}

static void
sessions_come_and_go(unsigned slice)
{
	if (slice == 3)
		lab_wait(200);
	if (slice > 60)
		return;
	lab_udp(CLIENT6, 5000, SERVER6, (uint16_t)(1000 + slice % 10));
	lab_udp(CLIENT6, 5000, SERVER6, (uint16_t)(3000 - slice % 10));
}

START_TEST(what_is_there_all_the_time_is_written_once)
{
	uint16_t port;

	for (port = 2000; port < 2080; port++)
		lab_udp(CLIENT6, 5000, SERVER6, port);
	lab_wait(150);
	for (port = 2001; port < 2080; port += 2)
		lab_udp(CLIENT6, 5000, SERVER6, port);
	save_slices(5, sessions_come_and_go);
	ck_assert_int_eq(read_stream(), RECORD_GOOD);
	for (port = 2001; port < 2080; port += 2)
		ck_assert_uint_eq(count_session(port), 1);
	ck_assert_uint_eq(count_session(2078), 0);
}
END_TEST

/* Octets of a stream, when some of its sessions have been written. */
#define SOME 800

/* The host's binding ends; its next one has another port. */
static void
binding_changes(unsigned slice)
{
	static bool done;

	(void)slice;
	if (done || stream_len < SOME)
		return;
	done = true;
	nat64_flush_begin(lab.n);
	(void)nat64_flush(lab.n, lab.now, UINT32_MAX);
	lab.now = monotime_add_secs(lab.now, 1000);
	lab_wait(1);
	lab_udp(CLIENT6, 5000, SERVER6, 9999);
}

START_TEST(sessions_belong_to_the_binding_that_they_had)
{
	struct taddr4 out;
	uint16_t port;

	for (port = 2000; port < 2040; port++)
		lab_udp(CLIENT6, 5000, SERVER6, port);
	out = lab_binding(L4_UDP, CLIENT6, 5000)->out4;
	save_slices(5, binding_changes);
	ck_assert_uint_ne(lab_binding(L4_UDP, CLIENT6, 5000)->out4.port,
	    out.port);
	out = lab_binding(L4_UDP, CLIENT6, 5000)->out4;
	restore();
	ck_assert_uint_eq(lab_bindings(L4_UDP), 1);
	ck_assert_uint_eq(lab_binding(L4_UDP, CLIENT6, 5000)->out4.port,
	    out.port);
	ck_assert_uint_eq(lab_session(L4_UDP, CLIENT6, 5000)->peer.port, 9999);
}
END_TEST

/* What comes after a prefix that replaces another one belongs to it. */
static void
prefix_changes(unsigned slice)
{
	(void)slice;
	if (stream_len > SOME)
		ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8:65::",
				     &lab.n->conf.prefixes[0].addr),
		    1);
}

START_TEST(a_prefix_that_changes_is_written_again)
{
	uint16_t port;
	unsigned i, n = 0;

	for (port = 2000; port < 2040; port++)
		lab_udp(CLIENT6, 5000, SERVER6, port);
	save_slices(5, prefix_changes);
	ck_assert_int_eq(read_stream(), RECORD_GOOD);
	for (i = 0; i < got.n; i++)
		n += got.all[i].kind == PREFIX;
	ck_assert_uint_eq(n, 2);
	lab_set_prefix(0, PREF64, 96);
	restore();
	n = (unsigned)recovered.restore.counts.sessions;
	ck_assert(n > 0 && n < 40);
	ck_assert_uint_eq(left_sessions(NAT64_LEFT_PREFIX), 40 - n);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("record");
	TCase *tc = tcase_create("record");

	tcase_add_checked_fixture(tc, lab_setup, lab_teardown);
	tcase_add_test(tc, what_is_read_is_what_was_written);
	tcase_add_loop_test(tc, pieces_of_any_size_are_read_alike, 0, 40);
	tcase_add_test(tc, a_stream_that_was_cut_anywhere_is_refused);
	tcase_add_test(tc, a_stream_with_any_bit_flipped_is_refused);
	tcase_add_test(tc, a_stream_with_two_blocks_swapped_is_refused);
	tcase_add_test(tc, a_stream_with_something_behind_is_refused);
	tcase_add_test(tc, other_files_are_foreign);
	tcase_add_test(tc, the_manual_describes_the_bytes);
	tcase_add_test(tc, records_and_fields_that_are_unknown_are_skipped);
	tcase_add_test(tc, another_version_is_refused);
	tcase_add_test(tc, a_binding_of_an_unknown_protocol_is_told);
	tcase_add_loop_test(tc, nonsense_is_refused, 0, NITEMS(nonsense));
	tcase_add_test(tc, a_block_that_is_too_long_is_refused_at_once);
	tcase_add_test(tc, a_role_that_is_unknown_is_skipped);
	tcase_add_test(tc, the_sum_is_crc32c);
	tcase_add_test(tc, what_is_there_all_the_time_is_written_once);
	tcase_add_test(tc, a_prefix_that_changes_is_written_again);
	tcase_add_test(tc, sessions_belong_to_the_binding_that_they_had);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
