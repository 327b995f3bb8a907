/*
 * A fast path without a kernel: a table of flows and their notes. It is
 * strict: a flow that is added twice, or a handle that is not in use, fails
 * the test.
 */
#ifndef TESTS_UNIT_FASTPATH_FAKE_H
#define TESTS_UNIT_FASTPATH_FAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "nat64d/tables/fastflow.h"
#include "nat64d/wire/ipid.h"
#include "tests/unit/nat64_lab.h"

#define FAKE_FLOWS 128

struct fake_fastpath {
	struct fastpath_ops ops;
	struct fastflow flows[FAKE_FLOWS + 1]; /* by handle; proto */
	bool used[FAKE_FLOWS + 1];
	struct fastnotes notes[FAKE_FLOWS + 1];
	uint32_t ids[IPID_NCOUNTERS];
	unsigned n;	 /* flows there are */
	unsigned max;	 /* flows there is room for */
	unsigned n_adds; /* calls of add(), refused ones too */
	int64_t at_last; /* last6 of a packet that passes while a flow is
			    being removed; 0: none does */
};

/* Notes of a packet from IPv6 (acknowledging ack), and from IPv4. */
static inline void
fake_use6(struct fake_fastpath *fake, uint32_t handle, uint32_t ack)
{
	REQUIRE(handle <= FAKE_FLOWS && fake->used[handle]);
	fake->notes[handle].last6 = lab.now.ns;
	fake->notes[handle].ack6 = ack;
}

static inline void
fake_use4(struct fake_fastpath *fake, uint32_t handle, uint32_t ack)
{
	REQUIRE(handle <= FAKE_FLOWS && fake->used[handle]);
	fake->notes[handle].last4 = lab.now.ns;
	fake->notes[handle].ack4 = ack;
}

static inline bool
fake_same_flow(const struct fastflow *a, const struct fastflow *b)
{
	return (a->proto == b->proto && a->in6.port == b->in6.port &&
	    memcmp(&a->in6.addr, &b->in6.addr, 16) == 0 &&
	    memcmp(&a->peer6, &b->peer6, 16) == 0 &&
	    a->out4.addr.s_addr == b->out4.addr.s_addr &&
	    a->out4.port == b->out4.port &&
	    a->peer4.addr.s_addr == b->peer4.addr.s_addr &&
	    a->peer4.port == b->peer4.port);
}

static inline uint32_t
fake_add(void *arg, const struct fastflow *f)
{
	struct fake_fastpath *fake = arg;
	uint32_t i, handle = 0;

	fake->n_adds++;
	for (i = FAKE_FLOWS; i > 0; i--) {
		if (!fake->used[i])
			handle = i;
		else
			REQUIRE(!fake_same_flow(&fake->flows[i], f));
	}
	if (fake->n >= fake->max)
		return (0);
	REQUIRE(f->id_counter < IPID_NCOUNTERS);
	fake->flows[handle] = *f;
	fake->used[handle] = true;
	memset(&fake->notes[handle], 0, sizeof(fake->notes[handle]));
	fake->n++;
	return (handle);
}

static inline void
fake_remove(void *arg, uint32_t handle)
{
	struct fake_fastpath *fake = arg;

	REQUIRE(handle <= FAKE_FLOWS && fake->used[handle]);
	if (fake->at_last != 0)
		fake->notes[handle].last6 = fake->at_last;
	fake->used[handle] = false;
	fake->n--;
}

static inline void
fake_read(void *arg, uint32_t handle, struct fastnotes *notes)
{
	const struct fake_fastpath *fake = arg;

	REQUIRE(handle != 0 && handle <= FAKE_FLOWS);
	*notes = fake->notes[handle];
}

/* Give the translator of the lab an empty one, with room for max flows. */
static inline void
fake_start(struct fake_fastpath *fake, unsigned max)
{
	memset(fake, 0, sizeof(*fake));
	fake->max = max;
	fake->ops.add = fake_add;
	fake->ops.remove = fake_remove;
	fake->ops.read = fake_read;
	fake->ops.ids = fake->ids;
	fake->ops.arg = fake;
	nat64_set_fastpath(lab.n, &fake->ops);
}

#endif
