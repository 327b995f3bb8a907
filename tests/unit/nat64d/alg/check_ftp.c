/*
 * The gateway for FTP: dialogues, of which each side's bytes are given to it
 * whole, cut at every place, byte by byte, and cut at random. What comes out
 * must always be the same.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/alg/ftp.h"
#include "tests/unit/suite.h"

#define MAX_TEXT 16384

/* One thing that is said, and what the other side gets. */
struct turn {
	enum alg_dir dir;
	const char *said;
	const char *heard; /* NULL: the same; "END", "LET GO" */
};

#define C(...)                               \
	{                                    \
		ALG_FROM_CLIENT, __VA_ARGS__ \
	}
#define S(...)                               \
	{                                    \
		ALG_FROM_SERVER, __VA_ARGS__ \
	}
#define SAME NULL
#define HELLO                                          \
	{                                              \
		ALG_FROM_SERVER, "220 ready\r\n", SAME \
	}

static struct {
	uint64_t state[ALG_MAX_STATE / 8];
	char held[ALG_NDIRS][MAX_TEXT];
	size_t n_held[ALG_NDIRS];
	char heard[ALG_NDIRS][MAX_TEXT];
	size_t n_heard[ALG_NDIRS];
	bool free;
	bool ended;
	bool refuse; /* expect() */
	unsigned n_expected;
	uint16_t expected;
	uint64_t random;
} lab;

static uint32_t
roll(uint32_t n)
{
	lab.random = lab.random * 6364136223846793005U + 1442695040888963407U;
	return ((uint32_t)(lab.random >> 33) % n);
}

static bool
expect(void *arg, uint16_t port, struct taddr4 *out4)
{
	(void)arg;
	lab.n_expected++;
	lab.expected = port;
	inet_pton(AF_INET, "192.0.2.31", &out4->addr);
	out4->port = 60192;
	return (!lab.refuse);
}

static struct alg_flow
flow(void)
{
	struct alg_flow f = { .expect = expect };

	inet_pton(AF_INET6, "2001:db8:2::31", &f.client.addr);
	return (f);
}

static void
begin(void)
{
	const uint64_t random = lab.random;

	memset(&lab, 0, sizeof(lab));
	lab.random = random;
	ftp_gateway.init(lab.state);
}

static void
hear(enum alg_dir dir, const void *bytes, size_t len)
{
	ck_assert_uint_lt(lab.n_heard[dir] + len, MAX_TEXT);
	memcpy(lab.heard[dir] + lab.n_heard[dir], bytes, len);
	lab.n_heard[dir] += len;
}

/* What the stream does with what the gateway decides. */
static void
say(enum alg_dir dir, const char *bytes, size_t len)
{
	const struct alg_flow f = flow();
	struct alg_step step;
	size_t n;

	memcpy(lab.held[dir] + lab.n_held[dir], bytes, len);
	lab.n_held[dir] += len;
	while (lab.n_held[dir] > 0 && !lab.ended) {
		n = lab.free ? lab.n_held[dir] : 0;
		memset(&step, 0, sizeof(step));
		if (lab.free)
			step = (struct alg_step){ ALG_PASS, n, 0, { 0 } };
		else
			ftp_gateway.step(lab.state, &f, dir,
			    (const uint8_t *)lab.held[dir], lab.n_held[dir],
			    &step);
		ck_assert_uint_le(step.used, lab.n_held[dir]);
		ck_assert_uint_le(step.n_bytes, ALG_MAX_BYTES);
		lab.free = lab.free || step.what == ALG_LET_GO;
		lab.ended = step.what == ALG_END;
		if (step.what == ALG_WAIT)
			return;
		if (step.what == ALG_PASS) {
			ck_assert_uint_gt(step.used, 0);
			hear(dir, lab.held[dir], step.used);
		} else if (step.what == ALG_REPLACE)
			hear(dir, step.bytes, step.n_bytes);
		lab.n_held[dir] -= step.used;
		memmove(lab.held[dir], lab.held[dir] + step.used,
		    lab.n_held[dir]);
	}
}

enum cut { WHOLE, BYTES, RANDOM, NCUTS };

