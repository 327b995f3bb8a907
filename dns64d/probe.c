#include "probe.h"

#define TICK_MS 250
#define PATIENCE_MS 1500

static void step(struct probe *);

static void
arm(struct probe *p, unsigned ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(&p->timer, &tv);
}

static void
fail(struct probe *p)
{
	upstream_probe_failed(p->asked, monotime_now(), &p->env->rng);
}

static void
rest(struct probe *p)
{
	leg_cancel(&p->leg);
	p->asked = NULL;
}

/* An answer of any kind has marked the server up already. */
static void
on_done(void *arg, const struct msg_scan *reply)
{
	struct probe *p = arg;

	if (reply == NULL)
		fail(p);
	rest(p);
	step(p);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	if (p->asked != NULL) {
		fail(p);
		rest(p);
	}
	step(p);
}

static void
on_down(void *arg)
{
	struct probe *p = arg;

	if (p->asked == NULL)
		arm(p, TICK_MS);
}

/* The name servers of the root: every resolver has them. */
static void
ask(struct probe *p, struct upstream *u)
{
	p->leg.question = (struct msg_question){
		.name_len = 1,
		.type = MSG_T_NS,
		.class = MSG_CLASS_IN,
		.flags = MSG_RD,
	};
	p->asked = u;
	p->route.member[0] = u - p->ups->v;
	p->route.n = 1;
	stats_count(p->env->stats, STAT_UP_PROBES);
	arm(p, PATIENCE_MS);
	leg_ask_route(&p->leg, p->env, p->ups, &p->route, on_done, p);
}

static void
step(struct probe *p)
{
	struct upstream *u;

	event_del(&p->timer);
	u = upstream_probe_due(p->ups, monotime_now());
	if (u != NULL)
		ask(p, u);
	else if (upstreams_any_down(p->ups))
		arm(p, TICK_MS);
}

void
probe_init(struct probe *p, struct leg_env *env)
{
	p->env = env;
	env->on_down = on_down;
	env->on_down_arg = p;
	event_assign(&p->timer, env->base, -1, 0, on_timer, p);
}

void
probe_watch(struct probe *p, const struct upstreams *ups)
{
	rest(p);
	p->ups = ups;
	step(p);
}

void
probe_stop(struct probe *p)
{
	rest(p);
	event_del(&p->timer);
}
