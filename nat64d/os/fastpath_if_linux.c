/*
 * Loads the programs of fastpath_if.bpf.c, attaches them to interfaces and
 * detaches them again. System calls while the daemon runs: none.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <net/if_arp.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "fastpath_if.h"

/* Made of the programs; they need the structures of fastpath_abi.h. */
#include "nat64d/os/fastpath.skel.h"
#include "nat64d/os/fastpath_if.skel.h"

/* As on our device, see fastpath_linux.c. */
#define FILTER_PRIORITY 64640

/* Both programs have their variables at the same places of one map. */
_Static_assert(offsetof(struct fastpath_bpf__bss, settings) ==
	offsetof(struct fastpath_if_bpf__bss, settings),
    "variables: settings");
_Static_assert(offsetof(struct fastpath_bpf__bss, ids) ==
	offsetof(struct fastpath_if_bpf__bss, ids),
    "variables: ids");
_Static_assert(sizeof(struct fastpath_bpf__bss) ==
	sizeof(struct fastpath_if_bpf__bss),
    "variables: size");

struct fastpath_if {
	struct fastpath_if_bpf *bpf;
	uint32_t ifs[FAST_MAX_IFS]; /* indexes of those with a program */
	unsigned n;
	uint32_t handle; /* of our filters */
};

/*
 * Each device of ours has a handle of its own, the same after a restart: other
 * instances may have filters on the same interface, and we cannot remove our
 * filters in the end, but replace them when we start again (FNV-1a).
 */
static uint32_t
handle_of(const char *tun)
{
	uint32_t hash = 2166136261u;

	for (; *tun != '\0'; tun++)
		hash = (hash ^ (uint8_t)*tun) * 16777619u;
	return (hash == 0 ? 1 : hash);
}

static struct bpf_tc_hook
hook_of(uint32_t ifindex)
{
	return ((struct bpf_tc_hook){ .sz = sizeof(struct bpf_tc_hook),
	    .ifindex = (int)ifindex,
	    .attach_point = BPF_TC_INGRESS });
}

static int
share_maps(struct fastpath_if_bpf *bpf, const struct fastpath_maps *m)
{
	const uint32_t n_pairs = m->stateless ? FAST_PAIRS : 1;

	bpf->rodata->stateless = m->stateless;
	if (bpf_map__set_max_entries(bpf->maps.pairs6, n_pairs) != 0 ||
	    bpf_map__set_max_entries(bpf->maps.pairs4, n_pairs) != 0 ||
	    bpf_map__set_max_entries(bpf->maps.flows, m->n_slots) != 0)
		return (-1);
	if (bpf_map__reuse_fd(bpf->maps.flows, m->flows) != 0 ||
	    bpf_map__reuse_fd(bpf->maps.pairs6, m->pairs6) != 0 ||
	    bpf_map__reuse_fd(bpf->maps.pairs4, m->pairs4) != 0 ||
	    bpf_map__reuse_fd(bpf->maps.counts, m->counts) != 0 ||
	    bpf_map__reuse_fd(bpf->maps.bss, m->bss) != 0)
		return (-1);
	return (0);
}

/* Let the programs that are attached find those that translate. */
static int
link_programs(const struct fastpath_if_bpf *bpf)
{
	const int programs = bpf_map__fd(bpf->maps.programs);
	const int fds[] = { bpf_program__fd(bpf->progs.fast_if_ether),
		bpf_program__fd(bpf->progs.fast_if_plain) };
	uint32_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (bpf_map_update_elem(programs, &i, &fds[i], BPF_ANY) != 0)
			return (-1);
	return (0);
}

struct fastpath_if *
fastpath_if_new(const struct fastpath_maps *m, const char *tun,
    const char **what)
{
	struct fastpath_if *fi;

	*what = "memory";
	fi = calloc(1, sizeof(*fi));
	if (fi == NULL)
		return (NULL);
	fi->handle = handle_of(tun);
	*what = "the kernel does not take the program for interfaces";
	fi->bpf = fastpath_if_bpf__open();
	if (fi->bpf == NULL || share_maps(fi->bpf, m) == -1 ||
	    fastpath_if_bpf__load(fi->bpf) != 0 ||
	    link_programs(fi->bpf) == -1) {
		fastpath_if_free(fi);
		return (NULL);
	}
	return (fi);
}

