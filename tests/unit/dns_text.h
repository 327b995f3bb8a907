/*
 * DNS messages as text, for the tests of dns64d: one line for the header
 * (rcode and flags), one for the question, one for each record behind AN,
 * NS or AR, one for OPT. Both directions go through libldns, so that what
 * dns64d writes is read by somebody else's code.
 *
 *	NOERROR rd ra
 *	www.example. AAAA
 *	AN www.example. 300 IN AAAA 2001:db8::1
 *	OPT 1232 do
 */
#ifndef TESTS_DNS_TEXT_H
#define TESTS_DNS_TEXT_H

#include <ldns/ldns.h>

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DNS_TEXT_MAX 65536

static inline void
dns_text_flags(ldns_pkt *pkt, const char *line)
{
	ldns_lookup_table *rcode;
	char word[16];

	sscanf(line, "%15s", word);
	rcode = ldns_lookup_by_name(ldns_rcodes, word);
	ck_assert_msg(rcode != NULL, "rcode in \"%s\"", line);
	ldns_pkt_set_rcode(pkt, (uint8_t)rcode->id);
	ldns_pkt_set_qr(pkt, strstr(line, " qr") != NULL);
	ldns_pkt_set_aa(pkt, strstr(line, " aa") != NULL);
	ldns_pkt_set_tc(pkt, strstr(line, " tc") != NULL);
	ldns_pkt_set_rd(pkt, strstr(line, " rd") != NULL);
	ldns_pkt_set_ra(pkt, strstr(line, " ra") != NULL);
	ldns_pkt_set_ad(pkt, strstr(line, " ad") != NULL);
	ldns_pkt_set_cd(pkt, strstr(line, " cd") != NULL);
}

static inline void
dns_text_record(ldns_pkt *pkt, ldns_pkt_section section, const char *line,
    bool question)
{
	ldns_rr *rr = NULL;
	ldns_status status;

	if (question)
		status = ldns_rr_new_question_frm_str(&rr, line, NULL, NULL);
	else
		status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
	ck_assert_msg(status == LDNS_STATUS_OK, "record \"%s\"", line);
	ldns_pkt_push_rr(pkt, section, rr);
}

static inline void
dns_text_line(ldns_pkt *pkt, const char *line, unsigned n)
{
	unsigned size;
	char text[1024];

	if (n == 0)
		dns_text_flags(pkt, line);
	else if (n == 1) {
		/* ldns wants the class in front of the type. */
		const char *type = strrchr(line, ' ');

		ck_assert_ptr_nonnull(type);
		if (strchr(line, ' ') == type)
			snprintf(text, sizeof(text), "%.*s IN%s",
			    (int)(type - line), line, type);
		else
			snprintf(text, sizeof(text), "%s", line);
		dns_text_record(pkt, LDNS_SECTION_QUESTION, text, true);
	} else if (strncmp(line, "AN ", 3) == 0)
		dns_text_record(pkt, LDNS_SECTION_ANSWER, line + 3, false);
	else if (strncmp(line, "NS ", 3) == 0)
		dns_text_record(pkt, LDNS_SECTION_AUTHORITY, line + 3, false);
	else if (strncmp(line, "AR ", 3) == 0)
		dns_text_record(pkt, LDNS_SECTION_ADDITIONAL, line + 3, false);
	else if (sscanf(line, "OPT %u", &size) == 1) {
		ldns_pkt_set_edns_udp_size(pkt, (uint16_t)size);
		ldns_pkt_set_edns_do(pkt, strstr(line, " do") != NULL);
	} else
		ck_abort_msg("line \"%s\"", line);
}

/* Text to wire; a reply when qr. Returns the length. */
static inline size_t
dns_text_write(const char *text, uint16_t id, bool qr, uint8_t *wire)
{
	ldns_pkt *pkt = ldns_pkt_new();
	char *copy = strdup(text), *rest = copy, *line;
	uint8_t *data;
	unsigned n = 0;
	size_t len;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			dns_text_line(pkt, line, n++);
	ldns_pkt_set_id(pkt, id);
	ldns_pkt_set_qr(pkt, qr);
	ck_assert_int_eq(ldns_pkt2wire(&data, pkt, &len), LDNS_STATUS_OK);
	ck_assert_uint_le(len, 65535);
	memcpy(wire, data, len);
	free(data);
	free(copy);
	ldns_pkt_free(pkt);
	return (len);
}

static inline void
dns_text_add(char *out, const char *head, const char *text)
{
	size_t n = strlen(out), i;

	snprintf(out + n, DNS_TEXT_MAX - n, "%s%s", head, text);
	for (i = n; out[i] != '\0'; i++)
		if (out[i] == '\t')
			out[i] = ' ';
	/* ldns leaves a blank behind some RDATA. */
	while (i > n && (out[i - 1] == '\n' || out[i - 1] == ' '))
		out[--i] = '\0';
	snprintf(out + i, DNS_TEXT_MAX - i, "\n");
}

static inline void
dns_text_section(char *out, const char *head, const ldns_rr_list *list)
{
	size_t i;
	char *text;

	for (i = 0; i < ldns_rr_list_rr_count(list); i++) {
		text = ldns_rr2str(ldns_rr_list_rr(list, i));
		dns_text_add(out, head, text);
		free(text);
	}
}

static inline void
dns_text_question(char *out, const ldns_pkt *pkt)
{
	ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
	char text[1100], *name, *type;

	if (rr == NULL)
		return;
	name = ldns_rdf2str(ldns_rr_owner(rr));
	type = ldns_rr_type2str(ldns_rr_get_type(rr));
	snprintf(text, sizeof(text), "%s %s", name, type);
	dns_text_add(out, "", text);
	free(name);
	free(type);
}

/*
 * Wire to text, the id apart. out: room for DNS_TEXT_MAX. Returns out.
 */
static inline char *
dns_text_read(const uint8_t *wire, size_t len, char *out)
{
	ldns_lookup_table *rcode;
	ldns_pkt *pkt;
	char line[80];

	out[0] = '\0';
	ck_assert_int_eq(ldns_wire2pkt(&pkt, wire, len), LDNS_STATUS_OK);
	rcode = ldns_lookup_by_id(ldns_rcodes, (int)ldns_pkt_get_rcode(pkt));
	snprintf(line, sizeof(line), "%s%s%s%s%s%s%s", rcode->name,
	    ldns_pkt_aa(pkt) ? " aa" : "", ldns_pkt_tc(pkt) ? " tc" : "",
	    ldns_pkt_rd(pkt) ? " rd" : "", ldns_pkt_ra(pkt) ? " ra" : "",
	    ldns_pkt_ad(pkt) ? " ad" : "", ldns_pkt_cd(pkt) ? " cd" : "");
	dns_text_add(out, "", line);
	dns_text_question(out, pkt);
	dns_text_section(out, "AN ", ldns_pkt_answer(pkt));
	dns_text_section(out, "NS ", ldns_pkt_authority(pkt));
	dns_text_section(out, "AR ", ldns_pkt_additional(pkt));
	if (ldns_pkt_edns(pkt)) {
		snprintf(line, sizeof(line), "OPT %u%s",
		    ldns_pkt_edns_udp_size(pkt),
		    ldns_pkt_edns_do(pkt) ? " do" : "");
		dns_text_add(out, "", line);
	}
	ldns_pkt_free(pkt);
	return (out);
}

#endif
