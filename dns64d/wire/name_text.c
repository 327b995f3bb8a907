/*
 * Names, types, codes and records as text, mostly by libldns: it knows the
 * presentation format of some sixty types, and operators write and read what
 * they know from NSD and Unbound. What it reads wrongly without an error is
 * refused before: numbers that are too large for their field, strings without
 * an end, names that would get an origin.
 *
 * Why messages are read and written by our own code (msg_scan.c, msg.c), and
 * not by libldns:
 *  - it allocates for each record, each field and each name, while a query
 *    here allocates nothing;
 *  - its work is not bounded by the length of a message: pointers of names are
 *    followed anew for each record;
 *  - its records do not keep their place in the message, and a reply is relayed
 *    octet by octet, with other TTLs, id and OPT (msg_relay.c);
 *  - it accepts messages that must not be passed on, such as pointers that
 *    lead forwards, or a record of type A with more than 4 octets.
 * So libldns is never given octets that msg_scan has not checked, and nothing
 * that it makes of text is used before msg_scan has checked that.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without it the inline functions of libldns call assert(). */
#define NDEBUG
#include <ldns/ldns.h>

#include "msg_name.h"
#include "msg_scan.h"
#include "name_text.h"

#define MSG_RCODE_MAX 4095 /* with the bits of OPT; RFC 6891, 6.1.3 */
#include "wire.h"

#define TTL_MAX INT32_MAX /* RFC 2181, 8 */
#define TOKEN_MAX 1024	  /* a name of 255 octets, all escaped, fits */

#define FORM "write \"name [ttl] type data\""

/* strspn() is slower: it builds a table for each of a million names. */
static bool
has_name_chars(const char *text)
{
	char c;

	for (; (c = *text) != '\0'; text++) {
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_' &&
		    c != '.')
			return (false);
	}
	return (true);
}

size_t
name_from_text(const char *text, uint8_t *out)
{
	ldns_rdf *rdf;
	size_t len = 0;

	if (text[0] == '\0' || !has_name_chars(text) ||
	    ldns_str2rdf_dname(&rdf, text) != LDNS_STATUS_OK)
		return (0);
	if (ldns_rdf_size(rdf) <= MSG_NAME_MAX) {
		len = ldns_rdf_size(rdf);
		memcpy(out, ldns_rdf_data(rdf), len);
	}
	ldns_rdf_deep_free(rdf);
	return (len);
}

const char *
name_to_text(const uint8_t *name, char *buf)
{
	ldns_rdf *rdf;
	char *text = NULL;

	rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name_length(name),
	    name);
	if (rdf != NULL)
		text = ldns_rdf2str(rdf);
	strlcpy(buf, text != NULL ? text : "?", NAME_TEXT_MAX);
	free(text);
	ldns_rdf_deep_free(rdf);
	return (buf);
}

const char *
type_to_text(uint16_t type, char *buf)
{
	char *text = ldns_rr_type2str((ldns_rr_type)type);

	strlcpy(buf, text != NULL ? text : "?", TYPE_TEXT_MAX);
	free(text);
	return (buf);
}

/* libldns has no names for the codes above 15 of EDNS (RFC 6891, 6.1.3). */
const char *
rcode_to_text(unsigned rcode, char *buf)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED" };
	const char *name = NULL;

	if (rcode < sizeof(names) / sizeof(names[0]))
		name = names[rcode];
	else if (rcode == MSG_BADVERS)
		name = "BADVERS";
	else if (rcode == MSG_BADCOOKIE)
		name = "BADCOOKIE";
	if (name != NULL)
		strlcpy(buf, name, RCODE_TEXT_MAX);
	else
		snprintf(buf, RCODE_TEXT_MAX, "%u", rcode);
	return (buf);
}

/* A record's text while it is read: what stands before its data. */
struct record_head {
	char name[TOKEN_MAX];
	char type_name[TOKEN_MAX];
	ldns_rr_type type;
	uint32_t ttl;
	const char *data; /* the rest of the text */
};

/*
 * The next word, without quotes, parentheses and comments, which none may
 * have here. Returns false when there is none or it is too long.
 */
static bool
next_word(const char **text, char *word)
{
	size_t len;

	*text += strspn(*text, " \t");
	len = strcspn(*text, " \t");
	if (len == 0 || len >= TOKEN_MAX)
		return (false);
	memcpy(word, *text, len);
	word[len] = '\0';
	*text += len;
	return (strcspn(word, "\"();") == len && word[len - 1] != '\\');
}

