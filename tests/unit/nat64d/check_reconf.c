/*
 * Tests of reconf.c: what a request for another configuration does and says,
 * in each of its states. The reader, the engine and the host are fakes, and so
 * is the clock: timers are due when the test lets time pass.
 */
#include <sys/time.h>

#include <arpa/inet.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "common/conf/files.h"
#include "common/os/log.h"
#include "common/os/reader.h"
#include "common/os/reload.h"
#include "common/os/startup.h"

#include "nat64d/engine.h"
#include "nat64d/host/hostreport.h"
#include "nat64d/host/ifwatch.h"
#include "nat64d/host/poolif.h"
#include "nat64d/host/self6.h"
#include "nat64d/pcpsock.h"
#include "nat64d/reconf.h"

#include "tests/unit/conf_dir.h"
#include "tests/unit/suite.h"

#define OLD "prefix 64:ff9b::/96\npool 192.0.2.1\n"
#define NEW "prefix 64:ff9b::/96\npool 192.0.2.2\nlog events sessions\n"
#define BAD "prefix 64:ff9b::/96\npool 192.0.2.2\nnonsense\n"
#define FIXED "prefix 64:ff9b::/96\npool 192.0.2.2\ntun \"other\"\n"

#define MTU 1480
#define TIMERS 4

static struct {
	struct event *ev;
	int64_t due_ms;
} timers[TIMERS];
static int64_t now_ms;

static struct event_base *base;
static struct conf *conf;
static struct reconf *reconf;
static struct startup start_opts;

/* Of the fakes: what to do, and what was done. */
static struct {
	reload_fn *files_fn;
	void *files_arg;
	struct files *files;
	bool asked;
	bool kept;
	bool settling;
	int error; /* of the next engine_reconfigure() */
	bool unrouted;
	unsigned n_used;
	in_addr_t pool;
	unsigned mtu4;
	unsigned kinds;
	const struct nat64_config *plans; /* of deterministic ports */
	unsigned n_targets;
	unsigned n_freed; /* readers */
} fake;

/* The answer to a request. */
static struct {
	unsigned n;
	char error[8192]; /* "": done */
} answer;

/* --- fakes --- */

int __wrap_event_add(struct event *ev, const struct timeval *tv);
int __wrap_event_del(struct event *ev);

int
__wrap_event_del(struct event *ev)
{
	int i;

	for (i = 0; i < TIMERS; i++)
		if (timers[i].ev == ev)
			timers[i].ev = NULL;
	return (0);
}

int
__wrap_event_add(struct event *ev, const struct timeval *tv)
{
	int i;

	__wrap_event_del(ev);
	for (i = 0; timers[i].ev != NULL; i++)
		ck_assert_int_lt(i + 1, TIMERS);
	timers[i].ev = ev;
	timers[i].due_ms = now_ms + tv->tv_sec * 1000 + tv->tv_usec / 1000;
	return (0);
}

/* The timer that is due first, or NULL when none is due until then. */
static struct event *
next_due(int64_t until_ms)
{
	struct event *ev;
	int i, first = -1;

	for (i = 0; i < TIMERS; i++)
		if (timers[i].ev != NULL && timers[i].due_ms <= until_ms &&
		    (first == -1 || timers[i].due_ms < timers[first].due_ms))
			first = i;
	if (first == -1)
		return (NULL);
	if (timers[first].due_ms > now_ms)
		now_ms = timers[first].due_ms;
	ev = timers[first].ev;
	timers[first].ev = NULL;
	return (ev);
}

static void
pass_ms(int64_t ms)
{
	const int64_t until_ms = now_ms + ms;
	struct event *ev;

	while ((ev = next_due(until_ms)) != NULL)
		event_get_callback(
		    ev)(-1, EV_TIMEOUT, event_get_callback_arg(ev));
	now_ms = until_ms;
}

struct reload *
reload_new(struct event_base *b, struct reader *r, reload_fn *done, void *arg)
{
	(void)b;
	(void)r;
	fake.files_fn = done;
	fake.files_arg = arg;
	return ((struct reload *)&fake);
}

void
reload_request(struct reload *rl)
{
	(void)rl;
	fake.asked = true;
}

void
reload_keep(struct reload *rl)
{
	(void)rl;
	fake.kept = true;
}

