/*
 * Owns the secrets of cookies and the token buckets of clients; knows nothing
 * of DNS64 and upstreams.
 */
#include <stdlib.h>
#include <string.h>

#include "common/rng.h"

#include "cookie.h"
#include "admission.h"
#include "dns64d/wire/msg.h"
#include "rate.h"

#define N_OWN_SECRETS 2 /* of the current and of the previous period */
#define OWN_LIFE_NS (ADMISSION_SECRET_LIFE_SECS * INT64_C(1000000000))

/* Secrets that are used when the configuration has none. */
struct own_secrets {
	struct siphash_key seed;
	struct siphash_key v[N_OWN_SECRETS];
	int64_t period; /* of v[0], in secret lifetimes; -1: v is unset */
};

struct admission {
	struct own_secrets own;
	struct rate_table rates;
};

/* A message that is being checked. */
struct message {
	struct admission *admission;
	const struct admission_rules *rules;
	const struct admission_peer *peer;
	const struct msg_scan *scan;
	struct msg_asked asked;
	enum cookie_verdict cookie;
	struct monotime now;
	uint32_t unix_secs;
};

void
admission_rules_init(struct admission_rules *r)
{
	memset(r, 0, sizeof(*r));
	r->rate_len4 = ADMISSION_RATE_LEN4;
	r->rate_len6 = ADMISSION_RATE_LEN6;
	r->slip = ADMISSION_SLIP;
}

static void
random_key(const struct rng *rng, struct siphash_key *key)
{
	uint32_t word;
	size_t i;

	for (i = 0; i < sizeof(key->bytes); i += sizeof(word)) {
		word = rng_next(rng);
		memcpy(key->bytes + i, &word, sizeof(word));
	}
}

struct admission *
admission_new(const struct rng *rng, const struct siphash_key *seed)
{
	struct siphash_key key;
	struct admission *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (NULL);
	a->own.seed = *seed;
	a->own.period = -1;
	random_key(rng, &key);
	rate_table_init(&a->rates, &key);
	return (a);
}

void
admission_free(struct admission *a)
{
	free(a);
}

/*
 * The secret of a period: two times 64 bits of SipHash, so that one secret
 * does not reveal another without the seed.
 */
static void
derive_secret(const struct siphash_key *seed, int64_t period,
    struct siphash_key *secret)
{
	uint8_t input[sizeof(period) + 1];
	uint64_t half;
	uint8_t i;

	memcpy(input, &period, sizeof(period));
	for (i = 0; i < 2; i++) {
		input[sizeof(period)] = i;
		half = siphash24(seed, input, sizeof(input));
		memcpy(secret->bytes + i * sizeof(half), &half, sizeof(half));
	}
}

static void
renew_own(struct own_secrets *own, struct monotime now)
{
	int64_t period = now.ns / OWN_LIFE_NS;
	unsigned i;

	if (period == own->period)
		return;
	own->period = period;
	for (i = 0; i < N_OWN_SECRETS; i++)
		derive_secret(&own->seed, period - i, &own->v[i]);
}

/* Check the client's cookie and choose that of the reply. */
static void
handle_cookie(struct message *m, struct admission_pass *pass)
{
	const struct siphash_key *secrets = m->rules->secret;
	const struct msg_asked *asked = &m->asked;
	struct msg_options *o = &pass->options;
	size_t n = m->rules->n_secrets;

	if (n == 0) {
		renew_own(&m->admission->own, m->now);
		secrets = m->admission->own.v;
		n = N_OWN_SECRETS;
	}
	m->cookie = cookie_check(secrets, n, asked->cookie, asked->cookie_len,
	    m->peer->addr, m->unix_secs);
	o->cookie_len = COOKIE_LEN;
	if (m->cookie == COOKIE_GOOD)
		memcpy(o->cookie, asked->cookie, COOKIE_LEN);
	else
		cookie_make(&secrets[0], asked->cookie, m->peer->addr,
		    m->unix_secs, o->cookie);
}

/* Options of an EDNS version other than 0 are not interpreted. */
static int
read_options(struct message *m, struct admission_pass *pass)
{
	struct msg_options *o = &pass->options;
	unsigned tenths = m->rules->keepalive_secs * 10;

	if (m->scan->opt == 0 || m->scan->edns_version > 0)
		return (0);
	if (msg_asked_read(m->scan, &m->asked) == -1)
		return (-1);
	if (m->rules->no_cookies)
		m->asked.cookie_len = 0;
	if (m->asked.cookie_len != 0)
		handle_cookie(m, pass);
	if (m->peer->tcp && m->asked.keepalive) {
		o->keepalive = true;
		o->keepalive_ds =
		    (uint16_t)(tenths < UINT16_MAX ? tenths : UINT16_MAX);
	}
	if (m->rules->forward_subnet)
		pass->subnet = o->subnet = m->asked.subnet;
	return (0);
}

/* Whether the source address cannot have been forged. */
static bool
source_is_proven(const struct message *m)
{
	return (m->peer->tcp || m->cookie == COOKIE_GOOD ||
	    m->cookie == COOKIE_RENEW);
}

