/*
 * Unit tests of conf_file.c: a configuration in, its tokens and messages as
 * text out.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/conf_file.h"

#include "tests/unit/conf_dir.h"
#include "tests/unit/suite.h"

static void
print_token(FILE *f, const struct conf_value *v)
{
	switch (v->kind) {
	case CONF_EOF:
		fputs("EOF", f);
		break;
	case CONF_EOL:
		fputs("|", f);
		break;
	case CONF_WORD:
		fprintf(f, "%s ", v->text);
		break;
	case CONF_STRING:
		fprintf(f, "\"%s\" ", v->text);
		break;
	case CONF_NUMBER:
		fprintf(f, "#%ju ", (uintmax_t)v->number);
		break;
	case CONF_RANGE:
		fprintf(f, "#%ju..%ju ", (uintmax_t)v->number,
		    (uintmax_t)v->last);
		break;
	case CONF_PUNCT:
		fprintf(f, "'%c' ", v->punct);
		break;
	case CONF_ERROR:
		fputs("! ", f);
		break;
	}
}

/*
 * Read t.conf to its end: the tokens and, on a new line, the messages. The
 * caller frees the text.
 */
static char *
read_all(unsigned *errors)
{
	char *messages, *all;
	size_t size;
	FILE *out = open_memstream(&all, &size);
	FILE *msgs = open_memstream(&messages, &size);
	struct conf_file *cf = conf_file_open("t.conf", NULL, report, msgs);
	struct conf_value v;

	if (cf != NULL) {
		while (conf_file_next(cf, &v) != CONF_EOF)
			print_token(out, &v);
		ck_assert_int_eq(conf_file_next(cf, &v), CONF_EOF);
	}
	*errors = cf != NULL ? conf_file_errors(cf) : 1;
	conf_file_close(cf);
	fclose(msgs);
	fprintf(out, "%s%s", *messages != '\0' ? "\n" : "", messages);
	fclose(out);
	free(messages);
	return (all);
}

static void
expect(const char *want, unsigned want_errors)
{
	unsigned errors;
	char *got = read_all(&errors);

	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(errors, want_errors);
	free(got);
}

static const struct {
	const char *name;
	const char *text;
	const char *tokens;
} good[] = {
	{ "empty file", "", "" },
	{ "blank lines and comments", "\n \t\n# x\n\t# y\n\n", "" },
	{ "one statement", "tun nat64 mtu 1500\n", "tun nat64 mtu #1500 |" },
	{ "no newline at the end", "a\nb", "a |b |" },
	{ "end of line is seen once", "\n\na\n\n\nb\n\n", "a |b |" },
	{ "comment behind a statement", "a # b\nc\n", "a |c |" },
	{ "comment behind a brace", "{#x\n}\n", "'{' |'}' |" },
	{ "continuation", "a \\\nb\\\n\\\nc\n", "a b c |" },
	{ "continuation at the end of file", "a \\\n", "a |" },
	{ "backslash at the end of file", "a\nb \\", "a |b |" },
	{ "comment is not continued", "# a \\\nb\n", "b |" },
	{ "addresses", "::1 2001:db8::/96 192.0.2.0/24 fe80::1%2\n",
	    "::1 2001:db8::/96 192.0.2.0/24 fe80::1%2 |" },
	{ "words with digits first", "64:ff9b::/96 300s 5x 1.2\n",
	    "64:ff9b::/96 300s 5x 1.2 |" },
	{ "words of all letters", "a-b_c.d*e+f~g@h -x /run/x\n",
	    "a-b_c.d*e+f~g@h -x /run/x |" },
	{ "numbers", "0 007 18446744073709551615 18446744073709551616\n",
	    "#0 #7 #18446744073709551615 #18446744073709551615 |" },
	{ "ranges", "1024-65535 1 - 2 3- 4 5\t-6 7-7\n",
	    "#1024..65535 #1..2 #3..4 #5..6 #7..7 |" },
	{ "no ranges", "1-2-3 1-x x-1\n", "1-2-3 1-x x-1 |" },
	{ "range across a continuation is none", "1 \\\n-2\n", "#1 -2 |" },
	{ "punctuation", "{a,b} x=y\n", "'{' a ',' b '}' x '=' y |" },
	{ "strings", "\"\" \"a b\" \"\\\"\\\\\" \"#$x\" \"\xc3\xa9\"\n",
	    "\"\" \"a b\" \"\"\\\" \"#$x\" \"\xc3\xa9\" |" },
	{ "bytes above ASCII in a comment", "a # \xc3\xa9\n", "a |" },
	{ "macro", "x = 5\na $x\n", "a #5 |" },
	{ "macro of several tokens", "x = \"{ 1-2, a }\"\n$x b\n",
	    "'{' #1..2 ',' a '}' b |" },
	{ "macro of several values", "x = a \"b c\" 5 1-2\n$x\n",
	    "a b c #5 #1..2 |" },
	{ "macro in a macro", "x = a\ny = $x b $x\n$y\n", "a b a |" },
	{ "macro with a string in it", "x = \"\\\"a b\\\"\"\n$x\n",
	    "\"a b\" |" },
	{ "empty macro", "x = \"\"\na $x b\n$x\n$x c\n", "a b |c |" },
	{ "macro as last word of the file", "x = a\n$x", "a |" },
	{ "macro in no string", "x = a\n\"$x\"\n", "\"$x\" |" },
	{ "macro named as a keyword", "pool = a\npool $pool\n", "pool a |" },
	{ "macro over two lines", "x = a \\\n b\n$x\n", "a b |" },
	{ "definition at the start of a line only", "a x = b\n",
	    "a x '=' b |" },
	{ "definition needs its own equals sign", "x = \"= 5\"\ny $x\n",
	    "y '=' #5 |" },
	{ "a macro's name is no definition", "x = y\n$x = z\n", "y '=' z |" },
	{ "include inside a line is a word", "a include b\n",
	    "a include b |" },
};

