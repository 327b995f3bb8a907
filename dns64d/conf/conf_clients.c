/*
 * The statements about cookies and local names: values, their checks, and
 * their canonical form; reads the hosts files.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/conf/bundle.h"
#include "common/conf/conf_file.h"
#include "common/os/log.h"

#include "conf.h"
#include "dns64d/local/hosts_file.h"
#include "dns64d/local/records.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/name_text.h"

#define HOSTS_SIZE_MAX (192 * 1024 * 1024) /* octets */

/* Of a record without one, as in unbound.conf(5). */
#define RECORD_TTL 3600

#define RECORD_QUOTE_MAX 60 /* characters of a record in a message */

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

/* Octets of the statement in the canonical form. */
static size_t
statement_length(const char *text)
{
	size_t n = strlen("local-data \"\"");

	for (; *text != '\0'; text++)
		n += *text == '"' || *text == '\\' ? 2 : 1;
	return (n);
}

/*
 * Read a record, check it as a message from the network is, and only then let
 * libldns print it.
 * wire: room for RECORD_MAX. Returns false with the reason in why.
 */
static bool
read_record(const char *text, uint8_t *wire, struct msg_scan *scan,
    char line[RECORD_TEXT_MAX], char why[RECORD_WHY_MAX])
{
	struct msg_rr rr = { .msg = NULL };
	size_t len;

	if ((len = record_from_text(text, RECORD_TTL, wire, why)) == 0)
		return (false);
	if (msg_scan(wire, len, scan) != MSG_SCAN_OK ||
	    !msg_rr_next(scan, MSG_ANSWER, &rr)) {
		strlcpy(why, "has data that does not fit its type",
		    RECORD_WHY_MAX);
		return (false);
	}
	if (record_to_text(&rr, line) == -1 ||
	    statement_length(line) >= CONF_MAX_LINE) {
		strlcpy(why,
		    "is too long, or has a name that cannot be "
		    "printed",
		    RECORD_WHY_MAX);
		return (false);
	}
	return (true);
}

/* Reads well behind the record and, but for the last two, before a place. */
static const char *
record_refusal(enum records_verdict verdict)
{
	switch (verdict) {
	case RECORDS_ADDED:
		break;
	case RECORDS_KNOWN:
		return ("is given twice; the first record of its name is at");
	case RECORDS_TTL:
		return ("has another TTL than its type (RFC 2181, 5.2); the "
			"first record of its name is at");
	case RECORDS_CNAME:
		return ("is not alone with its CNAME (RFC 1034, 3.6.2); the "
			"first record of its name is at");
	case RECORDS_ONE:
		return ("is a second SOA; the first record of its name is at");
	case RECORDS_FULL:
		return ("is one record too many for its name");
	case RECORDS_NO_MEMORY:
		return (conf_no_memory());
	}
	return (NULL);
}

static enum records_verdict
keep_record(struct conf *conf, const struct msg_scan *scan, const char *line,
    const struct conf_where *where, size_t *first)
{
	enum records_verdict verdict;
	struct conf_record *bigger;
	char *text;

	bigger = array_grow(conf->record_lines, conf->n_record_lines,
	    sizeof(*bigger));
	if (bigger == NULL)
		return (RECORDS_NO_MEMORY);
	conf->record_lines = bigger;
	bigger += conf->n_record_lines;
	if ((text = strdup(line)) == NULL)
		return (RECORDS_NO_MEMORY);
	verdict =
	    records_add(conf->records, scan, conf->n_record_lines, first);
	if (verdict != RECORDS_ADDED) {
		free(text);
		return (verdict);
	}
	bigger->text = text;
	bigger->where = *where;
	conf->n_record_lines++;
	return (verdict);
}

/* The record is cut, since the reason and the place must be in the message. */
static void
tell_record(struct conf_file *cf, const struct conf_value *v, bool warning,
    const char *why, const struct conf_where *at)
{
	const char *dots = strlen(v->text) > RECORD_QUOTE_MAX ? "..." : "";
	char place[PATH_MAX + 16] = "";

	if (at != NULL)
		snprintf(place, sizeof(place), " %s:%u", at->file, at->line);
	if (warning)
		conf_warning_at(cf, &v->where, "\"%.*s%s\" %s%s",
		    RECORD_QUOTE_MAX, v->text, dots, why, place);
	else
		conf_error_at(cf, &v->where, "\"%.*s%s\" %s%s",
		    RECORD_QUOTE_MAX, v->text, dots, why, place);
}

void
conf_add_record(struct conf *conf, struct conf_file *cf,
    const struct conf_value *v)
{
	char line[RECORD_TEXT_MAX], why[RECORD_WHY_MAX];
	const struct conf_where *at = NULL;
	enum records_verdict verdict;
	uint8_t wire[RECORD_MAX];
	struct msg_scan scan;
	size_t first;

	if (!read_record(v->text, wire, &scan, line, why)) {
		tell_record(cf, v, false, why, NULL);
		return;
	}
	verdict = keep_record(conf, &scan, line, &v->where, &first);
	if (verdict == RECORDS_ADDED)
		return;
	if (verdict != RECORDS_FULL && verdict != RECORDS_NO_MEMORY)
		at = &conf->record_lines[first].where;
	tell_record(cf, v, verdict == RECORDS_KNOWN, record_refusal(verdict),
	    at);
}

/* A CNAME may stand before the records that it leads to. */
void
conf_check_records(const struct conf *conf, struct conf_file *cf)
{
	const struct conf_record *line;
	size_t tag;

	if (records_check(conf->records, conf->hosts, &tag))
		return;
	line = &conf->record_lines[tag];
	conf_error_at(cf, &line->where,
	    "\"%.*s\" leads to no local name within %u steps: add records of "
	    "its target",
	    RECORD_QUOTE_MAX, line->text, RECORDS_CHAIN_MAX);
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
	for (i = 0; i < conf->n_record_lines; i++)
		free(conf->record_lines[i].text);
	free(conf->record_lines);
	records_free(conf->records);
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
	for (i = 0; i < conf->n_record_lines; i++) {
		fprintf(f, "local-data ");
		conf_print_string(f, conf->record_lines[i].text);
		fputc('\n', f);
	}
}