static enum admission_verdict
check_rate(struct message *m)
{
	const struct rate_limit limit = {
		.per_sec = m->rules->rate,
		.prefix4 = m->rules->rate_len4,
		.prefix6 = m->rules->rate_len6,
	};
	unsigned refused = 0;

	if (source_is_proven(m))
		return (ADMISSION_PASS);
	if (limit.per_sec > 0)
		refused = rate_take(&m->admission->rates, &limit,
		    m->peer->addr, m->now);
	if (refused == 0 && !m->peer->busy)
		return (ADMISSION_PASS);
	if (m->asked.cookie_len != 0)
		return (ADMISSION_BADCOOKIE);
	if (refused == 0)
		return (ADMISSION_PASS);
	return (m->rules->slip > 0 && refused % m->rules->slip == 0 ?
		ADMISSION_TRUNCATE :
		ADMISSION_DROP);
}

/* A message without a question only asks for a cookie (RFC 7873, 5.4). */
static unsigned
cookie_rcode(const struct message *m)
{
	if (m->asked.cookie_len == 0)
		return (MSG_FORMERR);
	return (m->cookie == COOKIE_BAD ? MSG_BADCOOKIE : MSG_NOERROR);
}

static enum admission_verdict
reject(unsigned *rcode, unsigned with)
{
	*rcode = with;
	return (ADMISSION_REJECT);
}

static enum admission_verdict
check_message(struct message *m, enum msg_query_verdict verdict,
    unsigned *rcode, struct admission_pass *pass)
{
	if (!m->peer->allowed) {
		ede_add(&pass->ede, EDE_PROHIBITED);
		return (reject(rcode, MSG_REFUSED));
	}
	if (verdict == MSG_Q_EMPTY)
		return (reject(rcode, cookie_rcode(m)));
	if (verdict != MSG_Q_REJECT)
		return (ADMISSION_PASS);
	if (*rcode == MSG_NOTIMP || *rcode == MSG_REFUSED)
		ede_add(&pass->ede, EDE_NOT_SUPPORTED);
	return (ADMISSION_REJECT);
}

enum admission_verdict
admission_check(struct admission *a, const struct admission_rules *r,
    const struct admission_peer *peer, const struct msg_scan *scan,
    enum msg_query_verdict verdict, unsigned *rcode, uint32_t unix_secs,
    struct monotime now, struct admission_pass *pass)
{
	struct message m = {
		.admission = a,
		.rules = r,
		.peer = peer,
		.scan = scan,
		.cookie = COOKIE_NONE,
		.now = now,
		.unix_secs = unix_secs,
	};
	enum admission_verdict decision;
	bool malformed;

	memset(pass, 0, sizeof(*pass));
	if (verdict == MSG_Q_DROP)
		return (ADMISSION_DROP);
	pass->tcp = peer->tcp;
	pass->edns = scan->opt != 0;
	malformed = read_options(&m, pass) == -1;
	decision = check_rate(&m);
	if (decision != ADMISSION_PASS) {
		*rcode = decision == ADMISSION_BADCOOKIE ? MSG_BADCOOKIE :
							   MSG_NOERROR;
		return (decision);
	}
	if (malformed && verdict == MSG_Q_ACCEPT && peer->allowed)
		return (reject(rcode, MSG_FORMERR));
	return (check_message(&m, verdict, rcode, pass));
}

void
admission_question(const struct admission_pass *pass, struct msg_question *q)
{
	q->subnet = pass->subnet;
}

size_t
admission_limit(const struct admission_pass *pass,
    const struct msg_scan *query, size_t udp_max)
{
	return (msg_reply_limit(query, pass->tcp, udp_max) -
	    (pass->edns ? msg_options_size(&pass->options) : 0));
}

/* The upstream's scope, if its option is about this subnet; otherwise 0. */
static void
set_scope(struct msg_subnet *subnet, const struct msg_scan *upstream)
{
	struct msg_subnet theirs = { .len = 0 };

	if (upstream != NULL)
		msg_subnet_read(upstream, &theirs);
	if (theirs.len == subnet->len &&
	    memcmp(theirs.data, subnet->data, 3) == 0 &&
	    memcmp(theirs.data + MSG_SUBNET_FIXED,
		subnet->data + MSG_SUBNET_FIXED,
		subnet->len - MSG_SUBNET_FIXED) == 0)
		subnet->data[3] = theirs.data[3];
}

size_t
admission_finish(const struct admission_pass *pass,
    const struct msg_scan *query, size_t udp_max,
    const struct msg_scan *upstream, uint8_t *buf, size_t len)
{
	struct msg_options o = pass->options;

	if (!pass->edns)
		return (len);
	if (o.subnet.len != 0)
		set_scope(&o.subnet, upstream);
	return (msg_options_add(buf, len,
	    msg_reply_limit(query, pass->tcp, udp_max), &o, &pass->ede,
	    upstream));
}
