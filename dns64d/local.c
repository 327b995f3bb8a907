/*
 * Local names. Owns the table of hosts and what is answered about it; the
 * special-use zones are listed in local_zones.c.
 *
 * The names stand in one arena; the hosts are sorted by a hash of their name
 * and, in a second array, by address, so that both kinds of question are a
 * binary search.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "local.h"
#include "msg.h"
#include "name_text.h"
#include "policy.h"

#define TEXT_MAX 256 /* of a word in a hosts file, NUL included */
#define BLANKS " \t\r\f\v"

static const uint8_t name_nobody[] = "\006nobody\007invalid";

struct host {
	uint32_t name; /* offset into the arena */
	uint32_t hash; /* of it, without case */
	uint32_t turn; /* in the order of adding */
	sa_family_t family;
	union {
		struct in_addr addr4;
		struct in6_addr addr6;
	};
};

struct local {
	struct host *by_name; /* by hash, then in the order of adding */
	struct host *by_addr; /* likewise by address */
	size_t n;
	uint8_t *arena;
	size_t arena_len;
};

struct local *
local_new(void)
{
	return (calloc(1, sizeof(struct local)));
}

void
local_free(struct local *l)
{
	if (l == NULL)
		return;
	free(l->arena);
	free(l->by_addr);
	free(l->by_name);
	free(l);
}

/* Room is doubled, so that the arrays are moved a few times only. */
static int
grow(struct local *l, size_t name_len)
{
	size_t room = 16;
	void *p;

	while (room < l->n + 1)
		room *= 2;
	if (l->n == 0 || (l->n & (l->n - 1)) == 0) {
		p = reallocarray(l->by_name, room, sizeof(*l->by_name));
		if (p == NULL)
			return (-1);
		l->by_name = p;
		p = reallocarray(l->by_addr, room, sizeof(*l->by_addr));
		if (p == NULL)
			return (-1);
		l->by_addr = p;
	}
	p = realloc(l->arena, l->arena_len + name_len);
	if (p == NULL)
		return (-1);
	l->arena = p;
	return (0);
}

static uint32_t
hash_name(const uint8_t *name)
{
	size_t i, n = name_length(name);
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (i = 0; i < n; i++)
		hash = (hash ^ name_lower(name[i])) * 16777619u;
	return (hash);
}

const char *
local_add(struct local *l, const char *name, const char *addr)
{
	uint8_t wire[MSG_NAME_MAX];
	struct host h = { .turn = (uint32_t)l->n };
	size_t len;

	if (inet_pton(AF_INET, addr, &h.addr4) == 1)
		h.family = AF_INET;
	else if (inet_pton(AF_INET6, addr, &h.addr6) == 1)
		h.family = AF_INET6;
	else
		return ("has no valid address");
	if ((len = name_from_text(name, wire)) <= 1)
		return ("has no valid host name");
	if (l->n == LOCAL_HOSTS_MAX)
		return ("is one host too many");
	if (grow(l, len) == -1)
		return ("cannot be stored: not enough memory");
	h.name = (uint32_t)l->arena_len;
	h.hash = hash_name(wire);
	memcpy(l->arena + l->arena_len, wire, len);
	l->arena_len += len;
	l->by_name[l->n] = h;
	l->by_addr[l->n++] = h;
	return (NULL);
}

/* The next word of a line, cut to out; "" at its end. */
static const char *
next_word(const char *p, const char *end, char *out)
{
	size_t n = 0;

	while (p < end && strchr(BLANKS, *p) != NULL)
		p++;
	for (; p < end && strchr(BLANKS, *p) == NULL; p++)
		if (n < TEXT_MAX - 1)
			out[n++] = *p;
	out[n] = '\0';
	return (p);
}

static const char *
add_line(struct local *l, const char *line, const char *end)
{
	char addr[TEXT_MAX], name[TEXT_MAX];
	const char *p, *why;

	p = memchr(line, '#', (size_t)(end - line));
	if (p != NULL)
		end = p;
	p = next_word(line, end, addr);
	if (addr[0] == '\0' || strchr(addr, '%') != NULL)
		return (NULL);
	p = next_word(p, end, name);
	if (name[0] == '\0')
		return ("has no host name");
	for (; name[0] != '\0'; p = next_word(p, end, name)) {
		if ((why = local_add(l, name, addr)) != NULL)
			return (why);
	}
	return (NULL);
}

const char *
local_add_hosts(struct local *l, const char *text, size_t len,
    unsigned *line)
{
	const char *end = text + len, *newline, *why;

	for (*line = 1; text < end; (*line)++) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		if ((why = add_line(l, text, newline)) != NULL)
			return (why);
		text = newline + 1;
	}
	return (NULL);
}

