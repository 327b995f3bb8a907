/*
 * Domain names, types, response codes and records in presentation format
 * (RFC 1035, 5.1), for what an operator writes and reads: configuration,
 * hosts files, query log. The only user of libldns; name_text.c says why it
 * reads no messages. Names in messages are read by msg_name.h.
 */
#ifndef DNS64D_WIRE_NAME_TEXT_H
#define DNS64D_WIRE_NAME_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct msg_rr;

/* Longest text of a name of letters, digits, "-" and "_", and the NUL. */
#define NAME_TEXT_MAX 256

/*
 * Read a name of letters, digits, "-" and "_"; a dot at its end makes no
 * difference, and "." is the root. Escapes are not accepted.
 * out: room for MSG_NAME_MAX. Returns its length in wire form, 0 when text
 * is no such name or memory is short.
 */
size_t name_from_text(const char *text, uint8_t *out);

/*
 * Print a name in wire form, without pointers, with a dot at its end. What
 * is no visible ASCII character is escaped, so the text has no blanks.
 * buf: room for NAME_TEXT_MAX, to which it is cut. Returns buf.
 */
const char *name_to_text(const uint8_t *name, char *buf);

/*
 * "AAAA", or "TYPE65280" (RFC 3597, 5); "NOERROR", or a number. buf: room
 * for that many octets. They return buf.
 */
#define TYPE_TEXT_MAX 16
#define RCODE_TEXT_MAX 16
const char *type_to_text(uint16_t type, char *buf);
const char *rcode_to_text(unsigned rcode, char *buf);

/*
 * "AAAA", in any case, or "TYPE65280"; 0: text is neither. What rcode_to_text
 * prints; -1: text is no response code.
 */
uint16_t type_from_text(const char *text);
int rcode_from_text(const char *text);

/*
 * Read a record of class IN, "name [ttl] [IN] type data", as in a zone file
 * but with a full name, into a message that has nothing but this record in
 * its answer section; to be checked with msg_scan.
 *
 * Not accepted: wildcards, since they would not be expanded; types that are
 * no data (RFC 6895, 3.1) or belong to a signed zone; DNAME; WKS, for which
 * libldns asks the system for names of services; what libldns does not read.
 *
 * ttl: used if the text has none. buf: room for RECORD_MAX.
 * Returns the length; or 0 with the reason in why, to be printed behind the
 * text.
 */
#define RECORD_MAX 8192
#define RECORD_WHY_MAX 160
size_t record_from_text(const char *text, uint32_t ttl, uint8_t *buf,
    char why[RECORD_WHY_MAX]);

/*
 * Print a record of a scanned message, in a line that record_from_text reads
 * as the same record: in the form of its type or, if libldns does not read
 * what it prints, with data as in RFC 3597, 5.
 * The owner must have no pointers.
 * buf: room for RECORD_TEXT_MAX. Returns 0, or -1 when it would be longer,
 * the owner is not printed readably either, or memory is short.
 */
#define RECORD_TEXT_MAX 4096
int record_to_text(const struct msg_rr *rr, char *buf);

#endif
