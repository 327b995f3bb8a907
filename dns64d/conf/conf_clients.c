/*
 * The statements about cookies and local names: values, their checks, and
 * their canonical form; reads the hosts files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/conf/bundle.h"
#include "common/conf/conf_file.h"
#include "common/os/log.h"

#include "conf.h"
#include "dns64d/local/hosts_file.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/name_text.h"

#define HOSTS_SIZE_MAX (192 * 1024 * 1024) /* octets */

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
	struct admission_rules *rules = &conf->admission;
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
	if (rules->n_secrets == ADMISSION_SECRETS_MAX)
		return ("is one secret too many");
	rules->secret[rules->n_secrets++] = key;
	return (NULL);
}

/* Add a copy of a statement to a list, for conf_print. */
static const char *
keep_line(char ***list, size_t *n, const char *text)
{
	char **bigger;

	bigger = array_grow(*list, *n, sizeof(*bigger));
	if (bigger == NULL)
		return (conf_no_memory());
	*list = bigger;
	if ((bigger[*n] = strdup(text)) == NULL)
		return (conf_no_memory());
	(*n)++;
	return (NULL);
}

static const char *
add_host(struct conf *conf, const char *name, const char *text)
{
	uint8_t wire[MSG_NAME_MAX];
	struct hosts_addr addr;

	if (hosts_parse_addr(text, &addr) == -1)
		return ("has no valid address");
	if (name_from_text(name, wire) <= 1)
		return ("has no valid host name");
	if (hosts_add(conf->hosts, wire, &addr) == 0)
		return (NULL);
	return (errno == E2BIG ? "has too many addresses" : conf_no_memory());
}

const char *
conf_add_host(struct conf *conf, const char *name, const char *addr)
{
	const char *why;
	char *line;
	size_t size;

	if ((why = add_host(conf, name, addr)) != NULL)
		return (why);
	size = strlen(name) + strlen(addr) + sizeof("\"\" ");
	if ((line = malloc(size)) == NULL)
		return (conf_no_memory());
	/* Quoted, since a name may be a keyword; it needs no escapes. */
	snprintf(line, size, "\"%s\" %s", name, addr);
	why = keep_line(&conf->host_lines, &conf->n_host_lines, line);
	free(line);
	return (why);
}

const char *
conf_add_hosts(struct conf *conf, const struct conf_value *path)
{
	struct conf_hosts *bigger;

	if (*path->text != '/')
		return ("is no absolute path");
	bigger = array_grow(conf->hosts_files, conf->n_hosts_files,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (conf_no_memory());
	conf->hosts_files = bigger;
	bigger += conf->n_hosts_files;
	if ((bigger->path = strdup(path->text)) == NULL)
		return (conf_no_memory());
	bigger->where = path->where;
	conf->n_hosts_files++;
	return (NULL);
}

void
conf_gather_hosts(const struct conf *conf, struct conf_file *cf)
{
	const struct bundle_file *f;
	size_t i;

	for (i = 0; i < conf->n_hosts_files; i++)
		conf_file_load(cf, conf->hosts_files[i].path, HOSTS_SIZE_MAX,
		    &f);
}

/* Returns NULL, or the reason. */
static const char *
read_hosts(struct hosts_file *hf, struct conf_file *cf, const char *path)
{
	const struct bundle_file *f;
	const char *why;

	why = conf_file_load(cf, path, HOSTS_SIZE_MAX, &f);
	if (why != NULL)
		return (why);
	if (hosts_file_read(hf, (const char *)f->bytes, f->len) == 0 &&
	    hosts_file_end(hf) == 0)
		return (NULL);
	/* ENOSPC: the limit is reached, which is no error. */
	return (errno == ENOSPC ? NULL : strerror(errno));
}

static void
tell_faults(const struct hosts_file *hf, const char *path)
{
	const struct hosts_fault *fault;
	unsigned i;

	for (i = 0; i < hf->bad_lines && i < HOSTS_FAULTS_MAX; i++) {
		fault = &hf->faults[i];
		log_warn("%s:%u: \"%s\" %s", path, fault->line, fault->word,
		    fault->why);
	}
	if (hf->bad_lines > 0)
		log_warn("%s: %u %s skipped, wholly or in part", path,
		    hf->bad_lines, hf->bad_lines == 1 ? "line" : "lines");
}

/*
 * A file that is too large for the limit is used in part and logged: name
 * service without the rest of a block list is better than none, and at a boot
 * nobody would see the refusal.
 */
void
conf_read_hosts(struct conf *conf, struct conf_file *cf)
{
	const struct conf_hosts *file;
	struct hosts_file hf;
	const char *why;
	size_t i;

	hosts_limit(conf->hosts, conf->limit_hosts);
	for (i = 0; i < conf->n_hosts_files; i++) {
		file = &conf->hosts_files[i];
		hosts_file_begin(&hf, conf->hosts);
		why = read_hosts(&hf, cf, file->path);
		if (why != NULL) {
			conf_error_at(cf, &file->where,
			    "cannot read \"%s\": %s", file->path, why);
			continue;
		}
		tell_faults(&hf, file->path);
		if (hf.is_full)
			log_err("%s:%u: \"limit hosts %zu\" is reached: this "
				"line and all behind it are left out",
			    file->path, hf.line, conf->limit_hosts);
	}
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
	size_t i;

	free_lines(conf->host_lines, conf->n_host_lines);
	for (i = 0; i < conf->n_hosts_files; i++)
		free(conf->hosts_files[i].path);
	free(conf->hosts_files);
	hosts_free(conf->hosts);
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
	const struct admission_rules *rules = &conf->admission;
	size_t i;

	fprintf(f, "cookies %s\n", rules->no_cookies ? "no" : "yes");
	for (i = 0; i < rules->n_secrets; i++)
		print_secret(&rules->secret[i], f);
	fprintf(f, "client-subnet %s\n",
	    rules->forward_subnet ? "forward" : "strip");
	fprintf(f, "limit rate %u\n", rules->rate);
	fprintf(f, "limit rate-prefix4 %u\n", rules->rate_len4);
	fprintf(f, "limit rate-prefix6 %u\n", rules->rate_len6);
	fprintf(f, "limit rate-slip %u\n", rules->slip);
	fprintf(f, "limit hosts %zu\n", conf->limit_hosts);
	fprintf(f, "special-zones %s\n", conf->special_zones ? "yes" : "no");
	for (i = 0; i < conf->n_hosts_files; i++) {
		fprintf(f, "hosts ");
		conf_print_string(f, conf->hosts_files[i].path);
		fputc('\n', f);
	}
	for (i = 0; i < conf->n_host_lines; i++)
		fprintf(f, "host %s\n", conf->host_lines[i]);
}
