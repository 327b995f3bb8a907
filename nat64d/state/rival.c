#include <inttypes.h>

#include "common/os/log.h"

#include "rival.h"

void
rival_forget(struct rival *r)
{
	r->origin = (struct replica_origin){ .node = 0 };
	r->silent = 0;
	r->present = false;
}

void
rival_look(struct rival *r)
{
	r->silent++;
	if (!r->present || !rival_is_silent(r))
		return;
	r->present = false;
	log_info("replication: node %u is not active any more",
	    r->origin.node);
}

static void
tell(struct rival *r, const struct replica_origin *own, struct monotime now)
{
	if (r->times > 1 && !monotime_reached(r->quiet_until, now))
		return;
	r->quiet_until = monotime_add_ms(now, RIVAL_LOG_MS);
	if (r->origin.node == own->node)
		log_warn("replication: another node %u is active, since epoch "
			 "%" PRIu64 ": give each node its number (replicate "
			 "node), and each pair its name (replicate pair)",
		    own->node, r->origin.epoch);
	else
		log_warn("replication: node %u is active as well, since epoch "
			 "%" PRIu64 ": one of both must be standby",
		    r->origin.node, r->origin.epoch);
}

void
rival_note(struct rival *r, const struct replica_item *item,
    const struct replica_origin *own, struct monotime now)
{
	const struct replica_origin *o = &item->origin;
	const bool is_known =
	    r->origin.node == o->node && r->origin.epoch == o->epoch;
	const bool goes_on = is_known && r->beat != item->head.beat;

	if (is_known && !goes_on)
		return;
	r->origin = *o;
	r->beat = item->head.beat;
	r->silent = 0;
	if (!goes_on || r->present)
		return;
	r->present = true;
	r->times++;
	tell(r, own, now);
}
