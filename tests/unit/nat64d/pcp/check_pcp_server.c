/*
 * What the server of port control decides, about a translator that is made up:
 * one flow, of which the test says what is mapped and what mapping comes to.
 */
#include <check.h>
#include <string.h>

#include "nat64d/pcp/pcp_server.h"
#include "tests/unit/pcp_util.h"
#include "tests/unit/suite.h"

#define PEER "2001:db8:64::c633:640a"

/* The translator. */
static struct {
	bool may_use;
	bool has_peer;
	struct pcp_mapping found;
	enum pcp_result result; /* of map() */
	/* What was asked of it. */
	unsigned n_finds, n_maps, n_ends;
	struct pcp_flow flow;
	struct pcp_wish wish;
	uint8_t nonce[PCP_NONCE_LEN];
} fake;

/* The answer. */
static struct {
	uint8_t b[PCP_MAX];
	size_t len;
	enum pcp_result result;
} got;

static bool
fake_may_use(void *arg, const struct in6_addr *host)
{
	const struct in6_addr it = pcp_addr(PCP_HOST);

	(void)arg;
	ck_assert_mem_eq(host, &it, 16);
	return (fake.may_use);
}

static bool
fake_has_peer(void *arg, const struct pcp_flow *f)
{
	(void)arg;
	ck_assert(f->peer);
	return (fake.has_peer);
}

static void
fake_find(void *arg, const struct pcp_flow *f, struct pcp_mapping *m)
{
	(void)arg;
	fake.n_finds++;
	fake.flow = *f;
	*m = fake.found;
}

static enum pcp_result
fake_map(void *arg, const struct pcp_flow *f, const struct pcp_wish *w,
    struct pcp_mapping *m)
{
	(void)arg;
	fake.n_maps++;
	fake.flow = *f;
	fake.wish = *w;
	memcpy(fake.nonce, w->nonce, sizeof(fake.nonce));
	inet_pton(AF_INET, "192.0.2.7", &m->addr);
	m->port = 40000;
	return (fake.result);
}

static void
fake_end(void *arg, const struct pcp_flow *f)
{
	(void)arg;
	fake.n_ends++;
	fake.flow = *f;
}

static void
setup(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.may_use = fake.has_peer = true;
}

static void
serve(struct pcp_bytes m)
{
	static const struct pcp_translator translator = { fake_may_use,
		fake_has_peer, fake_find, fake_map, fake_end, NULL };
	const struct pcp_server server = { .translator = &translator,
		.min_secs = 120,
		.max_secs = 86400,
		.epoch = 77 };
	const struct in6_addr source = pcp_addr(PCP_HOST);

	memset(&got, 0xee, sizeof(got));
	got.len = pcp_serve(&server, &source, m.b, m.len, got.b, &got.result);
}

/* An answer with that result and lifetime. */
static void
expect(enum pcp_result result, uint32_t secs)
{
	ck_assert_uint_ne(got.len, 0);
	ck_assert_int_eq(got.result, result);
	ck_assert_uint_eq(got.b[3], result);
	ck_assert_uint_eq(get32(got.b + 4), secs);
	ck_assert_uint_eq(get32(got.b + 8), 77);
}

/* And nothing was asked of the translator that would change it. */
static void
expect_error(enum pcp_result result, uint32_t secs)
{
	expect(result, secs);
	ck_assert_uint_eq(fake.n_maps + fake.n_ends, 0);
}

static void
expect_assigned(const char *addr, uint16_t port)
{
	const struct in6_addr a = pcp_addr(addr);

	ck_assert_uint_eq(get16(got.b + 42), port);
	ck_assert_mem_eq(got.b + 44, &a, 16);
}

static struct pcp_bytes
map(uint32_t lifetime)
{
	return (pcp_map(PCP_HOST, PCP_NONCE, 6, 8080, "::", 0, lifetime));
}

static struct pcp_bytes
peer(uint32_t lifetime)
{
	return (pcp_peer(map(lifetime), PEER, 80));
}

/* 192.0.2.7, port 40000 is mapped. */
static void
find(enum pcp_kind kind, const char *nonce, uint32_t secs)
{
	fake.found =
	    (struct pcp_mapping){ .kind = kind, .port = 40000, .secs = secs };
	memcpy(fake.found.nonce, nonce, PCP_NONCE_LEN);
	inet_pton(AF_INET, "192.0.2.7", &fake.found.addr);
}

/* --- the same for all opcodes --- */

START_TEST(what_cannot_be_read_is_refused)
{
	struct pcp_bytes m = map(60);

	m.b[1] = 9;
	serve(m);
	expect_error(PCP_UNSUPP_OPCODE, 1800);
	m = map(60);
	m.b[1] |= 0x80;
	serve(m);
	ck_assert_uint_eq(got.len, 0);
}
END_TEST

