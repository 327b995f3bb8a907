/*
 * Tests of ctl_parse.c: which command a command line is, and its arguments.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/ctl/ctl_int.h"

#include "tests/unit/suite.h"

static const char *const states[] = { "established", "closing", NULL };

static const struct ctl_arg session_args[] = {
	{ .param = "addr", .kind = CTL_OPTIONAL, .value = "ADDRESS" },
	{ .param = "state", .kind = CTL_NAMED, .values = states },
	{ .param = "top", .kind = CTL_NAMED, .name = "--top", .value = "N" },
	{ .param = "all", .kind = CTL_FLAG },
	{ .param = NULL },
};

static const struct ctl_arg level_args[] = {
	{ .param = "level", .kind = CTL_WORD },
	{ .param = NULL },
};

static const struct ctl_arg top_args[] = {
	{ .param = "batch", .kind = CTL_FLAG, .name = "-b" },
	{ .param = "count",
	    .kind = CTL_LOCAL,
	    .name = "-n",
	    .value = "COUNT" },
	{ .param = "file", .kind = CTL_OPTIONAL },
	{ .param = NULL },
};

static const struct ctl_arg rest_args[] = {
	{ .param = "time", .kind = CTL_WORD },
	{ .param = "proto", .kind = CTL_NAMED },
	{ .param = "file", .kind = CTL_REST, .value = "FILE" },
	{ .param = NULL },
};

static const struct ctl_command commands[] = {
	{ .words = "top", .args = top_args },
	{ .words = "status" },
	{ .words = "show sessions", .args = session_args },
	{ .words = "show counters" },
	{ .words = "log level", .args = level_args },
	{ .words = "flush" },
	{ .words = "flush all" },
	{ .words = "search", .args = rest_args },
};

static const struct ctl_program program = { .name = "testctl",
	.commands = commands,
	.n_commands = sizeof(commands) / sizeof(commands[0]) };

static struct ctl ctl;
static char said[4096]; /* to standard error */

/* The words of line, as the shell splits them. Returns the command's, or "". */
static const char *
parse(const char *line)
{
	static char copy[256];
	char *words[16], *p = copy;
	const struct ctl_command *c;
	FILE *f = tmpfile();
	int n = 0, err = dup(STDERR_FILENO);

	memset(&ctl, 0, sizeof(ctl));
	ctl.program = &program;
	strlcpy(copy, line, sizeof(copy));
	while ((words[n] = strsep(&p, " ")) != NULL)
		n++;
	dup2(fileno(f), STDERR_FILENO);
	c = ctl_parse(&ctl, words);
	fflush(stderr);
	dup2(err, STDERR_FILENO);
	close(err);
	rewind(f);
	said[fread(said, 1, sizeof(said) - 1, f)] = '\0';
	fclose(f);
	return (c != NULL ? c->words : "");
}

START_TEST(ctl_parse_finds_commands)
{
	ck_assert_str_eq(parse("status"), "status");
	ck_assert_str_eq(parse("show counters"), "show counters");
	ck_assert_str_eq(parse("flush"), "flush");
	ck_assert_str_eq(parse("flush all"), "flush all");
}
END_TEST

START_TEST(ctl_parse_names_what_is_possible)
{
	ck_assert_str_eq(parse("shwo counters"), "");
	ck_assert_str_eq(said,
	    "testctl: command: unknown \"shwo\", did you mean \"show\"? "
	    "possible are: top, status, show, log, flush, search\n");
	ck_assert_str_eq(parse("show session"), "");
	ck_assert_str_eq(said,
	    "testctl: show: unknown \"session\", did you mean \"sessions\"? "
	    "possible are: sessions, counters\n");
	ck_assert_str_eq(parse("show"), "");
	ck_assert_str_eq(said,
	    "testctl: show: a word is missing: possible are: sessions, "
	    "counters\n");
}
END_TEST

