#include <stdio.h>

#include "common/http/httpd.h"
#include "common/os/log.h"

#include "change.h"

bool
change_signal(struct change *c)
{
	if (c->asked) {
		c->again = true;
		return (false);
	}
	c->asked = true;
	c->rq = NULL;
	c->check = false;
	c->len = 0;
	c->text[0] = '\0';
	return (true);
}

bool
change_request(struct change *c, struct httpd_request *rq, bool check)
{
	if (c->asked) {
		httpd_error(rq, 409,
		    "a reload is in progress: try again when it has ended");
		return (false);
	}
	change_signal(c);
	c->rq = rq;
	c->check = check;
	httpd_defer(rq);
	return (true);
}

void
change_report(void *arg, bool warning, const char *msg)
{
	struct change *c = arg;
	int n;

	if (warning)
		log_warn("%s", msg);
	else
		log_err("%s", msg);
	n = snprintf(c->text + c->len, sizeof(c->text) - c->len, "%s%s",
	    c->len > 0 ? "\n" : "", msg);
	if (n > 0)
		c->len += (size_t)n;
	if (c->len >= sizeof(c->text))
		c->len = sizeof(c->text) - 1;
}

static void
answer(const struct change *c, bool done)
{
	if (!done)
		httpd_error(c->rq, 409, "%s",
		    c->len > 0 ? c->text : "refused; the log says why");
	else
		httpd_json(c->rq, 200,
		    json_pack("{s:b, s:s}", c->check ? "checked" : "reloaded",
			1, "warnings", c->text));
}

void
change_abandon(struct change *c)
{
	if (c->asked && c->rq != NULL)
		httpd_error(c->rq, 503, "dns64d ends");
	c->rq = NULL;
}

bool
change_end(struct change *c, bool done)
{
	bool again = c->again;

	if (c->rq != NULL)
		answer(c, done);
	c->asked = c->again = false;
	return (again && change_signal(c));
}