START_TEST(next_gives_the_tokens_of_a_file)
{
	put("t.conf", good[_i].text);
	expect(good[_i].tokens, 0);
}
END_TEST

static const struct {
	const char *name;
	const char *text;
	const char *output;
	unsigned errors;
} wrong[] = {
	{ "unexpected characters", "a ? b\n;\n",
	    "a ! b |! |\n"
	    "t.conf:1: unexpected character \"?\"\n"
	    "t.conf:2: unexpected character \";\"\n",
	    2 },
	{ "address in brackets", "a [192.0.2.53] b\nlisten on [::1]:53 c\n",
	    "a ! b |listen on ! c |\n"
	    "t.conf:1: \"[192.0.2.53]\" is no address: write 192.0.2.53\n"
	    "t.conf:2: \"[::1]:53\" is no address: write ::1 port 53\n",
	    2 },
	{ "other text in brackets", "a [b] http://[::1]/x\n",
	    "a ! http:// ! |\n"
	    "t.conf:1: unexpected character \"[\": a text with it needs "
	    "quotes\n"
	    "t.conf:1: unexpected character \"[\": a text with it needs "
	    "quotes\n",
	    2 },
	{ "bytes above ASCII", "a \xc3\xa9 b\n",
	    "a ! b |\n"
	    "t.conf:1: character that is not ASCII outside a string\n",
	    1 },
	{ "byte order mark",
	    "\xef\xbb\xbf"
	    "a\n",
	    "! a |\n"
	    "t.conf:1: byte order mark (U+FEFF): save the file without one\n",
	    1 },
	{ "no-break space of a web page",
	    "a\xc2\xa0"
	    "b\n",
	    "a ! b |\n"
	    "t.conf:1: no-break space (U+00A0): write a blank\n",
	    1 },
	{ "zero width space", "a \xe2\x80\x8b\n",
	    "a ! |\n"
	    "t.conf:1: zero width space (U+200B): delete it\n",
	    1 },
	{ "dash of a manual",
	    "1\xe2\x80\x93"
	    "2\n",
	    "#1 ! #2 |\n"
	    "t.conf:1: dash of a text (U+2010 to U+2015): write \"-\"\n",
	    1 },
	{ "quotes of a manual",
	    "\xe2\x80\x9c"
	    "a\xe2\x80\x9d\n",
	    "! a ! |\n"
	    "t.conf:1: quote of a text (U+2018 to U+201F): write a straight "
	    "one\n"
	    "t.conf:1: quote of a text (U+2018 to U+201F): write a straight "
	    "one\n",
	    2 },
	{ "string without an end", "a \"b c\nd\n",
	    "a ! |d |\n"
	    "t.conf:1: string without a closing quote\n",
	    1 },
	{ "string without an end at the end of file", "\"",
	    "! |\n"
	    "t.conf:1: string without a closing quote\n",
	    1 },
	{ "unknown escape", "\"a\\n\" b\nc\n",
	    "! |c |\n"
	    "t.conf:1: unknown escape in a string: only \\\" and \\\\ exist\n",
	    1 },
	{ "blanks behind a continuation", "a \\ \nb\n",
	    "a ! b |\n"
	    "t.conf:1: blanks between \"\\\" and the end of line\n",
	    1 },
	{ "backslash inside a line", "a \\b\n",
	    "a ! b |\n"
	    "t.conf:1: unexpected character \"\\\"\n",
	    1 },
	{ "comment stuck to a word", "192.0.2.1#dns\nb\n",
	    "! |b |\n"
	    "t.conf:1: \"#\" inside a word: a comment needs a blank before "
	    "it\n",
	    1 },
	{ "port stuck to an address", "a ::1#53 b # c\nd\n",
	    "a ! |d |\n"
	    "t.conf:1: \"::1#53\" is no address: write ::1 port 53\n",
	    1 },
	{ "range backwards", "port 65535-1024\n",
	    "port ! |\n"
	    "t.conf:1: range ends before it begins\n",
	    1 },
	{ "unknown macro", "a $x b\n",
	    "a ! b |\n"
	    "t.conf:1: macro $x is not defined\n",
	    1 },
	{ "dollar alone", "a $ $5\n",
	    "a ! ! #5 |\n"
	    "t.conf:1: \"$\" without a macro's name\n"
	    "t.conf:1: \"$\" without a macro's name\n",
	    2 },
	{ "macro stuck to a word", "x = 1\n$x/24\n",
	    "! #24 |\n"
	    "t.conf:2: macro needs a blank behind its name\n",
	    1 },
	{ "macro defined twice", "x = 1\nx = 2\n$x\n",
	    "#1 |\n"
	    "t.conf:2: macro \"x\" is defined already, at t.conf:1\n",
	    1 },
	{ "macro without a value", "x =\ny = # z\na\n",
	    "a |\n"
	    "t.conf:1: macro without a value\n"
	    "t.conf:2: macro without a value\n",
	    2 },
	{ "macro that ends with the file", "x = a \\ ",
	    "\n"
	    "t.conf:1: blanks between \"\\\" and the end of line\n",
	    1 },
	{ "macro of punctuation", "x = { a ? }\na\n",
	    "a |\n"
	    "t.conf:1: \"{\" in the value of a macro needs quotes\n"
	    "t.conf:1: unexpected character \"?\"\n"
	    "t.conf:1: \"}\" in the value of a macro needs quotes\n",
	    3 },
	{ "macro with a bad name", "a-b = 1\n",
	    "\n"
	    "t.conf:1: \"a-b\" is no name of a macro\n",
	    1 },
	{ "macro that names itself", "x = \"$x\"\n$x a\n",
	    "! a |\n"
	    "t.conf:2: \"$x\" in the value of $x is not expanded: write it "
	    "outside the quotes\n",
	    1 },
	{ "mistake in a macro's value shows its use", "x = \"?\"\n\n$x a\n",
	    "! a |\n"
	    "t.conf:3: unexpected character \"?\"\n",
	    1 },
	{ "include of nothing", "include\ninclude 5 a\ninclude \"a\" b\nc\n",
	    "c |\n"
	    "t.conf:1: unexpected end of line, expected name of a file\n"
	    "t.conf:2: unexpected \"5\", expected name of a file\n"
	    "t.conf:3: unexpected \"b\", expected end of line\n",
	    3 },
	{ "include of a file that is not there",
	    "include \"a.conf\"\ninclude ?\nb\n",
	    "b |\n"
	    "t.conf:1: cannot read \"a.conf\": No such file or directory\n"
	    "t.conf:2: unexpected character \"?\"\n",
	    2 },
	{ "include of itself", "a\ninclude \"t.conf\"\nb\n",
	    "a |b |\n"
	    "t.conf:2: \"t.conf\" includes itself\n",
	    1 },
	{ "include of a directory", "include sub\n",
	    "\n"
	    "t.conf:1: cannot read \"sub\": Is a directory\n",
	    1 },
	{ "DOS line ends", "a\r\nb\r\n",
	    "a |b |\n"
	    "t.conf:1: carriage return: the file has DOS line ends\n"
	    "t.conf:2: carriage return: the file has DOS line ends\n",
	    2 },
	{ "control characters", "a\n\"b\x1b[0m\" \x01 \x7f # \x08\n",
	    "a |\"b [0m\" |\n"
	    "t.conf:2: control character 0x1b\n",
	    1 },
};

