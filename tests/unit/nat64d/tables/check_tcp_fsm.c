/*
 * Unit tests of tcp_fsm.c: every cell of the table in section 8.3 of
 * tests/conformance/nat64.md, and the scenarios with their times (tcp_fsm in
 * tests/vectors/vectors.json).
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "nat64d/wire/pkt.h"
#include "nat64d/tables/tcp_fsm.h"
#include "tests/unit/suite.h"
#include "tests/unit/tables.h"

/* --- cells --- */

/*
 * A cell as in that table: action, next state, timer. "fwd; stay; =" is the
 * most frequent one.
 */
struct row {
	enum tcp_state state;
	const char *cells[TCP_NEVENTS];
};

#define STAY "fwd stay ="
#define ESTAB "fwd ESTABLISHED EST"

static const struct row rows[] = {
	{ TCP_STATE_V6_INIT,
	    { "fwd stay OPEN", ESTAB, STAY, STAY, STAY, STAY, STAY, STAY,
		"delete CLOSED =" } },
	{ TCP_STATE_V4_INIT,
	    { ESTAB, STAY, STAY, STAY, STAY, STAY, STAY, STAY,
		"delete CLOSED =" } },
	{ TCP_STATE_V4_INIT_STORED,
	    { "meet ESTABLISHED EST", "drop stay =", "closed stay =",
		"drop stay =", "closed stay =", "drop stay =", "closed stay =",
		"drop stay =", "error CLOSED =" } },
	{ TCP_STATE_ESTABLISHED,
	    { "fwd stay EST", "fwd stay EST", "fwd V6_FIN =", "fwd V4_FIN =",
		"fwd TRANS CLOSE", "fwd TRANS CLOSE", "fwd stay EST",
		"fwd stay EST", "probe TRANS CLOSE" } },
	{ TCP_STATE_V4_FIN_RCV,
	    { "fwd stay EST", "fwd stay EST", "fwd V4+V6_FIN CLOSE",
		"fwd stay EST", "fwd stay min", "fwd stay min", "fwd stay EST",
		"fwd stay EST", "delete CLOSED =" } },
	{ TCP_STATE_V6_FIN_RCV,
	    { "fwd stay EST", "fwd stay EST", "fwd stay EST",
		"fwd V4+V6_FIN CLOSE", "fwd stay min", "fwd stay min",
		"fwd stay EST", "fwd stay EST", "delete CLOSED =" } },
	/* Its two SYN cells: here with the ACK flag. */
	{ TCP_STATE_V4_V6_FIN_RCV,
	    { STAY, STAY, STAY, STAY, STAY, STAY, STAY, STAY,
		"delete CLOSED =" } },
	{ TCP_STATE_TRANS,
	    { ESTAB, ESTAB, ESTAB, ESTAB, STAY, STAY, ESTAB, ESTAB,
		"delete CLOSED =" } },
};

static const char *const action_names[] = { [TCP_FORWARD] = "fwd",
	[TCP_DROP] = "drop",
	[TCP_AS_CLOSED] = "closed",
	[TCP_MEET_SYN] = "meet",
	[TCP_DELETE] = "delete",
	[TCP_DELETE_ERROR] = "error",
	[TCP_PROBE] = "probe" };

static const char *const timer_names[] = { [TCP_TIMER_KEEP] = "=",
	[TCP_TIMER_EST] = "EST",
	[TCP_TIMER_OPEN] = "OPEN",
	[TCP_TIMER_CLOSE] = "CLOSE",
	[TCP_TIMER_CLOSE_MIN] = "min" };