void
reload_end(struct reload *rl)
{
	(void)rl;
	files_free(fake.files);
	fake.files = NULL;
	fake.kept = false;
}

void
reload_free(struct reload *rl)
{
	reload_end(rl);
}

void
reader_free(struct reader *r)
{
	(void)r;
	fake.n_freed++;
}

struct event_base *
engine_base(const struct engine *e)
{
	(void)e;
	return (base);
}

bool
engine_is_settling(const struct engine *e)
{
	(void)e;
	return (fake.settling);
}

int
engine_reconfigure(struct engine *e, const struct nat64_config *n)
{
	(void)e;
	if (fake.error != 0) {
		errno = fake.error;
		return (-1);
	}
	fake.n_used++;
	fake.pool = n->pool[0].first.s_addr;
	fake.mtu4 = n->xlat.mtu4;
	fake.settling = true;
	return (0);
}

void
engine_log_level_changed(struct engine *e)
{
	(void)e;
}

void
eventlog_set_kinds(struct eventlog *l, unsigned kinds, bool destination)
{
	(void)l;
	(void)destination;
	fake.kinds = kinds;
}

void
eventlog_set_plans(struct eventlog *l, const struct nat64_config *c)
{
	(void)l;
	fake.plans = c;
}

void
eventlog_set_targets(struct eventlog *l, const struct log_target *targets,
    unsigned n)
{
	(void)l;
	(void)targets;
	fake.n_targets = n;
}

void
pcpsock_use(struct pcpsock *p, const struct pcp_listen *listen, unsigned n)
{
	(void)p;
	(void)listen;
	(void)n;
}

void
hostreport_use(struct hostreport *r, const struct nat64_config *c)
{
	(void)r;
	(void)c;
}

unsigned
ifwatch_mtu(const struct ifwatch *w)
{
	(void)w;
	return (MTU);
}

int
ifwatch_use(struct ifwatch *w, const struct nat64_config *n)
{
	(void)w;
	(void)n;
	return (0);
}

int
ifwatch_find_unrouted(const struct ifwatch *w, const struct nat64_config *n,
    struct prefix *missing)
{
	(void)w;
	*missing = (struct prefix){ .family = AF_INET,
		.len = 32,
		.v4 = n->pool[0].first };
	return (fake.unrouted);
}

void
poolif_complete(const struct poolif *p, struct conf *c)
{
	(void)p;
	(void)c;
}

struct in6_addr
self6_addr(const struct self6 *s, const struct nat64_config *n)
{
	(void)s;
	(void)n;
	return (in6addr_any);
}

void
self6_look(struct self6 *s)
{
	(void)s;
}

enum log_level
startup_log_level(const struct startup *s, enum log_level configured)
{
	(void)s;
	return (configured);
}

/* --- the tests --- */

static void
on_answer(void *arg, const char *error)
{
	ck_assert_ptr_eq(arg, &answer);
	answer.n++;
	strlcpy(answer.error, error != NULL ? error : "",
	    sizeof(answer.error));
}

static void
begin(void)
{
	struct reconf_opts o = { .start = &start_opts,
		.self6 = (struct self6 *)&fake };

	setup();
	start_opts.conf_file = "t.conf";
	log_init("check_reconf", true, LOG_LEVEL_ERR);
	base = event_base_new();
	put("t.conf", OLD);
	conf = conf_load("t.conf", NULL, report, stderr);
	ck_assert_ptr_nonnull(conf);
	conf->nat64.xlat.mtu4 = conf->nat64.xlat.mtu6 = MTU;
	o.conf = conf;
	reconf = reconf_new(&o);
	ck_assert_ptr_nonnull(reconf);
}

static void
end(void)
{
	reconf_free(reconf);
	conf_free(conf);
	event_base_free(base);
	teardown();
}

/* The canonical text of the configuration in use; valid until the next call. */
static const char *
in_use(void)
{
	static char *text;
	size_t len;
	FILE *f;

	free(text);
	text = NULL;
	f = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(f);
	conf_print(conf, f);
	ck_assert_int_eq(fclose(f), 0);
	return (text);
}

static bool
uses(const char *statement)
{
	return (strstr(in_use(), statement) != NULL);
}

