/*
 * Domain names as text (RFC 1035, 5.1), for what an operator writes and
 * reads: configuration, hosts files. The one user of libldns, which reads
 * and prints names; names from the network are msg_name.h's.
 */
#ifndef DNS64D_NAME_TEXT_H
#define DNS64D_NAME_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Longest text of a name of letters, digits, "-" and "_", and the NUL. */
#define NAME_TEXT_MAX 256

/*
 * Read a name of host name characters and "_"; a dot at its end makes no
 * difference, and "." is the root. What needs escapes is nobody's name.
 * out: room for MSG_NAME_MAX. Returns its length in wire form, 0 when text
 * is no such name or memory is short.
 */
size_t name_from_text(const char *text, uint8_t *out);

/*
 * Print a name in wire form, without pointers, with a dot at its end.
 * buf: room for NAME_TEXT_MAX. Returns buf.
 */
const char *name_to_text(const uint8_t *name, char *buf);

#endif
