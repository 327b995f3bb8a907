/*
 * What statements say of clients and of local names: values and their
 * checks, and their canonical form. What may stand where is the grammar's
 * (parse.y).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/conf_file.h"

#include "conf.h"

#define HOSTS_SIZE_MAX (4 * 1024 * 1024)

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c |= 0x20;
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

const char *
conf_add_secret(struct conf *conf, const char *text)
{
	struct gate_rules *gate = &conf->gate;
	struct siphash_key key;
	int high, low;
	size_t i;

	if (strlen(text) != 2 * sizeof(key.bytes))
		return ("is not 32 hexadecimal digits");
	for (i = 0; i < sizeof(key.bytes); i++) {
		high = hex_digit(text[2 * i]);
		low = hex_digit(text[2 * i + 1]);
		if (high == -1 || low == -1)
			return ("is not 32 hexadecimal digits");
		key.bytes[i] = high << 4 | low;
	}
	if (gate->n_secrets == GATE_SECRETS_MAX)
		return ("is one secret too many");
	gate->secret[gate->n_secrets++] = key;
	return (NULL);
}

/* Remember what was written; the list ends with NULL. */
static const char *
keep_line(char ***list, size_t *n, const char *text)
{
	char **bigger;

	bigger = reallocarray(*list, *n + 1, sizeof(*bigger));
	if (bigger == NULL)
		return (conf_no_memory());
	*list = bigger;
	if ((bigger[*n] = strdup(text)) == NULL)
		return (conf_no_memory());
	(*n)++;
	return (NULL);
}

const char *
conf_add_host(struct conf *conf, const char *name, const char *addr)
{
	const char *why;
	char *line;
	size_t size;

	if ((why = local_add(conf->local, name, addr)) != NULL)
		return (why);
	size = strlen(name) + strlen(addr) + sizeof("\"\" ");
	if ((line = malloc(size)) == NULL)
		return (conf_no_memory());
	/* A name may be a keyword, but has nothing to be escaped. */
	snprintf(line, size, "\"%s\" %s", name, addr);
	why = keep_line(&conf->host_lines, &conf->n_host_lines, line);
	free(line);
	return (why);
}

/* Returns the file's octets, for free(), or NULL with errno. */
static char *
read_file(const char *path, size_t *len)
{
	char *text, *fitting;
	int error;
	FILE *f;

	if ((f = fopen(path, "re")) == NULL)
		return (NULL);
	if ((text = malloc(HOSTS_SIZE_MAX)) != NULL) {
		*len = fread(text, 1, HOSTS_SIZE_MAX, f);
		error = ferror(f) ? errno : 0;
		if (*len == HOSTS_SIZE_MAX)
			error = EFBIG;
		if (error != 0) {
			free(text);
			text = NULL;
			errno = error;
		}
	}
	error = errno;
	fclose(f);
	errno = error;
	if (text == NULL || *len == 0)
		return (text);
	fitting = realloc(text, *len);
	return (fitting != NULL ? fitting : text);
}

const char *
conf_add_hosts(struct conf *conf, const char *path, unsigned *line)
{
	const char *why;
	size_t len;
	char *text;

	*line = 0;
	if (*path != '/')
		return ("is no absolute path");
	if ((text = read_file(path, &len)) == NULL)
		return ("cannot be read");
	why = local_add_hosts(conf->local, text, len, line);
	free(text);
	if (why != NULL)
		return (why);
	return (keep_line(&conf->hosts_files, &conf->n_hosts_files, path));
}

static void
free_lines(char **list, size_t n)
{
	while (n-- > 0)
		free(list[n]);
	free(list);
}

void
conf_clear_clients(struct conf *conf)
{
	free_lines(conf->host_lines, conf->n_host_lines);
	free_lines(conf->hosts_files, conf->n_hosts_files);
	local_free(conf->local);
}

static void
print_secret(const struct siphash_key *key, FILE *f)
{
	size_t i;

	fprintf(f, "cookie-secret \"");
	for (i = 0; i < sizeof(key->bytes); i++)
		fprintf(f, "%02x", key->bytes[i]);
	fprintf(f, "\"\n");
}

void
conf_print_clients(const struct conf *conf, FILE *f)
{
	const struct gate_rules *gate = &conf->gate;
	size_t i;

	fprintf(f, "cookies %s\n", gate->no_cookies ? "no" : "yes");
	for (i = 0; i < gate->n_secrets; i++)
		print_secret(&gate->secret[i], f);
	fprintf(f, "client-subnet %s\n",
	    gate->forward_subnet ? "forward" : "strip");
	fprintf(f, "limit rate %u\n", gate->rate);
	fprintf(f, "limit rate-prefix4 %u\n", gate->rate_len4);
	fprintf(f, "limit rate-prefix6 %u\n", gate->rate_len6);
	fprintf(f, "limit rate-slip %u\n", gate->slip);
	fprintf(f, "special-zones %s\n", conf->special_zones ? "yes" : "no");
	for (i = 0; i < conf->n_hosts_files; i++) {
		fprintf(f, "hosts ");
		conf_print_string(f, conf->hosts_files[i]);
		fputc('\n', f);
	}
	for (i = 0; i < conf->n_host_lines; i++)
		fprintf(f, "host %s\n", conf->host_lines[i]);
}
