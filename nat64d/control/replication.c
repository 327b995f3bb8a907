#include "replication.h"
#include "nat64d/state/store.h"

#define PREFIX "nat64d"

static void
metric(struct prom *p, enum prom_type type, const char *name, const char *help,
    uint64_t value)
{
	prom_metric(p, type, PREFIX, name, help);
	prom_value(p, value);
}

static void
add_followed(struct prom *p, const struct follow_count *c)
{
	metric(p, PROM_COUNTER, "replication-copied-sessions",
	    "At standby: sessions taken from the store", c->sessions);
	metric(p, PROM_COUNTER, "replication-copied-ends",
	    "At standby: ends of sessions taken from the store", c->ends);
	metric(p, PROM_COUNTER, "replication-copies",
	    "At standby: how often all sessions were taken", c->copies);
	metric(p, PROM_COUNTER, "replication-left-sessions",
	    "At standby: sessions that the configuration does not allow",
	    c->left);
	metric(p, PROM_COUNTER, "replication-refused-values",
	    "At standby: values of the store that are forged or out of order",
	    c->refused);
	metric(p, PROM_COUNTER, "replication-gaps",
	    "At standby: how often changes were missing", c->gaps);
	metric(p, PROM_COUNTER, "replication-copied-drops",
	    "At standby: copies whose source was dropped meanwhile", c->drops);
	metric(p, PROM_COUNTER, "replication-late-changes",
	    "Changes of the other node that came when this one was active",
	    c->late);
}

void
replication_metrics(struct prom *p, const struct replicate *r)
{
	struct publish_count c;
	struct follow_count followed;
	const struct store *s;

	if (r == NULL)
		return;
	c = replicate_published(r);
	s = replicate_store(r);
	metric(p, PROM_GAUGE, "replication-store-reached",
	    "1: the store of the sessions takes commands", store_is_ready(s));
	metric(p, PROM_GAUGE, "replication-complete",
	    "1: the store has all sessions of this node", c.complete);
	metric(p, PROM_GAUGE, "replication-waiting-changes",
	    "Changes of sessions that have not been sent", c.waiting);
	metric(p, PROM_GAUGE, "replication-waiting-bytes",
	    "Octets sent to the store without an answer", store_waiting(s));
	metric(p, PROM_COUNTER, "replication-sessions",
	    "Sessions written to the store, again at each change", c.sessions);
	metric(p, PROM_COUNTER, "replication-ends",
	    "Ends of sessions written to the store", c.ends);
	metric(p, PROM_COUNTER, "replication-epochs",
	    "How often all sessions were written", c.epochs);
	metric(p, PROM_COUNTER, "replication-overflows",
	    "How often the store took changes too slowly", c.overflows);
	metric(p, PROM_COUNTER, "replication-store-losses",
	    "How often the store was lost", store_losses(s));
	metric(p, PROM_COUNTER, "replication-drops",
	    "How often the store has dropped what it was given", c.drops);
	metric(p, PROM_COUNTER, "replication-rivals",
	    "How often another node was active as well", c.rivals);
	metric(p, PROM_GAUGE, "replication-rival",
	    "1: another node is active as well", c.rival != 0);
	followed = replicate_followed(r);
	add_followed(p, &followed);
}

/* What the store means to this node. */
static const char *
state_text(const struct replicate *r, const struct publish_count *c)
{
	const char *why = replicate_incomplete(r);

	if (c->rival != 0)
		return ("another node is active as well");
	if (c->dropped)
		return ("has dropped sessions: set maxmemory-policy "
			"noeviction");
	if (!c->active)
		return (why == NULL ? "all its sessions are here" : why);
	return (
	    c->complete ? "has all sessions" : "does not have all sessions");
}

json_t *
replication_status(const struct replicate *r)
{
	const struct publish_count c = replicate_published(r);
	const struct store *s = replicate_store(r);

	const struct follow_count f = replicate_followed(r);

	return (json_pack("{s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, "
			  "s:I, "
			  "s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "store", store_server(s), "state", state_text(r, &c), "reached",
	    store_is_ready(s), "complete", c.complete, "sessions",
	    (json_int_t)c.sessions, "ends", (json_int_t)c.ends, "waiting",
	    (json_int_t)c.waiting, "epochs", (json_int_t)c.epochs, "losses",
	    (json_int_t)store_losses(s), "rivals", (json_int_t)c.rivals,
	    "copied-sessions", (json_int_t)f.sessions, "copied-ends",
	    (json_int_t)f.ends, "copies", (json_int_t)f.copies,
	    "left-sessions", (json_int_t)f.left, "refused-values",
	    (json_int_t)f.refused, "gaps", (json_int_t)f.gaps, "late-changes",
	    (json_int_t)f.late, "drops", (json_int_t)c.drops, "copied-drops",
	    (json_int_t)f.drops));
}
