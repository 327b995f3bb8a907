/*
 * Tests of the table of hosts, and of what hosts files in the wild have:
 * each row is the text of a file, what is found in it and what is told.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/siphash.h"
#include "dns64d/local/hosts_file.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/name_text.h"

#include "tests/unit/suite.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))
#define FOUND_MAX 512

static struct hosts *hosts;
static struct hosts_file file;

static void
setup(void)
{
	static const struct siphash_key key = { "hosts" };

	hosts = hosts_new(&key);
	ck_assert_ptr_nonnull(hosts);
	hosts_file_begin(&file, hosts);
}

static void
teardown(void)
{
	hosts_free(hosts);
}

/* Read a text in pieces of a length. */
static int
read_text(const char *text, size_t len, size_t piece)
{
	for (; len > piece; text += piece, len -= piece)
		if (hosts_file_read(&file, text, piece) == -1)
			return (-1);
	if (hosts_file_read(&file, text, len) == -1)
		return (-1);
	return (hosts_file_end(&file));
}

/* The addresses of a name, with blanks between them; "" when there is none. */
static const char *
find(const char *name)
{
	static char found[FOUND_MAX];
	char text[INET6_ADDRSTRLEN];
	const struct hosts_addr *addr;
	uint8_t wire[MSG_NAME_MAX];
	uint32_t at = HOSTS_FIRST;

	found[0] = '\0';
	ck_assert_uint_gt(name_from_text(name, wire), 0);
	while ((addr = hosts_next_addr(hosts, wire, &at)) != NULL) {
		if (found[0] != '\0')
			strlcat(found, " ", sizeof(found));
		strlcat(found,
		    inet_ntop(addr->family, &addr->addr6, text, sizeof(text)),
		    sizeof(found));
	}
	return (found);
}

static const char *
name_of(const char *text)
{
	static char name[NAME_TEXT_MAX];
	struct hosts_addr addr;
	const uint8_t *found;

	ck_assert_int_eq(hosts_parse_addr(text, &addr), 0);
	found = hosts_name_of(hosts, &addr);
	return (found == NULL ? "" : name_to_text(found, name));
}

static int
add(const char *name, const char *text)
{
	uint8_t wire[MSG_NAME_MAX];
	struct hosts_addr addr;

	ck_assert_int_eq(hosts_parse_addr(text, &addr), 0);
	ck_assert_uint_gt(name_from_text(name, wire), 0);
	return (hosts_add(hosts, wire, &addr));
}

#define LABEL63                                                \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz" \
	"12345678901"
#define LABEL61                                                \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz" \
	"123456789"
/* 253 octets of text: as long as a name can be. */
#define LONGEST LABEL63 "." LABEL63 "." LABEL63 "." LABEL61
#define TEXT(t) t, sizeof(t) - 1

