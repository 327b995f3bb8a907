/*
 * Makes the lines of the query log from a query or a message that ends.
 */
#include "monitor.h"
#include "query_int.h"
#include "querylog.h"
#include "dns64d/wire/wire.h"

static void
tell(const struct queries *qs, const struct querylog_line *line)
{
	struct inside_client *inside = line->client->inside;

	if (inside != NULL)
		inside->tell(inside, line);
	if (querylog_is_on())
		querylog_write(qs->log, line);
	if (qs->monitor != NULL)
		monitor_note(qs->monitor, line);
}

static void
tell_query(const struct query *q, struct querylog_line *line)
{
	unsigned i;

	line->client = &q->client;
	line->query = &q->scan;
	line->since = q->since;
	line->question = true;
	line->answered = true;
	line->ede = &q->pass.ede;
	for (i = 0; i < SYNTH_N_LOOKUPS; i++) {
		line->lookup[i] =
		    q->lookups[i].asked ? &q->lookups[i].resolve : NULL;
		line->pending[i] = q->lookups[i].pending;
	}
	tell(q->qs, line);
}

void
query_tell_error(const struct query *q, const char *why, unsigned rcode)
{
	struct querylog_line line = { .action = "failed",
		.why = why,
		.rcode = rcode };

	tell_query(q, &line);
}

/*
 * Logs no prefix for answers of an upstream, whose AAAA records may be in a
 * prefix without having been synthesised here.
 */
static void
set_answer(struct querylog_line *line, enum synth_outcome outcome,
    const struct dns64_policy *policy, const uint8_t *answer)
{
	line->action = querylog_outcome(outcome);
	line->rcode = get16(answer + 2) & MSG_RCODE_MASK;
	line->answer = answer;
	if (outcome != SYNTH_O_RELAYED && outcome != SYNTH_O_FILTERED)
		line->policy = policy;
}

void
query_tell_answer(const struct query *q, const uint8_t *answer, size_t len)
{
	struct querylog_line line = { .answer_len = len };

	set_answer(&line, q->synth.outcome, q->policy, answer);
	tell_query(q, &line);
}

/* A message that did not become a query. */
static void
tell_arrival(const struct queries *qs, const struct arrival *a,
    struct querylog_line *line)
{
	line->client = a->client;
	line->query = &a->scan;
	line->since = a->since;
	line->ede = &a->pass.ede;
	tell(qs, line);
}

void
query_tell_dropped(const struct queries *qs, const struct arrival *a,
    const char *why, bool question)
{
	struct querylog_line line = { .action = "dropped",
		.why = why,
		.question = question };

	tell_arrival(qs, a, &line);
}

void
query_tell_at_once(const struct queries *qs, const struct arrival *a,
    enum synth_outcome outcome, const char *from, const uint8_t *answer,
    size_t len)
{
	struct querylog_line line = { .question = true,
		.answered = true,
		.from = from,
		.answer_len = len };

	set_answer(&line, outcome, a->policy, answer);
	tell_arrival(qs, a, &line);
}

void
query_tell_rejected(const struct queries *qs, const struct arrival *a,
    unsigned rcode, bool truncated, bool question)
{
	struct querylog_line line = { .action = "rejected",
		.why = "message",
		.answered = true,
		.rcode = rcode,
		.question = question };

	if (truncated)
		line.why = "rate";
	else if (rcode == MSG_BADCOOKIE || rcode == MSG_NOERROR)
		line.why = "cookie";
	else if (a->client->access != ACCESS_ALLOWED)
		line.why = "access";
	tell_arrival(qs, a, &line);
}