START_TEST(next_reports_every_error_and_goes_on)
{
	put("t.conf", wrong[_i].text);
	expect(wrong[_i].output, wrong[_i].errors);
}
END_TEST

START_TEST(nul_byte_is_a_clean_error)
{
	put_bytes("t.conf", "a\0b\n\0\nc\n", 8);
	expect("a b |c |\n"
	       "t.conf:1: control character 0x00\n"
	       "t.conf:2: control character 0x00\n",
	    2);
}
END_TEST

START_TEST(open_reports_a_file_that_cannot_be_read)
{
	expect("\nt.conf: cannot read \"t.conf\": No such file or directory\n",
	    1);
}
END_TEST

START_TEST(include_reads_on_in_the_other_file)
{
	put("t.conf", "a\ninclude \"a.conf\"\nd\n");
	put("a.conf", "b ?\ninclude b.conf # unquoted\nb2");
	put("b.conf", "c \\");
	expect("a |b ! |c |b2 |d |\na.conf:1: unexpected character \"?\"\n",
	    1);
}
END_TEST

START_TEST(include_is_relative_to_the_including_file)
{
	put("t.conf", "p = \"sub/c.conf\"\ninclude $p\n");
	put("sub/c.conf", "c\ninclude \"d.conf\"\ninclude \"../a.conf\"\n");
	put("sub/d.conf", "d ?\n");
	put("a.conf", "a\n");
	expect("c |d ! |a |\nsub/d.conf:1: unexpected character \"?\"\n", 1);
}
END_TEST