START_TEST(who_may_not_use_the_translator_is_refused)
{
	fake.may_use = false;
	serve(map(3600));
	expect_error(PCP_NOT_AUTHORIZED, 1800);
	serve(peer(3600));
	expect_error(PCP_NOT_AUTHORIZED, 1800);
	serve(pcp_head(0, 0, PCP_HOST));
	expect_error(PCP_NOT_AUTHORIZED, 1800);
	ck_assert_uint_eq(fake.n_finds, 0);
}
END_TEST

START_TEST(announce_tells_the_epoch)
{
	serve(pcp_head(0, 0, PCP_HOST));
	expect_error(PCP_SUCCESS, 0);
	ck_assert_uint_eq(got.len, 24);
}
END_TEST

/* --- MAP --- */

START_TEST(map_makes_a_mapping)
{
	const struct in6_addr host = pcp_addr(PCP_HOST);

	serve(pcp_map(PCP_HOST, PCP_NONCE, 17, 8080, "::ffff:192.0.2.9", 443,
	    7200));
	expect(PCP_SUCCESS, 7200);
	expect_assigned("::ffff:192.0.2.7", 40000);
	ck_assert_uint_eq(fake.n_maps, 1);
	ck_assert_uint_eq(fake.flow.proto, 17);
	ck_assert_uint_eq(fake.flow.port, 8080);
	ck_assert_mem_eq(&fake.flow.addr, &host, 16);
	ck_assert(!fake.flow.peer);
	ck_assert_mem_eq(fake.nonce, PCP_NONCE, 12);
	ck_assert_uint_eq(ntohl(fake.wish.addr.s_addr), 0xc0000209);
	ck_assert_uint_eq(fake.wish.port, 443);
	ck_assert_uint_eq(fake.wish.secs, 7200);
	ck_assert(!fake.wish.must);
}
END_TEST

/* Clients suggest "::" or ::ffff:0:0 when they have no wish (RFC 6887, 5). */
START_TEST(any_address_is_suggested_in_several_ways)
{
	static const char *const texts[] = { "::", "::ffff:0.0.0.0",
		"2001:db8::1" };
	unsigned i;

	for (i = 0; i < 3; i++) {
		serve(pcp_map(PCP_HOST, PCP_NONCE, 6, 80, texts[i], 443, 600));
		expect(PCP_SUCCESS, 600);
		ck_assert_uint_eq(fake.wish.addr.s_addr, INADDR_ANY);
		ck_assert_uint_eq(fake.wish.port, 443);
	}
}
END_TEST

START_TEST(lifetimes_are_bounded)
{
	static const uint32_t table[][2] = { { 1, 120 }, { 119, 120 },
		{ 120, 120 }, { 121, 121 }, { 7200, 7200 }, { 86400, 86400 },
		{ 86401, 86400 }, { UINT32_MAX, 86400 } };
	unsigned i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		serve(map(table[i][0]));
		expect(PCP_SUCCESS, table[i][1]);
		ck_assert_uint_eq(fake.wish.secs, table[i][1]);
	}
}
END_TEST