static void
say_cut(const struct turn *t, enum cut cut)
{
	size_t len = strlen(t->said), at, n;

	for (at = 0; at < len; at += n) {
		n = cut == WHOLE ? len : cut == BYTES ? 1 : 1 + roll(9);
		if (n > len - at)
			n = len - at;
		say(t->dir, t->said + at, n);
	}
}

static void
compare(const struct turn *t, const char *how)
{
	const char *want = t->heard != NULL ? t->heard : t->said;

	if (strcmp(want, "END") == 0) {
		ck_assert_msg(lab.ended, "%s: %s", how, t->said);
		return;
	}
	ck_assert_msg(lab.n_heard[t->dir] == strlen(want) &&
		memcmp(lab.heard[t->dir], want, strlen(want)) == 0,
	    "%s, \"%s\": heard \"%.*s\"", how, t->said,
	    (int)lab.n_heard[t->dir], lab.heard[t->dir]);
	lab.n_heard[t->dir] = 0;
}

static void
hold(const struct turn *turns, size_t n)
{
	static const char *const hows[] = { "whole", "bytes", "random" };
	size_t cut, i;

	for (cut = 0; cut < NCUTS + 20; cut++) {
		begin();
		for (i = 0; i < n; i++) {
			say_cut(&turns[i],
			    cut < NCUTS ? (enum cut)cut : RANDOM);
			compare(&turns[i], hows[cut < NCUTS ? cut : RANDOM]);
		}
	}
}

#define HOLD(turns) hold(turns, sizeof(turns) / sizeof((turns)[0]))

/* Shows: FTP-05 FTP-17 */
START_TEST(ftp_passes_what_it_does_not_know)
{
	static const struct turn turns[] = {
		S("220-Welcome\r\n220-227 is no code here\r\n 220 nor here\r\n"
		  "220 ready\r\n",
		    SAME),
		C("USER anonymous\r\n", SAME),
		S("331 who?\r\n", SAME),
		C("PASS epsv\r\n", SAME),
		S("230 in\r\n", SAME),
		C("PASV\r\n", SAME),
		S("227 Entering Passive Mode (192,0,2,31,237,19)\r\n", SAME),
		C("PORT 192,0,2,31,235,32\r\n", SAME),
		S("500 no\r\n", SAME),
		C("LPRT 4,4,132,235,1,2,2,24,131\r\n", SAME),
		S("500 no\r\n", SAME),
		C("EPSVX\r\n", SAME),
		S("500 no\r\n", SAME),
		C("EP\r\n", SAME),
		S("500 no\r\n", SAME),
		C("HOST example.com\r\n", SAME),
		S("220 here\r\n", SAME),
		C("FEAT\r\n", SAME),
		S("211-Features:\r\n EPSV\r\n EPRT\r\n AUTH TLS\r\n211 End\r\n",
		    SAME),
		C("\r\nNOOP\r\n", SAME),
		S("200 ok\r\n", SAME),
		C("RETR \xc3\xa4\xff\xff.txt\r\n", SAME),
		S("150 here\r\n226 it was\r\n", SAME),
		C("LANG fr\r\n", SAME),
		S("200 \xc3\xa0 bient\xc3\xb4t\r\n", SAME),
		S("421 bye\r\n", SAME),
	};

	HOLD(turns);
}
END_TEST

/* Shows: FTP-06 FTP-07 FTP-08 FTP-09 */
START_TEST(ftp_translates_epsv)
{
	static const struct turn turns[] = {
		HELLO,
		C("EPSV\r\n", "PASV\r\n"),
		S("227 Entering Passive Mode (192,0,2,31,237,19)\r\n",
		    "229 Entering Extended Passive Mode (|||60691|)\r\n"),
		C("epsv 2\r\n", "PASV\r\n"),
		S("227 =10,0,0,1,4,0\r\n",
		    "229 Entering Extended Passive Mode (|||1024|)\r\n"),
		C("EpSv   2 \n", "PASV\r\n"),
		S("227-Ready for 2 and 3,4\r\n227 as user 7: 9,8,7,6,0,99.\r\n",
		    "229 Entering Extended Passive Mode (|||99|)\r\n"),
		C("EPSV\r\n", "PASV\r\n"),
		S("227 Entering Passive Mode\r\n",
		    "425 Can't open data connection\r\n"),
		C("EPSV\r\n", "PASV\r\n"),
		S("227 (1,2,3,4,256,1)\r\n",
		    "425 Can't open data connection\r\n"),
		C("EPSV\r\n", "PASV\r\n"),
		S("227 (1,2,3,4,0,0)\r\n",
		    "425 Can't open data connection\r\n"),
		C("EPSV\r\n", "PASV\r\n"),
		S("530 log in\r\n", SAME),
		C("EPSV x\r\n", SAME),
		S("501 what?\r\n", SAME),
	};

	HOLD(turns);
}
END_TEST