START_TEST(include_of_an_absolute_path)
{
	char text[128];

	snprintf(text, sizeof(text), "include \"%s/a.conf\"\n", dir);
	put("t.conf", "include sub/c.conf\n");
	put("sub/c.conf", text);
	put("a.conf", "a\n");
	expect("a |", 0);
}
END_TEST

START_TEST(include_in_a_circle_is_refused)
{
	put("t.conf", "include a.conf\nt\n");
	put("a.conf", "include sub/../b.conf\na\n");
	put("b.conf", "include t.conf\nb\n");
	expect("b |a |t |\n"
	       "sub/../b.conf:1: \"sub/../t.conf\" includes itself\n",
	    1);
}
END_TEST

START_TEST(include_twice_one_after_the_other_is_no_circle)
{
	put("t.conf", "include a.conf\ninclude a.conf\n");
	put("a.conf", "a\n");
	expect("a |a |", 0);
}
END_TEST

START_TEST(include_is_bounded_in_depth)
{
	char name[16], text[32];
	int i;

	put("t.conf", "include f1\n");
	for (i = 1; i <= CONF_MAX_DEPTH; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(text, sizeof(text), "f\ninclude f%d\n", i + 1);
		put(name, text);
	}
	expect("f |f |f |f |f |f |f |\n"
	       "f7:2: more than 8 files inside one another\n",
	    1);
	for (i = 1; i <= CONF_MAX_DEPTH; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		unlink(name);
	}
}
END_TEST

/* A head, then the text many times. */
static void
put_repeated(const char *name, const char *head, const char *text, int times)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	fputs(head, f);
	while (times-- > 0)
		fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
put_macros(int n)
{
	FILE *f = fopen("t.conf", "w");

	ck_assert_ptr_nonnull(f);
	while (n-- > 0)
		fprintf(f, "x%d = 1\n", n);
	ck_assert_int_eq(fclose(f), 0);
}