static const char *const state_names[TCP_NSTATES] = { [TCP_STATE_CLOSED] =
							  "CLOSED",
	[TCP_STATE_V6_INIT] = "V6_INIT",
	[TCP_STATE_V4_INIT] = "V4_INIT",
	[TCP_STATE_V4_INIT_STORED] = "V4_INIT_STORED",
	[TCP_STATE_ESTABLISHED] = "ESTABLISHED",
	[TCP_STATE_V4_FIN_RCV] = "V4_FIN",
	[TCP_STATE_V6_FIN_RCV] = "V6_FIN",
	[TCP_STATE_V4_V6_FIN_RCV] = "V4+V6_FIN",
	[TCP_STATE_TRANS] = "TRANS" };

static void
assert_step(enum tcp_state state, enum tcp_event event, struct tcp_step step,
    const char *cell)
{
	char got[64];

	snprintf(got, sizeof(got), "%s %s %s", action_names[step.action],
	    step.next == state ? "stay" : state_names[step.next],
	    timer_names[step.timer]);
	ck_assert_msg(strcmp(got, cell) == 0, "%s, event %d: %s, not %s",
	    state_names[state], event, got, cell);
}

/* Shows: TCP-06 TCP-07 TCP-10 TCP-11 */
START_TEST(step_is_the_cell_of_the_table)
{
	const struct row *r = &rows[_i];
	enum tcp_event ev;

	for (ev = TCP_V6_SYN; ev < TCP_NEVENTS; ev++) {
		assert_step(r->state, ev,
		    tcp_fsm_step(r->state, ev, true, true), r->cells[ev]);
		assert_step(r->state, ev,
		    tcp_fsm_step(r->state, ev, true, false), r->cells[ev]);
		/* Without ACK only two cells of one row differ: TCP-12. */
		if (r->state == TCP_STATE_V4_V6_FIN_RCV && ev <= TCP_V4_SYN)
			continue;
		assert_step(r->state, ev,
		    tcp_fsm_step(r->state, ev, false, true), r->cells[ev]);
	}
}
END_TEST

static const struct {
	const char *name;
	enum tcp_event event;
	bool has_ack;
	bool may_open4;
	const char *cell;
} reopenings[] = {
	{ "V6 SYN", TCP_V6_SYN, false, false, "fwd V6_INIT OPEN" },
	{ "V6 SYN+ACK", TCP_V6_SYN, true, true, STAY },
	{ "V4 SYN", TCP_V4_SYN, false, true, "fwd V4_INIT OPEN" },
	{ "V4 SYN, filtered", TCP_V4_SYN, false, false, STAY },
	{ "V4 SYN+ACK", TCP_V4_SYN, true, true, STAY },
	{ "data", TCP_V6_OTHER, false, true, STAY },
	{ "FIN", TCP_V4_FIN, false, true, STAY },
};

/* Shows: TCP-12 */
START_TEST(syn_without_ack_reopens_a_closed_connection)
{
	const enum tcp_state state = TCP_STATE_V4_V6_FIN_RCV;

	assert_step(state, reopenings[_i].event,
	    tcp_fsm_step(state, reopenings[_i].event, reopenings[_i].has_ack,
		reopenings[_i].may_open4),
	    reopenings[_i].cell);
}
END_TEST

/* --- events --- */

static const struct {
	uint8_t flags;
	enum tcp_event event6;
	enum tcp_event event4;
} events[] = {
	{ 0, TCP_V6_OTHER, TCP_V4_OTHER },
	{ PKT_TH_ACK, TCP_V6_OTHER, TCP_V4_OTHER },
	{ PKT_TH_PSH | PKT_TH_ACK, TCP_V6_OTHER, TCP_V4_OTHER },
	{ PKT_TH_SYN, TCP_V6_SYN, TCP_V4_SYN },
	{ PKT_TH_SYN | PKT_TH_ACK, TCP_V6_SYN, TCP_V4_SYN },
	{ PKT_TH_SYN | PKT_TH_FIN, TCP_V6_SYN, TCP_V4_SYN },
	{ PKT_TH_FIN | PKT_TH_ACK, TCP_V6_FIN, TCP_V4_FIN },
	{ PKT_TH_RST, TCP_V6_RST, TCP_V4_RST },
	{ PKT_TH_RST | PKT_TH_SYN, TCP_V6_RST, TCP_V4_RST },
	{ 0xff, TCP_V6_RST, TCP_V4_RST },
};

