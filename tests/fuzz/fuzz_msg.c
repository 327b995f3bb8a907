/*
 * Fuzz target of dns64d's pure layers: a message as a client's query, and as
 * the reply to both questions of an AAAA query of the same name. Whatever
 * passes the scan has to give an answer that passes it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "dns64d/policy.h"
#include "dns64d/synth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
answer(const struct dns64_policy *policy, const struct msg_scan *query,
    const struct msg_scan *reply)
{
	static uint8_t out[MSG_MAX];
	const size_t limits[] = { MSG_UDP_MIN, MSG_MAX };
	struct msg_scan check;
	struct synth s;
	size_t i, n;

	if (synth_begin(&s, policy, query) != SYNTH_ANSWER) {
		synth_fail(&s, SYNTH_A);
		if (reply != NULL)
			synth_reply(&s, SYNTH_MAIN, reply);
		synth_fail(&s, SYNTH_MAIN);
	}
	for (i = 0; i < 2; i++) {
		n = synth_answer(&s, limits[i], out);
		if (n > limits[i] || msg_scan(out, n, &check) != MSG_SCAN_OK)
			abort();
	}
	if (reply == NULL || synth_begin(&s, policy, query) == SYNTH_ANSWER)
		return;
	synth_fail(&s, SYNTH_MAIN);
	synth_reply(&s, SYNTH_A, reply);
	n = synth_answer(&s, MSG_MAX, out);
	if (msg_scan(out, n, &check) != MSG_SCAN_OK)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg_scan query, reply, asked;
	uint8_t wire[MSG_QUERY_MAX];
	struct dns64_policy policy;
	struct msg_question q;
	unsigned rcode;

	if (policy_init(&policy) == -1 || policy_finish(&policy) == -1)
		abort();
	switch (msg_scan_query(data, size, &query, &rcode)) {
	case MSG_Q_ACCEPT:
		answer(&policy, &query, NULL);
		break;
	case MSG_Q_REJECT:
		msg_write_error(&query, rcode, wire);
		break;
	case MSG_Q_DROP:
		break;
	}
	if (msg_scan(data, size, &reply) == MSG_SCAN_OK &&
	    reply.count[MSG_QUESTION] == 1) {
		msg_question_from(&reply, &q);
		q.flags = MSG_RD;
		if (msg_scan(wire, msg_write_query(&q, reply.id, true, wire),
		    &asked) != MSG_SCAN_OK || !msg_is_reply_to(&reply, &q,
		    reply.id) != !(reply.flags & MSG_QR &&
		    !(reply.flags & MSG_OPCODE_MASK)))
			abort();
		answer(&policy, &asked, &reply);
	}
	policy_clear(&policy);
	return (0);
}
