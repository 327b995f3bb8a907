/*
 * The text of a hosts file (hosts(5)): lines of an address and its names.
 * Pure. Such files are made by many hands and programs: what is wrong in one
 * is left out, told by its line, and the rest holds.
 *
 * Understood without a word: carriage returns, any blanks, comments, a byte
 * order mark, lines of any length, a last line without an end. An address
 * with a scope is left out with its line, since it means nothing to clients.
 *
 * Told and left out: what is no address, with its line; a name that is none
 * in ASCII letters, digits, "-" and "_" (RFC 952 and what is in use); a line
 * without a name. Good names stay where another of their line is bad.
 */
#ifndef DNS64D_LOCAL_HOSTS_FILE_H
#define DNS64D_LOCAL_HOSTS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "hosts.h"

#define HOSTS_FAULTS_MAX 5 /* that are told one by one */
#define HOSTS_FAULT_WORD 64
#define HOSTS_WORD_MAX 256 /* a name's text and the NUL */

struct hosts_fault {
	unsigned line;
	const char *why;	     /* reads well behind the word */
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
	bool is_bad; /* the line, and that is told */
	bool in_comment;
	char word[HOSTS_WORD_MAX];
	size_t word_len;
};

void hosts_file_begin(struct hosts_file *f, struct hosts *hosts);

/*
 * Read more of the text, in pieces of any size, and in the end its end. Large
 * pieces are faster.
 * Returns 0; or -1 with errno ENOSPC or ENOMEM of hosts_add, and then
 * nothing more is to be read.
 */
int hosts_file_read(struct hosts_file *f, const char *text, size_t len);
int hosts_file_end(struct hosts_file *f);

#endif