/* Shows: FTP-10 FTP-11 FTP-12 */
START_TEST(ftp_answers_other_epsv)
{
	static const struct turn turns[] = {
		HELLO,
		C("EPSV 1\r\n", "NOOP\r\n"),
		S("200 zzz\r\n", "522 Network protocol not supported\r\n"),
		C("EPSV 47\r\n", "NOOP\r\n"),
		S("200-zzz\r\n200-\r\n200 z\r\n",
		    "522 Network protocol not supported\r\n"),
		C("EPSV ALL\r\n", "NOOP\r\n"),
		S("200 zzz\r\n",
		    "504 Command not implemented for that parameter\r\n"),
		C("NOOP\r\n", SAME),
		S("200 zzz\r\n", SAME),
		C("epsv all\r\n", "NOOP\r\n"),
		S("500 what?\r\n", "END"),
	};

	HOLD(turns);
}
END_TEST

/* Shows: FTP-15 FTP-16 */
START_TEST(ftp_answers_algs)
{
	static const struct turn turns[] = {
		HELLO,
		C("ALGS STATUS64\r\n", "NOOP\r\n"),
		S("200 ok\r\n", "216 EPSVEPRT\r\n"),
		C("algs disable64\r\n", "NOOP\r\n"),
		S("200 ok\r\n", "216 NONE\r\n"),
		C("EPSV\r\n", SAME),
		S("229 (|||5|)\r\n", SAME),
		C("EPRT |2|2001:db8:2::31|5282|\r\n", SAME),
		S("500 no\r\n", SAME),
		C("ALGS STATUS64\r\n", "NOOP\r\n"),
		S("200 ok\r\n", "216 NONE\r\n"),
		C("ALGS\r\n", "NOOP\r\n"),
		S("200 ok\r\n",
		    "504 Command not implemented for that parameter\r\n"),
		C("ALGS ENABLE64\r\n", "NOOP\r\n"),
		S("200 ok\r\n", "216 EPSVEPRT\r\n"),
		C("ALGS ENABLE65\r\n", "NOOP\r\n"),
		S("200 ok\r\n",
		    "504 Command not implemented for that parameter\r\n"),
		C("EPSV\r\n", "PASV\r\n"),
	};

	HOLD(turns);
}
END_TEST

/* Shows: FTP-13 */
START_TEST(ftp_translates_eprt)
{
	static const struct turn turns[] = {
		HELLO,
		C("EPRT |2|2001:db8:2::31|5282|\r\n",
		    "PORT 192,0,2,31,235,32\r\n"),
		S("200 ok\r\n", SAME),
		C("eprt !2!2001:DB8:2:0::31!65535!\r\n",
		    "PORT 192,0,2,31,235,32\r\n"),
		S("200 ok\r\n", SAME),
		/* Another address, another protocol, or no EPRT at all. */
		C("EPRT |2|2001:db8:2::32|5282|\r\n", SAME),
		S("500 no\r\n", SAME),
		C("EPRT |1|192.0.2.31|5282|\r\n", SAME),
		S("200 ok\r\n", SAME),
		C("EPRT |2|2001:db8:2::31|0|\r\n", SAME),
		S("500 no\r\n", SAME),
		C("EPRT |2|2001:db8:2::31|65536|\r\n", SAME),
		S("500 no\r\n", SAME),
		C("EPRT |2|2001:db8:2::31|5282\r\n", SAME),
		S("500 no\r\n", SAME),
		C("EPRT\r\n", SAME),
		S("500 no\r\n", SAME),
	};

	HOLD(turns);
	ck_assert_uint_eq(lab.n_expected, 2);
	ck_assert_uint_eq(lab.expected, 65535);
}
END_TEST

