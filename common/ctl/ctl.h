/*
 * A client of a control socket: nat64ctl and dns64ctl. It takes the words of
 * the command line for one of the program's commands, sends one request, and
 * prints the answer.
 *
 *	nat64ctl [-j] [-s socket] command [argument ...]
 *
 * A command is one row of a table: its words, its arguments, the request and a
 * function that prints the JSON for people, which has no control characters any
 * more (clean.h). With -j the answer is printed as it came, and the function is
 * not called.
 */
#ifndef COMMON_CTL_CTL_H
#define COMMON_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

/* Exit status. */
enum ctl_exit {
	CTL_DONE,
	CTL_REFUSED, /* by the daemon, which said why; or no whole output */
	CTL_USAGE,   /* wrong use */
	CTL_NO_DAEMON
};

struct ctl;

/* How an argument is written, and whether it may be left out. */
enum ctl_kind {
	CTL_WORD,     /* VALUE */
	CTL_OPTIONAL, /* [VALUE] */
	CTL_NAMED,    /* [NAME VALUE], in any order, after the ones above */
	CTL_FLAG,     /* [NAME] alone; its parameter is 1 */
	CTL_LOCAL,    /* [NAME VALUE] that is for the client only */
	CTL_REST      /* VALUE ..., at least one, behind the others */
};

/*
 * An argument becomes a parameter of the query. Lists of arguments end with one
 * without a param.
 */
struct ctl_arg {
	const char *param;
	enum ctl_kind kind;
	/*
	 * NAMED, LOCAL and FLAG: the word; NULL: param. Those of one letter,
	 * as "-n", may be joined with others and with their value.
	 */
	const char *name;
	const char *value; /* in the usage: "ADDRESS"; NULL: values or param */
	const char *const *values; /* the possible ones, or NULL: any */
};

struct ctl_command {
	const char *words;	    /* "show counters" */
	const char *help;	    /* one line */
	const struct ctl_arg *args; /* or NULL */
	const char *method;
	const char *path;
	/* Print an answer for people; returns a status. */
	int (*print)(struct ctl *ctl, const json_t *answer);
	/*
	 * For commands that are more than one request and one answer: instead
	 * of print; uses ctl_get(), ctl_each() or ctl_copy(). Called with -j,
	 * too, if method is NULL. Returns a status.
	 */
	int (*run)(struct ctl *ctl, const struct ctl_command *c);
	/*
	 * What is printed may be used as a file, so that only for a terminal
	 * control characters are escaped (clean.h).
	 */
	bool verbatim;
};

/* What main() says of itself. */
struct ctl_program {
	const char *name;
	const char *daemon;
	const char *socket; /* without -s */
	const struct ctl_command *commands;
	size_t n_commands;
};

/* The whole program. Returns its exit status. */
int ctl_main(const struct ctl_program *program, int argc, char *argv[]);

/*
 * For print and run.
 */

/* -j was given. */
bool ctl_wants_json(const struct ctl *ctl);

/* The value of an argument of the command line, by its param; or NULL. */
const char *ctl_value(const struct ctl *ctl, const char *param);

/* The values of CTL_REST, which end with NULL. */
const char *const *ctl_rest(const struct ctl *ctl);

/*
 * Request a path with the parameters of the command line. Returns CTL_DONE and
 * the answer, which the caller owns, or another status after a message.
 */
int ctl_get(struct ctl *ctl, const char *method, const char *path,
    json_t **answer);

/*
 * Request a stream or a list of objects, one on each line. Calls print for each
 * as it arrives. Returns a status, after a message if standard output cannot be
 * written.
 */
int ctl_each(struct ctl *ctl, const char *method, const char *path,
    void (*print)(void *arg, const json_t *o), void *arg);

/* Request a stream and write it to f as it arrives. Returns as ctl_each(). */
int ctl_copy(struct ctl *ctl, const char *method, const char *path, FILE *f);

#endif