/* "3600", or "1h30m" with the units of libldns. Too large: above TTL_MAX. */
static bool
parse_ttl(const char *word, uint64_t *ttl)
{
	static const char units[] = "smhdw";
	static const unsigned secs[] = { 1, 60, 3600, 86400, 604800 };
	const char *unit;
	uint64_t n;

	*ttl = 0;
	while (isdigit((unsigned char)*word)) {
		for (n = 0; isdigit((unsigned char)*word); word++)
			if (n <= TTL_MAX)
				n = n * 10 + (uint64_t)(*word - '0');
		unit = *word == '\0' ? units : strchr(units, tolower(*word++));
		if (unit == NULL)
			return (false);
		*ttl += n * secs[unit - units];
		if (*ttl > TTL_MAX)
			*ttl = (uint64_t)TTL_MAX + 1;
	}
	return (*word == '\0');
}

/* A name, or TYPE and a number (RFC 3597, 5); 0: neither, or TYPE0. */
static ldns_rr_type
parse_type(const char *word)
{
	unsigned long n;
	char *end;

	if (strncasecmp(word, "TYPE", 4) != 0)
		return (ldns_get_rr_type_by_name(word));
	/* libldns would take TYPE65537 for TYPE1. */
	n = strtoul(word + 4, &end, 10);
	return (isdigit((unsigned char)word[4]) && *end == '\0' &&
		    n <= UINT16_MAX ?
		(ldns_rr_type)n :
		0);
}

int
rcode_from_text(const char *text)
{
	char buf[RCODE_TEXT_MAX];
	unsigned rcode;

	for (rcode = 0; rcode <= MSG_RCODE_MAX; rcode++)
		if (strcasecmp(text, rcode_to_text(rcode, buf)) == 0)
			return ((int)rcode);
	return (-1);
}

uint16_t
type_from_text(const char *text)
{
	return ((uint16_t)parse_type(text));
}

/* Returns NULL, or why there are no records of the type. */
static const char *
refuse_type(ldns_rr_type type)
{
	switch ((unsigned)type) {
	case 0:
	case MSG_T_OPT:
		return ("has a type that is no data");
	case LDNS_RR_TYPE_SIG:
	case LDNS_RR_TYPE_KEY:
	case LDNS_RR_TYPE_NXT:
	case LDNS_RR_TYPE_DS:
	case LDNS_RR_TYPE_RRSIG:
	case LDNS_RR_TYPE_NSEC:
	case LDNS_RR_TYPE_DNSKEY:
	case LDNS_RR_TYPE_NSEC3:
	case LDNS_RR_TYPE_NSEC3PARAM:
	case LDNS_RR_TYPE_CDS:
	case LDNS_RR_TYPE_CDNSKEY:
	case LDNS_RR_TYPE_DLV:
		return ("has a type of signed zones, and local names are "
			"not signed");
	case MSG_T_DNAME:
		return ("has type DNAME, which is not expanded: write a "
			"CNAME for each name");
	case LDNS_RR_TYPE_WKS:
		return ("has type WKS, which is obsolete");
	}
	return (
	    type >= 128 && type <= 255 ? "has a type that is no data" : NULL);
}

/* TTL and class, each at most once and in any order, and the type. */
static const char *
read_head(const char *text, struct record_head *head)
{
	char word[TOKEN_MAX];
	bool has_ttl = false, has_class = false;
	uint64_t ttl;

	if (!next_word(&text, head->name) || strcmp(head->name, "@") == 0)
		return ("does not begin with a full name: " FORM);
	if (strncmp(head->name, "*.", 2) == 0 || strcmp(head->name, "*") == 0)
		return ("is for a wildcard, which is not expanded: write a "
			"record for each name");
	for (;;) {
		if (!next_word(&text, word))
			return ("has no type: " FORM);
		if (!has_ttl && isdigit((unsigned char)word[0])) {
			if (!parse_ttl(word, &ttl))
				return ("has no valid TTL: write seconds");
			if (ttl > TTL_MAX)
				return ("has a TTL above 2147483647 "
					"(RFC 2181, 8)");
			head->ttl = (uint32_t)ttl;
			has_ttl = true;
			continue;
		}
		if (has_class || ldns_get_rr_class_by_name(word) == 0)
			break;
		if (ldns_get_rr_class_by_name(word) != LDNS_RR_CLASS_IN)
			return ("has a class other than IN");
		has_class = true;
	}
	head->type = parse_type(word);
	strlcpy(head->type_name, word, sizeof(head->type_name));
	head->data = text + strspn(text, " \t");
	if (head->type == 0 && strcasecmp(word, "TYPE0") != 0)
		return ("has an unknown type: write TYPE and its number, and "
			"data as in RFC 3597, 5");
	return (refuse_type(head->type));
}