static const struct row {
	const char *what;
	const char *text;
	size_t len;
	const char *name; /* that is asked for ... */
	const char *found;
	unsigned bad_lines;
	unsigned line; /* of the first one, its word and the reason */
	const char *word;
	const char *why;
} rows[] = {
	{ "a plain line", TEXT("192.0.2.1 a\n"), "a", "192.0.2.1", 0, 0, NULL,
	    NULL },
	{ "several names", TEXT("192.0.2.1 a b c\n"), "c", "192.0.2.1", 0, 0,
	    NULL, NULL },
	{ "no newline at the end", TEXT("192.0.2.1 a"), "a", "192.0.2.1", 0, 0,
	    NULL, NULL },
	{ "an empty file", TEXT(""), "a", "", 0, 0, NULL, NULL },
	{ "DOS line ends", TEXT("192.0.2.1 a\r\n\r\n192.0.2.2 b\r\n"), "b",
	    "192.0.2.2", 0, 0, NULL, NULL },
	{ "a byte order mark",
	    TEXT("\xef\xbb\xbf"
		 "192.0.2.1 a\n"),
	    "a", "192.0.2.1", 0, 0, NULL, NULL },
	{ "a byte order mark before a comment",
	    TEXT("\xef\xbb\xbf# Windows\r\n192.0.2.1 a\n"), "a", "192.0.2.1",
	    0, 0, NULL, NULL },
	{ "a byte order mark inside the file",
	    TEXT("192.0.2.1 a\n\xef\xbb\xbf"
		 "192.0.2.2 b\n"),
	    "b", "", 1, 2, "???192.0.2.2", "is no address" },
	{ "UTF-16",
	    TEXT("\xff\xfe"
		 "1\0.\0 \0a\0\n\0"),
	    "a", "", 2, 1, "??1?.?", "is no address" },
	{ "tabs and other blanks", TEXT("\t192.0.2.1\t \v\f a\t\tb \t\n"), "b",
	    "192.0.2.1", 0, 0, NULL, NULL },
	{ "comments", TEXT("#192.0.2.1 a\n192.0.2.2 b#c\n192.0.2.3 # d\n"),
	    "b", "192.0.2.2", 1, 3, "192.0.2.3", "has no host name" },
	{ "a comment is not read", TEXT("192.0.2.1 a # b\n"), "b", "", 0, 0,
	    NULL, NULL },
	{ "a comment without a newline", TEXT("192.0.2.1 a\n# end"), "a",
	    "192.0.2.1", 0, 0, NULL, NULL },
	{ "a hash within an address", TEXT("192.0.2#.1 a\n192.0.2.2 b\n"), "b",
	    "192.0.2.2", 1, 1, "192.0.2", "is no address" },
	{ "underscores", TEXT("192.0.2.1 _dmarc.a_b.lan\n"), "_dmarc.a_b.lan",
	    "192.0.2.1", 0, 0, NULL, NULL },
	{ "a dot at the end", TEXT("192.0.2.1 a.lan.\n"), "a.lan", "192.0.2.1",
	    0, 0, NULL, NULL },
	{ "upper case", TEXT("192.0.2.1 Router.LAN\n2001:DB8::A rOUTER.lan\n"),
	    "ROUTER.lan", "192.0.2.1 2001:db8::a", 0, 0, NULL, NULL },
	{ "names made of digits", TEXT("0.0.0.0 0.0.0.0\n192.0.2.1 42\n"),
	    "42", "192.0.2.1", 0, 0, NULL, NULL },
	{ "the same line twice", TEXT("192.0.2.1 a\n192.0.2.1 a A\n"), "a",
	    "192.0.2.1", 0, 0, NULL, NULL },
	{ "addresses in the order of the file",
	    TEXT("192.0.2.9 a\n192.0.2.1 a\n::1 a\n192.0.2.5 a\n"), "a",
	    "192.0.2.9 192.0.2.1 ::1 192.0.2.5", 0, 0, NULL, NULL },
	{ "an address with a scope", TEXT("fe80::1%lo0 localhost\n::1 a\n"),
	    "localhost", "", 0, 0, NULL, NULL },
	{ "a block list", TEXT("0.0.0.0 ads.example\n:: ads.example\n"),
	    "ads.example", "0.0.0.0 ::", 0, 0, NULL, NULL },
	{ "an IPv4-mapped address is no IPv4 one",
	    TEXT("::ffff:192.0.2.1 a\n192.0.2.1 a\n"), "a",
	    "::ffff:192.0.2.1 192.0.2.1", 0, 0, NULL, NULL },
	{ "a list of names only", TEXT("ads.example\nads2.example\n"),
	    "ads.example", "", 2, 1, "ads.example", "is no address" },
	{ "what another resolver understands",
	    TEXT("||ads.example^\n192.0.2.1 a\n"), "a", "192.0.2.1", 1, 1,
	    "||ads.example^", "is no address" },
	{ "short and odd addresses",
	    TEXT("127.1 a\n192.0.2.256 a\n[::1] a\n192.0.2.01 a\n::1 b\n"),
	    "b", "::1", 4, 1, "127.1", "is no address" },
	{ "a bad name leaves the others of its line",
	    TEXT("192.0.2.1 a b@d c\n"), "c", "192.0.2.1", 1, 1, "b@d",
	    "is no host name" },
	{ "a line is bad once", TEXT("192.0.2.1 x! y! z!\n"), "a", "", 1, 1,
	    "x!", "is no host name" },
	{ "empty labels", TEXT("192.0.2.1 a..b .c . d\n"), "d", "192.0.2.1", 1,
	    1, "a..b", "is no host name" },
	{ "a name in UTF-8", TEXT("192.0.2.1 m\xc3\xbcller.lan a\n"), "a",
	    "192.0.2.1", 1, 1, "m??ller.lan",
	    "is not ASCII: clients ask for "
	    "its form that begins with \"xn--\"" },
	{ "a name in Latin-1", TEXT("192.0.2.1 m\xfcller\n"), "a", "", 1, 1,
	    "m?ller",
	    "is not ASCII: clients ask for its form that "
	    "begins with \"xn--\"" },
	{ "NUL octets", TEXT("192.0.2.1 a\0b\n\0\0\0\n192.0.2.2 c\n"), "c",
	    "192.0.2.2", 2, 1, "a?b", "is no host name" },
	{ "control characters are not printed", TEXT("192.0.2.1 \033[2J\"\n"),
	    "a", "", 1, 1, "?[2J?", "is no host name" },
	{ "the longest name", TEXT("192.0.2.1 " LONGEST "\n"), LONGEST,
	    "192.0.2.1", 0, 0, NULL, NULL },
	{ "names too long",
	    TEXT("192.0.2.1 x" LONGEST "\n192.0.2.2 " LABEL63
		 "x\n192.0.2.3 " LONGEST LONGEST " a\n"),
	    "a", "192.0.2.3", 3, 1, NULL, "is no host name" },
};

