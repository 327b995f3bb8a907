/*
 * Defaults, checks of values and of the whole, canonical print. What may
 * stand where is the grammar's (parse.y).
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/acl.h"
#include "common/conf_file.h"
#include "common/pref64.h"

#include "conf.h"

static const char *
no_memory(void)
{
	return ("cannot be stored: not enough memory");
}

const char *
conf_add_addr(struct conf_addrs *list, const char *text, unsigned port)
{
	struct sockaddr_storage ss;
	socklen_t len;
	size_t i;

	if (sockaddr_parse(text, port, &ss, &len) == -1)
		return ("is no address");
	if (port == 0)
		return (NULL);
	for (i = 0; i < list->n; i++) {
		if (sockaddr_equal(&list->v[i], &ss))
			return ("is given twice");
	}
	if (list->n == CONF_ADDRS_MAX)
		return ("is one address too many");
	list->v[list->n++] = ss;
	return (NULL);
}

const char *
conf_add_access(struct conf *conf, const char *text, bool allow)
{
	struct conf_access *bigger;
	struct prefix p;
	const char *why;

	if ((why = prefix_parse(text, &p)) != NULL)
		return (why);
	bigger = reallocarray(conf->access, conf->n_access + 1,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (no_memory());
	conf->access = bigger;
	if (acl_add(conf->acl, &p, allow) == -1) {
		switch (errno) {
		case EEXIST:
			return ("is both allowed and denied");
		case ENOSPC:
			return ("is one rule too many");
		default:
			return (no_memory());
		}
	}
	conf->access[conf->n_access].from = p;
	conf->access[conf->n_access++].allow = allow;
	return (NULL);
}

/* Why the policy took no rule or exclusion, from errno. */
static const char *
policy_refusal(void)
{
	return (errno == ENOSPC ? "is one too many" : no_memory());
}

const char *
conf_add_exclude(struct conf *conf, int family, const char *text)
{
	struct prefix p;
	const char *why;

	if ((why = prefix_parse(text, &p)) != NULL)
		return (why);
	if (p.family != family)
		return (family == AF_INET ? "is not an IPv4 prefix" :
		    "is not an IPv6 prefix");
	if (policy_add_exclude(&conf->policy, &p) == -1)
		return (policy_refusal());
	return (NULL);
}

/*
 * Prefixes of which one contains another would make the address inside a
 * reverse name ambiguous.
 */
static const char *
parse_pref64(const struct dns64_policy *policy, const char *text,
    struct pref64 *out)
{
	const struct pref64 *old;
	struct prefix p;
	const char *why;
	size_t i;

	if ((why = prefix_parse(text, &p)) != NULL)
		return (why);
	if (p.family != AF_INET6)
		return ("is not an IPv6 prefix");
	if ((why = pref64_init(out, &p.v6, p.len)) != NULL)
		return (why);
	for (i = 0; i < policy->n_prefixes; i++) {
		old = &policy->prefixes[i];
		if (pref64_overlap(old, out) && old->len != out->len)
			return ("overlaps another prefix");
	}
	return (NULL);
}

static bool
same_range(const struct prefix *a, const struct prefix *b)
{
	return (a->len == b->len && prefix_overlap(a, b));
}

static const char *
check_rule(const struct dns64_policy *policy, const struct prefix *range,
    int target)
{
	const struct policy_rule *r;
	size_t i;

	for (i = 0; i < policy->n_rules; i++) {
		r = &policy->rules[i];
		if (!same_range(&r->range, range))
			continue;
		if (r->target == target)
			return ("is given twice");
		if (r->target == POLICY_TARGET_NONE ||
		    target == POLICY_TARGET_NONE)
			return ("goes both to a prefix and to none");
	}
	return (NULL);
}

const char *
conf_add_prefix(struct conf *conf, const char *prefix, const char *range)
{
	struct dns64_policy *policy = &conf->policy;
	struct prefix from = { .family = AF_INET };
	struct pref64 p;
	const char *why;
	int target = POLICY_TARGET_NONE;

	if (range != NULL && (why = prefix_parse(range, &from)) != NULL)
		return (why);
	if (from.family != AF_INET)
		return ("is not an IPv4 prefix");
	if (prefix != NULL) {
		if ((why = parse_pref64(policy, prefix, &p)) != NULL)
			return (why);
		if ((target = policy_add_prefix(policy, &p)) == -1)
			return (policy_refusal());
	}
	if ((why = check_rule(policy, &from, target)) != NULL)
		return (why);
	if (policy_add_rule(policy, &from, target) == -1)
		return (policy_refusal());
	return (NULL);
}