/*
 * Data is one line: what libldns leaves out or ends by itself is refused.
 * Returns NULL, or why.
 */
static const char *
refuse_data(const char *text)
{
	bool quoted = false;

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] != '\0')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted && strchr("();", *text) != NULL)
			return (
			    "has \"(\", \")\" or \";\" outside of a string");
	}
	return (quoted ? "has a string without a closing quote" : NULL);
}

/* The most that a field of numbers may have; 0: it has no plain number. */
static unsigned long
field_max(ldns_rdf_type type)
{
	switch ((unsigned)type) {
	case LDNS_RDF_TYPE_INT8:
		return (UINT8_MAX);
	case LDNS_RDF_TYPE_INT16:
		return (UINT16_MAX);
	case LDNS_RDF_TYPE_INT32:
	case LDNS_RDF_TYPE_PERIOD:
		return (UINT32_MAX);
	}
	return (0);
}

/* Data of any type as octets (RFC 3597, 5). */
static bool
is_generic(const char *data)
{
	return (strncmp(data, "\\#", 2) == 0);
}

/* Whether the numbers before the first other field fit into their octets. */
static bool
numbers_fit(const struct record_head *head)
{
	const ldns_rr_descriptor *d = ldns_rr_descript((uint16_t)head->type);
	const char *text = head->data;
	char word[TOKEN_MAX];
	unsigned long max;
	size_t i;

	if (is_generic(text))
		return (true);
	for (i = 0; i < ldns_rr_descriptor_maximum(d); i++) {
		if (i >= ldns_rr_descriptor_minimum(d) ||
		    !next_word(&text, word))
			break;
		max = field_max(ldns_rr_descriptor_field_type(d, i));
		if (max == 0 || !isdigit((unsigned char)word[0]))
			continue;
		errno = 0;
		if (strtoul(word, NULL, 10) > max || errno == ERANGE)
			return (false);
	}
	return (true);
}

/* Write the message: a header that announces one answer, and the record. */
static size_t
put_record(const ldns_rr *rr, uint8_t *buf)
{
	uint8_t *wire = NULL;
	size_t len = 0;

	if (ldns_rr2wire(&wire, rr, LDNS_SECTION_ANSWER, &len) !=
		LDNS_STATUS_OK ||
	    len > RECORD_MAX - MSG_HEADER_LEN) {
		free(wire);
		return (0);
	}
	memset(buf, 0, MSG_HEADER_LEN);
	put16(buf + 2, MSG_QR);
	put16(buf + 6, 1); /* ANCOUNT */
	memcpy(buf + MSG_HEADER_LEN, wire, len);
	free(wire);
	return (MSG_HEADER_LEN + len);
}

/*
 * All names are full ones: without an origin, libldns would take the owner of
 * an SOA as that of the names in it.
 */
static ldns_status
parse_line(const char *line, ldns_rr **rr)
{
	ldns_rdf *root = NULL;
	ldns_status status;

	status = ldns_str2rdf_dname(&root, ".");
	if (status == LDNS_STATUS_OK)
		status = ldns_rr_new_frm_str(rr, line, 0, root, NULL);
	ldns_rdf_deep_free(root);
	return (status);
}

/* The errors of libldns about a whole record do not say what of a name. */
static ldns_status
check_name(const char *name)
{
	ldns_rdf *rdf = NULL;
	ldns_status status = ldns_str2rdf_dname(&rdf, name);

	ldns_rdf_deep_free(rdf);
	return (status);
}

