/*
 * Fuzz target of dns64d's pure layers. The input is used as the query of a
 * client, as the reply to both questions of an AAAA query, and as the reply to
 * the question that it contains. If it passes the scan, the answer made of it
 * must pass the scan as well, also with all filters of a policy and with any
 * options.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/rng.h"
#include "common/siphash.h"
#include "dns64d/admission/admission.h"
#include "dns64d/local/hosts.h"
#include "dns64d/local/local.h"
#include "dns64d/local/records.h"
#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t out[MSG_MAX];

static uint32_t
no_random(void *arg)
{
	(void)arg;
	return (4);
}

static const struct rng rng = { no_random, NULL };

static void
expect_good(size_t len, size_t limit)
{
	struct msg_scan check;

	if (len > limit || msg_scan(out, len, &check) != MSG_SCAN_OK)
		abort();
}

static void
answer(const struct dns64_policy *policy, const struct msg_scan *query,
    const struct msg_scan *reply)
{
	const size_t limits[] = { MSG_LIMIT_MIN, MSG_UDP_MIN, MSG_MAX };
	struct synth s;
	size_t i;

	if (synth_begin(&s, policy, query) != SYNTH_ANSWER) {
		synth_minimise(&s);
		synth_fail(&s, SYNTH_A);
		if (reply != NULL)
			synth_reply(&s, SYNTH_MAIN, reply);
		synth_fail(&s, SYNTH_MAIN);
	}
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		expect_good(synth_answer(&s, limits[i], out), limits[i]);
	if (reply == NULL || synth_begin(&s, policy, query) == SYNTH_ANSWER)
		return;
	synth_fail(&s, SYNTH_MAIN);
	synth_reply(&s, SYNTH_A, reply);
	expect_good(synth_answer(&s, MSG_MAX, out), MSG_MAX);
}

/* The message as a query at the admission, its answer with all options. */
static void
pass_admission(const struct msg_scan *query, enum msg_query_verdict verdict,
    unsigned rcode, const struct msg_scan *upstream)
{
	struct sockaddr_storage addr = { .ss_family = AF_INET6 };
	const struct siphash_key seed = { "sixteen bytes ok" };
	struct admission_peer peer = { .addr = &addr,
		.tcp = true,
		.allowed = true };
	struct admission_rules rules;
	struct admission_pass pass;
	struct admission *admission;
	size_t len;

	admission_rules_init(&rules);
	rules.forward_subnet = true;
	if ((admission = admission_new(&rng, &seed)) == NULL)
		abort();
	if (admission_check(admission, &rules, &peer, query, verdict, &rcode,
		1, (struct monotime){ 1 }, &pass) != ADMISSION_DROP) {
		len = msg_write_error(query, rcode, out);
		len = admission_finish(&pass, query, MSG_MAX, upstream, out,
		    len);
		expect_good(len, MSG_MAX);
	}
	admission_free(admission);
}

static void
answer_locally(const struct dns64_policy *policy, const struct msg_scan *query)
{
	static const uint8_t name[] = "\003www\007example";
	static const struct siphash_key key;
	struct hosts *hosts = hosts_new(&key);
	struct records *records = records_new();
	const struct local_names names = { hosts, records,
		LOCAL_ZONES_NOWHERE };
	struct hosts_addr addr;
	unsigned n;
	size_t len;

	if (hosts == NULL || records == NULL ||
	    hosts_parse_addr("192.0.2.1", &addr) == -1 ||
	    hosts_add(hosts, name, &addr) == -1)
		abort();
	len = local_answer(&names, policy, NULL, query, MSG_UDP_MIN, out, &n);
	if (len > 0)
		expect_good(len, MSG_UDP_MIN);
	records_free(records);
	hosts_free(hosts);
}

/* The message as a reply: to AAAA and A, and to what it says it answers. */
static void
use_reply(const struct dns64_policy *policy, const struct msg_scan *reply)
{
	uint8_t wire[MSG_QUERY_MAX];
	struct msg_scan asked;
	struct msg_question q;

	msg_question_from(reply, &q);
	q.flags = MSG_RD;
	if (msg_scan(wire, msg_write_query(&q, reply->id, true, wire),
		&asked) != MSG_SCAN_OK ||
	    !msg_is_reply_to(reply, &q, reply->id) !=
		!(reply->flags & MSG_QR && !(reply->flags & MSG_OPCODE_MASK)))
		abort();
	answer(policy, &asked, reply);
	pass_admission(&asked, MSG_Q_ACCEPT, 0, reply);
}

static void
use(const struct dns64_policy *policy, const uint8_t *data, size_t size)
{
	enum msg_query_verdict verdict;
	struct msg_scan query, reply;
	unsigned rcode = 0;

	verdict = msg_scan_query(data, size, &query, &rcode);
	pass_admission(&query, verdict, rcode, NULL);
	if (verdict == MSG_Q_ACCEPT) {
		answer(policy, &query, NULL);
		answer_locally(policy, &query);
	}
	if (msg_scan(data, size, &reply) == MSG_SCAN_OK &&
	    reply.count[MSG_QUESTION] == 1)
		use_reply(policy, &reply);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns64_policy policy;

	if (policy_init(&policy) == -1 || policy_finish(&policy) == -1)
		abort();
	use(&policy, data, size);
	policy.filter_a = policy.filter_ipv4hint = true;
	policy.leave_signed = policy.nxdomain_synth = policy.cd_synth = true;
	policy.max_synth = 2;
	use(&policy, data, size);
	policy_clear(&policy);
	return (0);
}
