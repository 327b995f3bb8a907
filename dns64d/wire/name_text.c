/*
 * Names, types and codes as text, mostly by libldns.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Without it the inline functions of libldns call assert(). */
#define NDEBUG
#include <ldns/ldns.h>

#include "msg_name.h"
#include "msg_scan.h"
#include "name_text.h"

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
