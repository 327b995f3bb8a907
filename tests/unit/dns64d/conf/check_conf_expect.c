/*
 * Unit tests of conf_expect.c and conf_value.c: what a grammar expects, what
 * is found instead, and values out of their bounds.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf/conf_file.h"

#include "tests/unit/conf_dir.h"
#include "tests/unit/suite.h"

static const struct {
	const char *name;
	const char *text; /* the last token is the unexpected one */
	const char *expected[3];
	const char *msg;
} unexpected[] = {
	{ "word", "pool foo", { "port" },
	    "t.conf:1: unexpected \"foo\", expected \"port\"\n" },
	{ "two expected", "pool foo", { "port", "<end of line>" },
	    "t.conf:1: unexpected \"foo\", expected \"port\" or "
	    "end of line\n" },
	{ "three expected", "pool 5", { "'{'", "<address>", "<string>" },
	    "t.conf:1: unexpected \"5\", expected \"{\", address or string\n" },
	{ "one was meant", "pool prot", { "pool", "port", "<number>" },
	    "t.conf:1: unexpected \"prot\", expected \"pool\", \"port\" or "
	    "number: did you mean \"port\"?\n" },
	{ "end of line", "pool\n", { "<address>" },
	    "t.conf:1: unexpected end of line, expected address\n" },
	{ "end of file", "pool\n#\n", { "'}'" },
	    "t.conf:1: unexpected end of file, expected \"}\"\n" },
	{ "end of file in a block", "\npool {\na\n#\n", { "'{'", "'}'" },
	    "t.conf:3: unexpected end of file: the block of line 2 has no "
	    "\"}\"\n" },
	{ "end of file behind a block", "pool {\na\n}\n#\n", { "'{'", "'}'" },
	    "t.conf:3: unexpected end of file, expected \"{\" or \"}\"\n" },
	{ "brace that was not accepted", "pool {\na\n#\n", { "'}'" },
	    "t.conf:2: unexpected end of file, expected \"}\"\n" },
	{ "end of file in a block in a block", "a {\nb {\n}\n#\n",
	    { "'{'", "'}'" },
	    "t.conf:3: unexpected end of file: the block of line 1 has no "
	    "\"}\"\n" },
	{ "string", "pool \"a b\"", { NULL },
	    "t.conf:1: unexpected string \"a b\"\n" },
	{ "range", "pool 1 - 2", { NULL },
	    "t.conf:1: unexpected \"1 - 2\"\n" },
	{ "punctuation", "pool {", { NULL }, "t.conf:1: unexpected \"{\"\n" },
	{ "from a macro", "x = foo\npool $x", { "port" },
	    "t.conf:2: unexpected \"foo\" (from $x), expected \"port\"\n" },
	{ "word that begins a line", "a\npoool", { NULL },
	    "t.conf:2: unknown statement \"poool\"\n" },
	{ "number that begins a line", "a\n5", { NULL },
	    "t.conf:2: unexpected \"5\"\n" },
	{ "second word", "a b", { NULL }, "t.conf:1: unexpected \"b\"\n" },
	{ "long word",
	    "a "
	    "123456789.123456789.123456789.123456789.123456789.123456789."
	    "x",
	    { NULL },
	    "t.conf:1: unexpected \""
	    "123456789.123456789.123456789.123456789.123456789.123456789."
	    "...\"\n" },
};

static void
next(struct conf_file *cf, const char *const *expected, int n)
{
	struct conf_value v;

	conf_file_next(cf, &v);
	conf_choose(cf, &v, expected, n);
}

/* Messages of the last token of text, given as a grammar gives them. */
static char *
message_of(const char *text, const char *const *expected)
{
	struct conf_file *cf;
	struct conf_value v;
	char *msg;
	size_t size, last = 0, i;
	int n = 0;
	FILE *f = open_memstream(&msg, &size);

	put("t.conf", text);
	cf = conf_file_open("t.conf", NULL, report, f);
	ck_assert_ptr_nonnull(cf);
	while (conf_file_next(cf, &v) != CONF_EOF)
		last++;
	conf_file_close(cf);

	/* A file that ends without a newline means its last word. */
	if (text[strlen(text) - 1] != '\n')
		last--;
	else if (strchr(text, '#') != NULL)
		last++;
	cf = conf_file_open("t.conf", NULL, report, f);
	while (n < 3 && expected[n] != NULL)
		n++;
	for (i = 0; i < last; i++)
		next(cf, expected, n);
	conf_unexpected(cf, expected, n, false);
	conf_file_close(cf);
	fclose(f);
	return (msg);
}

