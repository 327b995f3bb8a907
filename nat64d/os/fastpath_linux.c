/*
 * The fast path of Linux: loads the program (fastpath.bpf.c), attaches it to
 * the clsact qdisc of the tun device, and keeps its maps. Owns the slots, that
 * is the indexes of the notes, and the queue of sessions that are to be
 * inserted. What qualifies a session is decided in nat64d/core.
 *
 * After fastpath_new() the only system calls are bpf(2) with
 * BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM and, for the counters,
 * BPF_MAP_LOOKUP_ELEM, all by descriptor; fastpath_free() makes more, which
 * may fail.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "nat64d/wire/ipid.h"
#include "fastpair.h"
#include "fastpath.h"
#include "fastpath_abi.h"
#include "fastpath_if.h"
#include "fastpath_prog.h"
#include "fastpath_sums.h"

/* Made of fastpath.bpf.c; it needs the structures of fastpath_abi.h. */
#include "nat64d/os/fastpath.skel.h"

/*
 * Where our program is among the filters of the device: after those of others,
 * which see the packets as they do without a fast path. The kernel numbers
 * filters without a number downwards from 49152.
 */
#define FILTER_PRIORITY 64640
#define FILTER_HANDLE 1

/*
 * A slot rests until so many others are free, because a processor that has
 * looked up the old session may still write its notes.
 */
#define SLOTS_RESTING 16384

_Static_assert(sizeof(struct fast_notes) == sizeof(struct fastnotes),
    "notes: size");
_Static_assert(offsetof(struct fast_notes, last4) ==
	offsetof(struct fastnotes, last4),
    "notes: last4");
_Static_assert(offsetof(struct fast_notes, ack6) ==
	offsetof(struct fastnotes, ack6),
    "notes: ack6");
_Static_assert(offsetof(struct fast_notes, ack4) ==
	offsetof(struct fastnotes, ack4),
    "notes: ack4");
_Static_assert(FAST_NIDS == IPID_NCOUNTERS, "identifications");

/*
 * FREE -> WAITING (add) -> ACTIVE or REFUSED (commit) -> FREE (remove), or
 * WAITING -> CANCELLED (remove) -> FREE (commit).
 */
enum slot_state {
	SLOT_FREE,
	SLOT_WAITING,	/* in the queue */
	SLOT_CANCELLED, /* in the queue, but not to be inserted */
	SLOT_ACTIVE,	/* in both maps */
	SLOT_REFUSED	/* in none, because they had no room */
};

struct slot {
	struct fastflow flow;
	uint32_t next;	/* in the list that it is in; 0: the last one */
	uint32_t since; /* WAITING: f->n_read of the first commit after add */
	enum slot_state state;
};

/* First in, first out. */
struct slots {
	uint32_t first; /* 0: empty */
	uint32_t last;
	size_t n;
};

struct fastpath {
	struct fastpath_bpf *bpf;
	struct bpf_program *translate;
	char ifname[IF_NAMESIZE]; /* "": none */
	uint32_t ifindex;
	bool attached;
	uint32_t queue_len;	    /* packets that the device can hold */
	int flows6, flows4, counts; /* descriptors of the maps */
	struct fastnotes *notes;
	size_t notes_size; /* bytes that are mapped */
	size_t max_flows;
	struct slot *slots; /* max_flows + 1; slot 0 is not used */
	uint32_t n_used;    /* slots 1 .. n_used have been used */
	struct slots free, waiting;
	uint32_t first_new; /* first in waiting without since, or 0 */
	uint32_t n_read;    /* packets; wraps */
	size_t n_flows;
	struct fast_count *per_cpu;
	int n_cpus;
	struct fastpath_ops ops;
	struct fastpath_if *ifs; /* NULL: only our device */
	struct fastpairs *pairs; /* NULL: it has sessions */
};

/*
 * Lists of slots.
 */

static void
slots_append(struct fastpath *f, struct slots *list, uint32_t i)
{
	f->slots[i].next = 0;
	if (list->first == 0)
		list->first = i;
	else
		f->slots[list->last].next = i;
	list->last = i;
	list->n++;
}

static uint32_t
slots_take(struct fastpath *f, struct slots *list)
{
	const uint32_t i = list->first;

	list->first = f->slots[i].next;
	list->n--;
	return (i);
}