/* Why it is refused at once, or NULL. */
static const char *
request(bool check, unsigned confirm_secs)
{
	return (
	    reconf_request(reconf, check, confirm_secs, on_answer, &answer));
}

/* The reader has read this file. */
static void
deliver(const char *text)
{
	ck_assert(fake.asked);
	fake.asked = false;
	put("t.conf", text);
	fake.files = files_new(false);
	fake.files_fn(fake.files_arg, fake.files);
	if (!fake.kept)
		reload_end(NULL);
}

/* Ask, and let all happen but the end of sessions. */
static void
change_to(const char *text, bool check, unsigned confirm_secs)
{
	ck_assert_ptr_null(request(check, confirm_secs));
	deliver(text);
	pass_ms(100);
	ck_assert_ptr_null(fake.files);
}

static void
settle(void)
{
	fake.settling = false;
	pass_ms(100);
}

/* It was refused with this text, and nothing has changed. */
static void
refused(const char *text)
{
	ck_assert_uint_eq(answer.n, 1);
	ck_assert_msg(strcmp(answer.error, text) == 0, "%s", answer.error);
	ck_assert_uint_eq(fake.n_used, 0);
	ck_assert(uses("pool 192.0.2.1 "));
	ck_assert(uses("log events bindings\n"));
	ck_assert_uint_eq(fake.kinds, 0);
	/* And another request is possible. */
	ck_assert_ptr_null(request(true, 0));
}

START_TEST(reconf_uses_another_configuration)
{
	const char *user = conf->user, *pidfile = conf->pidfile;

	change_to(NEW, false, 0);
	ck_assert_uint_eq(fake.n_used, 1);
	ck_assert_uint_eq(fake.pool, inet_addr("192.0.2.2"));
	ck_assert_uint_eq(fake.kinds, EVENT_SESSIONS);
	ck_assert_ptr_eq(fake.plans, &conf->nat64);
	ck_assert(uses("pool 192.0.2.2 "));
	/* What others have borrowed is where it was. */
	ck_assert_ptr_eq(conf->user, user);
	ck_assert_ptr_eq(conf->pidfile, pidfile);
	ck_assert_ptr_eq(conf->nat64.pool, conf->pool);
}
END_TEST

START_TEST(reconf_answers_when_sessions_have_ended)
{
	change_to(NEW, false, 0);
	pass_ms(100000);
	ck_assert_uint_eq(answer.n, 0);
	settle();
	ck_assert_uint_eq(answer.n, 1);
	ck_assert_str_eq(answer.error, "");
}
END_TEST

START_TEST(reconf_mtu_is_that_of_the_interface)
{
	change_to(NEW, false, 0);
	ck_assert_uint_eq(fake.mtu4, MTU);
	settle();
	change_to(NEW "mtu ipv4 1400\n", false, 0);
	ck_assert_uint_eq(fake.mtu4, 1400);
}
END_TEST

START_TEST(reconf_a_file_with_errors_is_refused)
{
	change_to(BAD, false, 0);
	ck_assert_ptr_nonnull(strstr(answer.error, "t.conf:3: "));
	refused(answer.error);
}
END_TEST

START_TEST(reconf_a_file_that_is_missing_is_refused)
{
	ck_assert_ptr_null(request(false, 0));
	put("t.conf", "include \"gone.conf\"\n");
	deliver("include \"gone.conf\"\n");
	pass_ms(100);
	ck_assert_ptr_nonnull(strstr(answer.error, "gone.conf"));
	refused(answer.error);
}
END_TEST

START_TEST(reconf_what_needs_a_restart_is_refused)
{
	change_to(FIXED, false, 0);
	refused("\"tun\" is nat64, and only a restart can change it to "
		"other");
}
END_TEST

START_TEST(reconf_a_missing_route_is_refused)
{
	fake.unrouted = true;
	change_to(NEW, false, 0);
	refused("no route to 192.0.2.2/32 leads to nat64, and the privilege "
		"to make one was given up: make it, and reload again (ip "
		"route add 192.0.2.2/32 dev nat64), or use \"nat64ctl "
		"upgrade\"");
}
END_TEST

