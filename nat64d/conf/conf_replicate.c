#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/addr.h"

#include "conf_replicate.h"

#define SCHEME "redis://"

void
conf_replicate_init(struct replicate_conf *r)
{
	strlcpy(r->pair, CONF_PAIR, sizeof(r->pair));
	r->after_secs = CONF_AFTER_SECS;
}

void
conf_replicate_free(struct replicate_conf *r)
{
	free(r->key_file);
}

static bool
same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a == b);
	return (strcmp(a, b) == 0);
}

bool
conf_replicate_equal(const struct replicate_conf *a,
    const struct replicate_conf *b)
{
	unsigned i;

	if (a->n_stores != b->n_stores || a->db != b->db ||
	    a->node != b->node || a->after_secs != b->after_secs ||
	    strcmp(a->pair, b->pair) != 0 ||
	    !same_text(a->key_file, b->key_file))
		return (false);
	for (i = 0; i < a->n_stores; i++)
		if (!sockaddr_equal(&a->stores[i], &b->stores[i]))
			return (false);
	return (true);
}

void
conf_replicate_begin(struct replicate_conf *r, const struct conf_where *where)
{
	r->n_stores = 0;
	r->db = 0;
	r->where = *where;
}

/* Cut "/DB" off. Returns NULL, or what is wrong. */
static const char *
take_db(struct replicate_conf *r, char *text)
{
	char *slash = strchr(text, '/');
	const char *error;

	if (slash == NULL)
		return (NULL);
	*slash++ = '\0';
	if (*slash == '\0')
		return (NULL);
	r->db = (unsigned)strtonum(slash, 0, CONF_MAX_DB, &error);
	return (error == NULL ? NULL : "the number of the database is wrong");
}

/* Cut ":PORT" off an address, and the brackets of an IPv6 address. */
static const char *
take_port(char **text, uint16_t *port)
{
	const char *error = NULL;
	char *colon, *end;

	*port = CONF_STORE_PORT;
	if (**text == '[') {
		end = strchr(*text, ']');
		if (end == NULL)
			return ("\"]\" is missing");
		(*text)++;
		*end = '\0';
		colon = end + 1;
		if (*colon == '\0')
			return (NULL);
	} else {
		colon = strchr(*text, ':');
		/* An IPv6 address without brackets has no port. */
		if (colon == NULL || strchr(colon + 1, ':') != NULL)
			return (NULL);
	}
	if (*colon != ':')
		return ("a port stands behind \":\"");
	*colon = '\0';
	*port = (uint16_t)strtonum(colon + 1, 1, UINT16_MAX, &error);
	return (error == NULL ? NULL : "the port is wrong");
}

static const char *
add_store(struct replicate_conf *r, char *text)
{
	const char *error;
	uint16_t port;
	socklen_t len;

	if (strncmp(text, SCHEME, strlen(SCHEME)) == 0)
		text += strlen(SCHEME);
	if (strstr(text, "://") != NULL)
		return ("only redis:// is possible");
	if (strchr(text, '@') != NULL)
		return ("the user and the password belong into the file of "
			"\"replicate key\", which only root can read");
	error = take_db(r, text);
	if (error == NULL)
		error = take_port(&text, &port);
	if (error != NULL)
		return (error);
	if (r->n_stores == CONF_MAX_STORES)
		return ("there are too many: 8 are possible");
	if (sockaddr_parse(text, port, &r->stores[r->n_stores], &len) == -1)
		return ("is no address: names are not looked up");
	r->n_stores++;
	return (NULL);
}

void
conf_replicate_add(struct replicate_conf *r, struct conf_file *cf,
    const struct conf_value *text)
{
	char copy[256], *rest = copy, *one;
	const char *error = NULL;

	/* What may be a password is not repeated. */
	if (strlcpy(copy, text->text, sizeof(copy)) >= sizeof(copy))
		error = "the list is too long";
	while (error == NULL && (one = strsep(&rest, ",")) != NULL)
		error = add_store(r, one + strspn(one, " "));
	if (error != NULL)
		conf_error_at(cf, &text->where, "replicate to: %s", error);
}

void
conf_replicate_set_pair(struct replicate_conf *r, struct conf_file *cf,
    const struct conf_value *text)
{
	const char *p = text->text;

	while (isalnum((unsigned char)*p) || *p == '_' || *p == '-')
		p++;
	if (*p != '\0' || p == text->text || p - text->text > CONF_PAIR_MAX) {
		conf_refuse(cf, text,
		    "can have 1 to 32 letters, digits, \"_\" and \"-\"");
		return;
	}
	strlcpy(r->pair, text->text, sizeof(r->pair));
}

void
conf_replicate_check(const struct replicate_conf *r, struct conf_file *cf)
{
	if (r->n_stores == 0)
		return;
	if (r->key_file == NULL)
		conf_error_at(cf, &r->where,
		    "replicate to: \"replicate key\" is missing: the file "
		    "with the secret of the pair");
	if (r->node == 0)
		conf_error_at(cf, &r->where,
		    "replicate to: \"replicate node\" is missing: 1 at one "
		    "node of the pair, 2 at the other");
}

void
conf_replicate_print(const struct replicate_conf *r, FILE *f)
{
	char text[80];
	unsigned i;

	if (r->n_stores == 0)
		return;
	fputs("replicate to \"redis://", f);
	for (i = 0; i < r->n_stores; i++)
		fprintf(f, "%s%s", i > 0 ? "," : "",
		    sockaddr_print(&r->stores[i], text, sizeof(text)));
	fprintf(f, "/%u\"\n", r->db);
	if (r->key_file != NULL) {
		fputs("replicate key ", f);
		conf_print_string(f, r->key_file);
		putc('\n', f);
	}
	fprintf(f, "replicate pair %s\n", r->pair);
	fprintf(f, "replicate node %u\n", r->node);
	fprintf(f, "replicate after %u\n", r->after_secs);
}