/* A free slot, or 0. */
static uint32_t
slot_new(struct fastpath *f)
{
	if (f->n_used < f->max_flows && f->free.n < SLOTS_RESTING)
		return (++f->n_used);
	return (f->free.n == 0 ? 0 : slots_take(f, &f->free));
}

static void
slot_release(struct fastpath *f, uint32_t i)
{
	f->slots[i].state = SLOT_FREE;
	slots_append(f, &f->free, i);
}

/*
 * Entries of the maps.
 */

/* icmp: what ICMP is called in the family. */
static uint8_t
ip_proto(const struct fastflow *flow, uint8_t icmp)
{
	if (flow->proto == L4_ICMP)
		return (icmp);
	return (flow->proto == L4_TCP ? IPPROTO_TCP : IPPROTO_UDP);
}

static void
key6_set(struct fast_key6 *k, const struct fastflow *flow)
{
	memset(k, 0, sizeof(*k));
	memcpy(k->src, &flow->in6.addr, sizeof(k->src));
	memcpy(k->dst, &flow->peer6, sizeof(k->dst));
	k->sport = htons(flow->in6.port);
	k->dport = htons(flow->peer4.port);
	k->proto = ip_proto(flow, IPPROTO_ICMPV6);
}

static void
key4_set(struct fast_key4 *k, const struct fastflow *flow)
{
	memset(k, 0, sizeof(*k));
	k->src = flow->peer4.addr.s_addr;
	k->dst = flow->out4.addr.s_addr;
	k->sport = htons(flow->peer4.port);
	k->dport = htons(flow->out4.port);
	k->proto = ip_proto(flow, IPPROTO_ICMP);
}

static uint64_t
addrs6_sum(const struct fastflow *flow)
{
	return (cksum_add6(cksum_add6(0, &flow->in6.addr), &flow->peer6));
}

/* What a checksum covers of the IPv4 addresses: of ICMP nothing. */
static uint64_t
addrs4_sum(const struct fastflow *flow)
{
	if (flow->proto == L4_ICMP)
		return (0);
	return (cksum_add4(cksum_add4(0, flow->out4.addr), flow->peer4.addr));
}

static void
value6_set(struct fast_value6 *v, const struct fastflow *flow, uint32_t slot,
    const struct fast_key6 *key)
{
	memset(v, 0, sizeof(*v));
	v->tag = fast_tag(key, sizeof(*key));
	v->src = flow->out4.addr.s_addr;
	v->dst = flow->peer4.addr.s_addr;
	v->sport = htons(flow->out4.port);
	v->dport = htons(flow->peer4.port);
	v->slot = slot;
	v->addr_diff = fast_diff(addrs6_sum(flow), addrs4_sum(flow));
	v->port_diff = fast_diff(flow->in6.port, flow->out4.port);
	v->addr_sum = fast_folded(addrs6_sum(flow));
	v->id_counter = flow->id_counter;
}

static void
value4_set(struct fast_value4 *v, const struct fastflow *flow, uint32_t slot,
    const struct fast_key4 *key)
{
	memset(v, 0, sizeof(*v));
	v->tag = fast_tag(key, sizeof(*key));
	memcpy(v->src, &flow->peer6, sizeof(v->src));
	memcpy(v->dst, &flow->in6.addr, sizeof(v->dst));
	v->sport = htons(flow->peer4.port);
	v->dport = htons(flow->in6.port);
	v->slot = slot;
	v->addr_diff = fast_diff(addrs4_sum(flow), addrs6_sum(flow));
	v->port_diff = fast_diff(flow->out4.port, flow->in6.port);
	v->addr_sum = fast_folded(addrs4_sum(flow));
}

/* Insert slot i in both maps, or in none. */
static int
entries_insert(struct fastpath *f, uint32_t i)
{
	const struct fastflow *flow = &f->slots[i].flow;
	struct fast_key6 key6;
	struct fast_key4 key4;
	struct fast_value6 value6;
	struct fast_value4 value4;

	key4_set(&key4, flow);
	value4_set(&value4, flow, i, &key4);
	if (bpf_map_update_elem(f->flows4, &key4, &value4, BPF_NOEXIST) != 0)
		return (-1);
	key6_set(&key6, flow);
	value6_set(&value6, flow, i, &key6);
	if (bpf_map_update_elem(f->flows6, &key6, &value6, BPF_NOEXIST) != 0) {
		(void)bpf_map_delete_elem(f->flows4, &key4);
		return (-1);
	}
	return (0);
}

