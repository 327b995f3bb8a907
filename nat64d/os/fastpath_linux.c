/*
 * The fast path of Linux: loads the program (fastpath.bpf.c), attaches it to
 * the clsact qdisc of the tun device, and keeps its maps. Owns the handles of
 * sessions, and the queue of those that are to be inserted in the table
 * (fasttable.h). What qualifies a session is decided in nat64d/core.
 *
 * After fastpath_new() the only system call is bpf(2) with BPF_MAP_LOOKUP_ELEM,
 * for the counters, by descriptor; fastpath_free() makes more, which may fail.
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
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "nat64d/wire/ipid.h"
#include "fastpair.h"
#include "fastpath.h"
#include "fastpath_abi.h"
#include "fastpath_if.h"
#include "fastpath_prog.h"
#include "fasttable.h"

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
 * The table takes at most this part of the machine's memory, at once: what the
 * kernel shares with a process cannot grow.
 */
#define MEMORY_PART 32

/* May the processor read in another order than a program says? */
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
#define WEAK_ORDER 0
#else
#define WEAK_ORDER 1
#endif

_Static_assert(FAST_NIDS == IPID_NCOUNTERS, "identifications");

/*
 * FREE -> WAITING (add) -> ACTIVE or REFUSED (commit) -> FREE (remove), or
 * WAITING -> CANCELLED (remove) -> FREE (commit).
 */
enum slot_state {
	SLOT_FREE,
	SLOT_WAITING,	/* in the queue */
	SLOT_CANCELLED, /* in the queue, but not to be inserted */
	SLOT_ACTIVE,	/* in the table, for both sides */
	SLOT_REFUSED	/* for none, because there was no room */
};

struct slot {
	struct fastflow flow;
	uint32_t at6;	/* where it is in the table, or was last; */
	uint32_t at4;	/* FASTTABLE_NONE: nowhere yet */
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
	uint32_t queue_len; /* packets that the device can hold */
	int counts;	    /* descriptor of the map */
	struct fasttable table;
	uint32_t n_homes, n_slots; /* of the table */
	size_t table_size;	   /* bytes that are mapped */
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
	if (f->free.n > 0)
		return (slots_take(f, &f->free));
	return (f->n_used < f->max_flows ? ++f->n_used : 0);
}

static void
slot_release(struct fastpath *f, uint32_t i)
{
	f->slots[i].state = SLOT_FREE;
	slots_append(f, &f->free, i);
}

/*
 * Entries of the table.
 */

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ((int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
}

static uint32_t
kind_of(const struct fastflow *flow)
{
	static const uint32_t kinds[L4_NPROTO] = { [L4_TCP] = FAST_TCP,
		[L4_UDP] = FAST_UDP,
		[L4_ICMP] = FAST_ICMP };

	return (kinds[flow->proto]);
}

static void
key_set(struct fasttable_key *k, const struct fastflow *flow)
{
	struct fast_slot *s = &k->flow;

	memset(k, 0, sizeof(*k));
	memcpy(s->in6, &flow->in6.addr, sizeof(s->in6));
	memcpy(s->peer6, &flow->peer6, sizeof(s->peer6));
	s->out4 = flow->out4.addr.s_addr;
	s->peer4 = flow->peer4.addr.s_addr;
	s->in_port = htons(flow->in6.port);
	s->out_port = htons(flow->out4.port);
	s->peer_port = htons(flow->peer4.port);
}

/* Insert a session for both sides, or for none. */
static int
entries_insert(struct fastpath *f, struct slot *s)
{
	const uint16_t now = fast_passed(now_ns());
	struct fasttable_key k;
	uint32_t at4;

	key_set(&k, &s->flow);
	k.kind = kind_of(&s->flow);
	at4 = fasttable_insert(&f->table, &k, 0, now);
	if (at4 == FASTTABLE_NONE)
		return (-1);
	k.kind |= FAST_FROM6;
	s->at6 = fasttable_insert(&f->table, &k, s->flow.id_counter, now);
	if (s->at6 == FASTTABLE_NONE) {
		fasttable_remove(&f->table, at4, now);
		return (-1);
	}
	s->at4 = at4;
	return (0);
}

static void
entries_delete(struct fastpath *f, const struct slot *s)
{
	const uint16_t now = fast_passed(now_ns());

	fasttable_remove(&f->table, s->at6, now);
	fasttable_remove(&f->table, s->at4, now);
}

/*
 * The time of a slot's "last", at most 52 days ago. It may be a little later
 * than our clock, which we have read before.
 */
static int64_t
time_of(uint32_t last, int64_t now)
{
	const int64_t units = now >> FAST_LAST_SHIFT;
	const uint32_t ago = (uint32_t)units - last;

	if (last == 0)
		return (0);
	return ((ago > UINT32_MAX - 65536 ? units : units - ago)
	    << FAST_LAST_SHIFT);
}

static void
read_notes(void *arg, uint32_t handle, struct fastnotes *n)
{
	const struct fastpath *f = arg;
	const struct slot *s = &f->slots[handle];
	const struct fast_slot *s6, *s4;
	const int64_t now = now_ns();

	memset(n, 0, sizeof(*n));
	if (s->at6 == FASTTABLE_NONE)
		return;
	s6 = &f->table.slots[s->at6];
	s4 = &f->table.slots[s->at4];
	n->last6 = time_of(__atomic_load_n(&s6->last, __ATOMIC_RELAXED), now);
	n->last4 = time_of(__atomic_load_n(&s4->last, __ATOMIC_RELAXED), now);
	n->ack6 = __atomic_load_n(&s6->ack, __ATOMIC_RELAXED);
	n->ack4 = __atomic_load_n(&s4->ack, __ATOMIC_RELAXED);
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
	f->slots[i].flow = *flow;
	f->slots[i].at6 = f->slots[i].at4 = FASTTABLE_NONE;
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
		entries_delete(f, s);
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
	else if (entries_insert(f, s) == 0)
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
fastpath_max_flows(const struct fastpath *f)
{
	return (f->max_flows);
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
			"CAP_BPF and CAP_NET_ADMIN, before Linux 6.8 with "
			"CAP_PERFMON as well");
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
	    bpf_map__set_max_entries(f->bpf->maps.flows, f->n_slots) != 0)
		return (-1);
	return (0);
}

