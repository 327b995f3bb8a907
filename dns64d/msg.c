/*
 * Replies composed record by record. The one file that knows libldns, which
 * compresses the names; it is handed only names that msg_scan has checked
 * and that were expanded before.
 *
 * libldns (1.8.3) allocates several times for every label that it looks up
 * or remembers. So what a message may cost is bounded by a budget of labels
 * and of records, and its own comparison of names, which allocates as well,
 * is replaced.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Or the inline functions of libldns would assert. */
#define NDEBUG
#include <ldns/ldns.h>

#include "dns64d/msg.h"

#define BUF_INITIAL 2048
#define LABELS_MAX 96  /* of names remembered for compression */
#define COPIES_MAX 128 /* records copied from another message */

struct msg_build {
	ldns_buffer *out;
	ldns_rbtree_t *names; /* key: ldns_rdf, data: its offset */
	const struct msg_scan *query;
	size_t limit; /* octets, OPT not counted */
	uint16_t flags;
	unsigned rcode;

	enum msg_section section; /* now being filled */
	size_t start;  /* its offset */
	size_t rdata;  /* offset of the RDATA of the record being written */
	uint16_t count[MSG_N_SECTIONS];
	unsigned labels; /* left of LABELS_MAX */
	unsigned copies; /* left of COPIES_MAX */
	bool full;   /* something did not fit: nothing more is added */
	bool failed; /* out of memory */

	/* The last owner; many records in turn have the same. */
	uint8_t owner[MSG_NAME_MAX];
	size_t owner_len;
	size_t owner_off; /* 0: none that a pointer could lead to */
};

static void
put(struct msg_build *b, const void *data, size_t len)
{
	if (b->failed || !ldns_buffer_reserve(b->out, len))
		b->failed = true;
	else
		ldns_buffer_write(b->out, data, len);
}

static void
put_pointer(struct msg_build *b, size_t off)
{
	uint8_t pointer[2];

	put16(pointer, (uint16_t)(0xc000 | off));
	put(b, pointer, sizeof(pointer));
}

static unsigned
count_labels(const uint8_t *name)
{
	unsigned n = 0;

	for (; *name != 0; name += *name + 1)
		n++;
	return (n);
}