static int
compare_addrs(const struct host *a, const struct host *b)
{
	if (a->family != b->family)
		return (a->family < b->family ? -1 : 1);
	return (memcmp(&a->addr6, &b->addr6, a->family == AF_INET ?
	    sizeof(a->addr4) : sizeof(a->addr6)));
}

static int
compare_numbers(uint32_t a, uint32_t b)
{
	return (a < b ? -1 : a > b);
}

static int
order_by_addr(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int d = compare_addrs(x, y);

	return (d != 0 ? d : compare_numbers(x->turn, y->turn));
}

static int
order_by_name(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int d = compare_numbers(x->hash, y->hash);

	return (d != 0 ? d : compare_numbers(x->turn, y->turn));
}

void
local_finish(struct local *l)
{
	if (l->n == 0)
		return;
	qsort(l->by_name, l->n, sizeof(*l->by_name), order_by_name);
	qsort(l->by_addr, l->n, sizeof(*l->by_addr), order_by_addr);
}

/* The first host at or behind key in an array sorted by order. */
static size_t
lower_bound(const struct host *host, size_t n, const struct host *key,
    int (*order)(const void *, const void *))
{
	size_t low = 0, high = n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (order(&host[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return (low);
}

/* The next host of a name: *at is SIZE_MAX before the first. */
static const struct host *
next_of_name(const struct local *l, const uint8_t *name, size_t *at)
{
	const struct host key = { .hash = hash_name(name) };
	const struct host *h;

	*at = *at == SIZE_MAX ? lower_bound(l->by_name, l->n, &key,
	    order_by_name) : *at + 1;
	for (; *at < l->n && l->by_name[*at].hash == key.hash; (*at)++) {
		h = &l->by_name[*at];
		if (name_equal(l->arena + h->name, name))
			return (h);
	}
	return (NULL);
}

/* The first name of an address, or NULL. */
static const uint8_t *
name_of(const struct local *l, int family, const void *addr)
{
	struct host key = { .family = (sa_family_t)family };
	size_t at;

	memcpy(&key.addr6, addr, family == AF_INET ? sizeof(key.addr4) :
	    sizeof(key.addr6));
	at = lower_bound(l->by_addr, l->n, &key, order_by_addr);
	if (at == l->n || compare_addrs(&l->by_addr[at], &key) != 0)
		return (NULL);
	return (l->arena + l->by_addr[at].name);
}

/* An answer in the making. */
struct reply {
	const struct msg_scan *query;
	const uint8_t *name; /* of the question */
	const struct dns64_policy *policy;
	struct balance_pick *pick;
	struct msg_build b;
	uint8_t *buf;
	size_t limit;
	unsigned n_records;
	unsigned n_synthesised;
};

static void
begin(struct reply *r, unsigned rcode)
{
	msg_build_begin(&r->b, r->query, MSG_AA | MSG_RA, rcode, r->buf,
	    r->limit);
}

static void
put_soa(struct reply *r, enum msg_section section, const uint8_t *apex)
{
	const struct msg_soa soa = {
		.mname = apex,
		.rname = name_nobody,
		.serial = 1,
		.refresh = 3600,
		.retry = 1200,
		.expire = 604800,
		.minimum = LOCAL_TTL,
	};

	msg_build_soa(&r->b, section, apex, LOCAL_TTL, &soa);
}

/* A denial without an SOA could not be cached (RFC 2308, 5). */
static size_t
finish(struct reply *r, const uint8_t *apex)
{
	if (r->n_records == 0)
		put_soa(r, MSG_AUTHORITY, apex);
	return (msg_build_finish(&r->b));
}

static bool
asks_for(const struct reply *r, uint16_t type)
{
	return (r->query->qtype == type || r->query->qtype == MSG_T_ANY);
}

static void
put_addr4(struct reply *r, struct in_addr addr)
{
	if (!asks_for(r, MSG_T_A) || r->policy->filter_a)
		return;
	msg_build_addr4(&r->b, MSG_ANSWER, r->name, LOCAL_TTL, addr);
	r->n_records++;
}

static void
put_addr6(struct reply *r, const struct in6_addr *addr)
{
	if (!asks_for(r, MSG_T_AAAA))
		return;
	msg_build_addr6(&r->b, MSG_ANSWER, r->name, LOCAL_TTL, addr);
	r->n_records++;
}

static void
put_synthesised(struct reply *r, struct in_addr addr)
{
	struct in6_addr out[POLICY_PREFIXES_MAX];
	unsigned before = r->n_records;
	size_t i, n;

	n = balance_synthesise(r->pick, r->policy, addr, out);
	for (i = 0; i < n; i++)
		put_addr6(r, &out[i]);
	r->n_synthesised += r->n_records - before;
}

static size_t
answer_host(const struct local *l, struct reply *r)
{
	const struct host *h;
	bool has_addr6 = false;
	size_t at = SIZE_MAX;

	begin(r, MSG_NOERROR);
	while ((h = next_of_name(l, r->name, &at)) != NULL) {
		if (h->family == AF_INET)
			put_addr4(r, h->addr4);
		else
			put_addr6(r, &h->addr6);
		has_addr6 |= h->family == AF_INET6;
	}
	if (has_addr6 || r->policy->dns64 == POLICY_DNS64_NO)
		return (finish(r, r->name));
	at = SIZE_MAX;
	while ((h = next_of_name(l, r->name, &at)) != NULL)
		put_synthesised(r, h->addr4);
	return (finish(r, r->name));
}

static size_t
answer_ptr(struct reply *r, const uint8_t *target)
{
	begin(r, MSG_NOERROR);
	msg_build_name(&r->b, MSG_ANSWER, r->name, MSG_T_PTR, LOCAL_TTL,
	    target);
	r->n_records++;
	return (finish(r, r->name));
}

static size_t
answer_localhost(struct reply *r, const uint8_t *apex)
{
	const struct in_addr addr4 = { htonl(INADDR_LOOPBACK) };

	begin(r, MSG_NOERROR);
	put_addr4(r, addr4);
	put_addr6(r, &in6addr_loopback);
	return (finish(r, apex));
}

/* The zone's apex has what every zone has (RFC 6303, 3). */
static size_t
answer_empty(struct reply *r, const uint8_t *apex)
{
	if (r->name != apex) {
		begin(r, MSG_NXDOMAIN);
		return (finish(r, apex));
	}
	/* DS stands in the parent zone, which is not ours. */
	if (r->query->qtype == MSG_T_DS)
		return (0);
	begin(r, MSG_NOERROR);
	if (asks_for(r, MSG_T_SOA)) {
		put_soa(r, MSG_ANSWER, apex);
		r->n_records++;
	}
	if (asks_for(r, MSG_T_NS)) {
		msg_build_name(&r->b, MSG_ANSWER, apex, MSG_T_NS, LOCAL_TTL,
		    apex);
		r->n_records++;
	}
	return (finish(r, apex));
}

static size_t
answer_zone(struct reply *r, enum local_zones zones)
{
	const uint8_t *apex;

	switch (local_zone_find(r->name, zones, &apex)) {
	case LOCAL_ZONE_NONE:
		break;
	case LOCAL_ZONE_ABSENT:
		begin(r, MSG_NXDOMAIN);
		return (finish(r, apex));
	case LOCAL_ZONE_EMPTY:
		return (answer_empty(r, apex));
	case LOCAL_ZONE_LOCALHOST:
		return (answer_localhost(r, apex));
	}
	return (0);
}

/* The host whose address a reverse name means, also inside a Pref64. */
static const uint8_t *
reverse_target(const struct local *l, const struct reply *r, bool *is_pref64)
{
	struct in6_addr addr;
	struct in_addr addr4;
	int family;

	family = local_reverse_addr(r->name, &addr);
	*is_pref64 = family == AF_INET6 && r->policy->dns64 !=
	    POLICY_DNS64_NO && policy_extract(r->policy, &addr, &addr4) == 0;
	if (family == 0)
		return (NULL);
	return (*is_pref64 ? name_of(l, AF_INET, &addr4) :
	    name_of(l, family, &addr));
}

size_t
local_answer(const struct local *l, enum local_zones zones,
    const struct dns64_policy *policy, struct balance_pick *pick,
    const struct msg_scan *query, size_t limit, uint8_t *buf,
    unsigned *n_synthesised)
{
	struct reply r = {
		.query = query,
		.name = query->wire + MSG_HEADER_LEN,
		.policy = policy,
		.pick = pick,
		.buf = buf,
		.limit = limit,
	};
	const uint8_t *target;
	size_t at = SIZE_MAX, len;
	bool is_pref64;

	*n_synthesised = 0;
	if (query->qclass != MSG_CLASS_IN)
		return (0);
	if ((asks_for(&r, MSG_T_A) || asks_for(&r, MSG_T_AAAA)) &&
	    next_of_name(l, r.name, &at) != NULL) {
		len = answer_host(l, &r);
		*n_synthesised = r.n_synthesised;
		return (len);
	}
	target = reverse_target(l, &r, &is_pref64);
	if (target != NULL && query->qtype == MSG_T_PTR)
		return (answer_ptr(&r, target));
	return (is_pref64 ? 0 : answer_zone(&r, zones));
}
