/*
 * Domain names in wire form (RFC 1035, 3.1 and 4.1.4): labels and
 * compression pointers.
 */
#include <limits.h>
#include <string.h>

#include "msg_name.h"
#include "wire.h"

#define POINTER 0xc0
#define FNV_PRIME 0x100000001b3

static inline bool
is_pointer(uint8_t octet)
{
	return ((octet & POINTER) == POINTER);
}

static inline size_t
pointer_target(const uint8_t *p)
{
	return (get16(p) & NAME_OFFSET_MAX);
}

/*
 * The position in a name that is being checked. A part is a run of labels
 * that ends with a pointer or the root. The part that a pointer leads to must
 * end before the part with the pointer begins. So there are no loops, and when
 * the end of a message is cut off, the names before it remain valid.
 */
struct walk {
	size_t pos;
	size_t part;   /* start of the part that pos is in */
	size_t limit;  /* the part must end before this offset */
	size_t octets; /* expanded so far */
	unsigned hops;
};

static enum name_error
follow(const struct name_check *c, struct walk *w)
{
	size_t target;

	if (w->pos + 2 > w->limit)
		return (NAME_BOUNDS);
	target = pointer_target(c->wire + w->pos);
	if (target < c->body || target >= w->part)
		return (NAME_BAD);
	if (++w->hops > NAME_HOPS_MAX)
		return (NAME_BAD);
	w->limit = w->part;
	w->pos = w->part = target;
	return (NAME_OK);
}

/* One label or pointer. *done is set behind the root label. */
static enum name_error
step(struct name_check *c, struct walk *w, bool *done)
{
	uint8_t octet;

	if (++c->steps > c->budget)
		return (NAME_STEPS);
	if (w->pos >= w->limit)
		return (w->hops == 0 ? NAME_BOUNDS : NAME_BAD);
	octet = c->wire[w->pos];
	if (is_pointer(octet))
		return (follow(c, w));
	if (octet & POINTER)
		return (NAME_BAD);
	w->octets += (size_t)octet + 1;
	w->pos += (size_t)octet + 1;
	*done = octet == 0;
	return (w->octets + !*done > MSG_NAME_MAX ? NAME_BAD : NAME_OK);
}

/*
 * When the part at w->pos was checked before, add its octets and pointers
 * without reading it again. The memo holds only targets of pointers of names
 * that were accepted.
 */
static enum name_error
recall(const struct name_check *c, struct walk *w, bool *done)
{
	size_t slot = w->pos % NAME_MEMO;

	if (c->memo[slot].off != w->pos)
		return (NAME_OK);
	*done = true;
	w->octets += c->memo[slot].octets;
	w->hops += c->memo[slot].hops;
	return (w->octets > MSG_NAME_MAX || w->hops > NAME_HOPS_MAX ?
		NAME_BAD :
		NAME_OK);
}

static void
remember(struct name_check *c, const struct walk *first,
    const struct walk *last)
{
	size_t slot = first->pos % NAME_MEMO;

	c->memo[slot].off = (uint16_t)first->pos;
	c->memo[slot].octets = (uint8_t)(last->octets - first->octets);
	c->memo[slot].hops = (uint8_t)(last->hops - first->hops);
}

enum name_error
name_check(struct name_check *c, size_t off, size_t *end)
{
	struct walk w = { .pos = off, .part = off, .limit = c->len };
	struct walk first = { 0 }; /* where the first pointer led */
	enum name_error error;
	bool done = false;
	size_t before;

	while (!done) {
		before = w.pos;
		error = step(c, &w, &done);
		if (error == NAME_OK && w.hops == 1 && first.pos == 0) {
			*end = before + 2;
			first = w;
			error = recall(c, &w, &done);
		}
		if (error != NAME_OK)
			return (error);
	}
	if (first.pos == 0)
		*end = w.pos;
	else
		remember(c, &first, &w);
	return (NAME_OK);
}

size_t
name_tail(const uint8_t *wire, size_t off)
{
	while (wire[off] != 0 && !is_pointer(wire[off]))
		off += (size_t)wire[off] + 1;
	return (off);
}

size_t
name_skip(const uint8_t *wire, size_t off)
{
	off = name_tail(wire, off);
	return (off + (wire[off] == 0 ? 1 : 2));
}

/* The offset of the next label, behind any number of pointers. */
static inline size_t
skip_pointers(const uint8_t *wire, size_t off, unsigned *work)
{
	while (is_pointer(wire[off])) {
		off = pointer_target(wire + off);
		if (*work > 0)
			(*work)--;
	}
	return (off);
}

size_t
name_copy(const uint8_t *wire, size_t off, uint8_t *out)
{
	unsigned work = 0;
	size_t n = 0, label;

	do {
		off = skip_pointers(wire, off, &work);
		label = (size_t)wire[off] + 1;
		memcpy(out + n, wire + off, label);
		n += label;
		off += label;
	} while (label > 1);
	return (n);
}

/* Compare two labels and their length octets, which are not letters. */
static bool
label_equal(const uint8_t *a, const uint8_t *b)
{
	size_t i, n = (size_t)a[0] + 1;

	if (memcmp(a, b, n) == 0)
		return (true);
	for (i = 0; i < n; i++)
		if (name_lower(a[i]) != name_lower(b[i]))
			return (false);
	return (true);
}

bool
name_equal_work(const uint8_t *wire_a, size_t off_a, const uint8_t *wire_b,
    size_t off_b, unsigned *work)
{
	const uint8_t *a, *b;
	unsigned cost;

	for (;;) {
		off_a = skip_pointers(wire_a, off_a, work);
		off_b = skip_pointers(wire_b, off_b, work);
		a = wire_a + off_a;
		b = wire_b + off_b;
		if (a == b)
			return (true);
		cost = (unsigned)a[0] + 1;
		if (cost > *work) {
			*work = 0;
			return (false);
		}
		*work -= cost;
		if (a[0] != b[0] || !label_equal(a, b))
			return (false);
		if (a[0] == 0)
			return (true);
		off_a += cost;
		off_b += cost;
	}
}

bool
name_equal(const uint8_t *a, const uint8_t *b)
{
	unsigned work = UINT_MAX;

	return (name_equal_work(a, 0, b, 0, &work));
}

uint64_t
name_hash(uint64_t hash, const uint8_t *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ name_lower(name[i])) * FNV_PRIME;
	return (hash);
}

bool
name_is_below(const uint8_t *name, const uint8_t *apex)
{
	size_t n = name_length(name), m = name_length(apex);

	for (; n > m; n -= (size_t)name[0] + 1, name += name[0] + 1)
		continue;
	return (n == m && name_equal(name, apex));
}

size_t
name_length(const uint8_t *name)
{
	size_t n = 0;

	while (name[n] != 0)
		n += (size_t)name[n] + 1;
	return (n + 1);
}