/* What read_all() says last. */
static void
expect_last(const char *want, unsigned want_errors)
{
	unsigned errors;
	char *got = read_all(&errors);
	size_t len = strlen(got), want_len = strlen(want);

	ck_assert_uint_ge(len, want_len);
	ck_assert_str_eq(got + len - want_len, want);
	ck_assert_uint_eq(errors, want_errors);
	free(got);
}

START_TEST(file_is_bounded)
{
	put_repeated("t.conf", "", "0123456789abcde\n", CONF_MAX_FILE / 16);
	expect_last("|", 0);
	put_repeated("t.conf", "\n", "0123456789abcde\n", CONF_MAX_FILE / 16);
	expect("\nt.conf: cannot read \"t.conf\": File too large\n", 1);
}
END_TEST

START_TEST(line_is_bounded)
{
	put_repeated("t.conf", "", "x", CONF_MAX_LINE);
	expect_last("x |", 0);
	put_repeated("t.conf", "\n\n", "x", CONF_MAX_LINE + 1);
	expect_last("x |\nt.conf:3: line longer than 4096 bytes\n", 1);
}
END_TEST

START_TEST(macros_are_bounded)
{
	put_macros(CONF_MAX_MACROS);
	expect("", 0);
	put_macros(CONF_MAX_MACROS + 1);
	expect("\nt.conf:257: more than 256 macros\n", 1);
	put_repeated("t.conf", "x = a\\\n", "aaaaaaa\\\n", 600);
	expect_last("t.conf:513: value of a macro too long\n", 1);
}
END_TEST

START_TEST(number_of_files_is_bounded)
{
	put_repeated("t.conf", "", "include a.conf\n", CONF_MAX_FILES - 1);
	put("a.conf", "");
	expect("", 0);
	put_repeated("t.conf", "", "include a.conf\n", CONF_MAX_FILES);
	expect("\nt.conf:256: more than 256 files\n", 1);
}
END_TEST

/* Little text that would grow without end. */
START_TEST(expansion_is_bounded)
{
	char head[CONF_MAX_LINE + 16];

	snprintf(head, sizeof(head), "x = \"%0*d\"\n", CONF_MAX_LINE - 8, 0);
	put_repeated("t.conf", head, "$x\n", 10000);
	expect_last("configuration too large\n", 1);
	put_repeated("t.conf", "x = \"\"\n", "$x\n", 200000);
	expect_last("configuration too large\n", 1);
}
END_TEST

START_TEST(errors_are_bounded)
{
	put_repeated("t.conf", "", "?\n", CONF_MAX_ERRORS * 2);
	expect_last(
	    "t.conf:50: unexpected character \"?\" (too many errors)\n", 50);
}
END_TEST

START_TEST(values_live_until_the_close_and_know_their_place)
{
	struct conf_file *cf;
	struct conf_value v[8];
	int i;

	put("t.conf", "x = c\na \\\n b $x\ninclude a.conf\n");
	put("a.conf", "\nd\n");
	cf = conf_file_open("t.conf", NULL, report, NULL);
	ck_assert_ptr_nonnull(cf);
	for (i = 0; i < 7; i++)
		conf_file_next(cf, &v[i]);
	ck_assert_str_eq(v[0].text, "a");
	ck_assert_uint_eq(v[0].where.line, 2);
	ck_assert_ptr_null(v[0].macro);
	ck_assert_str_eq(v[1].text, "b");
	ck_assert_uint_eq(v[1].where.line, 3);
	ck_assert_str_eq(v[2].text, "c");
	ck_assert_uint_eq(v[2].where.line, 3);
	ck_assert_str_eq(v[2].macro, "x");
	ck_assert_int_eq(v[3].kind, CONF_EOL);
	ck_assert_uint_eq(v[3].where.line, 3);
	ck_assert_str_eq(v[4].text, "d");
	ck_assert_str_eq(v[4].where.file, "a.conf");
	ck_assert_uint_eq(v[4].where.line, 2);
	ck_assert_int_eq(v[5].kind, CONF_EOL);
	ck_assert_int_eq(v[6].kind, CONF_EOF);
	conf_file_close(cf);
}
END_TEST

