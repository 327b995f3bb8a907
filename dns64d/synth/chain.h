/*
 * The chain of CNAMEs in an answer section, from the question's name to the
 * records asked for (RFC 6147, 5.1.5; RFC 1034, 3.6.2). CNAMEs that a server
 * synthesised from a DNAME (RFC 6672, 3.1) are treated like others. Borrows
 * the message; the work is bounded whatever is in it.
 */
#ifndef DNS64D_SYNTH_CHAIN_H
#define DNS64D_SYNTH_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns64d/wire/msg.h"
#include "dns64d/wire/msg_scan.h"

#define CHAIN_MAX 16	       /* CNAMEs; resolvers stop at 11 to 16 */
#define CHAIN_SIGS_MAX 32      /* DNAME and RRSIG copied with them */
#define CHAIN_RECORDS_MAX 1024 /* of the answer section that are examined */
#define CHAIN_WORK 65536       /* octets compared, see name_equal_work */

struct chain {
	const struct msg_scan *msg;
	struct msg_rr link[CHAIN_MAX]; /* in the order of the chain */
	size_t n;
	size_t end;	/* offset in the message of the last name */
	size_t horizon; /* offset behind the last record that is examined */
	unsigned work;	/* left of CHAIN_WORK */
};

/*
 * Follow the chain in the answer section of m. A loop is followed once.
 * Records of names that are not in the chain are ignored: they answer another
 * question, and their addresses need not be those of the question's name.
 */
void chain_follow(struct chain *c, const struct msg_scan *m);

/* True when there are more than CHAIN_RECORDS_MAX records. */
bool chain_is_cut(const struct chain *c);

/*
 * Walk the records of a type and class IN at the end of the chain:
 * rr->msg = NULL before the first call, false behind the last.
 */
bool chain_next(struct chain *c, uint16_t type, struct msg_rr *rr);

/*
 * Copy the chain into an answer, with its DNAMEs. The CNAMEs are written in
 * the order of the chain, whatever their order in the message.
 * sigs: copy the RRSIG records that cover them, too.
 */
void chain_copy(const struct chain *c, bool sigs, struct msg_build *b);

#endif
