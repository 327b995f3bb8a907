/*
 * The order of addresses in an answer. Only the RDATA of the records of one
 * set are exchanged, so no name and no offset changes.
 */
#include <string.h>

#include "msg.h"
#include "wire.h"

#define ROTATE_MAX 256	 /* records of a set; more stay as they are */
#define ROTATE_WORK 8192 /* octets of owners compared */
#define RR_FIXED 10	 /* TYPE, CLASS, TTL, RDLENGTH */
#define ADDR_MAX 16

/* Consecutive records of one owner, type and class. */
struct set {
	size_t owner; /* offset of the first */
	uint16_t type;
	uint16_t class;
	uint16_t rdlen;
	size_t n;
	size_t rdata[ROTATE_MAX]; /* offsets */
};

static void
rotate(const struct set *s, uint8_t *wire, uint32_t turn)
{
	uint8_t old[ROTATE_MAX][ADDR_MAX];
	size_t i;

	for (i = 0; i < s->n; i++)
		memcpy(old[i], wire + s->rdata[i], s->rdlen);
	for (i = 0; i < s->n; i++)
		memcpy(wire + s->rdata[i], old[(i + turn) % s->n], s->rdlen);
}

static bool
is_addr(uint16_t type, uint16_t rdlen)
{
	return ((type == MSG_T_A && rdlen == 4) ||
	    (type == MSG_T_AAAA && rdlen == 16));
}

static bool
has_owner(const struct set *s, const uint8_t *wire, size_t off, unsigned *work)
{
	/* The usual case: the same pointer. */
	if (wire[off] >= 0xc0 && get16(wire + off) == get16(wire + s->owner))
		return (true);
	return (name_equal_work(wire, off, wire, s->owner, work));
}

void
msg_rotate(uint8_t *wire, uint32_t turn)
{
	struct set s = { .n = 0 };
	unsigned work = ROTATE_WORK, count = get16(wire + 6);
	size_t off = MSG_HEADER_LEN, fixed;
	uint16_t rdlen;

	if (count < 2 || get16(wire + 4) != 1)
		return;
	off = name_skip(wire, off) + 4;
	for (; count > 0; count--, off = fixed + RR_FIXED + rdlen) {
		fixed = name_skip(wire, off);
		rdlen = get16(wire + fixed + 8);
		if (s.n > 0 && s.type == get16(wire + fixed) &&
		    s.class == get16(wire + fixed + 2) && s.rdlen == rdlen &&
		    s.n < ROTATE_MAX && has_owner(&s, wire, off, &work)) {
			s.rdata[s.n++] = fixed + RR_FIXED;
			continue;
		}
		if (s.n > 1)
			rotate(&s, wire, turn);
		s.owner = off;
		s.type = get16(wire + fixed);
		s.class = get16(wire + fixed + 2);
		s.rdlen = rdlen;
		s.rdata[0] = fixed + RR_FIXED;
		s.n = is_addr(s.type, rdlen);
	}
	if (s.n > 1)
		rotate(&s, wire, turn);
}
