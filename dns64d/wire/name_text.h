/*
 * Domain names, types and response codes in presentation format (RFC 1035,
 * 5.1), for what an operator writes and reads: configuration, hosts files,
 * query log. The only user of libldns; README says why. Names in messages
 * are read by msg_name.h.
 */
#ifndef DNS64D_WIRE_NAME_TEXT_H
#define DNS64D_WIRE_NAME_TEXT_H

#include <stddef.h>
#include <stdint.h>

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

#endif