START_TEST(ftp_passes_eprt_without_a_binding)
{
	const struct turn t = C("EPRT |2|2001:db8:2::31|5282|\r\n", SAME);

	begin();
	lab.refuse = true;
	say_cut(&t, WHOLE);
	compare(&t, "refused");
}
END_TEST

/* Shows: FTP-20 FTP-21 */
START_TEST(ftp_lets_go_after_auth)
{
	static const struct turn turns[] = {
		HELLO,
		C("AUTH GSSAPI\r\n", SAME),
		S("504 no\r\n", SAME),
		C("EPSV\r\n", "PASV\r\n"),
		S("530 no\r\n", SAME),
		C("AUTH TLS\r\n", SAME),
		C("EPSV\r\n", SAME), /* it does not look */
		S("234 go\r\n", SAME),
		C("EPSV\r\nALGS STATUS64\r\n", SAME),
		S("227 (1,2,3,4,5,6)\r\n\xff\xfb\x01", SAME),
		C("CCC\r\n", SAME),
		S("200 ok\r\n", SAME),
		C("EPSV\r\n", SAME),
	};

	HOLD(turns);
	ck_assert(lab.free);
}
END_TEST

/* Commands that do not wait for replies. */
START_TEST(ftp_keeps_the_order)
{
	static const struct turn turns[] = {
		HELLO,
		C("EPSV\r\nNOOP\r\nALGS STATUS64\r\nRETR x\r\nEPSV ALL\r\n"
		  "EPSV\r\n",
		    "PASV\r\nNOOP\r\nNOOP\r\nRETR x\r\nNOOP\r\nPASV\r\n"),
		S("227 (1,2,3,4,5,6)\r\n200 a\r\n200 b\r\n150 data\r\n"
		  "226-it\r\n226 was\r\n200 c\r\n227 (1,2,3,4,5,7)\r\n",
		    "229 Entering Extended Passive Mode (|||1286|)\r\n"
		    "200 a\r\n216 EPSVEPRT\r\n150 data\r\n226-it\r\n226 was\r\n"
		    "504 Command not implemented for that parameter\r\n"
		    "229 Entering Extended Passive Mode (|||1287|)\r\n"),
	};

	HOLD(turns);
}
END_TEST

/* Shows: FTP-03 */
START_TEST(ftp_refuses_telnet_options)
{
	static const struct turn turns[] = {
		S("\xff\xfb\x01\xff\xfd\x03"
		  "220 ready\r\n",
		    "220 ready\r\n"),
		C("\xff\xfd\x18NO\xff\xfb\x1fOP\r\n",
		    "\xff\xfe\x01\xff\xfc\x03NOOP\r\n"),
		S("200 ok\r\n",
		    "\xff\xfc\x18\xff\xfe\x1f"
		    "200 ok\r\n"),
		/* In a command that is translated, too; interrupt and synch. */
		C("EP\xff\xfb\x01SV\r\n", "PASV\r\n"),
		S("530 no\r\n",
		    "\xff\xfe\x01"
		    "530 no\r\n"),
		C("\xff\xf4\xff\xf2"
		  "ABOR\r\n",
		    SAME),
		S("225 no transfer\r\n", SAME),
		C("RETR \xff\xff\r\n", SAME),
		S("550 no\r\n", SAME),
		/* What we have refused is not asked for any more. */
		C("\xff\xfe\x01\xff\xfc\x01NOOP\r\n", "NOOP\r\n"),
		S("200 ok\r\n", SAME),
	};

	HOLD(turns);
}
END_TEST

START_TEST(ftp_gives_up_counting)
{
	const struct turn t = C("NOOP\r\n", SAME);
	unsigned i;

	begin();
	for (i = 0; i < FTP_MAX_REPLIES; i++) {
		say_cut(&t, WHOLE);
		compare(&t, "many");
	}
	ck_assert(lab.free);
}
END_TEST