static int
map_table(struct fastpath *f)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *slots;

	f->table_size = f->n_slots * sizeof(struct fast_slot);
	f->table_size = (f->table_size + page - 1) / page * page;
	slots = mmap(NULL, f->table_size, PROT_READ | PROT_WRITE, MAP_SHARED,
	    bpf_map__fd(f->bpf->maps.flows), 0);
	if (slots == MAP_FAILED)
		return (-1);
	f->table.slots = slots;
	return (0);
}

static void
set_up(struct fastpath *f, const struct xlat_conf *xlat)
{
	struct fast_settings *s = &f->bpf->bss->settings;

	s->ifindex = f->ifindex;
	fastpath_set_xlat(f, xlat);
	arc4random_buf(&s->hash, sizeof(s->hash));
	s->hash.spread |= 1;
	s->hash.n_homes = f->n_homes;
	s->weak_order = WEAK_ORDER;
	f->table.hash = &s->hash;
	f->counts = bpf_map__fd(f->bpf->maps.counts);
	f->ops = (struct fastpath_ops){ .add = add,
		.remove = take_back,
		.read = read_notes,
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

/* For how many of n sessions is there memory, of which each has two keys? */
static size_t
affordable(size_t n)
{
	const long pages = sysconf(_SC_PHYS_PAGES),
		   page = sysconf(_SC_PAGESIZE);
	uint32_t most = FASTTABLE_MAX_KEYS;

	if (pages > 0 && page > 0)
		most = fasttable_n_keys(
		    (uint64_t)pages * (uint64_t)page / MEMORY_PART);
	return (n <= most / 2 ? n : most / 2);
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
	f->max_flows = stateless ? 0 : affordable(max_flows);
	f->n_homes = fasttable_n_homes(2 * (uint32_t)f->max_flows);
	f->n_slots =
	    stateless ? FAST_PAIR_SLOTS : fasttable_n_slots(f->n_homes);
	if (allocate(f) == -1 || check_clock(what) == -1 ||
	    (ifname != NULL && find_device(f, ifname, what) == -1))
		goto fail;
	if (prepare(f, stateless, ether) == -1 ||
	    fastpath_bpf__load(f->bpf) != 0 || map_table(f) == -1) {
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
	const struct fastpath_maps m = { .flows =
					     bpf_map__fd(f->bpf->maps.flows),
		.counts = f->counts,
		.pairs6 = bpf_map__fd(f->bpf->maps.pairs6),
		.pairs4 = bpf_map__fd(f->bpf->maps.pairs4),
		.stateless = f->pairs != NULL,
		.bss = bpf_map__fd(f->bpf->maps.bss),
		.n_slots = f->n_slots };

	if (f->ifs == NULL)
		f->ifs = fastpath_if_new(&m, f->ifname, what);
	if (f->ifs == NULL)
		return (-1);
	return (fastpath_if_add(f->ifs, ifname, &f->bpf->bss->settings, what));
}

int
fastpath_check(struct fastpath *f, const char **what)
{
	const uint32_t zero = 0;

	*what = "its counters cannot be read without privileges: this needs "
		"Linux 5.19";
	if (bpf_map_lookup_elem(f->counts, &zero, f->per_cpu) != 0)
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

struct fast_slot *
fastpath_slots(const struct fastpath *f, uint32_t *n)
{
	*n = f->n_slots;
	return (f->table.slots);
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
	if (f->table.slots != NULL)
		munmap(f->table.slots, f->table_size);
	fastpairs_free(f->pairs);
	fastpath_bpf__destroy(f->bpf);
	free(f->per_cpu);
	free(f->slots);
	free(f);
	errno = saved_errno;
}