/* Host name characters only: what needs escapes names no host. */
const char *
conf_set_ptr_name(struct conf *conf, const char *text)
{
	struct dns64_policy *policy = &conf->policy;
	uint8_t wire[POLICY_NAME_MAX];
	size_t len = 0, label, n = strlen(text);

	if (n > 0 && text[n - 1] == '.')
		n--;
	if (n == 0 || n > POLICY_NAME_MAX - 2)
		return ("is no host name");
	while (len < n) {
		label = strcspn(text + len, ".");
		if (label == 0 || label > 63)
			return ("is no host name");
		wire[len] = label;
		memcpy(wire + len + 1, text + len, label);
		for (len++; label > 0; label--, len++) {
			if (!isalnum(wire[len]) && wire[len] != '-')
				return ("is no host name");
		}
	}
	wire[len++] = 0;
	memcpy(policy->ptr_name, wire, len);
	policy->ptr_name_len = len;
	policy->ptr_mode = POLICY_PTR_LOCAL;
	return (NULL);
}

const char *
conf_set_string(char **string, const char *text)
{
	char *copy;

	if (*text == '\0')
		return ("is empty");
	if ((copy = strdup(text)) == NULL)
		return (no_memory());
	free(*string);
	*string = copy;
	return (NULL);
}

const char *
conf_set_path(char **string, const char *text)
{
	if (*text != '/')
		return ("is no absolute path");
	return (conf_set_string(string, text));
}

static struct conf *
conf_new(void)
{
	struct conf *conf;

	if ((conf = calloc(1, sizeof(*conf))) == NULL)
		return (NULL);
	if (policy_init(&conf->policy) == -1) {
		free(conf);
		return (NULL);
	}
	conf->limit_queries = CONF_LIMIT_QUERIES;
	conf->limit_tcp_clients = CONF_LIMIT_TCP_CLIENTS;
	conf->limit_tcp_per_client = CONF_LIMIT_TCP_PER_CLIENT;
	conf->tcp_idle_secs = CONF_TCP_IDLE_SECS;
	conf->log_level = LOG_LEVEL_INFO;
	conf->acl = acl_new();
	conf->user = strdup(CONF_USER);
	conf->pidfile = strdup(CONF_PIDFILE);
	if (conf->acl == NULL || conf->user == NULL ||
	    conf->pidfile == NULL) {
		conf_free(conf);
		return (NULL);
	}
	return (conf);
}

void
conf_free(struct conf *conf)
{
	size_t i;

	if (conf == NULL)
		return;
	for (i = 0; conf->files != NULL && conf->files[i] != NULL; i++)
		free(conf->files[i]);
	free(conf->files);
	free(conf->dump);
	free(conf->pidfile);
	free(conf->user);
	acl_free(conf->acl);
	free(conf->access);
	policy_clear(&conf->policy);
	free(conf);
}

/* What no single statement can get wrong. */
static void
check_whole(struct conf_file *cf, const struct conf *conf)
{
	char buf[SOCKADDR_STRLEN];
	size_t i, k;

	if (conf->listens.n == 0)
		conf_error(cf, "no \"listen on\" in the configuration");
	if (conf->upstreams.n == 0)
		conf_error(cf, "no \"upstream\" in the configuration");
	for (i = 0; i < conf->upstreams.n; i++) {
		for (k = 0; k < conf->listens.n; k++) {
			if (sockaddr_equal(&conf->upstreams.v[i],
			    &conf->listens.v[k]))
				conf_error(cf, "upstream %s is listened on: "
				    "queries would go round in circles",
				    sockaddr_print(&conf->upstreams.v[i], buf,
				    sizeof(buf)));
		}
	}
}

/* Remember which files were read, for the sandbox. */
static int
keep_files(struct conf *conf, const struct conf_file *cf)
{
	size_t i, n = 0;

	while (conf_file_path(cf, n) != NULL)
		n++;
	if ((conf->files = calloc(n + 1, sizeof(*conf->files))) == NULL)
		return (-1);
	for (i = 0; i < n; i++) {
		conf->files[i] = strdup(conf_file_path(cf, i));
		if (conf->files[i] == NULL)
			return (-1);
	}
	return (0);
}

static void
report_to_log(void *arg, const char *msg)
{
	(void)arg;
	log_err("%s", msg);
}

struct conf *
conf_load(const char *path, bool to_log)
{
	struct conf_file *cf;
	struct conf *conf;
	bool good;

	cf = conf_file_open(path, to_log ? report_to_log : NULL, NULL);
	if (cf == NULL)
		return (NULL);
	if ((conf = conf_new()) == NULL) {
		conf_error(cf, "not enough memory");
		conf_file_close(cf);
		return (NULL);
	}
	conf_parse(cf, conf);
	if (conf_file_errors(cf) == 0)
		check_whole(cf, conf);
	if (policy_finish(&conf->policy) == -1 || keep_files(conf, cf) == -1)
		conf_error(cf, "not enough memory");
	good = conf_file_errors(cf) == 0;
	conf_file_close(cf);
	if (good)
		return (conf);
	conf_free(conf);
	return (NULL);
}