START_TEST(unexpected_names_what_was_found_and_expected)
{
	char *msg = message_of(unexpected[_i].text, unexpected[_i].expected);

	ck_assert_str_eq(msg, unexpected[_i].msg);
	free(msg);
}
END_TEST

/* Which of the names each token of a line is; -1 for none. */
static const struct {
	const char *name;
	const char *word;
	const char *expected[4];
	int chosen;
} choices[] = {
	{ "keyword", "port", { "<number>", "port" }, 1 },
	{ "no keyword", "por", { "<number>", "port" }, -1 },
	{ "keyword before text", "port", { "<domain>", "port" }, 1 },
	{ "keyword elsewhere is text", "local", { "<domain>", "port" }, 0 },
	{ "string is no keyword", "\"port\"", { "port", "<domain>" }, 1 },
	{ "string alone", "\"port\"", { "port" }, -1 },
	{ "number", "5", { "port", "<number>" }, 1 },
	{ "number before text", "5", { "<domain>", "<number>" }, 1 },
	{ "number as text", "5", { "<domain>" }, 0 },
	{ "number as time", "5", { "<time (5, 5m)>" }, 0 },
	{ "time", "5m", { "port", "<time (5, 5m)>" }, 1 },
	{ "time is no number", "5m", { "<number>" }, -1 },
	{ "no time", "m", { "<time (5, 5m)>" }, -1 },
	{ "size", "64M", { "<size (64M)>" }, 0 },
	{ "range", "1-2", { "<number>", "<range>" }, 1 },
	{ "address", "192.0.2.1", { "<IPv4 address>" }, 0 },
	{ "prefix", "::/0", { "port", "<prefix>" }, 1 },
	{ "address in quotes", "\"::1\"", { "<address>" }, 0 },
	{ "no address", "port", { "<address>" }, -1 },
	{ "punctuation", "{", { "'}'", "'{'" }, 1 },
	{ "end of line", "#", { "<end of line>" }, -1 },
};

START_TEST(choose_finds_what_is_meant)
{
	const char *const *names = choices[_i].expected;
	struct conf_file *cf;
	struct conf_value v;
	int n = 0;

	put("t.conf", choices[_i].word);
	cf = conf_file_open("t.conf", NULL, report, NULL);
	conf_file_next(cf, &v);
	while (n < 4 && names[n] != NULL)
		n++;
	ck_assert_int_eq(conf_choose(cf, &v, names, n), choices[_i].chosen);
	conf_file_close(cf);
}
END_TEST

/* Messages about the last word of a line whose other words are keywords. */
static char *
value_message(const char *line, enum quantity what, bool plain,
    const struct conf_bounds *b)
{
	static const char *const names[] = { "timeout", "udp", "tun", "mtu",
		"<name of an interface>", "<time (5, 5m)>" };
	struct conf_file *cf;
	struct conf_value v;
	uint64_t n = 7;
	char *msg;
	size_t size;
	FILE *f = open_memstream(&msg, &size);

	put("t.conf", line);
	cf = conf_file_open("t.conf", NULL, report, f);
	do {
		conf_file_next(cf, &v);
		conf_choose(cf, &v, names, NITEMS(names));
	} while (strchr("0123456789", v.text[0]) == NULL);
	if (plain ? conf_number(cf, &v, b, &n) :
		    conf_quantity_within(cf, &v, what, b, &n))
		fprintf(f, "%ju", (uintmax_t)n);
	else
		ck_assert_uint_eq(n, 7);
	conf_file_close(cf);
	fclose(f);
	return (msg);
}

