/*
 * Measures how long dns64d takes for messages that are expensive to process:
 * 64 KB of address records, many different names, names of many labels. Each
 * is scanned, and used as the A reply of a synthesised answer. Prints "name
 * value unit" lines; the limit is 100 us (tests/conformance/dns64.md,
 * DNS64-94).
 *
 *	cc -O2 -I. tests/bench/msgcost.c build/dns64d/libdns64.a \
 *	    build/common/libcommon.a -lbsd
 */
#include <arpa/inet.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns64d/policy/policy.h"
#include "dns64d/synth/synth.h"
#include "dns64d/wire/wire.h"

#define ROUNDS 300
#define WWW_OFF MSG_HEADER_LEN
#define EXAMPLE_OFF (WWW_OFF + 4)

static struct dns64_policy policy;
static uint8_t query[512], nodata[512], reply[MSG_MAX], out[MSG_MAX];

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3);
}

static size_t
begin(uint8_t *wire, uint16_t flags, uint16_t type, unsigned answers,
    unsigned authority)
{
	memset(wire, 0, MSG_HEADER_LEN);
	put16(wire + 2, flags);
	put16(wire + 4, 1);
	put16(wire + 6, (uint16_t)answers);
	put16(wire + 8, (uint16_t)authority);
	memcpy(wire + WWW_OFF, "\3www\7example", 13);
	put16(wire + WWW_OFF + 13, type);
	put16(wire + WWW_OFF + 15, MSG_CLASS_IN);
	return (WWW_OFF + 17);
}

static size_t
add_rr(size_t at, uint16_t owner, uint16_t type, const void *rdata, size_t len)
{
	put16(reply + at, 0xc000 | owner);
	put16(reply + at + 2, type);
	put16(reply + at + 4, MSG_CLASS_IN);
	put32(reply + at + 6, 60);
	put16(reply + at + 10, (uint16_t)len);
	memcpy(reply + at + 12, rdata, len);
	return (at + 12 + len);
}

static void
measure(const char *name, size_t len)
{
	struct msg_scan asked, aaaa, a;
	double scan = 1e9, synth = 1e9, t;
	enum msg_scan_error error;
	struct synth s;
	int i;

	msg_scan(query, begin(query, MSG_RD, MSG_T_AAAA, 0, 0), &asked);
	msg_scan(nodata, begin(nodata, MSG_QR, MSG_T_AAAA, 0, 0), &aaaa);
	for (i = 0; i < ROUNDS; i++) {
		t = now_us();
		error = msg_scan(reply, len, &a);
		t = now_us() - t;
		scan = t < scan ? t : scan;
		if (error != MSG_SCAN_OK)
			continue;
		t = now_us();
		synth_begin(&s, &policy, &asked);
		synth_reply(&s, SYNTH_MAIN, &aaaa);
		synth_reply(&s, SYNTH_A, &a);
		synth_answer(&s, MSG_MAX, out);
		t = now_us() - t;
		synth = t < synth ? t : synth;
	}
	printf("%s-scan %.1f us\n", name, scan);
	if (error == MSG_SCAN_OK)
		printf("%s-synth %.1f us\n", name, synth);
	else
		printf("# %s: error %d\n", name, (int)error);
}

static void
addresses(const char *name, uint32_t first)
{
	const unsigned count = MSG_RECORDS_MAX - 1;
	size_t n = begin(reply, MSG_QR, MSG_T_A, count, 0);
	uint8_t addr[4];
	unsigned i;

	for (i = 0; i < count && n + 16 <= sizeof(reply); i++) {
		put32(addr, first + i);
		n = add_rr(n, WWW_OFF, MSG_T_A, addr, sizeof(addr));
	}
	put16(reply + 6, (uint16_t)i);
	measure(name, n);
}

/* One address, and a referral to servers whose names have so many labels. */
static void
servers(const char *name, unsigned count, unsigned labels)
{
	size_t n = begin(reply, MSG_QR, MSG_T_A, 1, count), len;
	const uint8_t addr[4] = { 198, 51, 100, 1 };
	uint8_t target[MSG_NAME_MAX];
	unsigned i, k;

	n = add_rr(n, WWW_OFF, MSG_T_A, addr, sizeof(addr));
	for (i = 0; i < count; i++) {
		len = (size_t)snprintf((char *)target + 1, 16, "ns%u", i);
		target[0] = (uint8_t)len++;
		for (k = 1; k < labels; k++) {
			target[len++] = 1;
			target[len++] = (uint8_t)(i * 7 + k * k);
		}
		target[len++] = 0;
		if (n + 12 + len > sizeof(reply))
			break;
		n = add_rr(n, EXAMPLE_OFF, MSG_T_NS, target, len);
	}
	put16(reply + 8, (uint16_t)i);
	measure(name, n);
}

int
main(void)
{
	const struct prefix all = { .family = AF_INET };
	struct in6_addr addr;
	struct pref64 prefix;

	inet_pton(AF_INET6, "2001:db8:64::", &addr);
	if (policy_init(&policy) == -1 ||
	    pref64_init(&prefix, &addr, 96) != NULL ||
	    policy_add_rule(&policy, &all,
		policy_add_prefix(&policy, &prefix)) == -1 ||
	    policy_finish(&policy) == -1)
		err(1, "policy");
	addresses("addresses", 0xc6336401);
	addresses("addresses-excluded", 0xe0000001);
	servers("servers-120", 120, 3);
	servers("servers-240", 240, 3);
	servers("servers-2000", 2000, 3);
	servers("labels-40", 127, 40);
	servers("labels-120", 120, 120);
	policy_clear(&policy);
	return (0);
}
