/*
 * A tree of names. The message of a name grows with each record, whose owner
 * becomes a pointer to that of the first one, behind the header.
 */
#include <sys/queue.h>

#include "common/compat.h"

#include <sys/tree.h>

#include <stdlib.h>
#include <string.h>

#include "hosts.h"
#include "records.h"
#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/wire.h"

/*
 * What the records of a name may take of an answer, which may also have a
 * chain of CNAMEs: octets, and the work of copying (msg.h). A record costs its
 * owner, 32 and up to three times the names of its data.
 */
#define ANSWER_OCTETS 60000
#define ANSWER_WORK (MSG_BUILD_WORK / 4 * 3)
#define RECORD_WORK 32

#define OWNER_POINTER (0xc000 | MSG_HEADER_LEN)

struct entry {
	RB_ENTRY(entry) node;
	const uint8_t *name; /* the owner in wire */
	size_t tag;	     /* of the first record */
	size_t octets, work;
	struct msg_scan scan; /* of wire, which is allocated */
	uint8_t *wire;
};

RB_HEAD(names, entry);

struct records {
	struct names names;
};

/* Any total order will do. */
static int
compare_names(const uint8_t *a, const uint8_t *b)
{
	size_t i, len_a = name_length(a), len_b = name_length(b);
	int diff = 0;

	if (len_a != len_b)
		return (len_a < len_b ? -1 : 1);
	for (i = 0; i < len_a && diff == 0; i++)
		diff = name_lower(a[i]) - name_lower(b[i]);
	return (diff);
}

static int
compare(const struct entry *a, const struct entry *b)
{
	return (compare_names(a->name, b->name));
}

RB_GENERATE_STATIC(names, entry, node, compare)

struct records *
records_new(void)
{
	struct records *r;

	if ((r = malloc(sizeof(*r))) != NULL)
		RB_INIT(&r->names);
	return (r);
}

static void
entry_free(struct entry *e)
{
	free(e->wire);
	free(e);
}

void
records_free(struct records *r)
{
	struct entry *e;

	if (r == NULL)
		return;
	while ((e = RB_ROOT(&r->names)) != NULL) {
		RB_REMOVE(names, &r->names, e);
		entry_free(e);
	}
	free(r);
}

static struct entry *
find(const struct records *r, const uint8_t *name)
{
	struct entry *e = RB_ROOT(&r->names);
	int diff;

	while (e != NULL && (diff = compare_names(name, e->name)) != 0)
		e = diff < 0 ? RB_LEFT(e, node) : RB_RIGHT(e, node);
	return (e);
}

const struct msg_scan *
records_find(const struct records *r, const uint8_t *name)
{
	const struct entry *e = find(r, name);

	return (e != NULL ? &e->scan : NULL);
}

bool
records_next(const struct msg_scan *m, uint16_t type, struct msg_rr *rr)
{
	while (msg_rr_next(m, MSG_ANSWER, rr))
		if (rr->type == type)
			return (true);
	return (false);
}

static size_t
work_of(const struct msg_rr *rr)
{
	size_t i, work = name_length(rr->msg->wire + rr->off) + RECORD_WORK;
	struct msg_rdata_names names;

	msg_rr_names(rr, &names);
	for (i = 0; i < names.n; i++)
		work += 3 * (names.end[i] - names.off[i]);
	return (work);
}

static bool
is_same(const struct msg_rr *a, const struct msg_rr *b)
{
	return (a->type == b->type && a->rdlen == b->rdlen &&
	    memcmp(a->msg->wire + a->rdata, b->msg->wire + b->rdata,
		a->rdlen) == 0);
}

/* Whether a record may stand beside those that its name has. */
static enum records_verdict
judge(const struct entry *e, const struct msg_rr *new)
{
	struct msg_rr rr = { .msg = NULL };
	enum records_verdict verdict = RECORDS_ADDED;

	while (msg_rr_next(&e->scan, MSG_ANSWER, &rr)) {
		if (is_same(&rr, new))
			return (
			    rr.ttl == new->ttl ? RECORDS_KNOWN : RECORDS_TTL);
		if (rr.type == MSG_T_CNAME || new->type == MSG_T_CNAME)
			verdict = RECORDS_CNAME;
		else if (rr.type == MSG_T_SOA && new->type == MSG_T_SOA)
			verdict = RECORDS_ONE;
		else if (rr.type == new->type && rr.ttl != new->ttl)
			verdict = RECORDS_TTL;
	}
	return (verdict);
}

