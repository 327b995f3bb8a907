#include "common/net/addr.h"
#include "common/os/log.h"

#include "probe.h"

#define TICK_MS 50

static void step(struct probe *);

static void
arm(struct event *ev, unsigned ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(ev, &tv);
}

static void
end_probe(struct probe_slot *s)
{
	event_del(&s->timer);
	fetch_cancel(&s->fetch);
	s->asked = NULL;
}

/*
 * No answer to the probe. upstream_probe_failed() leaves the server up if it
 * has answered another query meanwhile.
 */
static void
fail(struct probe_slot *s)
{
	struct fetch_env *env = s->probe->env;
	struct upstream *u = s->asked;
	char buf[SCOPED_ADDR_STRLEN];

	end_probe(s);
	if (!upstream_probe_failed(u, s->began, monotime_now(), &env->rng))
		return;
	stats_count(env->stats, STAT_UP_DOWN);
	log_warn("upstream %s: down",
	    scoped_addr_print(&u->addr, buf, sizeof(buf)));
}

/* On any answer, the fetch has marked the server up. */
static void
on_done(void *arg, const struct msg_scan *reply)
{
	struct probe_slot *s = arg;

	if (reply == NULL)
		fail(s);
	else
		end_probe(s);
	step(s->probe);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct probe_slot *s = arg;

	(void)fd;
	(void)what;
	fail(s);
	step(s->probe);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	step(arg);
}

/* Called by a fetch: the probe is started later, from the event loop. */
static void
on_silence(void *arg)
{
	struct probe *p = arg;

	if (!event_pending(&p->tick, EV_TIMEOUT, NULL))
		arm(&p->tick, 0);
}

/* Ask for NS of the root, which every resolver knows. */
static void
ask(struct probe_slot *s, struct upstream *u)
{
	struct probe *p = s->probe;

	s->fetch.question = (struct msg_question){
		.name_len = 1,
		.type = MSG_T_NS,
		.class = MSG_CLASS_IN,
		.flags = MSG_RD,
	};
	s->asked = u;
	s->began = monotime_now();
	s->route.member[0] = u - p->ups->v;
	s->route.n = 1;
	stats_count(p->env->stats, STAT_UP_PROBES);
	arm(&s->timer, UPSTREAM_PROBE_MS);
	fetch_ask_route(&s->fetch, p->env, p->ups, &s->route, on_done, s);
}

static void
step(struct probe *p)
{
	struct monotime now = monotime_now();
	struct upstream *u;
	size_t i = 0, n;

	for (n = 0; n < PROBES_MAX; n++) {
		if (p->slots[n].asked != NULL)
			continue;
		if ((u = upstream_probe_due(p->ups, &i, now)) == NULL)
			break;
		ask(&p->slots[n], u);
	}
	if (upstreams_any_silent(p->ups))
		arm(&p->tick, TICK_MS);
	else
		event_del(&p->tick);
}

void
probe_init(struct probe *p, struct fetch_env *env)
{
	size_t n;

	p->env = env;
	env->on_silence = on_silence;
	env->on_silence_arg = p;
	event_assign(&p->tick, env->base, -1, 0, on_tick, p);
	for (n = 0; n < PROBES_MAX; n++) {
		p->slots[n].probe = p;
		event_assign(&p->slots[n].timer, env->base, -1, 0, on_timer,
		    &p->slots[n]);
	}
}

void
probe_watch(struct probe *p, const struct upstreams *ups)
{
	size_t n;

	for (n = 0; n < PROBES_MAX; n++)
		end_probe(&p->slots[n]);
	p->ups = ups;
	step(p);
}

void
probe_stop(struct probe *p)
{
	size_t n;

	for (n = 0; n < PROBES_MAX; n++)
		end_probe(&p->slots[n]);
	event_del(&p->tick);
}