START_TEST(reconf_no_memory_is_refused)
{
	fake.error = ENOMEM;
	change_to(NEW, false, 60);
	refused(strerror(ENOMEM));
	ck_assert_str_eq(reconf_confirm(reconf),
	    "there is no reload that waits for a confirmation");
}
END_TEST

START_TEST(reconf_a_reader_that_fails_is_refused)
{
	ck_assert_ptr_null(request(false, 0));
	fake.files_fn(fake.files_arg, NULL);
	refused("the configuration could not be read");
}
END_TEST

/* A message for each line of a long file: they are cut. */
START_TEST(reconf_messages_are_bounded)
{
	static char text[64 * 1024];
	size_t i;

	for (i = 0; i + 10 < sizeof(text); i += 9)
		memcpy(text + i, "nonsense\n", 9);
	change_to(text, false, 0);
	ck_assert_uint_gt(strlen(answer.error), 1000);
	ck_assert_uint_lt(strlen(answer.error), 4096);
	refused(answer.error);
}
END_TEST

/* The sandbox of a process without any lets it connect to nobody. */
START_TEST(reconf_first_collector_needs_a_restart)
{
	change_to(NEW "log events to ipfix udp 198.51.100.7\n", false, 0);
	refused(
	    "\"log events to syslog or ipfix ADDRESS\" is none, and only a "
	    "restart can change it to some");
	ck_assert_uint_eq(fake.n_targets, 0);
}
END_TEST

START_TEST(reconf_check_changes_nothing)
{
	change_to(NEW, true, 0);
	refused("");
}
END_TEST

START_TEST(reconf_check_says_what_is_wrong)
{
	change_to(FIXED, true, 0);
	refused("\"tun\" is nat64, and only a restart can change it to "
		"other");
}
END_TEST

START_TEST(reconf_one_request_at_a_time)
{
	static const char busy[] = "another reload is not finished: try again";

	ck_assert_ptr_null(request(false, 0));
	ck_assert_str_eq(request(false, 0), busy);
	deliver(NEW);
	ck_assert_str_eq(request(true, 0), busy);
	pass_ms(100);
	ck_assert_str_eq(request(false, 0), busy);
	settle();
	ck_assert_ptr_null(request(false, 0));
}
END_TEST

/* As when the address of "pool interface" has just changed. */
START_TEST(reconf_waits_for_an_earlier_change)
{
	fake.settling = true;
	change_to(NEW, false, 0);
	ck_assert_uint_eq(fake.n_used, 0);
	ck_assert(uses("pool 192.0.2.1 "));
	settle();
	ck_assert_uint_eq(fake.n_used, 1);
	settle();
	ck_assert_uint_eq(answer.n, 1);
}
END_TEST

/* --- confirmation --- */

START_TEST(reconf_confirmed_stays)
{
	change_to(NEW, false, 60);
	settle();
	ck_assert_uint_eq(answer.n, 1);
	pass_ms(50000);
	ck_assert_ptr_null(reconf_confirm(reconf));
	pass_ms(1000000);
	ck_assert_uint_eq(fake.n_used, 1);
	ck_assert(uses("pool 192.0.2.2 "));
	ck_assert_str_eq(reconf_confirm(reconf),
	    "there is no reload that waits for a confirmation");
}
END_TEST

START_TEST(reconf_unconfirmed_goes_back)
{
	char *before = strdup(in_use());

	change_to(NEW, false, 60);
	settle();
	pass_ms(59000);
	ck_assert(uses("pool 192.0.2.2 "));
	pass_ms(1000);
	ck_assert_uint_eq(fake.n_used, 2);
	ck_assert_uint_eq(fake.pool, inet_addr("192.0.2.1"));
	ck_assert_uint_eq(fake.kinds, EVENT_BINDINGS);
	ck_assert_str_eq(in_use(), before);
	settle();
	/* Nobody has asked for it. */
	ck_assert_uint_eq(answer.n, 1);
	ck_assert_str_eq(reconf_confirm(reconf),
	    "there is no reload that waits for a confirmation");
	pass_ms(1000000);
	ck_assert_uint_eq(fake.n_used, 2);
	change_to(NEW, false, 0);
	ck_assert_uint_eq(fake.n_used, 3);
	free(before);
}
END_TEST