/* A new name, with its record. */
static enum records_verdict
add_entry(struct records *r, const struct msg_scan *record,
    const struct msg_rr *rr, size_t tag)
{
	struct entry *e;

	if ((e = calloc(1, sizeof(*e))) == NULL ||
	    (e->wire = malloc(record->len)) == NULL) {
		free(e);
		return (RECORDS_NO_MEMORY);
	}
	memcpy(e->wire, record->wire, record->len);
	e->scan = *record;
	e->scan.wire = e->wire;
	e->name = e->wire + rr->off;
	e->tag = tag;
	e->octets = record->len;
	e->work = work_of(rr);
	RB_INSERT(names, &r->names, e);
	return (RECORDS_ADDED);
}

/* Another record of the name. */
static enum records_verdict
append(struct entry *e, const struct msg_rr *rr)
{
	const uint8_t *fixed = rr->msg->wire + rr->rdata - RR_FIXED;
	size_t len = RR_FIXED + rr->rdlen, old = e->scan.len;
	size_t octets = e->octets + 2 + len, work = e->work + work_of(rr);
	struct msg_scan scan;
	uint8_t *bigger;

	if (octets > ANSWER_OCTETS || work > ANSWER_WORK)
		return (RECORDS_FULL);
	if ((bigger = realloc(e->wire, old + 2 + len)) == NULL)
		return (RECORDS_NO_MEMORY);
	e->wire = bigger;
	e->scan.wire = bigger;
	e->name = bigger + MSG_HEADER_LEN;
	put16(bigger + old, OWNER_POINTER);
	memcpy(bigger + old + 2, fixed, len);
	put16(bigger + 6, (uint16_t)(e->scan.count[MSG_ANSWER] + 1));
	if (msg_scan(bigger, old + 2 + len, &scan) != MSG_SCAN_OK) {
		put16(bigger + 6, e->scan.count[MSG_ANSWER]);
		return (RECORDS_FULL);
	}
	e->scan = scan;
	e->octets = octets;
	e->work = work;
	return (RECORDS_ADDED);
}

enum records_verdict
records_add(struct records *r, const struct msg_scan *record, size_t tag,
    size_t *other)
{
	struct msg_rr rr = { .msg = NULL };
	enum records_verdict verdict;
	struct entry *e;

	if (!msg_rr_next(record, MSG_ANSWER, &rr))
		return (RECORDS_KNOWN);
	if ((e = find(r, record->wire + rr.off)) == NULL)
		return (add_entry(r, record, &rr, tag));
	*other = e->tag;
	verdict = judge(e, &rr);
	return (verdict == RECORDS_ADDED ? append(e, &rr) : verdict);
}

/* Whether a name has records other than a CNAME, at the end of its chain. */
static bool
leads_somewhere(const struct records *r, const struct hosts *hosts,
    const struct entry *e)
{
	const uint8_t *name;
	uint8_t target[MSG_NAME_MAX];
	uint32_t at = HOSTS_FIRST;
	struct msg_rr rr;
	unsigned n;

	for (n = 0; n <= RECORDS_CHAIN_MAX; n++) {
		rr.msg = NULL;
		if (!records_next(&e->scan, MSG_T_CNAME, &rr))
			return (true);
		name_copy(e->wire, rr.rdata, target);
		name = target;
		if ((e = find(r, name)) == NULL)
			return (hosts_next_addr(hosts, name, &at) != NULL);
	}
	return (false);
}

bool
records_check(struct records *r, const struct hosts *hosts, size_t *tag)
{
	struct entry *e;

	RB_FOREACH(e, names, &r->names) {
		if (!leads_somewhere(r, hosts, e)) {
			*tag = e->tag;
			return (false);
		}
	}
	return (true);
}