/* A name not seen before: compressed, if the budget allows. */
static void
put_new_name(struct msg_build *b, const ldns_rdf *rdf)
{
	unsigned labels = count_labels(ldns_rdf_data(rdf));

	if (labels > b->labels) {
		put(b, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		return;
	}
	b->labels -= labels;
	if (b->failed || ldns_dname2buffer_wire_compress(b->out, rdf,
	    b->names) != LDNS_STATUS_OK)
		b->failed = true;
}

/* Any name, uncompressed, as it is to stand in the message. */
static void
put_name(struct msg_build *b, const uint8_t *name, size_t len, bool compress)
{
	const ldns_rbnode_t *node;
	ldns_rdf *rdf;

	if (!compress || len == 1) {
		put(b, name, len);
		return;
	}
	/* The data stays ours: libldns clones what it keeps. */
	rdf = ldns_rdf_new(LDNS_RDF_TYPE_DNAME, len,
	    (void *)(uintptr_t)name);
	if (rdf == NULL) {
		b->failed = true;
		return;
	}
	node = ldns_rbtree_search(b->names, rdf);
	if (node != NULL)
		put_pointer(b, (size_t)(uintptr_t)node->data);
	else
		put_new_name(b, rdf);
	ldns_rdf_free(rdf);
}

static void
put_owner(struct msg_build *b, const uint8_t *name)
{
	size_t len = name_length(name), off;
	const uint8_t *p;

	if (b->owner_off != 0 && len == b->owner_len &&
	    memcmp(name, b->owner, len) == 0) {
		put_pointer(b, b->owner_off);
		return;
	}
	off = ldns_buffer_position(b->out);
	put_name(b, name, len, true);
	if (b->failed)
		return;
	p = ldns_buffer_at(b->out, off);
	if (p[0] >= 0xc0)
		off = get16(p) & NAME_OFFSET_MAX;
	memcpy(b->owner, name, len);
	b->owner_len = len;
	b->owner_off = len > 2 && off <= NAME_OFFSET_MAX ? off : 0;
}

static void
enter_section(struct msg_build *b, enum msg_section section)
{
	if (section == b->section)
		return;
	b->section = section;
	b->start = ldns_buffer_position(b->out);
}

/* Take the section back: what is in it does not fit (RFC 2181, 9). */
static void
drop_section(struct msg_build *b)
{
	b->full = true;
	b->count[b->section] = 0;
	ldns_buffer_set_position(b->out, b->start);
	if (b->section == MSG_ANSWER)
		b->flags |= MSG_TC;
}

/*
 * Returns false when nothing is to be added any more; otherwise the RDATA
 * is to follow, and then rr_end.
 */
static bool
rr_begin(struct msg_build *b, enum msg_section section, const uint8_t *owner,
    uint16_t type, uint16_t class, uint32_t ttl)
{
	uint8_t fixed[RR_FIXED] = { 0 };

	if (b->full || b->failed)
		return (false);
	enter_section(b, section);
	put_owner(b, owner);
	put16(fixed, type);
	put16(fixed + 2, class);
	put32(fixed + 4, ttl);
	put(b, fixed, sizeof(fixed));
	b->rdata = ldns_buffer_position(b->out);
	return (true);
}

static void
rr_end(struct msg_build *b)
{
	size_t end = ldns_buffer_position(b->out);

	if (b->failed)
		return;
	if (end > b->limit) {
		drop_section(b);
		return;
	}
	ldns_buffer_write_u16_at(b->out, b->rdata - 2,
	    (uint16_t)(end - b->rdata));
	b->count[b->section]++;
}

/* Any order does, as long as names that differ in case alone are one. */
static int
compare_names(const void *a, const void *b)
{
	const uint8_t *x = ldns_rdf_data(a), *y = ldns_rdf_data(b);
	size_t i, n = ldns_rdf_size(a);

	if (n != ldns_rdf_size(b))
		return (n < ldns_rdf_size(b) ? -1 : 1);
	for (i = 0; i < n; i++)
		if (name_lower(x[i]) != name_lower(y[i]))
			return (name_lower(x[i]) - name_lower(y[i]));
	return (0);
}

struct msg_build *
msg_build_new(const struct msg_scan *query, uint16_t flags, unsigned rcode,
    size_t limit)
{
	const uint8_t header[MSG_HEADER_LEN] = { 0 };
	const uint8_t *question = query->wire + MSG_HEADER_LEN;
	struct msg_build *b;

	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return (NULL);
	b->out = ldns_buffer_new(BUF_INITIAL);
	b->names = ldns_rbtree_create(compare_names);
	if (b->out == NULL || b->names == NULL)
		goto fail;
	b->query = query;
	b->limit = limit - (query->opt != 0 ? OPT_LEN : 0);
	b->flags = flags;
	b->rcode = rcode;
	b->labels = LABELS_MAX;
	b->copies = COPIES_MAX;

	put(b, header, sizeof(header));
	put_owner(b, question);
	put(b, question + query->qname_len, 4);
	b->count[MSG_QUESTION] = 1;
	return (b);
fail:
	msg_build_free(b);
	errno = ENOMEM;
	return (NULL);
}

/* The RDATA of a record of another message, its names written anew. */
static void
put_rdata(struct msg_build *b, const struct msg_rr *rr)
{
	const uint8_t *wire = rr->msg->wire;
	struct msg_rdata_names names;
	uint8_t name[MSG_NAME_MAX];
	size_t i, len, off = rr->rdata;

	msg_rr_names(rr, &names);
	for (i = 0; i < names.n; i++) {
		put(b, wire + off, names.off[i] - off);
		len = name_copy(wire, names.off[i], name);
		put_name(b, name, len, names.compress);
		off = names.end[i];
	}
	put(b, wire + off, rr->end - off);
}

void
msg_build_copy(struct msg_build *b, enum msg_section section,
    const struct msg_rr *rr)
{
	uint8_t owner[MSG_NAME_MAX];

	name_copy(rr->msg->wire, rr->off, owner);
	if (!rr_begin(b, section, owner, rr->type, rr->class, rr->ttl))
		return;
	if (b->copies == 0) {
		drop_section(b);
		return;
	}
	b->copies--;
	put_rdata(b, rr);
	rr_end(b);
}

void
msg_build_addr4(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint32_t ttl, struct in_addr addr)
{
	if (!rr_begin(b, section, owner, MSG_T_A, MSG_CLASS_IN, ttl))
		return;
	put(b, &addr, sizeof(addr));
	rr_end(b);
}

void
msg_build_addr6(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint32_t ttl, const struct in6_addr *addr)
{
	if (!rr_begin(b, section, owner, MSG_T_AAAA, MSG_CLASS_IN, ttl))
		return;
	put(b, addr, sizeof(*addr));
	rr_end(b);
}

void
msg_build_name(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint16_t type, uint32_t ttl,
    const uint8_t *target)
{
	if (!rr_begin(b, section, owner, type, MSG_CLASS_IN, ttl))
		return;
	put_name(b, target, name_length(target), true);
	rr_end(b);
}

void
msg_build_soa(struct msg_build *b, enum msg_section section,
    const uint8_t *owner, uint32_t ttl, const struct msg_soa *soa)
{
	uint8_t numbers[20];

	if (!rr_begin(b, section, owner, MSG_T_SOA, MSG_CLASS_IN, ttl))
		return;
	put_name(b, soa->mname, name_length(soa->mname), true);
	put_name(b, soa->rname, name_length(soa->rname), true);
	put32(numbers, soa->serial);
	put32(numbers + 4, soa->refresh);
	put32(numbers + 8, soa->retry);
	put32(numbers + 12, soa->expire);
	put32(numbers + 16, soa->minimum);
	put(b, numbers, sizeof(numbers));
	rr_end(b);
}

static void
put_our_opt(struct msg_build *b)
{
	uint8_t opt[OPT_LEN];

	if (b->query->opt == 0) {
		if (b->rcode > MSG_RCODE_MASK)
			b->rcode = MSG_SERVFAIL;
		return;
	}
	put_opt(opt, MSG_UDP_OURS, b->rcode, b->query->dnssec_ok);
	put(b, opt, sizeof(opt));
	b->count[MSG_ADDITIONAL]++;
}

bool
msg_build_is_full(const struct msg_build *b)
{
	return (b->full || b->failed);
}

size_t
msg_build_finish(struct msg_build *b, uint8_t *buf)
{
	uint16_t flags;
	size_t i, n = 0;

	put_our_opt(b);
	if (b->failed) {
		errno = ENOMEM;
		goto out;
	}
	n = ldns_buffer_position(b->out);
	memcpy(buf, ldns_buffer_begin(b->out), n);
	flags = b->query->flags & (MSG_OPCODE_MASK | MSG_RD | MSG_CD);
	flags |= MSG_QR | b->flags | (b->rcode & MSG_RCODE_MASK);
	put16(buf, b->query->id);
	put16(buf + 2, flags);
	for (i = 0; i < MSG_N_SECTIONS; i++)
		put16(buf + 4 + 2 * i, b->count[i]);
out:
	msg_build_free(b);
	return (n);
}

static void
name_node_free(ldns_rbnode_t *node, void *arg)
{
	(void)arg;
	ldns_rdf_deep_free((ldns_rdf *)(uintptr_t)node->key);
	free(node);
}

void
msg_build_free(struct msg_build *b)
{
	if (b == NULL)
		return;
	if (b->names != NULL) {
		ldns_traverse_postorder(b->names, name_node_free, NULL);
		ldns_rbtree_free(b->names);
	}
	ldns_buffer_free(b->out);
	free(b);
}