/*
 * Does an Ethernet header come before each packet of the interface? Sets
 * errno to EAFNOSUPPORT for one that has another header.
 */
static int
has_ether(const char *ifname, bool *ether)
{
	struct ifreq ifr;
	int s, rc, saved_errno;

	memset(&ifr, 0, sizeof(ifr));
	strlcpy(ifr.ifr_name, ifname, sizeof(ifr.ifr_name));
	s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s == -1)
		return (-1);
	rc = ioctl(s, SIOCGIFHWADDR, &ifr);
	saved_errno = errno;
	close(s);
	errno = saved_errno;
	if (rc == -1)
		return (-1);
	switch (ifr.ifr_hwaddr.sa_family) {
	case ARPHRD_ETHER:
		*ether = true;
		return (0);
	case ARPHRD_NONE: /* tun, WireGuard */
	case ARPHRD_PPP:
	case ARPHRD_RAWIP:
		*ether = false;
		return (0);
	default:
		errno = EAFNOSUPPORT;
		return (-1);
	}
}

static int
attach(struct fastpath_if *fi, uint32_t ifindex, bool ether, const char **what)
{
	const struct bpf_program *enter = ether ?
	    fi->bpf->progs.fast_enter_ether :
	    fi->bpf->progs.fast_enter_plain;
	struct bpf_tc_hook hook = hook_of(ifindex);
	struct bpf_tc_opts opts = { .sz = sizeof(opts),
		.prog_fd = bpf_program__fd(enter),
		.flags = BPF_TC_F_REPLACE,
		.handle = fi->handle,
		.priority = FILTER_PRIORITY };
	int error;

	error = bpf_tc_hook_create(&hook);
	if (error == 0 || error == -EEXIST)
		error = bpf_tc_attach(&hook, &opts);
	if (error == 0)
		return (0);
	*what = "the interface takes no program: is there another ingress "
		"qdisc than clsact? tc qdisc show";
	errno = -error;
	return (-1);
}

static void
detach(const struct fastpath_if *fi, uint32_t ifindex)
{
	struct bpf_tc_hook hook = hook_of(ifindex);
	struct bpf_tc_opts opts = { .sz = sizeof(opts),
		.handle = fi->handle,
		.priority = FILTER_PRIORITY };

	(void)bpf_tc_detach(&hook, &opts);
}

static bool
is_added(const struct fastpath_if *fi, uint32_t ifindex)
{
	unsigned i;

	for (i = 0; i < fi->n; i++)
		if (fi->ifs[i] == ifindex)
			return (true);
	return (false);
}

int
fastpath_if_add(struct fastpath_if *fi, const char *ifname,
    struct fast_settings *s, const char **what)
{
	uint32_t ifindex;
	bool ether;

	*what = "there is no such interface";
	ifindex = if_nametoindex(ifname);
	if (ifindex == 0)
		return (-1);
	if (is_added(fi, ifindex))
		return (0);
	*what = "too many interfaces";
	errno = ENOSPC;
	if (fi->n == FAST_MAX_IFS)
		return (-1);
	*what = "packets of this kind of interface have an unknown header";
	if (has_ether(ifname, &ether) == -1 ||
	    attach(fi, ifindex, ether, what) == -1)
		return (-1);
	fi->ifs[fi->n] = ifindex;
	__atomic_store_n(&s->ifs[fi->n], ifindex, __ATOMIC_RELAXED);
	fi->n++;
	return (0);
}

int
fastpath_if_ether_fd(const struct fastpath_if *fi)
{
	return (bpf_program__fd(fi->bpf->progs.fast_if_ether));
}

/*
 * Without privileges the filters stay, but find nothing to call. The clsact
 * qdisc stays always: others may have put filters there by now.
 */
void
fastpath_if_free(struct fastpath_if *fi)
{
	unsigned i;

	if (fi == NULL)
		return;
	for (i = 0; i < fi->n; i++)
		detach(fi, fi->ifs[i]);
	fastpath_if_bpf__destroy(fi->bpf);
	free(fi);
}
