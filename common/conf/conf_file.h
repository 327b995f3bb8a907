/*
 * The configuration dialect that both daemons share: files, lines, tokens,
 * macros, includes, values and error messages. It knows no keyword but
 * "include"; each daemon's grammar declares its own.
 *
 *	# a comment, to the end of the line
 *	lan = "2001:db8::/32"			a macro ...
 *	allow from $lan				... and its use
 *	include "local.conf"			relative to this file
 *	pool 192.0.2.1 port 1024-65535 \	a line continued
 *	    other words
 *	block {					braces are ordinary tokens
 *		statement
 *	}
 *
 * What the grammar sees
 * ---------------------
 * One statement per line, so the end of line is a token. Empty lines are
 * not seen: CONF_EOL never comes first and never twice in a row, and one
 * always comes before CONF_EOF. Macros are expanded, macro definitions and
 * include statements are carried out; the grammar sees neither. (Both are
 * recognised at the start of a line only; "include" may be a word anywhere
 * else.) The end of an included file is seen as CONF_EOL.
 *
 *	CONF_NUMBER	[0-9]+, in .number; UINT64_MAX when it does not fit.
 *	CONF_RANGE	number-number, blanks round the "-" allowed, in .number
 *			and .last; last < number is an error already reported.
 *			It is one token because "-" may be part of a word
 *			(address-dependent) but is no token of its own.
 *	CONF_WORD	every other run of letters, digits and _ . : / % @ + * ~
 *			-: keywords, names, addresses, prefixes, durations.
 *			2001:db8::/96, ::1, 192.0.2.0/24, fe80::1%2, 5s, tun0.
 *	CONF_STRING	"quoted", without its quotes; \" and \\ are the only
 *			escapes. Never a keyword: this is how a user names a
 *			device "pool". Where free text is wanted (a path, a
 *			name) a grammar accepts CONF_STRING and CONF_WORD.
 *	CONF_PUNCT	one of { } , = in .punct
 *	CONF_ERROR	an invalid token, already reported. Hand
 *			YYerror to bison: it then recovers without a message.
 *
 * A macro's value is one or more words, numbers, strings and macros, joined
 * by blanks: lan = "a b" c $d. The value is read as if it were written in place
 * of $lan, so it may be several tokens, including "{"; a quoted string that is
 * to remain a string needs \" in the value.
 *
 * Errors
 * ------
 * Each is one line "file:line: message". All of a file are reported, up to
 * CONF_MAX_ERRORS: the grammar goes on at the next end of line. A parse has
 * succeeded when conf_file_errors() is zero afterwards, whatever yyparse()
 * returned.
 *
 * Use with bison
 * --------------
 * The meaning of a word depends on its place: "local" may be a keyword, a
 * domain or the name of a view. Therefore the parser is a push parser: before
 * it gets a token, it is asked for the names of all tokens that it would accept
 * there, and conf_choose() finds out which of them was written. The name of a
 * keyword is the keyword itself; there is no other list of keywords, and a word
 * is a keyword only where the grammar accepts it. The names of other tokens
 * have these forms, which are also shown in messages:
 *
 *	<end of line> <end of file> <number> <range>	those
 *	<time ...> <size ...>	a number or a word that begins with a digit;
 *				see conf_quantity()
 *	<... address> <... prefix>	words with ".", ":" or "/"; strings
 *	<anything else>		text: words, also keywords, strings, numbers
 *	'{'			punctuation
 *
 *	%define api.pure full
 *	%define api.push-pull push
 *	%define parse.error custom
 *	%define parse.lac full		// exact lists of what was expected
 *	%parse-param { struct conf_file *cf } { struct conf *conf }
 *	%union { struct conf_value tok; ... }
 *
 *	%token <tok> EOL "<end of line>"
 *	%token YYEOF 0 "<end of file>"
 *	%token <tok> VIEW_NAME "<name of a view>"
 *	%token <tok> POOL "pool" PORT "port"
 *
 *	%%
 *	file	: // empty
 *		| file statement EOL
 *		| file error EOL { yyerrok; }
 *		;
 *	%%
 *	#define CONF_BUILT struct conf
 *	#include "common/conf/grammar.inc"
 *
 * That file has parse_all(cf, conf), which reads everything, and parse_some().
 * End of line and end of file are passed to bison even where they are not
 * accepted, because its error recovery waits for them. Other tokens that are
 * not accepted are YYUNDEF. CONF_ERROR is YYerror, for which bison reports no
 * error.
 *
 * An action that refuses a value calls conf_error() or conf_error_at() and
 * carries on; there is no need for YYERROR. As token texts live as long as
 * the conf_file, tokens need no %destructor.
 */
#ifndef COMMON_CONF_CONF_FILE_H
#define COMMON_CONF_CONF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "quantity.h"

/* Bounds; exceeding one is an error. */
#define CONF_MAX_FILE (1024 * 1024)	 /* bytes of one file */
#define CONF_MAX_TOTAL (8 * 1024 * 1024) /* bytes of all tokens and files */
#define CONF_MAX_LINE 4096		 /* bytes, without the newline */
#define CONF_MAX_DEPTH 8		 /* files open inside one another */
#define CONF_MAX_FILES 256		 /* files read altogether */
#define CONF_MAX_MACROS 256
#define CONF_MAX_MACRO_VALUE 4096 /* bytes */
#define CONF_MAX_ERRORS 50	  /* after these the rest is not read */
#define CONF_MAX_EXPECTED 9	  /* longer lists are cut */
#define CONF_MAX_NAMES 256	  /* keywords of a grammar */

enum conf_token {
	CONF_EOF,
	CONF_EOL,
	CONF_WORD,
	CONF_STRING,
	CONF_NUMBER,
	CONF_RANGE,
	CONF_PUNCT,
	CONF_ERROR
};