static const struct {
	const char *line;
	bool plain;
	enum quantity what;
	struct conf_bounds bounds;
	const char *msg;
} values[] = {
	{ "timeout udp 5m", false, QUANTITY_SECS, { 10, 300, NULL }, "300" },
	{ "timeout udp 9", false, QUANTITY_SECS, { 10, 300, NULL },
	    "t.conf:1: timeout udp: 9 is not between 10 and 300 seconds\n" },
	{ "timeout udp 6m", false, QUANTITY_SECS, { 10, 300, "RFC 1, 2" },
	    "t.conf:1: timeout udp: 6m is not between 10 and 300 seconds "
	    "(RFC 1, 2)\n" },
	{ "timeout udp 6x", false, QUANTITY_SECS, { 10, 300, NULL },
	    "t.conf:1: timeout udp: \"6x\" is no time: expected a number of "
	    "seconds, or one with s, m, h or d behind it (90, 90s, 5m, 2h or "
	    "1d)\n" },
	{ "timeout 6x", false, QUANTITY_MSECS, { 10, 300, NULL },
	    "t.conf:1: timeout: \"6x\" is no time: expected a number of "
	    "milliseconds, or one with ms or s behind it (500, 500ms or "
	    "2s)\n" },
	{ "timeout 6x", false, QUANTITY_BYTES, { 10, 300, NULL },
	    "t.conf:1: timeout: \"6x\" is no size: expected a number of "
	    "bytes, or one with k, M or G behind it (65536, 64k, 64M or "
	    "1G)\n" },
	{ "tun nat64 mtu 9", true, QUANTITY_SECS,
	    { 1280, 9000, "RFC 8200, 5" },
	    "t.conf:1: tun mtu: 9 is not between 1280 and 9000 "
	    "(RFC 8200, 5)\n" },
	{ "tun nat64 mtu 9", true, QUANTITY_SECS, { 0, 0, NULL },
	    "t.conf:1: tun mtu: 9 is not 0\n" },
	{ "9", true, QUANTITY_SECS, { 0, 0, NULL }, "t.conf:1: 9 is not 0\n" },
};

START_TEST(value_out_of_bounds_says_which_and_why)
{
	char *msg = value_message(values[_i].line, values[_i].what,
	    values[_i].plain, &values[_i].bounds);

	ck_assert_str_eq(msg, values[_i].msg);
	free(msg);
}
END_TEST

START_TEST(refused_address_says_how_to_write_the_port)
{
	struct conf_file *cf;
	struct conf_value v;
	char *msg;
	size_t size;
	FILE *f = open_memstream(&msg, &size);

	put("t.conf", "192.0.2.53:53\n");
	cf = conf_file_open("t.conf", NULL, report, f);
	conf_file_next(cf, &v);
	conf_refuse(cf, &v, "is no address");
	conf_refuse(cf, &v, "is no address or prefix");
	conf_refuse(cf, &v, "is given twice");
	conf_file_close(cf);
	fclose(f);
	ck_assert_str_eq(msg,
	    "t.conf:1: \"192.0.2.53:53\" is no address: "
	    "write 192.0.2.53 port 53\n"
	    "t.conf:1: \"192.0.2.53:53\" is no address or prefix\n"
	    "t.conf:1: \"192.0.2.53:53\" is given twice\n");
	free(msg);
}
END_TEST

/* Lines whose words but the values are keywords, and what is said of them. */
static const struct {
	const char *name;
	const char *text;
	const char *msg;
} repeats[] = {
	{ "another value", "tun a\n\ntun b\n",
	    "t.conf:3: warning: \"tun\" is given again: what t.conf:1 says "
	    "does not hold\n" },
	{ "once more", "tun a\ntun b\ntun b\n",
	    "t.conf:2: warning: \"tun\" is given again: what t.conf:1 says "
	    "does not hold\n"
	    "t.conf:3: warning: \"tun\" is given again: what t.conf:2 says "
	    "does not hold\n" },
	{ "keywords alone: the last is the value", "mtu yes\nmtu no\n",
	    "t.conf:2: warning: \"mtu\" is given again: what t.conf:1 says "
	    "does not hold\n" },
	{ "value of either kind", "mtu yes\nmtu 5\n",
	    "t.conf:2: warning: \"mtu\" is given again: what t.conf:1 says "
	    "does not hold\n" },
	{ "keywords behind the value", "tun a mtu 5\ntun b\n",
	    "t.conf:2: warning: \"tun\" is given again: what t.conf:1 says "
	    "does not hold\n" },
	{ "several keywords", "mtu udp 5\nmtu timeout 5\nmtu udp 6\n",
	    "t.conf:3: warning: \"mtu udp\" is given again: what t.conf:1 "
	    "says does not hold\n" },
	{ "different ones", "tun a\nmtu 5\nudp 6\n", "" },
	{ "another block", "tun a\n{\ntun b\n}\n{\ntun c\n}\n", "" },
	{ "same block", "{\ntun b\ntun c\n}\n",
	    "t.conf:3: warning: \"tun\" is given again: what t.conf:2 says "
	    "does not hold\n" },
	{ "in another file", "tun a\ninclude a.conf\n",
	    "a.conf:1: warning: \"tun\" is given again: what t.conf:1 says "
	    "does not hold\n" },
};