START_TEST(event_is_rst_before_syn_before_fin)
{
	ck_assert_int_eq(tcp_event_of(events[_i].flags, true),
	    events[_i].event6);
	ck_assert_int_eq(tcp_event_of(events[_i].flags, false),
	    events[_i].event4);
}
END_TEST

/* --- scenarios --- */

/*
 * Where nat64_state.c opens a session the scenario begins in the state and with
 * the expiry of its first step; the machine does the rest. What belongs to
 * CLOSED ("stray-packets") is nat64_state.c's and not here.
 */
struct step {
	int t;
	enum tcp_event event;
	bool has_ack;
	enum tcp_state state;
	int expires;
	enum tcp_action action;
};

static const struct {
	const char *name;
	enum tcp_state state;
	int expires;
	struct step steps[8];
	size_t n_steps;
} scenarios[] = {
	{ "v6-open-close", TCP_STATE_V6_INIT, 240,
	    { { 1, TCP_V4_SYN, true, TCP_STATE_ESTABLISHED, 7201, 0 },
		{ 2, TCP_V6_OTHER, true, TCP_STATE_ESTABLISHED, 7202, 0 },
		{ 100, TCP_V6_FIN, true, TCP_STATE_V6_FIN_RCV, 7202, 0 },
		{ 101, TCP_V4_OTHER, true, TCP_STATE_V6_FIN_RCV, 7301, 0 },
		{ 102, TCP_V4_FIN, true, TCP_STATE_V4_V6_FIN_RCV, 342, 0 },
		{ 103, TCP_V6_OTHER, true, TCP_STATE_V4_V6_FIN_RCV, 342, 0 },
		{ 342, TCP_TIMEOUT, false, TCP_STATE_CLOSED, 342,
		    TCP_DELETE } },
	    7 },
	{ "rst-then-data", TCP_STATE_V6_INIT, 240,
	    { { 1, TCP_V4_SYN, true, TCP_STATE_ESTABLISHED, 7201, 0 },
		{ 5, TCP_V4_RST, true, TCP_STATE_TRANS, 245, 0 },
		{ 6, TCP_V6_RST, false, TCP_STATE_TRANS, 245, 0 },
		{ 7, TCP_V6_OTHER, true, TCP_STATE_ESTABLISHED, 7207, 0 } },
	    4 },
	{ "idle-probe", TCP_STATE_V6_INIT, 240,
	    { { 1, TCP_V4_SYN, true, TCP_STATE_ESTABLISHED, 7201, 0 },
		{ 7201, TCP_TIMEOUT, false, TCP_STATE_TRANS, 7441, TCP_PROBE },
		{ 7441, TCP_TIMEOUT, false, TCP_STATE_CLOSED, 7441,
		    TCP_DELETE } },
	    3 },
	{ "v6-syn-retransmit", TCP_STATE_V6_INIT, 240,
	    { { 3, TCP_V6_SYN, false, TCP_STATE_V6_INIT, 243, 0 },
		{ 4, TCP_V6_OTHER, true, TCP_STATE_V6_INIT, 243, 0 },
		{ 243, TCP_TIMEOUT, false, TCP_STATE_CLOSED, 243,
		    TCP_DELETE } },
	    3 },
	{ "v4-open-eif-static-bib", TCP_STATE_V4_INIT, 240,
	    { { 1, TCP_V6_SYN, true, TCP_STATE_ESTABLISHED, 7201, 0 } }, 1 },
	{ "v4-open-adf-stored", TCP_STATE_V4_INIT_STORED, 6,
	    { { 3, TCP_V4_SYN, false, TCP_STATE_V4_INIT_STORED, 6, TCP_DROP },
		{ 6, TCP_TIMEOUT, false, TCP_STATE_CLOSED, 6,
		    TCP_DELETE_ERROR } },
	    2 },
	{ "simultaneous-open-no-bib", TCP_STATE_V4_INIT_STORED, 6,
	    { { 2, TCP_V6_SYN, false, TCP_STATE_ESTABLISHED, 7202,
		TCP_MEET_SYN } },
	    1 },
	/* Not of vectors.json: RST while half closed, early and late. */
	{ "rst-in-fin", TCP_STATE_V6_FIN_RCV, 7202,
	    { { 100, TCP_V4_RST, false, TCP_STATE_V6_FIN_RCV, 340, 0 },
		{ 101, TCP_V6_RST, false, TCP_STATE_V6_FIN_RCV, 340, 0 },
		{ 102, TCP_V6_OTHER, true, TCP_STATE_V6_FIN_RCV, 7302, 0 } },
	    3 },
	{ "reopen", TCP_STATE_V4_V6_FIN_RCV, 342,
	    { { 110, TCP_V6_SYN, false, TCP_STATE_V6_INIT, 350, 0 },
		{ 111, TCP_V4_SYN, true, TCP_STATE_ESTABLISHED, 7311, 0 } },
	    2 },
};

