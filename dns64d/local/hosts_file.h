/*
 * The text of a hosts file (hosts(5)): lines of an address and its names.
 * Pure. Faults are reported with their lines and skipped; the rest of the
 * file is used.
 *
 * Accepted: carriage returns, any blanks, comments, a byte order mark, lines
 * of any length, a last line without a newline. A line whose address has a
 * scope is skipped without a report, since clients cannot use the address.
 *
 * Reported: a line whose first word is no address, or that has no name, is
 * skipped; so is a name with characters other than ASCII letters, digits, "-"
 * and "_" (RFC 952, and "_", which is in use), without the other names of its
 * line.
 */
#ifndef DNS64D_LOCAL_HOSTS_FILE_H
#define DNS64D_LOCAL_HOSTS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "hosts.h"

#define HOSTS_FAULTS_MAX 5 /* that are reported one by one */
#define HOSTS_FAULT_WORD 64
#define HOSTS_WORD_MAX 256 /* a name's text and the NUL */

struct hosts_fault {
	unsigned line;
	const char *why;	     /* to be printed behind the word */
	char word[HOSTS_FAULT_WORD]; /* printable, cut short */
};

struct hosts_file {
	struct hosts *hosts; /* what is read goes there */
	unsigned line;	     /* being read, from 1; where an error occurred */
	bool is_full;	     /* the table took no more */
	unsigned bad_lines;  /* so far */
	struct hosts_fault faults[HOSTS_FAULTS_MAX]; /* of the first of them */

	/* Private: the state of the line and of the word in it. */
	enum {
		HOSTS_WANT_ADDR,
		HOSTS_WANT_NAME,  /* there must be one ... */
		HOSTS_WANT_NAMES, /* ... and may be more */
		HOSTS_SKIP	  /* the rest of the line */
	} state;
	struct hosts_addr addr;
	bool is_bad; /* a fault of the line was reported */
	bool in_comment;
	char word[HOSTS_WORD_MAX];
	size_t word_len;
};

void hosts_file_begin(struct hosts_file *f, struct hosts *hosts);

/*
 * Read the next piece of the text, of any size (large ones are faster), and
 * finish behind the last one.
 * Returns 0; or -1 with errno ENOSPC or ENOMEM of hosts_add, and then neither
 * may be called again.
 */
int hosts_file_read(struct hosts_file *f, const char *text, size_t len);
int hosts_file_end(struct hosts_file *f);

#endif
