/*
 * Tables that map ICMP types, codes and pointers of one family to the other
 * (RFC 7915, 4.2 and 5.2).
 */
#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#include "nat64d/wire/icmp.h"
#include "xlat_int.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

#define ANY (-1)
#define SAME (-1)

struct type_row {
	uint8_t type;
	int16_t code; /* or ANY */
	uint8_t new_type;
	int16_t new_code; /* or SAME */
};

static const struct type_row rows6to4[] = {
	{ 1, 0, 3, 1 },	      /* no route: host unreachable */
	{ 1, 1, 3, 10 },      /* prohibited */
	{ 1, 2, 3, 1 },	      /* beyond scope */
	{ 1, 3, 3, 1 },	      /* address unreachable */
	{ 1, 4, 3, 3 },	      /* port unreachable */
	{ 2, ANY, 3, 4 },     /* packet too big: fragmentation needed */
	{ 3, ANY, 11, SAME }, /* time exceeded */
	{ 4, 0, 12, 0 },      /* erroneous field: parameter problem */
	{ 4, 1, 3, 2 },	      /* next header: protocol unreachable */
};

static const struct type_row rows4to6[] = {
	{ 3, 0, 1, 0 },	      /* network unreachable: no route */
	{ 3, 1, 1, 0 },	      /* host unreachable */
	{ 3, 2, 4, 1 },	      /* protocol unreachable: next header */
	{ 3, 3, 1, 4 },	      /* port unreachable */
	{ 3, 4, 2, 0 },	      /* fragmentation needed: packet too big */
	{ 3, 5, 1, 0 },	      /* source route failed */
	{ 3, 6, 1, 0 },	      /* network unknown */
	{ 3, 7, 1, 0 },	      /* host unknown */
	{ 3, 8, 1, 0 },	      /* source host isolated */
	{ 3, 9, 1, 1 },	      /* network prohibited */
	{ 3, 10, 1, 1 },      /* host prohibited */
	{ 3, 11, 1, 0 },      /* network, type of service */
	{ 3, 12, 1, 0 },      /* host, type of service */
	{ 3, 13, 1, 1 },      /* communication prohibited */
	{ 3, 15, 1, 1 },      /* precedence cutoff */
	{ 11, ANY, 3, SAME }, /* time exceeded */
	{ 12, 0, 4, 0 },      /* pointer indicates the error */
	{ 12, 2, 4, 0 },      /* bad length */
};

/* Bytes first .. last of one header correspond to pointer in the other. */
struct pointer_row {
	uint8_t first;
	uint8_t last;
	uint8_t pointer;
};

/* RFC 7915, figure 6. */
static const struct pointer_row pointers6to4[] = {
	{ 0, 0, 0 },	/* version */
	{ 1, 1, 1 },	/* traffic class */
	{ 4, 5, 2 },	/* payload length: total length */
	{ 6, 6, 9 },	/* next header: protocol */
	{ 7, 7, 8 },	/* hop limit: time to live */
	{ 8, 23, 12 },	/* source */
	{ 24, 39, 16 }, /* destination */
};

/* RFC 7915, figure 3. */
static const struct pointer_row pointers4to6[] = {
	{ 0, 0, 0 },	/* version, IHL */
	{ 1, 1, 1 },	/* type of service */
	{ 2, 3, 4 },	/* total length */
	{ 8, 8, 7 },	/* time to live */
	{ 9, 9, 6 },	/* protocol */
	{ 12, 15, 8 },	/* source */
	{ 16, 19, 24 }, /* destination */
};

bool
xlat_icmp_type_is_error(enum pkt_family family, uint8_t type)
{
	if (family == PKT_V6)
		return ((type & ICMP6_INFOMSG_MASK) == 0);
	switch (type) {
	case ICMP_UNREACH:
	case ICMP_SOURCEQUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIMXCEED:
	case ICMP_PARAMPROB:
		return (true);
	default:
		return (false);
	}
}

static bool
find_type(const struct type_row *rows, size_t n_rows, uint8_t type,
    uint8_t code, uint8_t *new_type, uint8_t *new_code)
{
	const struct type_row *r;

	for (r = rows; r < rows + n_rows; r++) {
		if (r->type != type || (r->code != ANY && r->code != code))
			continue;
		*new_type = r->new_type;
		*new_code = r->new_code == SAME ? code : (uint8_t)r->new_code;
		return (true);
	}
	return (false);
}

bool
xlat_icmp_type_6to4(uint8_t type, uint8_t code, uint8_t *type4, uint8_t *code4)
{
	return (
	    find_type(rows6to4, NITEMS(rows6to4), type, code, type4, code4));
}

bool
xlat_icmp_type_4to6(uint8_t type, uint8_t code, uint8_t *type6, uint8_t *code6)
{
	return (
	    find_type(rows4to6, NITEMS(rows4to6), type, code, type6, code6));
}

static int
find_pointer(const struct pointer_row *rows, size_t n_rows, uint32_t pointer)
{
	const struct pointer_row *r;

	for (r = rows; r < rows + n_rows; r++)
		if (pointer >= r->first && pointer <= r->last)
			return (r->pointer);
	return (-1);
}

int
xlat_icmp_pointer_6to4(uint32_t pointer)
{
	return (find_pointer(pointers6to4, NITEMS(pointers6to4), pointer));
}

int
xlat_icmp_pointer_4to6(uint32_t pointer)
{
	return (find_pointer(pointers4to6, NITEMS(pointers4to6), pointer));
}

unsigned
xlat_icmp_attr_unit(enum pkt_family family, uint8_t type)
{
	if (family == PKT_V6) {
		if (type == ICMP6_DST_UNREACH || type == ICMP6_TIME_EXCEEDED)
			return (8);
		return (0);
	}
	if (type == ICMP_UNREACH || type == ICMP_TIMXCEED ||
	    type == ICMP_PARAMPROB)
		return (4);
	return (0);
}

unsigned
xlat_icmp_attr_off(enum pkt_family family)
{
	return (family == PKT_V6 ? 4 : 5);
}