START_TEST(path_lists_the_files_that_were_read)
{
	struct conf_file *cf;
	struct conf_value v;

	put("t.conf", "include sub/c.conf\ninclude missing\n");
	put("sub/c.conf", "include d.conf\n");
	put("sub/d.conf", "");
	cf = conf_file_open("t.conf", NULL, report, NULL);
	while (conf_file_next(cf, &v) != CONF_EOF)
		;
	ck_assert_str_eq(conf_file_path(cf, 0), "t.conf");
	ck_assert_str_eq(conf_file_path(cf, 1), "sub/c.conf");
	ck_assert_str_eq(conf_file_path(cf, 2), "sub/d.conf");
	ck_assert_ptr_null(conf_file_path(cf, 3));
	conf_file_close(cf);
}
END_TEST

/* Closing anywhere frees everything; ASan tells. */
START_TEST(close_in_the_middle_leaks_nothing)
{
	struct conf_file *cf;
	struct conf_value v;
	int i;

	put("t.conf", "x = \"a b\"\nc $x d\ninclude a.conf\n\"e\n");
	put("a.conf", "f ? $x\ninclude t.conf\n");
	for (i = 0; i < 16; i++) {
		cf = conf_file_open("t.conf", NULL, report, NULL);
		for (int j = 0; j < i; j++)
			conf_file_next(cf, &v);
		conf_file_close(cf);
	}
	conf_file_close(NULL);
}
END_TEST

START_TEST(error_at_names_another_place)
{
	struct conf_where where = { .file = "b.conf", .line = 7 };
	struct conf_file *cf;
	struct conf_value v;
	char *msg;
	size_t size;
	FILE *f = open_memstream(&msg, &size);

	put("t.conf", "\na\n");
	cf = conf_file_open("t.conf", NULL, report, f);
	conf_file_next(cf, &v);
	conf_error(cf, "%s is %d", "here", 5);
	conf_error_at(cf, &where, "there");
	ck_assert_uint_eq(conf_file_errors(cf), 2);
	conf_file_close(cf);
	fclose(f);
	ck_assert_str_eq(msg, "t.conf:2: here is 5\nb.conf:7: there\n");
	free(msg);
}
END_TEST

START_TEST(printed_string_reads_back_as_itself)
{
	static const char text[] = "a \"b\" \\ # $x {\xc3\xa9}";
	struct conf_file *cf;
	struct conf_value v;
	FILE *f = fopen("t.conf", "w");

	conf_print_string(f, text);
	fclose(f);
	cf = conf_file_open("t.conf", NULL, report, NULL);
	ck_assert_int_eq(conf_file_next(cf, &v), CONF_STRING);
	ck_assert_str_eq(v.text, text);
	conf_file_close(cf);
}
END_TEST

static Suite *
conf_file_suite(void)
{
	Suite *s = suite_create("conf_file");
	TCase *tc = tcase_create("conf_file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, next_gives_the_tokens_of_a_file, 0,
	    NITEMS(good));
	tcase_add_loop_test(tc, next_reports_every_error_and_goes_on, 0,
	    NITEMS(wrong));
	tcase_add_test(tc, nul_byte_is_a_clean_error);
	tcase_add_test(tc, open_reports_a_file_that_cannot_be_read);
	tcase_add_test(tc, include_reads_on_in_the_other_file);
	tcase_add_test(tc, include_is_relative_to_the_including_file);
	tcase_add_test(tc, include_of_an_absolute_path);
	tcase_add_test(tc, include_in_a_circle_is_refused);
	tcase_add_test(tc, include_twice_one_after_the_other_is_no_circle);
	tcase_add_test(tc, include_is_bounded_in_depth);
	tcase_add_test(tc, file_is_bounded);
	tcase_add_test(tc, line_is_bounded);
	tcase_add_test(tc, macros_are_bounded);
	tcase_add_test(tc, number_of_files_is_bounded);
	tcase_add_test(tc, expansion_is_bounded);
	tcase_add_test(tc, errors_are_bounded);
	tcase_add_test(tc, values_live_until_the_close_and_know_their_place);
	tcase_add_test(tc, path_lists_the_files_that_were_read);
	tcase_add_test(tc, close_in_the_middle_leaks_nothing);
	tcase_add_test(tc, error_at_names_another_place);
	tcase_add_test(tc, printed_string_reads_back_as_itself);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(conf_file_suite()));
}