START_TEST(reconf_unconfirmed_allows_checks_only)
{
	change_to(NEW, false, 60);
	settle();
	ck_assert_str_eq(request(false, 0),
	    "the last reload waits for its confirmation");
	change_to(FIXED, true, 0);
	ck_assert_uint_eq(answer.n, 2);
	change_to(OLD, true, 0);
	ck_assert_uint_eq(answer.n, 3);
	ck_assert_str_eq(answer.error, "");
	pass_ms(60000);
	ck_assert(uses("pool 192.0.2.1 "));
}
END_TEST

/* The time is over during a check: it has its answer first. */
START_TEST(reconf_goes_back_after_a_check)
{
	change_to(NEW, false, 60);
	settle();
	ck_assert_ptr_null(request(true, 0));
	pass_ms(100000);
	ck_assert(uses("pool 192.0.2.2 "));
	deliver(OLD);
	pass_ms(1000);
	ck_assert_uint_eq(answer.n, 2);
	ck_assert(uses("pool 192.0.2.1 "));
}
END_TEST

/* The time is over before the sessions of the old one have ended. */
START_TEST(reconf_goes_back_when_all_has_settled)
{
	change_to(NEW, false, 1);
	pass_ms(100000);
	ck_assert(uses("pool 192.0.2.2 "));
	settle();
	ck_assert_uint_eq(answer.n, 1);
	ck_assert(uses("pool 192.0.2.1 "));
}
END_TEST

START_TEST(reconf_goes_back_as_soon_as_there_is_memory)
{
	change_to(NEW, false, 60);
	settle();
	fake.error = ENOMEM;
	pass_ms(70000);
	ck_assert(uses("pool 192.0.2.2 "));
	ck_assert_str_eq(request(false, 0),
	    "the last reload waits for its confirmation");
	fake.error = 0;
	pass_ms(10000);
	ck_assert(uses("pool 192.0.2.1 "));
}
END_TEST

/* --- the end, in every state --- */

START_TEST(reconf_ends_in_any_state)
{
	if (_i >= 1)
		ck_assert_ptr_null(request(false, 60));
	if (_i >= 2)
		deliver(NEW);
	if (_i == 3)
		fake.settling = true;
	if (_i >= 3)
		pass_ms(100);
	if (_i >= 5)
		settle();
}
END_TEST

static TCase *
new_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, begin, end);
	suite_add_tcase(s, tc);
	return (tc);
}

int
main(void)
{
	Suite *s = suite_create("reconf");
	TCase *tc = new_case(s, "use");

	tcase_add_test(tc, reconf_uses_another_configuration);
	tcase_add_test(tc, reconf_answers_when_sessions_have_ended);
	tcase_add_test(tc, reconf_mtu_is_that_of_the_interface);
	tcase_add_test(tc, reconf_waits_for_an_earlier_change);
	tcase_add_test(tc, reconf_one_request_at_a_time);
	tcase_add_loop_test(tc, reconf_ends_in_any_state, 0, 6);
	tc = new_case(s, "refusals");
	tcase_add_test(tc, reconf_a_file_with_errors_is_refused);
	tcase_add_test(tc, reconf_a_file_that_is_missing_is_refused);
	tcase_add_test(tc, reconf_what_needs_a_restart_is_refused);
	tcase_add_test(tc, reconf_a_missing_route_is_refused);
	tcase_add_test(tc, reconf_no_memory_is_refused);
	tcase_add_test(tc, reconf_a_reader_that_fails_is_refused);
	tcase_add_test(tc, reconf_messages_are_bounded);
	tcase_add_test(tc, reconf_first_collector_needs_a_restart);
	tcase_add_test(tc, reconf_check_changes_nothing);
	tcase_add_test(tc, reconf_check_says_what_is_wrong);
	tc = new_case(s, "confirmation");
	tcase_add_test(tc, reconf_confirmed_stays);
	tcase_add_test(tc, reconf_unconfirmed_goes_back);
	tcase_add_test(tc, reconf_unconfirmed_allows_checks_only);
	tcase_add_test(tc, reconf_goes_back_after_a_check);
	tcase_add_test(tc, reconf_goes_back_when_all_has_settled);
	tcase_add_test(tc, reconf_goes_back_as_soon_as_there_is_memory);
	return (suite_run(s));
}