/* RFC 6887, 11.3 and 15.1: all ports, all protocols, other protocols. */
START_TEST(map_of_protocols_and_ports_by_the_table)
{
	static const struct {
		uint8_t proto;
		uint16_t port;
		uint32_t lifetime;
		enum pcp_result result;
		uint32_t secs;
	} table[] = {
		{ 6, 80, 600, PCP_SUCCESS, 600 },
		{ 17, 80, 600, PCP_SUCCESS, 600 },
		{ 132, 80, 600, PCP_UNSUPP_PROTOCOL, 1800 },
		{ 58, 0, 600, PCP_UNSUPP_PROTOCOL, 1800 },
		{ 6, 0, 600, PCP_UNSUPP_PROTOCOL, 1800 },
		{ 17, 0, 600, PCP_UNSUPP_PROTOCOL, 1800 },
		{ 0, 0, 600, PCP_UNSUPP_PROTOCOL, 1800 },
		{ 0, 80, 600, PCP_MALFORMED_REQUEST, 1800 },
		{ 0, 80, 0, PCP_MALFORMED_REQUEST, 1800 },
		/* What does not exist is deleted. */
		{ 6, 80, 0, PCP_SUCCESS, 0 },
		{ 6, 0, 0, PCP_SUCCESS, 0 },
		{ 0, 0, 0, PCP_SUCCESS, 0 },
		{ 132, 80, 0, PCP_SUCCESS, 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		serve(pcp_map(PCP_HOST, PCP_NONCE, table[i].proto,
		    table[i].port, "::", 0, table[i].lifetime));
		expect(table[i].result, table[i].secs);
	}
	ck_assert_uint_eq(fake.n_maps, 2);
	ck_assert_uint_eq(fake.n_ends, 0);
}
END_TEST

START_TEST(map_is_renewed_with_its_nonce_only)
{
	find(PCP_EXPLICIT, PCP_NONCE, 55);
	serve(map(3600));
	expect(PCP_SUCCESS, 3600);
	ck_assert_uint_eq(fake.n_maps, 1);
	setup();
	find(PCP_EXPLICIT, PCP_OTHER, 55);
	serve(map(3600));
	expect_error(PCP_NOT_AUTHORIZED, 55);
	serve(map(0));
	expect_error(PCP_NOT_AUTHORIZED, 55);
}
END_TEST

START_TEST(map_is_deleted)
{
	find(PCP_EXPLICIT, PCP_NONCE, 55);
	serve(
	    pcp_map(PCP_HOST, PCP_NONCE, 6, 8080, "::ffff:192.0.2.9", 443, 0));
	expect(PCP_SUCCESS, 0);
	ck_assert_uint_eq(fake.n_ends, 1);
	ck_assert_uint_eq(fake.n_maps, 0);
	/* RFC 6887, 15.1: copied. */
	expect_assigned("::ffff:192.0.2.9", 443);
}
END_TEST

/* RFC 6887, 15.1: only what MAP made can be deleted. */
START_TEST(what_map_has_not_made_is_not_deleted)
{
	find(PCP_IMPLICIT, PCP_NONCE, 55);
	serve(map(0));
	expect_error(PCP_NOT_AUTHORIZED, 1800);
	find(PCP_STATIC, PCP_NONCE, 0);
	serve(map(0));
	expect_error(PCP_NOT_AUTHORIZED, 1800);
}
END_TEST

START_TEST(a_static_mapping_is_told)
{
	find(PCP_STATIC, PCP_OTHER, 0);
	serve(map(3600));
	expect_error(PCP_SUCCESS, UINT32_MAX);
	expect_assigned("::ffff:192.0.2.7", 40000);
}
END_TEST

START_TEST(an_implicit_mapping_becomes_explicit)
{
	find(PCP_IMPLICIT, PCP_OTHER, 0);
	serve(map(3600));
	expect(PCP_SUCCESS, 3600);
	ck_assert_uint_eq(fake.n_maps, 1);
}
END_TEST

/* RFC 6887, 11.3 and 13.2 */
START_TEST(prefer_failure_by_the_table)
{
	static const struct {
		enum pcp_kind kind;
		const char *addr;
		uint16_t port;
		enum pcp_result result;
	} table[] = {
		{ PCP_NOTHING, "::ffff:192.0.2.7", 40000, PCP_SUCCESS },
		{ PCP_NOTHING, "2001:db8::7", 40000,
		    PCP_CANNOT_PROVIDE_EXTERNAL },
		{ PCP_IMPLICIT, "::ffff:192.0.2.7", 40000, PCP_SUCCESS },
		{ PCP_IMPLICIT, "::", 40000, PCP_SUCCESS },
		{ PCP_IMPLICIT, "::ffff:192.0.2.7", 40001,
		    PCP_CANNOT_PROVIDE_EXTERNAL },
		{ PCP_IMPLICIT, "::ffff:192.0.2.8", 40000,
		    PCP_CANNOT_PROVIDE_EXTERNAL },
		{ PCP_EXPLICIT, "::ffff:192.0.2.7", 40000, PCP_SUCCESS },
		{ PCP_EXPLICIT, "::ffff:192.0.2.7", 40001,
		    PCP_CANNOT_PROVIDE_EXTERNAL },
		{ PCP_STATIC, "::ffff:192.0.2.7", 40000, PCP_SUCCESS },
		{ PCP_STATIC, "::ffff:192.0.2.8", 40000,
		    PCP_CANNOT_PROVIDE_EXTERNAL },
	};
	unsigned i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		setup();
		find(table[i].kind, PCP_NONCE, 9);
		serve(pcp_option(pcp_map(PCP_HOST, PCP_NONCE, 6, 80,
				     table[i].addr, table[i].port, 600),
		    2, 0));
		ck_assert_int_eq(got.result, table[i].result);
		if (got.result != PCP_SUCCESS)
			expect_error(table[i].result, 30);
		else if (table[i].kind != PCP_STATIC)
			ck_assert(fake.wish.must);
	}
}
END_TEST

START_TEST(what_the_translator_refuses_is_told)
{
	static const enum pcp_result results[] = { PCP_NETWORK_FAILURE,
		PCP_NO_RESOURCES, PCP_USER_EX_QUOTA,
		PCP_CANNOT_PROVIDE_EXTERNAL };
	unsigned i;

	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		fake.result = results[i];
		serve(pcp_map(PCP_HOST, PCP_NONCE, 6, 80, "::ffff:192.0.2.9",
		    443, 600));
		expect(results[i], 30);
		/* As it was suggested (RFC 6887, 11.1). */
		expect_assigned("::ffff:192.0.2.9", 443);
	}
}
END_TEST