START_TEST(ctl_parse_takes_arguments)
{
	ck_assert_str_eq(parse("show sessions"), "show sessions");
	ck_assert_uint_eq(ctl.n_params, 0);
	parse("show sessions ::1 state closing --top 3 all");
	ck_assert_uint_eq(ctl.n_params, 4);
	ck_assert_str_eq(ctl.params[0].param, "addr");
	ck_assert_str_eq(ctl.params[0].value, "::1");
	ck_assert_str_eq(ctl.params[1].value, "closing");
	ck_assert_str_eq(ctl.params[2].param, "top");
	ck_assert_str_eq(ctl.params[2].value, "3");
	ck_assert_str_eq(ctl.params[3].value, "1");
	parse("show sessions all ::1");
	ck_assert_str_eq(ctl.params[0].param, "all");
	ck_assert_str_eq(ctl.params[1].param, "addr");
}
END_TEST

/* As top(1) is used. */
START_TEST(ctl_parse_takes_letters_in_one_word)
{
	static const char *const lines[] = { "top -b -n 1 x", "top -b -n1 x",
		"top -bn 1 x", "top -bn1 x", "top x -bn1" };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_str_eq(parse(lines[i]), "top");
		ck_assert_uint_eq(ctl.n_params, 3);
	}
	parse("top -bn1 -");
	ck_assert_str_eq(ctl.params[0].param, "batch");
	ck_assert_str_eq(ctl.params[1].param, "count");
	ck_assert_str_eq(ctl.params[1].value, "1");
	ck_assert(ctl.params[1].local);
	ck_assert_str_eq(ctl.params[2].value, "-");
	ck_assert_str_eq(parse("top -bn"), "");
	ck_assert_str_eq(said, "usage: testctl top [-b] [-n COUNT] [file]\n");
	ck_assert_str_eq(parse("top -bx y"), "");
}
END_TEST

/* What looks like an option is a file there. */
START_TEST(ctl_parse_takes_the_rest)
{
	ck_assert_str_eq(parse("search 10:00 proto udp a - proto"), "search");
	ck_assert_uint_eq(ctl.n_params, 2);
	ck_assert_str_eq(ctl.params[1].param, "proto");
	ck_assert_str_eq(ctl.params[1].value, "udp");
	ck_assert_str_eq(ctl.rest[0], "a");
	ck_assert_str_eq(ctl.rest[1], "-");
	ck_assert_str_eq(ctl.rest[2], "proto");
	ck_assert_ptr_null(ctl.rest[3]);
	ck_assert_str_eq(parse("search 10:00"), "");
	ck_assert_str_eq(said,
	    "usage: testctl search time [proto proto] FILE ...\n");
	ck_assert_str_eq(parse("search 10:00 proto udp"), "");
}
END_TEST

START_TEST(ctl_parse_refuses_wrong_arguments)
{
	ck_assert_str_eq(parse("log level"), "");
	ck_assert_str_eq(said, "usage: testctl log level level\n");
	ck_assert_str_eq(parse("log level a b"), "");
	ck_assert_str_eq(parse("status now"), "");
	ck_assert_str_eq(said, "usage: testctl status\n");
	ck_assert_str_eq(parse("show sessions --top"), "");
	ck_assert_str_eq(said,
	    "usage: testctl show sessions [ADDRESS] "
	    "[state established|closing] [--top N] [all]\n");
	ck_assert_str_eq(parse("show sessions state closig"), "");
	ck_assert_str_eq(said,
	    "testctl: state: unknown \"closig\", did you mean \"closing\"? "
	    "possible are: established, closing\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_parse");
	TCase *tc = tcase_create("ctl_parse");

	suite_add_tcase(s, tc);
	tcase_add_test(tc, ctl_parse_finds_commands);
	tcase_add_test(tc, ctl_parse_names_what_is_possible);
	tcase_add_test(tc, ctl_parse_takes_arguments);
	tcase_add_test(tc, ctl_parse_takes_letters_in_one_word);
	tcase_add_test(tc, ctl_parse_takes_the_rest);
	tcase_add_test(tc, ctl_parse_refuses_wrong_arguments);
	return (suite_run(s));
}
