/*
 * The parts of a client: the command line (ctl_parse.c), requests and the
 * program (ctl.c).
 */
#ifndef COMMON_CTL_CTL_INT_H
#define COMMON_CTL_CTL_INT_H

#include <stdio.h>

#include "ctl.h"

#define CTL_ARGS_MAX 24

struct ctl {
	const struct ctl_program *program;
	const char *socket;
	bool json;
	unsigned clean; /* CLEAN_ASCII, or 0; see clean.h */
	bool verbatim;	/* of the command */
	/* Of the command line, in its order. */
	struct {
		const char *param;
		const char *value;
		bool local; /* not sent */
	} params[CTL_ARGS_MAX];
	size_t n_params;
	const char *const *rest; /* of the command line; NULL: none */
};

struct request;

/* UTF-8 goes to files as it is, and to terminals that know it; see clean.h. */
unsigned ctl_clean_flags(int fd);

/*
 * Print to f why a request had no answer of HTTP status 200; rc and connected
 * are those of request_send(). Returns a status, CTL_DONE if it had one.
 */
int ctl_judge(const struct ctl *ctl, const struct request *r, int rc,
    bool connected, FILE *f);

/*
 * Find the command of the words in argv, which ends with NULL, and take its
 * arguments. Returns NULL after a message.
 */
const struct ctl_command *ctl_parse(struct ctl *ctl, char *const argv[]);

#define CTL_WORD_SIZE 32

/* The i-th word of a command, or "" behind its last one. */
const char *ctl_word_at(const struct ctl_command *c, unsigned i,
    char word[CTL_WORD_SIZE]);

/* It has no name before its value. */
bool ctl_is_word(const struct ctl_arg *a);

/* The argument with this name, or NULL. */
const struct ctl_arg *ctl_find_named(const struct ctl_command *c,
    const char *word);

/* The next argument without a name, from *next on; or NULL. */
const struct ctl_arg *ctl_next_word(const struct ctl_arg **next);

/*
 * For the completion of shells: print what may stand in place of the last word
 * of argv, which may be "" and ends with NULL; a word on each line. "FILE"
 * stands for the names of files.
 */
void ctl_complete(const struct ctl_program *program, char *const argv[]);

/* Print all commands. */
void ctl_print_help(const struct ctl_program *program, FILE *f);

#endif
