/*
 * For tests of the whole translator: a translator between two networks, a sink
 * that stores the emitted packets, and a function for each kind of packet that
 * a host sends.
 *
 *	CLIENT6, HOST_B   |        |  POOL4, POOL4_2  |  SERVER4, ROUTER4
 *	  (one /64)       | NAT64  |                  |
 *	HOST_C            |        |                  |
 *
 * Pref64 is 2001:db8:64::/96; SELF4 and SELF6 are the translator's own.
 * Packets are built by xlat_util.h and get other addresses here. Whatever
 * is emitted has passed sane() before a test sees it.
 */
#ifndef TESTS_UNIT_NAT64_LAB_H
#define TESTS_UNIT_NAT64_LAB_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat64d/core/event_text.h"
#include "nat64d/core/nat64.h"
#include "tests/unit/xlat_util.h"

#define PREF64 "2001:db8:64::"
#define HOST_B "2001:db8:1::20" /* the same subscriber as CLIENT6 */
#define HOST_C "2001:db8:2::30" /* another one */
#define SELF6 "2001:db8:ffff::1"
#define SELF4 "192.0.2.1"
#define POOL4_2 "203.0.113.6"
#define SERVER4_2 "198.51.100.21"
#define SERVER6_2 "2001:db8:64::198.51.100.21"

/* Static bindings of CLIENT6 on POOL4, where a test adds them. */
#define PORT_IN 50000 /* to PORT6 */
#define ID4 22136     /* to ID6 */
#define ID6 4660

/* struct flow: to the server, and from it to the static binding. */
#define FLOW_OUT                                     \
	{                                            \
		CLIENT6, SERVER6, PORT6, PORT_SERVER \
	}
#define FLOW_IN                                      \
	{                                            \
		SERVER4, POOL4, PORT_SERVER, PORT_IN \
	}

#define LAB_MAXOUT 128
#define LAB_MAXEVENTS 256

/* Who speaks to whom; the family follows from the addresses. */
struct flow {
	const char *src;
	const char *dst;
	uint16_t sport; /* ICMP: the identifier */
	uint16_t dport;
};

struct lab_event {
	enum nat64_event_type type;
	enum l4proto proto;
	enum nat64_reason reason;
	bool has_in6;
	struct taddr6 in6;
	bool has_out4;
	struct taddr4 out4;
	bool has_peer4;
	struct in_addr peer4;
	char text[EVENT_TEXT_SIZE]; /* with destinations */
};

struct lab {
	struct nat64_config conf; /* of the next lab_start() */
	struct pool4_range pool[4];
	struct nat64_static statics[16];
	uint16_t first_ipid; /* of the next lab_start(); 0: random */
	bool trace;	     /* the next lab_start() is by who debugs */
	struct nat64 *n;
	struct nat64_workspace *ws;
	struct monotime now;

	struct pkt in;	/* what is sent next */
	bool bad_cksum; /* its L4 checksum is wrong on purpose */

	/* Of the last packet or step of time. */
	enum nat64_verdict verdict;
	enum nat64_reason reason;
	struct pkt out[LAB_MAXOUT]; /* what came out; copies */
	unsigned n_out;
	struct lab_event events[LAB_MAXEVENTS];
	unsigned n_events;
};

extern struct lab lab;

/* --- start and end --- */

/* A translator with lab.conf, which lab_setup() has set to defaults. */
void lab_start(void);
void lab_setup(void);
void lab_teardown(void);

/* lab.conf.pool: one range of addresses with those ports for TCP and UDP. */
void lab_set_pool(const char *first, const char *last, uint16_t port_first,
    uint16_t port_last);

/* Subscribers of a /64 with fixed limits and no shares, as in lab_setup(). */
void lab_set_fixed_limits(void);

/* lab.conf.prefixes[i], which is the last one. */
void lab_set_prefix(size_t i, const char *addr, unsigned len);

/* Add a static binding to lab.conf. */
void lab_add_static(enum l4proto proto, const char *host, uint16_t port6,
    const char *out, uint16_t port4);

/* Add those of PORT_IN, TCP and UDP, and of ID4. */
void lab_add_statics(void);