static void
entries_delete(struct fastpath *f, uint32_t i)
{
	const struct fastflow *flow = &f->slots[i].flow;
	struct fast_key6 key6;
	struct fast_key4 key4;

	key6_set(&key6, flow);
	(void)bpf_map_delete_elem(f->flows6, &key6);
	key4_set(&key4, flow);
	(void)bpf_map_delete_elem(f->flows4, &key4);
}

/*
 * Sessions come and go.
 */

static uint32_t
add(void *arg, const struct fastflow *flow)
{
	struct fastpath *f = arg;
	const uint32_t i = slot_new(f);

	if (i == 0)
		return (0);
	memset(&f->notes[i], 0, sizeof(f->notes[i]));
	f->slots[i].flow = *flow;
	f->slots[i].state = SLOT_WAITING;
	slots_append(f, &f->waiting, i);
	if (f->first_new == 0)
		f->first_new = i;
	f->n_flows++;
	return (i);
}

static void
take_back(void *arg, uint32_t handle)
{
	struct fastpath *f = arg;
	struct slot *s = &f->slots[handle];

	f->n_flows--;
	if (s->state == SLOT_WAITING) {
		s->state = SLOT_CANCELLED;
		return;
	}
	if (s->state == SLOT_ACTIVE)
		entries_delete(f, handle);
	slot_release(f, handle);
}

/* Insert the first one of the queue, unless it was taken back. */
static void
insert_first(struct fastpath *f)
{
	const uint32_t i = slots_take(f, &f->waiting);
	struct slot *s = &f->slots[i];

	if (s->state == SLOT_CANCELLED)
		slot_release(f, i);
	else if (entries_insert(f, i) == 0)
		s->state = SLOT_ACTIVE;
	else
		s->state = SLOT_REFUSED;
}

static void
add_pair(void *arg, const struct fastpair *pair)
{
	struct fastpath *f = arg;

	fastpairs_add(f->pairs, pair);
}

static void
forget_pairs(void *arg)
{
	struct fastpath *f = arg;

	fastpairs_forget(f->pairs);
}

bool
fastpath_is_waiting(const struct fastpath *f)
{
	if (f->pairs != NULL)
		return (fastpairs_is_waiting(f->pairs));
	return (f->waiting.n > 0);
}

void
fastpath_commit(struct fastpath *f, unsigned n, bool drained)
{
	uint32_t i;

	f->n_read += n;
	if (f->pairs != NULL)
		fastpairs_commit(f->pairs, f->n_read, f->queue_len, drained);
	for (i = f->first_new; i != 0; i = f->slots[i].next)
		f->slots[i].since = f->n_read;
	f->first_new = 0;
	while ((i = f->waiting.first) != 0 &&
	    (drained || f->n_read - f->slots[i].since >= f->queue_len))
		insert_first(f);
}

size_t
fastpath_flows(const struct fastpath *f)
{
	return (f->n_flows);
}

const struct fastpath_ops *
fastpath_ops(struct fastpath *f)
{
	return (&f->ops);
}

void
fastpath_set_xlat(struct fastpath *f, const struct xlat_conf *xlat)
{
	struct fast_settings *s = &f->bpf->bss->settings;

	__atomic_store_n(&s->mtu4, xlat->mtu4, __ATOMIC_RELAXED);
	__atomic_store_n(&s->mtu6, xlat->mtu6, __ATOMIC_RELAXED);
	__atomic_store_n(&s->lowest_mtu6, xlat->lowest_mtu6, __ATOMIC_RELAXED);
	__atomic_store_n(&s->tos,
	    xlat->tos == XLAT_TOS_COPY ? FAST_TOS_COPY : xlat->tos,
	    __ATOMIC_RELAXED);
	__atomic_store_n(&s->tclass_zero, xlat->tclass_zero, __ATOMIC_RELAXED);
	__atomic_store_n(&s->mss_clamp, xlat->mss_clamp, __ATOMIC_RELAXED);
}

