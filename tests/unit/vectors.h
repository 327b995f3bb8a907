/*
 * Running the vectors of tests/vectors/vectors.json against nat64_input():
 * the translator with a sink that records, reading of the file, and one
 * Check test case per vector. Included by one test program at a time.
 *
 * Usage of such a program: check_... [file]. Vectors named in
 * expected-failures.txt beside that file (one name per line, # comments)
 * must fail. After each run the line
 *
 *	# vector NAME: ROW ...: pass (or: fail)
 *
 * tells `make conformance` what was shown.
 */
#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include <arpa/inet.h>

#include <check.h>
#include <err.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/core/nat64_struct.h"
#include "nat64d/wire/vnet.h"
#include "tests/unit/ipid_util.h"

#define MAXCASES 512
#define MAXRECORDED 8

struct recorded {
	enum pkt_family family;
	uint32_t len;
	uint8_t vnet[VNET_HDRLEN];
	uint8_t bytes[PKT_BUFSIZE];
};

/* What the translator emitted since forget_packets(). */
static struct recorded recorded[MAXRECORDED];
static unsigned n_recorded;

static inline void
forget_packets(void)
{
	n_recorded = 0;
}

static inline void
record(void *arg, struct pkt *p)
{
	struct recorded *r = &recorded[n_recorded];
	const char *fault;

	(void)arg;
	ck_assert_uint_lt(n_recorded, MAXRECORDED);
	ck_assert_uint_le(p->len, sizeof(r->bytes));
	n_recorded++;
	r->family = p->family;
	r->len = p->len;
	vnet_encode(p, r->vnet);
	fault = vnet_fault(r->vnet, p->data, p->len, true);
	ck_assert_msg(fault == NULL, "emitted packet: %s", fault);
	memcpy(r->bytes, p->data, p->len);
}

static inline uint32_t
next_random(void *arg)
{
	uint32_t *state = arg;

	*state = *state * 1664525 + 1013904223;
	return (*state);
}

/* A configuration, with the arrays that it borrows. */
struct setup {
	struct nat64_config conf;
	struct pool4_range pool[2];
	struct nat64_static statics[8];
	uint16_t first_ipid;
	uint32_t random;
};

static inline struct in_addr
addr4(const char *text)
{
	struct in_addr a;

	ck_assert_msg(inet_pton(AF_INET, text, &a) == 1, "%s", text);
	return (a);
}

static inline struct in6_addr
addr6(const char *text)
{
	struct in6_addr a;

	ck_assert_msg(inet_pton(AF_INET6, text, &a) == 1, "%s", text);
	return (a);
}

/* "2001:db8::/32" */
static inline struct pref64
prefix64(const char *text)
{
	char buf[INET6_ADDRSTRLEN + 4], *slash;
	struct in6_addr addr;
	struct pref64 p;

	snprintf(buf, sizeof(buf), "%s", text);
	slash = strchr(buf, '/');
	ck_assert_ptr_nonnull(slash);
	*slash = '\0';
	addr = addr6(buf);
	ck_assert_ptr_null(pref64_init(&p, &addr, (unsigned)atoi(slash + 1)));
	return (p);
}

/* The common configuration of appendix V but for bindings. */
static inline void
setup_common(struct setup *s, const char *pref64)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	nat64_config_init(&s->conf);
	/* As they were worked: the identification is the low half. */
	s->conf.remap_fragment_id = false;
	s->conf.prefixes[0] = prefix64(pref64);
	s->conf.n_prefixes = 1;
	s->pool[0].first = s->pool[0].last = addr4("203.0.113.5");
	for (i = 0; i < L4_NPROTO; i++)
		s->pool[0].ports[i] = (struct port_range){ 1024, 65535 };
	s->pool[0].ports[L4_ICMP].first = 0;
	s->pool[1] = s->pool[0];
	s->pool[1].first = s->pool[1].last = addr4("203.0.113.6");
	s->conf.pool = s->pool;
	s->conf.n_pool = 2;
	s->conf.statics = s->statics;
	s->conf.self4 = addr4("192.0.2.1");
	s->conf.self6 = addr6("2001:db8:ffff::1");
	s->first_ipid = 0x1001;
}

static inline struct nat64 *
translator(struct setup *s, struct monotime now)
{
	const struct nat64_sink sink = { .emit = record };
	const struct rng rng = { next_random, &s->random };
	const uint32_t random = s->random;
	struct nat64 *n;

	n = nat64_new(&s->conf, &sink, &rng, now);
	ck_assert_ptr_nonnull(n);
	ipid_init_fixed(&n->ids, s->first_ipid);
	s->random = random;
	return (n);
}

/* nat64_expire(), at most 100 steps. */
static inline void
expire(struct nat64 *n, struct monotime now)
{
	struct nat64_workspace *ws = nat64_workspace_new();

	ck_assert_ptr_nonnull(ws);
	nat64_expire(n, ws, now, 100);
	nat64_workspace_free(ws);
}

