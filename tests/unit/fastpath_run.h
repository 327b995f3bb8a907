/*
 * For the tests of the fast path: run its program, the one for packets with an
 * Ethernet header, by BPF_PROG_TEST_RUN. That knows no partial checksums.
 */
#ifndef TESTS_UNIT_FASTPATH_RUN_H
#define TESTS_UNIT_FASTPATH_RUN_H

#include <sys/syscall.h>

#include <net/ethernet.h>
#include <netinet/in.h>

#include <check.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "nat64d/os/fastpath_prog.h"
#include "nat64d/wire/pkt.h"

/* One run: what goes in, and what comes out. */
struct fastpath_run {
	struct __sk_buff in, out;
	uint8_t frame[ETHER_HDR_LEN + PKT_MAXLEN];
	uint32_t len;
	uint8_t result[ETHER_HDR_LEN + PKT_MAXLEN + 64];
	uint32_t result_len;
	int verdict; /* TC_ACT_ */
};

/*
 * Run a program, by its descriptor, for the bytes of p and its size of
 * segments, from the loopback interface. to: each octet of the MAC address that
 * it is sent to; 0 is that of the interface. mark: the mark and priority of the
 * packet.
 */
static inline void
fastpath_run_fd(struct fastpath_run *r, int fd, uint8_t to,
    const struct pkt *p, uint32_t mark)
{
	const uint16_t type =
	    htons(p->data[0] >> 4 == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	union bpf_attr attr;

	memset(r->frame, 0x5a, ETHER_HDR_LEN);
	memset(r->frame, to, ETHER_ADDR_LEN);
	memcpy(r->frame + 12, &type, sizeof(type));
	memcpy(r->frame + ETHER_HDR_LEN, p->data, p->len);
	r->len = ETHER_HDR_LEN + p->len;
	memset(&r->in, 0, sizeof(r->in));
	r->in.mark = mark;
	r->in.priority = mark;
	r->in.gso_size = p->ofl.seg_size;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uintptr_t)r->frame;
	attr.test.data_size_in = r->len;
	attr.test.data_out = (uintptr_t)r->result;
	attr.test.data_size_out = sizeof(r->result);
	attr.test.ctx_in = (uintptr_t)&r->in;
	attr.test.ctx_size_in = sizeof(r->in);
	attr.test.ctx_out = (uintptr_t)&r->out;
	attr.test.ctx_size_out = sizeof(r->out);
	if (syscall(__NR_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) != 0)
		ck_abort_msg("%u bytes: %s", r->len, strerror(errno));
	r->result_len = attr.test.data_size_out;
	r->verdict = (int)attr.test.retval;
}

/* The same with the program of our device. */
static inline void
fastpath_run(struct fastpath_run *r, const struct fastpath *fp,
    const struct pkt *p, uint32_t mark)
{
	fastpath_run_fd(r, fastpath_prog_fd(fp), 0x5a, p, mark);
}

#endif
