#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "fastpair.h"
#include "fastpath_sums.h"

/* Pairs that wait to be inserted; when there are more, these come again. */
#define MAX_WAITING 256

struct waiting {
	struct fastpair pair;
	uint32_t since; /* n_read of the first commit after it was added */
};

struct fastpairs {
	int map6, map4;
	struct fast_settings *settings;
	struct waiting queue[MAX_WAITING]; /* a ring */
	unsigned first, n;
	unsigned n_new; /* the last ones, without since */
};

struct fastpairs *
fastpairs_new(int map6, int map4, struct fast_settings *s)
{
	struct fastpairs *fp;

	fp = calloc(1, sizeof(*fp));
	if (fp == NULL)
		return (NULL);
	fp->map6 = map6;
	fp->map4 = map4;
	fp->settings = s;
	fastpairs_forget(fp);
	return (fp);
}

void
fastpairs_add(struct fastpairs *fp, const struct fastpair *pair)
{
	if (fp->n == MAX_WAITING)
		return;
	fp->queue[(fp->first + fp->n) % MAX_WAITING].pair = *pair;
	fp->n++;
	fp->n_new++;
}

void
fastpairs_forget(struct fastpairs *fp)
{
	__atomic_store_n(&fp->settings->generation,
	    fp->settings->generation + 1, __ATOMIC_RELEASE);
	fp->n = fp->n_new = 0;
}

/* icmp: what ICMP is called in the family. */
static uint8_t
ip_proto(const struct fastpair *pair, uint8_t icmp)
{
	if (pair->proto == L4_ICMP)
		return (icmp);
	return (pair->proto == L4_TCP ? IPPROTO_TCP : IPPROTO_UDP);
}

static uint64_t
sum6(const struct fastpair *pair)
{
	return (cksum_add6(cksum_add6(0, &pair->src6), &pair->dst6));
}

/* What a checksum covers of the IPv4 addresses: of ICMP nothing. */
static uint64_t
sum4(const struct fastpair *pair)
{
	if (pair->proto == L4_ICMP)
		return (0);
	return (cksum_add4(cksum_add4(0, pair->src4), pair->dst4));
}

static int
insert6(const struct fastpairs *fp, const struct fastpair *pair)
{
	struct fast_pair_key6 key;
	struct fast_pair6 value;

	memset(&key, 0, sizeof(key));
	memcpy(key.src, &pair->src6, sizeof(key.src));
	memcpy(key.dst, &pair->dst6, sizeof(key.dst));
	key.proto = ip_proto(pair, IPPROTO_ICMPV6);

	memset(&value, 0, sizeof(value));
	value.tag = fast_pair_tag(&key, sizeof(key), fp->settings->generation);
	value.src = pair->src4.s_addr;
	value.dst = pair->dst4.s_addr;
	value.addr_diff = fast_diff(sum6(pair), sum4(pair));
	value.addr_sum = fast_folded(sum6(pair));
	value.id_counter = pair->id_counter;
	return (bpf_map_update_elem(fp->map6, &key, &value, BPF_ANY));
}

static int
insert4(const struct fastpairs *fp, const struct fastpair *pair)
{
	struct fast_pair_key4 key;
	struct fast_pair4 value;

	memset(&key, 0, sizeof(key));
	key.src = pair->src4.s_addr;
	key.dst = pair->dst4.s_addr;
	key.proto = ip_proto(pair, IPPROTO_ICMP);

	memset(&value, 0, sizeof(value));
	value.tag = fast_pair_tag(&key, sizeof(key), fp->settings->generation);
	memcpy(value.src, &pair->src6, sizeof(value.src));
	memcpy(value.dst, &pair->dst6, sizeof(value.dst));
	value.addr_diff = fast_diff(sum4(pair), sum6(pair));
	value.addr_sum = fast_folded(sum4(pair));
	return (bpf_map_update_elem(fp->map4, &key, &value, BPF_ANY));
}

bool
fastpairs_is_waiting(const struct fastpairs *fp)
{
	return (fp->n > 0);
}

void
fastpairs_commit(struct fastpairs *fp, uint32_t n_read, uint32_t queue_len,
    bool drained)
{
	const struct waiting *w;

	for (; fp->n_new > 0; fp->n_new--)
		fp->queue[(fp->first + fp->n - fp->n_new) % MAX_WAITING]
		    .since = n_read;
	for (; fp->n > 0; fp->n--) {
		w = &fp->queue[fp->first];
		if (!drained && n_read - w->since < queue_len)
			return;
		if (w->pair.from6)
			(void)insert6(fp, &w->pair);
		else
			(void)insert4(fp, &w->pair);
		fp->first = (fp->first + 1) % MAX_WAITING;
	}
}

int
fastpairs_check(struct fastpairs *fp)
{
	static const struct fastpair none = { .proto = L4_UDP };

	if (insert6(fp, &none) != 0 || insert4(fp, &none) != 0)
		return (-1);
	fastpairs_forget(fp);
	return (0);
}

void
fastpairs_free(struct fastpairs *fp)
{
	free(fp);
}
