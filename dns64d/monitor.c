#include <string.h>

#include "monitor.h"

_Static_assert((MONITOR_RING & (MONITOR_RING - 1)) == 0, "counters wrap");

bool
monitor_wants(const struct monitor_filter *f, const struct monitor_event *e)
{
	if (f->client.family != AF_UNSPEC &&
	    !prefix_match(&f->client, &e->client))
		return (false);
	if ((f->has_name || f->has_type) && !e->question)
		return (false);
	if (f->has_name && !name_is_below(e->qname, f->name))
		return (false);
	if (f->has_type && f->qtype != e->qtype)
		return (false);
	if (f->has_rcode && (!e->answered || f->rcode != e->rcode))
		return (false);
	return (f->action[0] == '\0' || strcmp(f->action, e->action) == 0);
}

static bool
is_wanted(const struct monitor_ring *r, const struct monitor_event *e)
{
	unsigned i;

	for (i = 0; i < r->n_filters; i++)
		if (monitor_wants(r->filters[i], e))
			return (true);
	return (false);
}

void
monitor_put(struct monitor_ring *r, const struct monitor_event *e)
{
	const uint32_t head =
	    atomic_load_explicit(&r->head, memory_order_relaxed);
	const uint32_t tail =
	    atomic_load_explicit(&r->tail, memory_order_acquire);

	if (!is_wanted(r, e))
		return;
	if (head - tail == MONITOR_RING) {
		atomic_fetch_add_explicit(&r->lost, 1, memory_order_relaxed);
		return;
	}
	r->v[head % MONITOR_RING] = *e;
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
}

const struct monitor_event *
monitor_next(struct monitor_ring *r)
{
	const uint32_t tail =
	    atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (tail == atomic_load_explicit(&r->head, memory_order_acquire))
		return (NULL);
	return (&r->v[tail % MONITOR_RING]);
}

void
monitor_read(struct monitor_ring *r)
{
	atomic_fetch_add_explicit(&r->tail, 1, memory_order_release);
}

uint64_t
monitor_take_lost(struct monitor_ring *r)
{
	return (atomic_exchange_explicit(&r->lost, 0, memory_order_relaxed));
}