/* Hand a packet in, from storage that is exactly as large as promised. */
static inline enum nat64_verdict
put_in(struct nat64 *n, const uint8_t *bytes, size_t len, const uint8_t *vnet,
    struct monotime now, enum nat64_reason *reason)
{
	struct nat64_workspace *ws;
	enum nat64_verdict verdict;
	struct pkt p;
	uint8_t *buf;

	buf = malloc(PKT_HEADROOM + len);
	ck_assert_ptr_nonnull(buf);
	pkt_init(&p, buf, PKT_HEADROOM + len);
	p.len = (uint32_t)len;
	memcpy(p.data, bytes, len);
	if (vnet != NULL)
		ck_assert_int_eq(vnet_decode(vnet, &p.ofl), 0);
	ws = nat64_workspace_new();
	ck_assert_ptr_nonnull(ws);
	verdict = nat64_input(n, ws, &p, now, reason);
	nat64_workspace_free(ws);
	free(buf);
	return (verdict);
}

static inline const char *
verdict_name(enum nat64_verdict v)
{
	static const char *const names[] = { "sent", "replied", "held",
		"dropped" };

	return (names[v]);
}

/* --- the file --- */

struct vector {
	const char *name;
	const char *refs;
	const json_t *json;
	bool (*run)(const struct vector *v); /* says on stdout what is wrong */
	bool expected_failure;
};

static struct vector vectors[MAXCASES];
static unsigned n_vectors;
static char expected_failures[64][64];
static unsigned nexpected_failures;

static inline const char *
member(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	if (s == NULL)
		errx(1, "no string \"%s\"", key);
	return (s);
}

static inline void
add_vector(const char *name, const char *refs, const json_t *json,
    bool (*run)(const struct vector *v))
{
	struct vector *v = &vectors[n_vectors++];
	unsigned i;

	if (n_vectors > MAXCASES)
		errx(1, "more than %d vectors", MAXCASES);
	v->name = name;
	v->refs = refs;
	v->json = json;
	v->run = run;
	for (i = 0; i < nexpected_failures; i++)
		if (strcmp(name, expected_failures[i]) == 0)
			v->expected_failure = true;
}

/* No file: none is expected. */
static inline void
read_expected_failures(const char *json_path)
{
	char path[4096], line[256], *end;
	const char *slash = strrchr(json_path, '/');
	FILE *fp;

	snprintf(path, sizeof(path), "%.*sexpected-failures.txt",
	    slash == NULL ? 0 : (int)(slash - json_path + 1), json_path);
	fp = fopen(path, "r");
	if (fp == NULL)
		return;
	while (fgets(line, sizeof(line), fp) != NULL) {
		end = line + strcspn(line, "# \t\n");
		if (end == line)
			continue;
		*end = '\0';
		if (nexpected_failures >= 64 || strlen(line) >= 64)
			errx(1, "%s: too many or too long", path);
		strcpy(expected_failures[nexpected_failures++], line);
	}
	fclose(fp);
}

/* The file as JSON; the caller owns it. */
static inline json_t *
read_vectors(int argc, char *argv[])
{
	const char *path = argc > 1 ? argv[1] : "tests/vectors/vectors.json";
	json_error_t error;
	json_t *root;

	root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		errx(1, "%s:%d: %s", path, error.line, error.text);
	read_expected_failures(path);
	return (root);
}

START_TEST(vector)
{
	const struct vector *v = &vectors[_i];
	bool passed = v->run(v);

	/* A failing assertion leaves without. */
	fflush(stdout);
	if (v->expected_failure)
		ck_assert_msg(!passed, "passes: no failure to expect");
	else
		ck_assert_msg(passed, "%s: see above", v->name);
}
END_TEST

/* One line per vector for `make conformance`. */
static inline void
print_shown(SRunner *sr)
{
	TestResult **results = srunner_results(sr);
	const struct vector *v;
	unsigned j;
	int i;

	for (i = 0; i < srunner_ntests_run(sr); i++)
		for (j = 0; j < n_vectors; j++) {
			v = &vectors[j];
			if (strcmp(v->name, tr_tcname(results[i])) != 0)
				continue;
			printf("# vector %s: %s: %s\n", v->name, v->refs,
			    tr_rtype(results[i]) == CK_PASS &&
				    !v->expected_failure ?
				"pass" :
				"fail");
		}
	free(results);
}

/* Each vector is a test case of its own, so that its name is reported. */
static inline int
run_vectors(const char *suite_name)
{
	Suite *s = suite_create(suite_name);
	SRunner *sr;
	TCase *tc;
	unsigned i;
	int failed;

	for (i = 0; i < n_vectors; i++) {
		tc = tcase_create(vectors[i].name);
		tcase_add_loop_test(tc, vector, (int)i, (int)i + 1);
		suite_add_tcase(s, tc);
	}
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	print_shown(sr);
	srunner_free(sr);
	return (failed == 0 && n_vectors > 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

#endif