/* A suite of one program's tests, each with a translator of its own. */
int lab_main(const char *name, const TTest *const *tests, size_t n_tests);

/* --- building lab.in --- */

/* Build a packet of that kind between these two. */
void lab_build(const struct spec *s, const struct flow *f);

/* Like it, but no header is right but the one of IP: any protocol. */
void lab_build_proto(const struct flow *f, uint8_t proto, size_t payload);

/* New addresses for lab.in, checksums made right. */
void lab_readdress(const char *src, const char *dst);

/* Make the checksums of lab.in right after a change. */
void lab_fix(void);

/*
 * Make lab.in an ICMP error from src about the first len bytes of quoted,
 * addressed to the quoted source. param: bytes 4-7.
 */
void lab_build_error(const char *src, uint8_t type, uint8_t code,
    uint32_t param, const struct pkt *quoted, size_t len);

/*
 * Make lab.in the piece [off, off + len) of the payload of whole, which has
 * no options or extension headers. id: identification.
 */
void lab_build_fragment(const struct pkt *whole, uint32_t id, size_t off,
    size_t len, bool more);

/* Parse and copy a packet, for use as a whole or as a quotation. */
struct pkt lab_copy(const struct pkt *p);

/* --- sending --- */

/* Send lab.in; it is used up. */
enum nat64_verdict lab_send(void);

/* Send p as it stands. */
enum nat64_verdict lab_resend(const struct pkt *p);

/* One packet each, the family by the address. */
enum nat64_verdict lab_udp(const char *src, uint16_t sport, const char *dst,
    uint16_t dport);
enum nat64_verdict lab_tcp(const char *src, uint16_t sport, const char *dst,
    uint16_t dport, uint8_t flags);
enum nat64_verdict lab_ping(const char *src, const char *dst, uint16_t id);
enum nat64_verdict lab_pong(const char *src, const char *dst, uint16_t id);

/* Time goes on, with and without what is due then. */
void lab_wait(uint32_t secs);
void lab_doze(uint32_t secs);
void lab_doze_ms(int64_t ms);

/*
 * Open a UDP, TCP or ICMP binding of that host by one packet to SERVER6;
 * returns (T,t).
 */
struct taddr4 lab_bind(enum l4proto proto, const char *host, uint16_t port);

/* --- inspection --- */

/* The one packet that came out, as NAT64_SENT. */
const struct pkt *lab_sent(void);

/* Nothing came out, for this reason, which was counted once. */
void lab_expect_drop(enum nat64_reason reason);

/*
 * The one packet that came out is an error of that type and code, and the
 * reason is that one.
 */
const struct pkt *lab_expect_error(enum nat64_reason reason, uint8_t type,
    uint8_t code);

/* Addresses and ports of a packet, as text compared. */
void lab_expect_flow(const struct pkt *p, const char *src, uint16_t sport,
    const char *dst, uint16_t dport);

/* The text of an address, in a buffer that the next but seven call uses. */
const char *text4(struct in_addr addr);
const char *text6(struct in6_addr addr);
/* IPv6 form of an IPv4 address. */
const char *pref(struct in_addr addr);

/* Tables, as the tests ask them. */
size_t lab_sessions(void);
size_t lab_bindings(enum l4proto proto);
struct bib_entry *lab_binding(enum l4proto proto, const char *host,
    uint16_t port);
/* The only session of a binding. */
struct session *lab_session(enum l4proto proto, const char *host,
    uint16_t port);
/* Seconds until it ends. */
int64_t lab_left(const struct session *s);
uint64_t lab_drops(enum nat64_reason reason);
uint64_t lab_counter(enum nat64_counter counter);

/* Number of events of that type, and the last one. */
unsigned lab_count_events(enum nat64_event_type type);
const struct lab_event *lab_event(enum nat64_event_type type);

/* Exactly these events have happened, in this order; NULL ends them. */
void lab_expect_events(const char *const *texts);
/* Exactly this one. */
void lab_expect_event(const char *text);

/*
 * A number made of everything that the tables say, times included: the same
 * as long as nothing changes.
 */
uint64_t lab_state(void);

#endif