/* A place in the configuration; file is owned by the conf_file. */
struct conf_where {
	const char *file;
	unsigned line; /* from 1; of a token the line that it begins in */
};

/* A token. All texts are owned by the conf_file, until its close. */
struct conf_value {
	enum conf_token kind;
	int punct;	   /* CONF_PUNCT: the character */
	const char *text;  /* as written; CONF_STRING: without the quotes */
	uint64_t number;   /* CONF_NUMBER; CONF_RANGE: first */
	uint64_t last;	   /* CONF_RANGE */
	const char *macro; /* the macro that it was expanded from, or NULL */
	const char *what;  /* the keywords before a number, time or size */
	struct conf_where where;
};

/* What a number may be, in its unit, and why: "RFC 8200, 5", or NULL. */
struct conf_bounds {
	uint64_t min;
	uint64_t max;
	const char *why;
};

struct bundle_file;
struct conf_file;
struct files;

/*
 * Takes one message, "file:line: text", without a newline. warning: it is
 * not an error, which the text says too.
 */
typedef void conf_report_fn(void *arg, bool warning, const char *msg);

/*
 * Start to read the file path. Messages go to report(arg, ...), or to
 * standard error when report is NULL.
 *
 * files: the source of this and the included files (files.h), valid until the
 * close; NULL for the disk.
 * Returns NULL when the file cannot be read or memory is short; the reason
 * has been reported then.
 */
struct conf_file *conf_file_open(const char *path, struct files *files,
    conf_report_fn *report, void *arg);

/* Frees every token text and file name as well. */
void conf_file_close(struct conf_file *cf);

/* The next token into v; returns v->kind. After CONF_EOF: CONF_EOF again. */
enum conf_token conf_file_next(struct conf_file *cf, struct conf_value *v);

/* How many errors were reported so far. */
unsigned conf_file_errors(const struct conf_file *cf);

/*
 * Read another file that the configuration names and that has another format,
 * from the same source: files_load() of files.h.
 */
const char *conf_file_load(struct conf_file *cf, const char *path, size_t max,
    const struct bundle_file **out);

/*
 * The i-th file that was read, the first one and then the included ones, as
 * their paths were composed; NULL when there are no more.
 */
const char *conf_file_path(const struct conf_file *cf, size_t i);

/* Report an error at the token that conf_file_next() returned last. */
void conf_error(struct conf_file *cf, const char *fmt, ...)
    __attribute__((__format__(printf, 2, 3)));

/* Report an error at a place, for checks made after the parse. */
void conf_error_at(struct conf_file *cf, const struct conf_where *where,
    const char *fmt, ...) __attribute__((__format__(printf, 3, 4)));

/*
 * Which of the n names of tokens that the grammar would accept is meant by
 * v, which conf_file_next() has just returned; see above. Notes the keyword
 * for the messages about later values.
 * Returns its index, or -1.
 */
int conf_choose(struct conf_file *cf, struct conf_value *v,
    const char *const *names, int n);

/*
 * Warn of something that is allowed but probably a mistake. It does not count
 * as an error. At most CONF_MAX_ERRORS warnings are reported.
 */
void conf_warning_at(struct conf_file *cf, const struct conf_where *where,
    const char *fmt, ...) __attribute__((__format__(printf, 3, 4)));

/*
 * For a statement of which only the last one applies, after it was read: warn
 * when it was given before in the same block. One with an error does not count.
 *
 * name: what it is called. NULL: its keywords up to the first value; when
 * it has nothing but keywords, the last one is its value.
 */
void conf_once(struct conf_file *cf, const char *name);

/*
 * Report that the grammar could not accept the last token:
 *	unexpected "foo", expected "port" or end of line
 *	unknown statement "prefx": did you mean "prefix"?
 *	unexpected end of file: the block of line 3 has no "}"
 * names: what would have been accepted. known: it is a keyword elsewhere.
 */
void conf_unexpected(struct conf_file *cf, const char *const *names, int n,
    bool known);

/*
 * Store the number in v in *to. When it is none or not within bounds, report
 * that, with the statement, the bound and its reason, and return false; then
 * *to is unchanged.
 */
bool conf_number(struct conf_file *cf, const struct conf_value *v,
    const struct conf_bounds *bounds, uint64_t *to);
bool conf_quantity_within(struct conf_file *cf, const struct conf_value *v,
    enum quantity what, const struct conf_bounds *bounds, uint64_t *to);

/* The same for callers that check the bounds. */
bool conf_quantity(struct conf_file *cf, const struct conf_value *v,
    enum quantity what, uint64_t *to);

/* The place where the current statement begins; remains valid. */
const struct conf_where *conf_statement_where(const struct conf_file *cf);

/*
 * Report why a value was refused: a text that follows the value in the
 * message. If the value is an address and port in another notation, the message
 * says how it is written here.
 */
void conf_refuse(struct conf_file *cf, const struct conf_value *v,
    const char *why);

/* The same because of another statement, whose place follows the text. */
void conf_refuse_for(struct conf_file *cf, const struct conf_value *v,
    const char *why, const struct conf_where *other);

/*
 * Keep a copy of the text of v in *to, which is freed before; a path must be
 * absolute, since a daemon changes to the root directory. Text that is empty,
 * or none of these, is reported; *to is as it was then.
 */
void conf_set_string(struct conf_file *cf, const struct conf_value *v,
    char **to);
void conf_set_path(struct conf_file *cf, const struct conf_value *v,
    char **to);

/* Print text so that it is read back as one CONF_STRING. */
void conf_print_string(FILE *f, const char *text);

#endif
