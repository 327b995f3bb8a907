#include <net/if.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "common/log.h"

#include "hostcheck.h"
#include "hostreport.h"
#include "hostview.h"

struct hostreport {
	struct hostview *view; /* NULL: we cannot look */
	struct hostcheck_conf conf;
	char tun[IF_NAMESIZE];
	struct prefix probes[HOSTCHECK_PROBES];
	size_t nprobes;
	struct hostcheck found;
};

struct hostreport *
hostreport_new(const struct nat64_config *conf, bool routes)
{
	struct hostreport *r;

	r = calloc(1, sizeof(*r));
	if (r == NULL)
		fatal("host report");
	r->conf = (struct hostcheck_conf){ .nat64 = conf, .routes = routes,
		.tun = r->tun };
	r->nprobes = hostcheck_probes(conf, r->probes);
	r->view = hostview_open();
	if (r->view == NULL)
		log_warn("cannot look at the network of this host: %s",
		    strerror(errno));
	return (r);
}

void
hostreport_free(struct hostreport *r)
{
	if (r == NULL)
		return;
	hostview_close(r->view);
	free(r);
}

/* Returns 0; -1 with errno when there was nothing to be seen. */
static int
look(struct hostreport *r)
{
	const struct host *host;

	memset(&r->found, 0, sizeof(r->found));
	if (r->view == NULL)
		return (0);
	host = hostview_look(r->view, r->tun, r->probes, r->nprobes);
	if (host == NULL)
		return (-1);
	hostcheck(&r->conf, host, &r->found);
	return (0);
}

int
hostreport_log(struct hostreport *r, const char *tun,
    enum hostreport_when when)
{
	const struct hostcheck *found = &r->found;
	size_t i;

	strlcpy(r->tun, tun, sizeof(r->tun));
	r->conf.running = when == HOSTREPORT_RUN;
	if (look(r) == -1)
		log_warn("cannot look at the network of this host: %s",
		    strerror(errno));
	for (i = 0; i < found->nfindings; i++) {
		if (found->findings[i].error)
			log_err("%s", found->findings[i].text);
		else if (when != HOSTREPORT_START)
			log_warn("%s", found->findings[i].text);
	}
	if (found->nmore > 0)
		log_warn("and %zu more of this kind", found->nmore);
	return (found->nerrors == 0 ? 0 : -1);
}

void
hostreport_print(void *arg, struct evbuffer *out)
{
	struct hostreport *r = arg;
	const struct hostcheck_finding *f;
	size_t i;

	if (look(r) == -1) {
		evbuffer_add_printf(out, "host    not seen: %s\n",
		    strerror(errno));
		return;
	}
	for (i = 0; i < r->found.nfindings; i++) {
		f = &r->found.findings[i];
		evbuffer_add_printf(out, "host    %-7s %s\n",
		    f->error ? "error" : "warning", f->text);
	}
}