START_TEST(once_warns_of_what_is_given_again)
{
	static const char *const expected[] = { "timeout", "udp", "tun", "mtu",
		"yes", "no", "<name>", "<number>", "'{'", "'}'",
		"<end of line>" };
	struct conf_file *cf;
	struct conf_value v;
	char *msg;
	size_t size, words = 0;
	FILE *f = open_memstream(&msg, &size);

	put("t.conf", repeats[_i].text);
	put("a.conf", "tun b\n");
	cf = conf_file_open("t.conf", NULL, report, f);
	while (conf_file_next(cf, &v) != CONF_EOF) {
		conf_choose(cf, &v, expected, NITEMS(expected));
		words += v.kind != CONF_PUNCT && v.kind != CONF_EOL;
		if (v.kind != CONF_EOL)
			continue;
		if (words > 0)
			conf_once(cf, NULL);
		words = 0;
	}
	ck_assert_uint_eq(conf_file_errors(cf), 0);
	conf_file_close(cf);
	fclose(f);
	ck_assert_str_eq(msg, repeats[_i].msg);
	free(msg);
}
END_TEST

START_TEST(once_does_not_count_what_is_refused)
{
	static const char *const expected[] = { "tun", "<name>" };
	struct conf_file *cf;
	struct conf_value v;
	char *msg;
	size_t size;
	FILE *f = open_memstream(&msg, &size);

	put("t.conf", "tun a\ntun b\n");
	cf = conf_file_open("t.conf", NULL, report, f);
	next(cf, expected, NITEMS(expected));
	next(cf, expected, NITEMS(expected));
	conf_error(cf, "no");
	conf_once(cf, NULL);
	conf_file_next(cf, &v);
	next(cf, expected, NITEMS(expected));
	next(cf, expected, NITEMS(expected));
	conf_once(cf, NULL);
	conf_file_close(cf);
	fclose(f);
	ck_assert_str_eq(msg, "t.conf:1: no\n");
	free(msg);
}
END_TEST

START_TEST(warnings_are_bounded)
{
	static const struct conf_where where = { "t.conf", 1 };
	struct conf_file *cf;
	char *msg, *p;
	size_t size;
	FILE *f = open_memstream(&msg, &size);
	int i, lines = 0;

	put("t.conf", "");
	cf = conf_file_open("t.conf", NULL, report, f);
	for (i = 0; i < 2 * CONF_MAX_ERRORS; i++)
		conf_warning_at(cf, &where, "%d", i);
	ck_assert_uint_eq(conf_file_errors(cf), 0);
	conf_file_close(cf);
	fclose(f);
	for (p = msg; *p != '\0'; p++)
		lines += *p == '\n';
	ck_assert_int_eq(lines, CONF_MAX_ERRORS);
	ck_assert_ptr_nonnull(
	    strstr(msg, "t.conf:1: warning: 49 (too many warnings)\n"));
	free(msg);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf_expect");
	TCase *tc = tcase_create("conf_expect");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, unexpected_names_what_was_found_and_expected,
	    0, NITEMS(unexpected));
	tcase_add_loop_test(tc, choose_finds_what_is_meant, 0,
	    NITEMS(choices));
	tcase_add_loop_test(tc, value_out_of_bounds_says_which_and_why, 0,
	    NITEMS(values));
	tcase_add_test(tc, refused_address_says_how_to_write_the_port);
	tcase_add_loop_test(tc, once_warns_of_what_is_given_again, 0,
	    NITEMS(repeats));
	tcase_add_test(tc, once_does_not_count_what_is_refused);
	tcase_add_test(tc, warnings_are_bounded);
	suite_add_tcase(s, tc);
	return (suite_run(s));
}