/* Returns as record_from_text; head has passed all checks before. */
static size_t
read_record(const struct record_head *head, uint8_t *buf, char *why)
{
	char line[RECORD_TEXT_MAX + 32];
	ldns_status status;
	ldns_rr *rr = NULL;
	size_t len = 0;
	int n;

	if ((status = check_name(head->name)) != LDNS_STATUS_OK) {
		snprintf(why, RECORD_WHY_MAX,
		    "has no valid name (libldns: \"%s\")",
		    ldns_get_errorstr_by_id(status));
		return (0);
	}
	/*
	 * Whole and in the usual order, so that nothing has two readings. A
	 * name that begins with "@" would become the origin.
	 */
	n = snprintf(line, sizeof(line), "%s%s %u IN %s %s",
	    head->name[0] == '@' ? "\\" : "", head->name, (unsigned)head->ttl,
	    head->type_name, head->data);
	strlcpy(why, "is a record that is too long", RECORD_WHY_MAX);
	if (n >= (int)sizeof(line))
		return (0);
	if ((status = parse_line(line, &rr)) != LDNS_STATUS_OK)
		snprintf(why, RECORD_WHY_MAX,
		    "is no record (libldns: \"%s\"): " FORM,
		    ldns_get_errorstr_by_id(status));
	else if (ldns_rr_get_type(rr) == head->type)
		len = put_record(rr, buf);
	ldns_rr_free(rr);
	return (len);
}

size_t
record_from_text(const char *text, uint32_t ttl, uint8_t *buf,
    char why[RECORD_WHY_MAX])
{
	struct record_head head = { .ttl = ttl };
	const char *refusal;

	if ((refusal = read_head(text, &head)) == NULL)
		refusal = refuse_data(head.data);
	if (refusal == NULL && !numbers_fit(&head))
		refusal = "has a number that is too large for its field";
	if (refusal == NULL)
		return (read_record(&head, buf, why));
	strlcpy(why, refusal, RECORD_WHY_MAX);
	return (0);
}

/* Blanks for the tabs between the fields, and none at the end. */
static void
tidy(char *text)
{
	size_t len = strlen(text);
	unsigned i;
	char *tab;

	for (i = 0; i < 4 && (tab = strchr(text, '\t')) != NULL; i++)
		*tab = ' ';
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
}

/* Whether text is read as the record, which has its owner without pointers. */
static bool
is_read_back(const struct msg_rr *rr, const char *text)
{
	const uint8_t *owner = rr->msg->wire + rr->off;
	const size_t owner_len = rr->rdata - RR_FIXED - rr->off;
	uint8_t wire[RECORD_MAX];
	char why[RECORD_WHY_MAX];
	size_t len = record_from_text(text, 0, wire, why);

	return (len == MSG_HEADER_LEN + (rr->end - rr->off) &&
	    memcmp(wire + MSG_HEADER_LEN, owner, owner_len) == 0 &&
	    memcmp(wire + len - rr->rdlen, rr->msg->wire + rr->rdata,
		rr->rdlen) == 0);
}

static int
print_record(const ldns_rr *record, char *buf)
{
	char *text;
	bool fits = false;

	text = ldns_rr2str_fmt(ldns_output_format_nocomments, record);
	if (text != NULL) {
		tidy(text);
		fits = strlcpy(buf, text, RECORD_TEXT_MAX) < RECORD_TEXT_MAX;
	}
	free(text);
	return (fits ? 0 : -1);
}

/* With data as octets (RFC 3597, 5). */
static int
print_generic(const ldns_rr *record, const struct msg_rr *rr, char *buf)
{
	char *name = ldns_rdf2str(ldns_rr_owner(record));
	int n = -1;
	size_t i;

	if (name != NULL)
		n = snprintf(buf, RECORD_TEXT_MAX, "%s %u IN TYPE%u \\# %u ",
		    name, (unsigned)rr->ttl, rr->type, rr->rdlen);
	free(name);
	if (n < 0 || (size_t)n + 2U * rr->rdlen >= RECORD_TEXT_MAX)
		return (-1);
	for (i = 0; i < rr->rdlen; i++, n += 2)
		snprintf(buf + n, RECORD_TEXT_MAX - (size_t)n, "%02x",
		    rr->msg->wire[rr->rdata + i]);
	return (0);
}

/* Some data of some types is printed in a form that cannot be read. */
int
record_to_text(const struct msg_rr *rr, char *buf)
{
	ldns_rr *record = NULL;
	size_t pos = rr->off;
	int error;

	if (ldns_wire2rr(&record, rr->msg->wire, rr->end, &pos,
		LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
		return (-1);
	error = print_record(record, buf);
	if (error == -1 || !is_read_back(rr, buf)) {
		error = print_generic(record, rr, buf);
		if (error == 0 && !is_read_back(rr, buf))
			error = -1;
	}
	ldns_rr_free(record);
	return (error);
}