void
fastpath_counters(const struct fastpath *f, struct fastpath_count *c)
{
	const uint32_t zero = 0;
	int i;

	memset(c, 0, sizeof(*c));
	if (bpf_map_lookup_elem(f->counts, &zero, f->per_cpu) != 0)
		return;
	for (i = 0; i < f->n_cpus; i++) {
		c->packets6 += f->per_cpu[i].packets6;
		c->bytes6 += f->per_cpu[i].bytes6;
		c->packets4 += f->per_cpu[i].packets4;
		c->bytes4 += f->per_cpu[i].bytes4;
		c->failed += f->per_cpu[i].failed;
	}
}

/*
 * Start and end.
 */

/* What the administrator can do; the text of errno follows. */
static const char *
why_not_loaded(int error)
{
	switch (error) {
	case EPERM:
	case EACCES:
		return ("the program may not be loaded: start as root or with "
			"CAP_BPF and CAP_NET_ADMIN");
	case ENOMEM:
	case E2BIG:
		return ("no memory for so many sessions: lower \"limit "
			"sessions\"");
	default:
		return ("the kernel does not take the program: it needs Linux "
			"5.19 with CONFIG_BPF_SYSCALL and CONFIG_NET_CLS_BPF");
	}
}

/* Open the object and say how large its maps are to be. */
static int
prepare(struct fastpath *f, bool stateless, bool ether)
{
	const uint32_t n = (uint32_t)f->max_flows;
	const uint32_t n_pairs = stateless ? FAST_PAIRS : 1;
	struct bpf_program *not_used;

	f->bpf = fastpath_bpf__open();
	if (f->bpf == NULL)
		return (-1);
	f->translate = ether ? f->bpf->progs.fast_translate_ether :
			       f->bpf->progs.fast_translate;
	not_used = ether ? f->bpf->progs.fast_translate :
			   f->bpf->progs.fast_translate_ether;
	f->bpf->rodata->stateless = stateless;
	if (bpf_program__set_autoload(not_used, false) != 0 ||
	    bpf_map__set_max_entries(f->bpf->maps.pairs6, n_pairs) != 0 ||
	    bpf_map__set_max_entries(f->bpf->maps.pairs4, n_pairs) != 0 ||
	    bpf_map__set_max_entries(f->bpf->maps.flows6, n) != 0 ||
	    bpf_map__set_max_entries(f->bpf->maps.flows4, n) != 0 ||
	    bpf_map__set_max_entries(f->bpf->maps.notes, n + 1) != 0)
		return (-1);
	return (0);
}

static int
map_notes(struct fastpath *f)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *notes;

	f->notes_size = (f->max_flows + 1) * sizeof(*f->notes);
	f->notes_size = (f->notes_size + page - 1) / page * page;
	notes = mmap(NULL, f->notes_size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    bpf_map__fd(f->bpf->maps.notes), 0);
	if (notes == MAP_FAILED)
		return (-1);
	f->notes = notes;
	return (0);
}

static void
set_up(struct fastpath *f, const struct xlat_conf *xlat)
{
	struct fast_settings *s = &f->bpf->bss->settings;

	s->ifindex = f->ifindex;
	fastpath_set_xlat(f, xlat);
	f->flows6 = bpf_map__fd(f->bpf->maps.flows6);
	f->flows4 = bpf_map__fd(f->bpf->maps.flows4);
	f->counts = bpf_map__fd(f->bpf->maps.counts);
	f->ops = (struct fastpath_ops){ .add = add,
		.remove = take_back,
		.notes = f->notes,
		.ids = f->bpf->bss->ids,
		.arg = f };
}

/* Pairs instead of sessions. */
static int
set_up_pairs(struct fastpath *f)
{
	f->pairs = fastpairs_new(bpf_map__fd(f->bpf->maps.pairs6),
	    bpf_map__fd(f->bpf->maps.pairs4), &f->bpf->bss->settings);
	f->ops.add_pair = add_pair;
	f->ops.forget_pairs = forget_pairs;
	return (f->pairs == NULL ? -1 : 0);
}