/* Shows: DNS64-91 */
START_TEST(hosts_file_is_read_as_its_row_says)
{
	const struct row *r = &rows[_i];
	const struct hosts_fault *fault = &file.faults[0];
	size_t piece;

	for (piece = r->len + 1; piece > 0; piece /= 3) {
		teardown();
		setup();
		ck_assert_int_eq(read_text(r->text, r->len, piece), 0);
		ck_assert_msg(strcmp(find(r->name), r->found) == 0,
		    "%s: %s is %s", r->what, r->name, find(r->name));
		ck_assert_msg(file.bad_lines == r->bad_lines,
		    "%s: %u bad lines", r->what, file.bad_lines);
		if (r->bad_lines == 0)
			continue;
		ck_assert_msg(fault->line == r->line, "%s: line %u", r->what,
		    fault->line);
		ck_assert_str_eq(fault->why, r->why);
		if (r->word != NULL)
			ck_assert_str_eq(fault->word, r->word);
		ck_assert_uint_lt(strlen(fault->word), HOSTS_FAULT_WORD);
	}
}
END_TEST

/* Shows: DNS64-91 */
START_TEST(hosts_file_tells_the_first_faults_and_counts_all)
{
	const char *line = "192.0.2.1 good\nbad\n";
	unsigned i;

	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(hosts_file_read(&file, line, strlen(line)),
		    0);
	ck_assert_int_eq(hosts_file_end(&file), 0);
	ck_assert_uint_eq(file.bad_lines, 1000);
	for (i = 0; i < HOSTS_FAULTS_MAX; i++)
		ck_assert_uint_eq(file.faults[i].line, 2 * i + 2);
	ck_assert_str_eq(find("good"), "192.0.2.1");
}
END_TEST

/* Shows: DNS64-91 */
START_TEST(hosts_file_has_lines_of_any_length)
{
	char name[32];
	unsigned i;

	ck_assert_int_eq(hosts_file_read(&file, "192.0.2.1", 9), 0);
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), " alias%u.lan", i);
		ck_assert_int_eq(hosts_file_read(&file, name, strlen(name)),
		    0);
	}
	ck_assert_int_eq(hosts_file_end(&file), 0);
	ck_assert_uint_eq(file.bad_lines, 0);
	ck_assert_str_eq(find("alias0.lan"), "192.0.2.1");
	ck_assert_str_eq(find("alias19999.lan"), "192.0.2.1");
	ck_assert_str_eq(name_of("192.0.2.1"), "alias0.lan.");
}
END_TEST

