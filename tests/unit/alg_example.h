/*
 * An example of a gateway, for nat64d/alg/README and for the tests of
 * stream.c. Its protocol is made up: lines from the client,
 *
 *	LISTEN port	I wait for your connection there: the server has to be
 *			told another port
 *	# text		for the gateway only: it is taken out
 *	RAW		what follows is encrypted: let go
 *
 * and anything else from both sides, which passes. After "LISTEN 13" the
 * connection is ended.
 */
#ifndef TESTS_UNIT_ALG_EXAMPLE_H
#define TESTS_UNIT_ALG_EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nat64d/alg/alg.h"

struct example {
	bool in_line; /* the rest of a line passes */
};

static void
example_init(void *state)
{
	struct example *x = state;

	x->in_line = false;
}

static bool
example_is_idle(const void *state)
{
	const struct example *x = state;

	return (!x->in_line);
}

/* A line of ours, whole: len bytes with its end. */
static void
example_line(const struct alg_flow *flow, const char *line, size_t len,
    struct alg_step *step)
{
	const uint16_t port = (uint16_t)strtoul(line + 7, NULL, 10);
	struct taddr4 out4;

	step->used = len;
	step->what = ALG_REPLACE; /* by nothing, until n_bytes is set */
	if (line[0] == '#')
		return;
	if (port == 13)
		step->what = ALG_END;
	else if (!flow->expect(flow->arg, port, &out4))
		step->what = ALG_PASS;
	else
		step->n_bytes = (size_t)snprintf((char *)step->bytes,
		    sizeof(step->bytes), "LISTEN %u\n", out4.port);
}

static void
example_step(void *state, const struct alg_flow *flow, enum alg_dir dir,
    const uint8_t *data, size_t len, struct alg_step *step)
{
	struct example *x = state;
	const uint8_t *lf = memchr(data, '\n', len);
	const size_t n = lf != NULL ? (size_t)(lf - data) + 1 : len;
	char line[64] = "";

	memcpy(line, data, n < sizeof(line) ? n : sizeof(line) - 1);
	if (dir == ALG_FROM_CLIENT && !x->in_line && n < sizeof(line)) {
		/* Too short to tell, or ours and not complete? */
		if (lf == NULL &&
		    (strncmp(line, "LISTEN ", n < 7 ? n : 7) == 0 ||
			strncmp(line, "RAW", n) == 0 || line[0] == '#')) {
			step->what = ALG_WAIT;
			return;
		}
		if (strcmp(line, "RAW\n") == 0) {
			step->what = ALG_LET_GO;
			return;
		}
		if (strncmp(line, "LISTEN ", 7) == 0 || line[0] == '#') {
			example_line(flow, line, n, step);
			return;
		}
	}
	x->in_line = lf == NULL;
	step->what = ALG_PASS;
	step->used = n;
}

static const struct alg_gateway example_gateway = {
	.init = example_init,
	.is_idle = example_is_idle,
	.step = example_step,
};

#endif