/* Which device, and how many packets it can hold. */
static int
find_device(struct fastpath *f, const char *ifname, const char **what)
{
	struct ifreq ifr;
	int s, rc, saved_errno;

	*what = "the device is not there";
	f->ifindex = if_nametoindex(ifname);
	if (f->ifindex == 0)
		return (-1);
	strlcpy(f->ifname, ifname, sizeof(f->ifname));
	memset(&ifr, 0, sizeof(ifr));
	strlcpy(ifr.ifr_name, ifname, sizeof(ifr.ifr_name));
	*what =
	    "the device's queue length cannot be asked for (SIOCGIFTXQLEN)";
	s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return (-1);
	rc = ioctl(s, SIOCGIFTXQLEN, &ifr);
	saved_errno = errno;
	close(s);
	errno = saved_errno;
	f->queue_len = (uint32_t)ifr.ifr_qlen;
	return (rc);
}

/*
 * The program reads the clock of the machine, and we that of our time
 * namespace, which may be set to another time (time_namespaces(7)). Not there:
 * a kernel without them.
 */
static int
check_clock(const char **what)
{
	FILE *file = fopen("/proc/self/timens_offsets", "re");
	long long secs = 0, nanosecs = 0;
	int n;

	if (file == NULL)
		return (0);
	n = fscanf(file, "monotonic %lld %lld", &secs, &nanosecs);
	fclose(file);
	if (n != 2 || (secs == 0 && nanosecs == 0))
		return (0);
	*what = "this process has a clock of its own: start it outside of the "
		"time namespace";
	errno = ENOTSUP;
	return (-1);
}

static int
allocate(struct fastpath *f)
{
	f->n_cpus = libbpf_num_possible_cpus();
	if (f->n_cpus <= 0)
		return (-1);
	f->per_cpu = calloc((size_t)f->n_cpus, sizeof(*f->per_cpu));
	f->slots = calloc(f->max_flows + 1, sizeof(*f->slots));
	return (f->per_cpu == NULL || f->slots == NULL ? -1 : 0);
}

struct fastpath *
fastpath_load(const char *ifname, size_t max_flows,
    const struct xlat_conf *xlat, bool ether, const char **what)
{
	const bool stateless = max_flows == FASTPATH_PAIRS;
	struct fastpath *f;

	/* The program's own messages are of no use to an administrator. */
	libbpf_set_print(NULL);
	*what = "memory";
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return (NULL);
	/* Of pairs the notes are used, and nothing else. */
	f->max_flows = stateless ? (1U << FAST_PAIR_SLOT_BITS) - 1 : max_flows;
	if (allocate(f) == -1 || check_clock(what) == -1 ||
	    (ifname != NULL && find_device(f, ifname, what) == -1))
		goto fail;
	if (prepare(f, stateless, ether) == -1 ||
	    fastpath_bpf__load(f->bpf) != 0 || map_notes(f) == -1) {
		*what = why_not_loaded(errno);
		goto fail;
	}
	set_up(f, xlat);
	if (stateless && set_up_pairs(f) == -1)
		goto fail;
	return (f);

fail:
	fastpath_free(f);
	return (NULL);
}

static struct bpf_tc_hook
hook_of(const struct fastpath *f)
{
	return ((struct bpf_tc_hook){ .sz = sizeof(struct bpf_tc_hook),
	    .ifindex = (int)f->ifindex,
	    .attach_point = BPF_TC_EGRESS });
}

/*
 * A device that is persistent keeps its clsact qdisc and our program, of which
 * only fast_enter() is attached: the kernel empties the array from which it
 * calls the other one when the last process that has the array ends.
 */
int
fastpath_attach(struct fastpath *f, const char **what)
{
	const uint32_t zero = 0;
	const int fd = fastpath_prog_fd(f);
	struct bpf_tc_hook hook = hook_of(f);
	struct bpf_tc_opts opts = { .sz = sizeof(opts),
		.prog_fd = bpf_program__fd(f->bpf->progs.fast_enter),
		.flags = BPF_TC_F_REPLACE,
		.handle = FILTER_HANDLE,
		.priority = FILTER_PRIORITY };
	int error;

	*what = "the program cannot be put in its place";
	if (bpf_map_update_elem(bpf_map__fd(f->bpf->maps.programs), &zero, &fd,
		BPF_ANY) != 0)
		return (-1);
	error = bpf_tc_hook_create(&hook);
	if (error != 0 && error != -EEXIST) {
		*what = "the device takes no clsact qdisc: the kernel needs "
			"CONFIG_NET_CLS_ACT and CONFIG_NET_SCH_INGRESS";
		errno = -error;
		return (-1);
	}
	error = bpf_tc_attach(&hook, &opts);
	if (error != 0) {
		*what = "the program cannot be attached to the device: is "
			"there an ingress qdisc? tc qdisc show";
		errno = -error;
		return (-1);
	}
	f->attached = true;
	return (0);
}

