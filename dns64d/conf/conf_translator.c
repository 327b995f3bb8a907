/*
 * The translators of prefixes: the URLs at which their load can be read, two of
 * a pair.
 */
#include <sys/socket.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/net/addr.h"
#include "common/net/pref64.h"

#include "conf.h"

static const char scheme[] = "http://";

static void
clear(struct translator_conf *t)
{
	size_t i;

	for (i = 0; i < t->n_urls; i++) {
		free(t->url[i].text);
		free(t->url[i].host);
		free(t->url[i].path);
	}
}

void
conf_clear_translators(struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->n_translators; i++)
		clear(&conf->translators[i]);
	free(conf->translators);
}

/* The digits behind a colon; 0 if they are no port. */
static unsigned
parse_port(const char *text, size_t len)
{
	unsigned port = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return (0);
		port = port * 10 + (text[i] - '0');
		if (port > 65535)
			return (0);
	}
	return (port);
}

/*
 * Address and port, "[2001:db8::1]:9164" or "192.0.2.1". No names, because
 * this server may be the resolver of the host.
 */
static const char *
parse_authority(const char *text, size_t len, struct poll_url *u)
{
	bool bracket = len > 0 && text[0] == '[';
	const char *end = memchr(text, bracket ? ']' : ':', len);
	const char *host = text + bracket;
	struct sockaddr_storage ss;
	size_t host_len, rest;
	socklen_t unused;

	if (bracket && end == NULL)
		return ("has no \"]\" behind its address");
	host_len = end != NULL ? (size_t)(end - host) : len;
	rest = len - bracket - host_len - bracket;
	u->port = CONF_TRANSLATOR_PORT;
	if (rest > 0) {
		end = host + host_len + bracket;
		u->port = *end == ':' ? parse_port(end + 1, rest - 1) : 0;
	}
	if (u->port == 0)
		return ("has no valid port");
	if ((u->host = strndup(host, host_len)) == NULL)
		return (conf_no_memory());
	if (sockaddr_parse(u->host, u->port, &ss, &unused) == -1 ||
	    bracket != (ss.ss_family == AF_INET6))
		return ("has no numeric address behind \"http://\"");
	return (NULL);
}

/* u owns what was allocated, also after a refusal. */
static const char *
parse_url(const char *url, struct poll_url *u)
{
	const char *authority = url + sizeof(scheme) - 1, *p, *why;
	size_t len;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return ("does not begin with \"http://\"");
	for (p = url; *p != '\0'; p++) {
		if (!isgraph((unsigned char)*p) || *p == '#')
			return ("has a character that no URL has");
	}
	len = strcspn(authority, "/?");
	if ((why = parse_authority(authority, len, u)) != NULL)
		return (why);
	if (authority[len] == '?')
		return ("has no path before its query");
	u->path = strdup(authority[len] == '\0' ? "/" : authority + len);
	u->text = strdup(url);
	return (u->path == NULL || u->text == NULL ? conf_no_memory() : NULL);
}

const struct translator_conf *
conf_find_translator(const struct conf *conf, const struct pref64 *prefix)
{
	const struct translator_conf *t;
	size_t i;

	for (i = 0; i < conf->n_translators; i++) {
		t = &conf->translators[i];
		if (pref64_equal(&t->prefix, prefix))
			return (t);
	}
	return (NULL);
}

static const char *
append(struct conf *conf, const struct translator_conf *t)
{
	struct translator_conf *bigger;

	if (conf->n_translators == CONF_TRANSLATORS_MAX)
		return ("is one translator too many");
	bigger = array_grow(conf->translators, conf->n_translators,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (conf_no_memory());
	conf->translators = bigger;
	bigger[conf->n_translators++] = *t;
	return (NULL);
}

/* Refuse because of the statement, in any view, with another translator. */
static const char *
blame(struct conf *conf, const struct pref64 *p)
{
	const struct conf_prefix_line *l = conf->prefix_lines;
	size_t i;

	for (i = 0; i < conf->n_prefix_lines; i++, l++)
		if (l->translator && pref64_equal(&l->prefix, p))
			return (conf_blame(conf, &l->where,
			    "is not what the "
			    "prefix has been given at"));
	return ("is not what the prefix has been given before");
}

static bool
equals(const struct translator_conf *t, const char *url, const char *other,
    unsigned every_secs)
{
	return (strcmp(t->url[0].text, url) == 0 &&
	    (other != NULL) == (t->n_urls == 2) &&
	    (other == NULL || strcmp(t->url[1].text, other) == 0) &&
	    t->every_secs == every_secs);
}

const char *
conf_check_other_url(const char *url, const char *other)
{
	struct translator_conf t = { .n_urls = 1 };
	const char *why;

	if (strcmp(url, other) == 0)
		return ("is given for both nodes");
	why = parse_url(other, &t.url[0]);
	clear(&t);
	return (why);
}

/* t owns what was allocated, also after a refusal. */
static const char *
parse_urls(const char *url, const char *other, struct translator_conf *t)
{
	const char *why;

	t->n_urls = other != NULL ? 2 : 1;
	why = parse_url(url, &t->url[0]);
	if (why == NULL && other != NULL)
		why = parse_url(other, &t->url[1]);
	return (why);
}

const char *
conf_add_translator(struct conf *conf, const char *prefix, const char *url,
    const char *other, unsigned every_secs)
{
	struct translator_conf t = { .every_secs = every_secs };
	const struct translator_conf *old;
	const char *why;

	if (pref64_parse(prefix, &t.prefix) != NULL)
		return (NULL);
	if ((old = conf_find_translator(conf, &t.prefix)) != NULL)
		return (equals(old, url, other, every_secs) ?
			NULL :
			blame(conf, &t.prefix));
	if ((why = parse_urls(url, other, &t)) == NULL)
		why = append(conf, &t);
	if (why == NULL)
		conf->prefix_lines[conf->n_prefix_lines - 1].translator = true;
	if (why != NULL)
		clear(&t);
	return (why);
}