static int
new_expiry(enum tcp_timer timer, int old, int t)
{
	switch (timer) {
	case TCP_TIMER_EST:
		return (t + 7200);
	case TCP_TIMER_OPEN:
	case TCP_TIMER_CLOSE:
		return (t + 240);
	case TCP_TIMER_CLOSE_MIN:
		return (old < t + 240 ? old : t + 240);
	case TCP_TIMER_KEEP:
		break;
	}
	return (old);
}

/* Shows: TCP-01 TCP-04 TCP-05 TCP-06 TCP-07 TCP-10 TCP-11 TCP-12 */
START_TEST(scenario_runs_through_its_states_in_time)
{
	enum tcp_state state = scenarios[_i].state;
	int expires = scenarios[_i].expires;
	const struct step *s;
	struct tcp_step step;

	for (s = scenarios[_i].steps;
	     s < scenarios[_i].steps + scenarios[_i].n_steps; s++) {
		step = tcp_fsm_step(state, s->event, s->has_ack, true);
		state = step.next;
		expires = new_expiry(step.timer, expires, s->t);
		ck_assert_msg(state == s->state && expires == s->expires &&
			step.action == s->action,
		    "%s at %d: %s until %d, action %d", scenarios[_i].name,
		    s->t, state_names[state], expires, step.action);
	}
}
END_TEST

START_TEST(name_is_that_of_the_rfc)
{
	enum tcp_state state;

	for (state = TCP_STATE_CLOSED; state < TCP_NSTATES; state++)
		ck_assert_ptr_nonnull(tcp_state_name(state));
	ck_assert_str_eq(tcp_state_name(TCP_STATE_V4_FIN_RCV), "V4 FIN RCV");
	ck_assert_str_eq(tcp_state_name(TCP_STATE_V4_V6_FIN_RCV),
	    "V4 FIN + V6 FIN RCV");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tcp_fsm");
	TCase *tc = tcase_create("tcp_fsm");

	tcase_add_loop_test(tc, step_is_the_cell_of_the_table, 0,
	    NITEMS(rows));
	tcase_add_loop_test(tc, syn_without_ack_reopens_a_closed_connection, 0,
	    NITEMS(reopenings));
	tcase_add_loop_test(tc, event_is_rst_before_syn_before_fin, 0,
	    NITEMS(events));
	tcase_add_loop_test(tc, scenario_runs_through_its_states_in_time, 0,
	    NITEMS(scenarios));
	tcase_add_test(tc, name_is_that_of_the_rfc);
	suite_add_tcase(suite, tc);
	return (suite_run(suite));
}