struct fastpath *
fastpath_new(const char *ifname, size_t max_flows,
    const struct xlat_conf *xlat, const char **what)
{
	struct fastpath *f;

	f = fastpath_load(ifname, max_flows, xlat, false, what);
	if (f != NULL && fastpath_attach(f, what) == -1) {
		fastpath_free(f);
		return (NULL);
	}
	return (f);
}

int
fastpath_add_if(struct fastpath *f, const char *ifname, const char **what)
{
	const struct fastpath_maps m = { .flows6 = f->flows6,
		.flows4 = f->flows4,
		.notes = bpf_map__fd(f->bpf->maps.notes),
		.counts = f->counts,
		.pairs6 = bpf_map__fd(f->bpf->maps.pairs6),
		.pairs4 = bpf_map__fd(f->bpf->maps.pairs4),
		.stateless = f->pairs != NULL,
		.bss = bpf_map__fd(f->bpf->maps.bss),
		.max_flows = f->max_flows };

	if (f->ifs == NULL)
		f->ifs = fastpath_if_new(&m, f->ifname, what);
	if (f->ifs == NULL)
		return (-1);
	return (fastpath_if_add(f->ifs, ifname, &f->bpf->bss->settings, what));
}

int
fastpath_check(struct fastpath *f, const char **what)
{
	/* No packet that the program looks up has protocol 0. */
	const struct fast_key6 key6 = { .proto = 0 };
	const struct fast_key4 key4 = { .proto = 0 };
	const struct fast_value6 value6 = { .slot = 0 };
	const struct fast_value4 value4 = { .slot = 0 };
	const uint32_t zero = 0;

	*what = "its sessions cannot be changed without privileges: this "
		"needs Linux 5.19";
	if (bpf_map_update_elem(f->flows6, &key6, &value6, BPF_ANY) != 0 ||
	    bpf_map_delete_elem(f->flows6, &key6) != 0 ||
	    bpf_map_update_elem(f->flows4, &key4, &value4, BPF_ANY) != 0 ||
	    bpf_map_delete_elem(f->flows4, &key4) != 0 ||
	    bpf_map_lookup_elem(f->counts, &zero, f->per_cpu) != 0)
		return (-1);
	return (f->pairs == NULL ? 0 : fastpairs_check(f->pairs));
}

int
fastpath_prog_fd(const struct fastpath *f)
{
	return (bpf_program__fd(f->translate));
}

int
fastpath_if_prog_fd(const struct fastpath *f)
{
	return (fastpath_if_ether_fd(f->ifs));
}

/*
 * Without privileges the program stays attached, but finds nothing to call, as
 * when we had been killed.
 */
static void
detach(struct fastpath *f)
{
	const uint32_t zero = 0;
	struct bpf_tc_hook hook = hook_of(f);
	struct bpf_tc_opts opts = { .sz = sizeof(opts),
		.handle = FILTER_HANDLE,
		.priority = FILTER_PRIORITY };

	(void)bpf_map_delete_elem(bpf_map__fd(f->bpf->maps.programs), &zero);
	(void)bpf_tc_detach(&hook, &opts);
}

void
fastpath_free(struct fastpath *f)
{
	int saved_errno = errno;

	if (f == NULL)
		return;
	fastpath_if_free(f->ifs);
	if (f->attached)
		detach(f);
	if (f->notes != NULL)
		munmap(f->notes, f->notes_size);
	fastpairs_free(f->pairs);
	fastpath_bpf__destroy(f->bpf);
	free(f->per_cpu);
	free(f->slots);
	free(f);
	errno = saved_errno;
}
