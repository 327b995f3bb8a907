/*
 * The cache against a model: an array with what was stored last for each of
 * a few names and types.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "dns64d/cache/cache.h"
#include "tests/unit/cache_util.h"
#include "tests/unit/suite.h"

#define MODEL_NAMES 60
#define MODEL_TYPES 2

struct model {
	bool stored;
	int64_t expires;
	unsigned value;
	bool failed;
	int64_t failed_until;
	int64_t fail_secs;
};

static struct model model[MODEL_NAMES][MODEL_TYPES];
static const char *const model_types[MODEL_TYPES] = { "A", "TXT" };

static void
model_store(struct model *m, const char *of, int64_t now)
{
	char rest[128];
	unsigned ttl = 1 + next_random(&seed) % 50;
	unsigned value = next_random(&seed) % 250;

	if (strstr(of, "TXT") != NULL)
		snprintf(rest, sizeof(rest),
		    "NOERROR\nAN %.*s %u TXT \"%u\"\n", (int)strcspn(of, " "),
		    of, ttl, value);
	else
		snprintf(rest, sizeof(rest),
		    "NOERROR\nAN %.*s %u A 192.0.2.%u\n",
		    (int)strcspn(of, " "), of, ttl, value);
	put(of, now, rest);
	*m = (struct model){ .stored = true,
		.expires = now + ttl,
		.value = value };
}

static void
model_fail(struct model *m, const char *of, int64_t now)
{
	int64_t hold;

	put_failure(of, now, NULL);
	if (m->failed && now < m->failed_until + m->fail_secs)
		m->fail_secs = m->fail_secs * 2 < 300 ? m->fail_secs * 2 : 300;
	else
		m->fail_secs = 5;
	hold = m->fail_secs;
	if (m->stored && now < m->expires + CACHE_TTL_STALE && hold < 30)
		hold = 30;
	m->failed = true;
	m->failed_until = now + hold;
}

static enum cache_verdict
model_verdict(const struct model *m, int64_t now)
{
	if (m->stored && now < m->expires)
		return (CACHE_FRESH);
	if (m->stored && now < m->expires + CACHE_TTL_STALE)
		return (CACHE_STALE);
	return (
	    m->failed && now < m->failed_until ? CACHE_FAILED : CACHE_MISS);
}

static void
model_check(const struct model *m, const char *of, int64_t now, bool exact)
{
	enum cache_verdict verdict = get(of, now);
	char value[80];

	if (!exact && verdict == CACHE_MISS)
		return;
	/* A failure may have stayed where the reply had to go. */
	if (exact || verdict != CACHE_FAILED)
		ck_assert_msg(verdict == model_verdict(m, now),
		    "%s: %u, not %u", of, verdict, model_verdict(m, now));
	if (verdict != CACHE_FRESH && verdict != CACHE_STALE)
		return;
	snprintf(value, sizeof(value),
	    strstr(of, "TXT") != NULL ? " %d IN TXT \"%u\"" :
					" %d IN A 192.0.2.%u",
	    verdict == CACHE_STALE ? 30 : (int)(m->expires - now), m->value);
	ck_assert_msg(strstr(text, value) != NULL, "%s: %s", value, text);
}

static void
run_model(size_t bytes, bool exact, unsigned steps)
{
	struct lru_counts counts;
	int64_t now = 0;
	unsigned i, n, t, what;
	char of[64];

	rules.bytes = bytes;
	renew();
	memset(model, 0, sizeof(model));
	for (i = 0; i < steps; i++) {
		n = next_random(&seed) % MODEL_NAMES;
		t = next_random(&seed) % MODEL_TYPES;
		what = next_random(&seed) % 16;
		snprintf(of, sizeof(of), "name%u.example. %s", n,
		    model_types[t]);
		if (what < 4)
			model_store(&model[n][t], of, now);
		else if (what == 4)
			model_fail(&model[n][t], of, now);
		else if (what == 5)
			now += next_random(&seed) % 20;
		else if (what == 6 && next_random(&seed) % 64 == 0)
			now += CACHE_TTL_STALE;
		else
			model_check(&model[n][t], of, now, exact);
		cache_count(cache, &counts);
		ck_assert_uint_le(counts.bytes, bytes);
		ck_assert_uint_le(counts.entries, MODEL_NAMES * MODEL_TYPES);
	}
	ck_assert(exact == (counts.evicted == 0));
}

/* Shows: DNS64-76 DNS64-78 DNS64-81 */
START_TEST(a_random_sequence_agrees_with_the_model)
{
	run_model(1 << 20, true, 20000);
}
END_TEST

/* Shows: DNS64-76 DNS64-94 */
START_TEST(a_random_sequence_in_a_small_cache_stays_within_its_bytes)
{
	run_model(6000, false, 10000);
}
END_TEST

static Suite *
cache_random_suite(void)
{
	Suite *s = suite_create("cache_random");
	TCase *tc = tcase_create("cache_random");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_random_sequence_agrees_with_the_model);
	tcase_add_test(tc,
	    a_random_sequence_in_a_small_cache_stays_within_its_bytes);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(cache_random_suite()));
}