START_TEST(ftp_is_idle_between_commands)
{
	const struct turn hello = HELLO, noop = C("NOOP\r\n", SAME),
			  ok = S("200-a\r\n200 b\r\n", SAME);

	begin();
	ck_assert(!ftp_gateway.is_idle(lab.state));
	say_cut(&hello, WHOLE);
	ck_assert(ftp_gateway.is_idle(lab.state));
	say_cut(&noop, WHOLE);
	ck_assert(!ftp_gateway.is_idle(lab.state));
	say(ALG_FROM_SERVER, ok.said, 8);
	ck_assert(!ftp_gateway.is_idle(lab.state));
	say(ALG_FROM_SERVER, ok.said + 8, strlen(ok.said) - 8);
	ck_assert(ftp_gateway.is_idle(lab.state));
}
END_TEST

/* --- random dialogues, and what whole lines become --- */

struct phrase {
	const char *said, *heard, *reply, *reply_heard;
};

static const struct phrase phrases[] = {
	{ "EPSV\r\n", "PASV\r\n", "227 (1,2,3,4,5,6)\r\n",
	    "229 Entering Extended Passive Mode (|||1286|)\r\n" },
	{ "EPSV\r\n", "PASV\r\n", "227-a\r\n b\r\n227 1,2,3,4,9,6\r\n",
	    "229 Entering Extended Passive Mode (|||2310|)\r\n" },
	{ "EPSV\r\n", "PASV\r\n", "500 no\r\n", NULL },
	{ "EPSV ALL\r\n", "NOOP\r\n", "200 ok\r\n",
	    "504 Command not implemented for that parameter\r\n" },
	{ "EPSV 1\r\n", "NOOP\r\n", "200-ok\r\n200 ok\r\n",
	    "522 Network protocol not supported\r\n" },
	{ "ALGS STATUS64\r\n", "NOOP\r\n", "200 ok\r\n", "216 EPSVEPRT\r\n" },
	{ "EPRT |2|2001:db8:2::31|5282|\r\n", "PORT 192,0,2,31,235,32\r\n",
	    "200 ok\r\n", NULL },
	{ "RETR file\r\n", NULL, "150 data\r\n226 ok\r\n", NULL },
	{ "STAT\r\n", NULL, "211-a\r\n227 (1,2,3,4,5,6)\r\n211 b\r\n", NULL },
	{ "AUTH X\r\n", NULL, "502 no\r\n", NULL },
	{ "EPRTX\r\n", NULL, "500 no\r\n", NULL },
};

static void
add(char *to, const char *text)
{
	ck_assert_uint_lt(strlen(to) + strlen(text), MAX_TEXT);
	strcat(to, text);
}

/* AUTH waits for its reply: what follows it is not looked at. */
static void
random_dialogue(void)
{
	static char text[4][MAX_TEXT];
	struct turn c = C(text[0], text[1]), s = S(text[2], text[3]);
	const struct turn hello = HELLO;
	const struct phrase *p;
	unsigned rounds, n;

	begin();
	say_cut(&hello, RANDOM);
	compare(&hello, "random");
	for (rounds = 1 + roll(6); rounds > 0; rounds--) {
		text[0][0] = text[1][0] = text[2][0] = text[3][0] = '\0';
		for (n = 1 + roll(9); n > 0; n--) {
			p = &phrases[roll(
			    sizeof(phrases) / sizeof(phrases[0]))];
			add(text[0], p->said);
			add(text[1], p->heard != NULL ? p->heard : p->said);
			add(text[2], p->reply);
			add(text[3],
			    p->reply_heard != NULL ? p->reply_heard :
						     p->reply);
			if (p->said[0] == 'A' && p->said[1] == 'U')
				break;
		}
		say_cut(&c, RANDOM);
		compare(&c, "random");
		say_cut(&s, RANDOM);
		compare(&s, "random");
	}
}

START_TEST(ftp_random_dialogues)
{
	unsigned i;

	for (i = 0; i < 20000; i++) {
		lab.random = i;
		random_dialogue();
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		ftp_passes_what_it_does_not_know,
		ftp_translates_epsv,
		ftp_answers_other_epsv,
		ftp_answers_algs,
		ftp_translates_eprt,
		ftp_passes_eprt_without_a_binding,
		ftp_lets_go_after_auth,
		ftp_keeps_the_order,
		ftp_refuses_telnet_options,
		ftp_gives_up_counting,
		ftp_is_idle_between_commands,
		ftp_random_dialogues,
	};
	Suite *s = suite_create("ftp");
	TCase *tc = tcase_create("ftp");
	size_t i;

	tcase_set_timeout(tc, 60);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
