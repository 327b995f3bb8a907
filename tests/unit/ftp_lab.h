/*
 * For tests of gateways in the core: an FTP client and a server on both sides
 * of the translator of nat64_lab.h, who count what they have sent and got.
 */
#ifndef TESTS_UNIT_FTP_LAB_H
#define TESTS_UNIT_FTP_LAB_H

#include <stdio.h>

#include "nat64d/core/nat64_struct.h"
#include "tests/unit/nat64_lab.h"

#define SYN PKT_TH_SYN
#define FIN PKT_TH_FIN
#define RST PKT_TH_RST
#define ACK PKT_TH_ACK
#define PSH PKT_TH_PSH
#define URG 0x20

#define FTP_SEQ 4
#define CONTROL6 40000 /* the client's port */

#define PASSIVE "227 =198,51,100,20,4,1\r\n"
#define EXTENDED "229 Entering Extended Passive Mode (|||1025|)\r\n"

static struct {
	struct taddr4 out; /* (T,t) of the control connection */
	uint32_t c_seq;	   /* what the client sends next */
	uint32_t c_got;	   /* and has received */
	uint32_t s_seq;	   /* the same of the server */
	uint32_t s_got;
	const uint8_t *opts; /* TCP options of the next segment */
	size_t optlen;
} ftp;

/* A segment with that text is in lab.in. */
static void
ftp_build(bool from6, uint32_t seq, uint32_t ack, const char *text,
    uint8_t flags)
{
	const struct flow f6 = { CLIENT6, SERVER6, CONTROL6, 21 };
	const struct flow f4 = { SERVER4, text4(ftp.out.addr), 21,
		ftp.out.port };
	const struct spec s = { .family = from6 ? PKT_V6 : PKT_V4,
		.proto = IPPROTO_TCP,
		.tcp_flags = flags,
		.opts = ftp.opts,
		.optlen = ftp.optlen,
		.payload = strlen(text) };
	uint8_t *l4;

	lab_build(&s, from6 ? &f6 : &f4);
	l4 = lab.in.data + (from6 ? PKT_IP6_HLEN : PKT_IP4_HLEN);
	put32(l4 + FTP_SEQ, seq);
	put32(l4 + PKT_TCP_ACK, ack);
	memcpy(l4 + PKT_TCP_HLEN + ftp.optlen, text, strlen(text));
	lab_fix();
	ftp.optlen = 0;
}

/* The client, or the server, says this. */
static inline enum nat64_verdict
client_says(const char *text, uint8_t flags)
{
	ftp_build(true, ftp.c_seq, ftp.c_got, text, flags | ACK);
	ftp.c_seq += (uint32_t)strlen(text) + ((flags & FIN) != 0);
	return (lab_send());
}

static inline enum nat64_verdict
server_says(const char *text, uint8_t flags)
{
	ftp_build(false, ftp.s_seq, ftp.s_got, text, flags | ACK);
	ftp.s_seq += (uint32_t)strlen(text) + ((flags & FIN) != 0);
	return (lab_send());
}

static inline uint32_t
ftp_seq(const struct pkt *p)
{
	return (get32(pkt_l4(p) + FTP_SEQ));
}

static inline uint32_t
ftp_ack(const struct pkt *p)
{
	return (get32(pkt_l4(p) + PKT_TCP_ACK));
}

static inline const char *
ftp_text(const struct pkt *p)
{
	static char text[4][4096];
	static unsigned i;

	snprintf(text[++i % 4], sizeof(text[0]), "%.*s",
	    (int)pkt_payload_len(p), (const char *)pkt_l4(p) + p->l4hlen);
	return (text[i % 4]);
}

/* The server, or the client, gets that text in one segment, in order. */
static inline void
server_gets(const char *text)
{
	const struct pkt *p = lab_sent();

	ck_assert_str_eq(ftp_text(p), text);
	ck_assert_uint_eq(ftp_seq(p), ftp.s_got);
	ck_assert_uint_eq(ftp_ack(p), ftp.s_seq);
	ftp.s_got += (uint32_t)strlen(text);
}

static inline void
client_gets(const char *text)
{
	const struct pkt *p = lab_sent();

	ck_assert_str_eq(ftp_text(p), text);
	ck_assert_uint_eq(ftp_seq(p), ftp.c_got);
	ck_assert_uint_eq(ftp_ack(p), ftp.c_seq);
	ftp.c_got += (uint32_t)strlen(text);
}

/* "alg ftp" */
static inline void
ftp_configure(void)
{
	lab.conf.algs[0] = (struct nat64_alg_rule){
		.clients = { .family = AF_INET6 },
		.port = 21,
	};
	lab.conf.n_algs = 1;
}

/* The handshake, and the greeting. */
static inline void
ftp_open(uint32_t client_isn, uint32_t server_isn)
{
	const struct pkt *p;

	ftp.c_seq = client_isn + 1;
	ftp.s_seq = server_isn + 1;
	ftp_build(true, client_isn, 0, "", SYN);
	lab_send();
	p = lab_sent();
	ftp.out = (struct taddr4){ p->ip4.src, p->sport };
	ftp.s_got = ftp_seq(p) + 1;
	ftp_build(false, server_isn, ftp.s_got, "", SYN | ACK);
	lab_send();
	p = lab_sent();
	ck_assert_uint_eq(ftp_ack(p), ftp.c_seq);
	ftp.c_got = ftp_seq(p) + 1;
	client_says("", 0);
	server_gets("");
	server_says("220 ready\r\n", PSH);
	client_gets("220 ready\r\n");
}

/* A connection whose numbers wrap around soon. */
static inline void
ftp_begin(void)
{
	ftp_configure();
	lab_start();
	ftp_open(UINT32_MAX - 40, UINT32_MAX - 30);
}

#endif
