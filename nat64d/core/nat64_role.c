#include "nat64_pair.h"
#include "nat64_role.h"
#include "nat64_state.h"
#include "nat64_struct.h"
#include "nat64_walk.h"

/* Few: "limit stored-syns". */
static void
forget_syns(struct nat64 *n, struct monotime now)
{
	const struct stored_syn *syn;
	struct session *s;

	while ((syn = TAILQ_FIRST(&n->syns)) != NULL) {
		const struct tuple4 t = { syn->session->out4,
			syn->session->peer };

		s = session_find4(&n->sessions, L4_TCP, &t);
		nat64_session_end(n, s, now);
	}
}

static void
close_part(struct nat64 *n, uint32_t secs, struct monotime now)
{
	n->start_rest = false;
	if (n->conf.pool_opts.node != 0)
		pool4_quarantine_all(n->pool, secs, now);
}

void
nat64_set_role(struct nat64 *n, enum nat64_role role, struct monotime now)
{
	const enum nat64_role before = n->role;

	n->role = role;
	if (role == before)
		return;
	nat64_pairs_forget(n);
	if (role == NAT64_ROLE_STANDBY) {
		forget_syns(n, now);
		frag_flush(n->frags);
		n->copied = false;
		/* The other node does not have them. */
		nat64_mappings_lose_all(n, now);
	} else if (before == NAT64_ROLE_STANDBY) {
		nat64_mappings_restart(n, now);
		n->sessions.since = now;
		/* Twice: the other node may go on for a while. */
		if (!n->copied)
			close_part(n, 2 * n->conf.restart_quarantine_secs,
			    now);
	}
}

void
nat64_set_copied(struct nat64 *n)
{
	n->copied = true;
}

void
nat64_ports_unknown(struct nat64 *n, struct monotime now)
{
	close_part(n, n->conf.restart_quarantine_secs, now);
}

void
nat64_ports_rested(struct nat64 *n, struct monotime now)
{
	if (n->start_rest && n->conf.pool_opts.node != 0)
		pool4_quarantine_all(n->pool, 0, now);
	n->start_rest = false;
}

void
nat64_hold_ports(struct nat64 *n, bool on, struct monotime now)
{
	n->ports_held = on;
	pool4_hold(n->pool, on, now);
}

bool
nat64_ports_held(const struct nat64 *n)
{
	return (n->ports_held);
}

void
nat64_await_copy(struct nat64 *n, bool on)
{
	n->awaiting = on;
}

enum nat64_role
nat64_role(const struct nat64 *n)
{
	return (n->role);
}

const char *
nat64_role_name(enum nat64_role role)
{
	static const char *const names[] = {
		[NAT64_ROLE_ACTIVE] = "active",
		[NAT64_ROLE_LEAVING] = "leaving",
		[NAT64_ROLE_STANDBY] = "standby",
	};

	return (names[role]);
}

void
nat64_set_draining(struct nat64 *n, bool draining)
{
	n->draining = draining;
}

bool
nat64_is_draining(const struct nat64 *n)
{
	return (n->draining);
}

bool
nat64_leave_fast(struct nat64 *n, struct nat64_walk *w, unsigned max)
{
	const struct bib_entry *e;
	const struct session *met;
	struct session *s;

	while (n->sessions.n_fast > 0)
		switch (nat64_walk_next(n, w, &max, &e, &met)) {
		case NAT64_MET_SESSION:
			s = session_find_peer(&n->sessions, e, &met->peer);
			if (s != NULL)
				session_leave_fast(&n->sessions, s);
			break;
		case NAT64_MET_BINDING:
			break;
		case NAT64_MET_PAUSE:
			return (true);
		case NAT64_MET_END:
			return (false);
		}
	return (false);
}