/* --- PEER --- */

START_TEST(peer_makes_a_mapping)
{
	const struct in6_addr a = pcp_addr(PEER);

	serve(peer(600));
	expect(PCP_SUCCESS, 600);
	expect_assigned("::ffff:192.0.2.7", 40000);
	ck_assert(fake.flow.peer);
	ck_assert_uint_eq(fake.flow.peer_port, 80);
	ck_assert_mem_eq(&fake.flow.peer_addr, &a, 16);
	/* What is suggested has to be met (RFC 6887, 12.3). */
	ck_assert(fake.wish.must);
	ck_assert_mem_eq(got.b + 64, &a, 16);
}
END_TEST

START_TEST(peer_ignores_a_suggestion_for_what_is_there)
{
	static const enum pcp_kind kinds[] = { PCP_IMPLICIT, PCP_EXPLICIT };
	unsigned i;

	for (i = 0; i < 2; i++) {
		find(kinds[i], PCP_NONCE, 9);
		serve(pcp_peer(pcp_map(PCP_HOST, PCP_NONCE, 6, 80,
				   "2001:db8::1", 1, 600),
		    PEER, 80));
		expect(PCP_SUCCESS, 600);
		ck_assert(!fake.wish.must);
	}
	find(PCP_NOTHING, PCP_NONCE, 0);
	fake.n_maps = 0;
	serve(pcp_peer(pcp_map(PCP_HOST, PCP_NONCE, 6, 80, "2001:db8::1", 1,
			   600),
	    PEER, 80));
	expect_error(PCP_CANNOT_PROVIDE_EXTERNAL, 30);
}
END_TEST

START_TEST(peer_that_cannot_be_is_refused)
{
	serve(pcp_peer(pcp_map(PCP_HOST, PCP_NONCE, 0, 80, "::", 0, 60), PEER,
	    80));
	expect_error(PCP_MALFORMED_REQUEST, 1800);
	serve(pcp_peer(pcp_map(PCP_HOST, PCP_NONCE, 6, 0, "::", 0, 60), PEER,
	    80));
	expect_error(PCP_MALFORMED_REQUEST, 1800);
	serve(pcp_peer(map(60), PEER, 0));
	expect_error(PCP_MALFORMED_REQUEST, 1800);
	serve(pcp_peer(pcp_map(PCP_HOST, PCP_NONCE, 132, 80, "::", 0, 60),
	    PEER, 80));
	expect_error(PCP_UNSUPP_PROTOCOL, 1800);
	fake.has_peer = false;
	serve(peer(600));
	expect_error(PCP_MALFORMED_REQUEST, 1800);
}
END_TEST

/* RFC 6887, 12.1 */
START_TEST(peer_never_shortens_a_lifetime)
{
	find(PCP_EXPLICIT, PCP_NONCE, 5000);
	serve(peer(600));
	expect(PCP_SUCCESS, 5000);
	ck_assert_uint_eq(fake.wish.secs, 5000);
	serve(peer(0));
	expect(PCP_SUCCESS, 5000);
	find(PCP_IMPLICIT, PCP_NONCE, 7000);
	serve(peer(0));
	expect(PCP_SUCCESS, 7000);
	serve(peer(8000));
	expect(PCP_SUCCESS, 8000);
	ck_assert_uint_eq(fake.n_ends, 0);
}
END_TEST

START_TEST(peer_of_another_nonce_is_refused)
{
	find(PCP_EXPLICIT, PCP_OTHER, 55);
	serve(peer(600));
	expect_error(PCP_NOT_AUTHORIZED, 55);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		what_cannot_be_read_is_refused,
		who_may_not_use_the_translator_is_refused,
		announce_tells_the_epoch,
		map_makes_a_mapping,
		any_address_is_suggested_in_several_ways,
		lifetimes_are_bounded,
		map_of_protocols_and_ports_by_the_table,
		map_is_renewed_with_its_nonce_only,
		map_is_deleted,
		what_map_has_not_made_is_not_deleted,
		a_static_mapping_is_told,
		an_implicit_mapping_becomes_explicit,
		prefer_failure_by_the_table,
		what_the_translator_refuses_is_told,
		peer_makes_a_mapping,
		peer_ignores_a_suggestion_for_what_is_there,
		peer_that_cannot_be_is_refused,
		peer_never_shortens_a_lifetime,
		peer_of_another_nonce_is_refused,
	};
	Suite *s = suite_create("pcp_server");
	TCase *tc = tcase_create("decisions");
	size_t i;

	tcase_add_checked_fixture(tc, setup, NULL);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