START_TEST(hosts_name_of_is_the_first_name_as_written)
{
	ck_assert_int_eq(add("First.LAN", "192.0.2.1"), 0);
	ck_assert_int_eq(add("second.lan", "192.0.2.1"), 0);
	ck_assert_int_eq(add("first.lan", "2001:db8::1"), 0);
	ck_assert_int_eq(add("blocked.example", "0.0.0.0"), 0);
	ck_assert_int_eq(add("blocked.example", "::"), 0);
	ck_assert_str_eq(name_of("192.0.2.1"), "First.LAN.");
	ck_assert_str_eq(name_of("2001:db8::1"), "First.LAN.");
	ck_assert_str_eq(name_of("192.0.2.2"), "");
	ck_assert_str_eq(name_of("::ffff:192.0.2.1"), "");
	ck_assert_str_eq(name_of("0.0.0.0"), "");
	ck_assert_str_eq(name_of("::"), "");
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(hosts_limit_leaves_what_was_there)
{
	char text[64];
	unsigned n = 0;

	hosts_limit(hosts, 100000);
	do {
		snprintf(text, sizeof(text), "192.0.2.1 host%u.lan\n", n++);
	} while (hosts_file_read(&file, text, strlen(text)) == 0);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert(file.is_full);
	ck_assert_uint_eq(file.line, n);
	ck_assert_uint_gt(n, 1000);
	ck_assert_uint_le(hosts_bytes(hosts), 100000);
	hosts_finish(hosts);
	ck_assert_str_eq(find("host0.lan"), "192.0.2.1");
	snprintf(text, sizeof(text), "host%u.lan", n - 2);
	ck_assert_str_eq(find(text), "192.0.2.1");
	snprintf(text, sizeof(text), "host%u.lan", n - 1);
	ck_assert_str_eq(find(text), "");
	/* What is there already costs nothing. */
	ck_assert_int_eq(add("host0.lan", "192.0.2.1"), 0);
	hosts_limit(hosts, 0);
	ck_assert_int_eq(add("new.lan", "192.0.2.1"), -1);
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(hosts_expect_keeps_to_the_limit_and_loses_nothing)
{
	size_t before;

	ck_assert_int_eq(add("a.lan", "192.0.2.1"), 0);
	ck_assert_int_eq(add("b.lan", "192.0.2.1"), 0);
	ck_assert_int_eq(add("a.lan", "192.0.2.2"), 0);
	before = hosts_bytes(hosts);
	hosts_limit(hosts, 5000);
	hosts_expect(hosts, 1000);
	ck_assert_uint_eq(hosts_bytes(hosts), before);
	hosts_expect(hosts, SIZE_MAX);
	ck_assert_uint_eq(hosts_bytes(hosts), before);
	hosts_limit(hosts, 100000);
	hosts_expect(hosts, 1000);
	ck_assert_uint_gt(hosts_bytes(hosts), before);
	ck_assert_uint_le(hosts_bytes(hosts), 100000);
	ck_assert_str_eq(find("a.lan"), "192.0.2.1 192.0.2.2");
	ck_assert_str_eq(find("b.lan"), "192.0.2.1");
	ck_assert_str_eq(name_of("192.0.2.1"), "a.lan.");
}
END_TEST

/* Shows: DNS64-94 */
START_TEST(hosts_name_has_a_bounded_number_of_addresses)
{
	static const uint8_t name[] = "\001a";
	uint32_t at = HOSTS_FIRST;
	char text[64];
	unsigned i;

	for (i = 0; i <= HOSTS_ADDRS_MAX; i++) {
		snprintf(text, sizeof(text), "2001:db8::%x a\n", i);
		ck_assert_int_eq(hosts_file_read(&file, text, strlen(text)),
		    0);
	}
	ck_assert_uint_eq(file.bad_lines, 1);
	ck_assert_uint_eq(file.faults[0].line, HOSTS_ADDRS_MAX + 1);
	ck_assert_str_eq(file.faults[0].why, "has too many addresses");
	for (i = 0; hosts_next_addr(hosts, name, &at) != NULL; i++)
		continue;
	ck_assert_uint_eq(i, HOSTS_ADDRS_MAX);
}
END_TEST

/*
 * A block list: all its names are found, and a name costs little more than
 * its octets. Were the time not linear, the test would not end in its time.
 */
/* Shows: DNS64-91 DNS64-94 */
START_TEST(hosts_of_a_large_list_are_all_found)
{
	const unsigned n = 200000;
	char text[64];
	unsigned i;
	size_t octets = 0;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "0.0.0.0 ads-%u.example.com\n",
		    i);
		octets += strlen(text) - sizeof("0.0.0.0 \n") + 1 + 2;
		if (hosts_file_read(&file, text, strlen(text)) == -1)
			ck_abort_msg("line %u", i);
	}
	hosts_finish(hosts);
	ck_assert_uint_le(hosts_bytes(hosts), octets + n * 26);
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "ADS-%u.example.com", i);
		ck_assert_str_eq(find(text), "0.0.0.0");
	}
	ck_assert_str_eq(find("ads.example.com"), "");
}
END_TEST

static Suite *
hosts_suite(void)
{
	Suite *s = suite_create("hosts");
	TCase *tc = tcase_create("hosts");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, hosts_file_is_read_as_its_row_says, 0,
	    NITEMS(rows));
	tcase_add_test(tc, hosts_file_tells_the_first_faults_and_counts_all);
	tcase_add_test(tc, hosts_file_has_lines_of_any_length);
	tcase_add_test(tc, hosts_name_of_is_the_first_name_as_written);
	tcase_add_test(tc, hosts_limit_leaves_what_was_there);
	tcase_add_test(tc, hosts_expect_keeps_to_the_limit_and_loses_nothing);
	tcase_add_test(tc, hosts_name_has_a_bounded_number_of_addresses);
	tcase_add_test(tc, hosts_of_a_large_list_are_all_found);
	suite_add_tcase(s, tc);
	return (s);
}

int
main(void)
{
	return (suite_run(hosts_suite()));
}
