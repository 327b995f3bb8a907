/*
 * Files that were compressed after they had been rotated, as logrotate(8) has
 * it done, by the programs that made them.
 */
#ifndef NAT64D_CTL_UNPACK_H
#define NAT64D_CTL_UNPACK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdio.h>

/* A program that decompresses, and its output. */
struct unpack {
	FILE *out;
	pid_t pid;
};

/*
 * The program that decompresses what begins with these octets: gzip, xz, bzip2
 * or zstd. NULL: it is not compressed, or in another way.
 */
const char *unpack_program(const char *p, size_t len);

/*
 * The same for an open file, whose position stays. NULL also if it is no
 * regular file, of which nothing is read.
 */
const char *unpack_program_of(FILE *f);

/*
 * Start the program with the file as its input. u->out is then to be read, and
 * unpack_finish() to be called.
 * Returns 0, or an errno, and then nothing was started: ENOENT: there is no
 * such program.
 */
int unpack_start(struct unpack *u, const char *program, FILE *f);

/*
 * Close the output and wait for the end of the program.
 * Returns whether it found the file whole; not if its output was not read to
 * the end.
 */
bool unpack_finish(struct unpack *u);

#endif
