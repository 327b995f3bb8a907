/*
 * The configuration dialect that both daemons share: files, lines, tokens,
 * macros, includes and error messages. It knows no keyword but "include";
 * each daemon's grammar owns a table that turns words into its own tokens.
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
 *	CONF_NUMBER	[0-9]+, in .number. More than 64 bits is an error.
 *	CONF_RANGE	number-number, blanks round the "-" allowed, in .number
 *			and .last; last < number is an error already reported.
 *			"port 1024-65535" is one token, because "-" belongs to
 *			words (address-dependent) and a lone "-" to nothing.
 *	CONF_WORD	every other run of letters, digits and _ . : / % @ + * ~
 *			-: keywords, names, addresses, prefixes, durations.
 *			2001:db8::/96, ::1, 192.0.2.0/24, fe80::1%2, 5s, tun0.
 *	CONF_STRING	"quoted", without its quotes; \" and \\ are the only
 *			escapes. Never a keyword: this is how a user names a
 *			device "pool". Where free text is wanted (a path, a
 *			name) a grammar accepts CONF_STRING and CONF_WORD.
 *	CONF_PUNCT	one of { } , = in .punct
 *	CONF_ERROR	something that is no token; already reported. Hand
 *			YYerror to bison: it then recovers without a message.
 *
 * A macro's value is one or more words, numbers, strings and macros, joined
 * by blanks: lan = "a b" c $d. Where $lan stands the value is read again as
 * if written there, so it may hold several tokens, a "{" among them; a
 * quoted string that is to arrive as a string needs \" in the value.
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
 *	%define api.pure full
 *	%define parse.error custom
 *	%define parse.lac full		// exact lists of what was expected
 *	%param { struct conf_file *cf }
 *	%parse-param { struct conf *conf }
 *	%union { struct conf_value tok; ... }
 *
 *	%token <tok> EOL "<end of line>"	// <> marks a class: no quotes
 *	%token YYEOF 0 "<end of file>"
 *	%token <tok> WORD "<name>" STRING "<string>"
 *	%token <tok> NUMBER "<number>" RANGE "<port range>"
 *	%token <tok> POOL "pool" PORT "port"	// keywords: shown in quotes
 *
 *	%%
 *	file	: // empty
 *		| file statement EOL
 *		| file error EOL { yyerrok; }
 *		;
 *	%%
 *	static const struct conf_keyword keywords[] = { // sorted by strcmp
 *		{ "pool", POOL },
 *		{ "port", PORT },
 *	};
 *
 *	static int
 *	yylex(YYSTYPE *lval, struct conf_file *cf)
 *	{
 *		switch (conf_file_next(cf, &lval->tok)) {
 *		case CONF_EOF:
 *			return (YYEOF);
 *		case CONF_EOL:
 *			return (EOL);
 *		case CONF_WORD:
 *			return (conf_keyword(keywords, nitems(keywords),
 *			    lval->tok.text, WORD));
 *		case CONF_STRING:
 *			return (STRING);
 *		case CONF_NUMBER:
 *			return (NUMBER);
 *		case CONF_RANGE:
 *			return (RANGE);
 *		case CONF_PUNCT:
 *			return (lval->tok.punct);	// '{' in the grammar
 *		case CONF_ERROR:
 *			break;
 *		}
 *		return (YYerror);
 *	}
 *
 *	static int
 *	yyreport_syntax_error(const yypcontext_t *ctx, struct conf_file *cf,
 *	    struct conf *conf)
 *	{
 *		yysymbol_kind_t kinds[CONF_MAX_EXPECTED];
 *		const char *names[CONF_MAX_EXPECTED];
 *		int i, n;
 *
 *		n = yypcontext_expected_tokens(ctx, kinds, CONF_MAX_EXPECTED);
 *		for (i = 0; i < n; i++)
 *			names[i] = yysymbol_name(kinds[i]);
 *		conf_unexpected(cf, names, n > 0 ? n : 0);
 *		return (0);
 *	}
 *
 *	static void			// bison calls it for lack of memory
 *	yyerror(struct conf_file *cf, struct conf *conf, const char *msg)
 *	{
 *		conf_error(cf, "%s", msg);
 *	}
 *
 * An action that dislikes a value calls conf_error() or conf_error_at() and
 * carries on; there is no need for YYERROR. As token texts live as long as
 * the conf_file, tokens need no %destructor.
 */
#ifndef COMMON_CONF_FILE_H
#define COMMON_CONF_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bounds; what goes beyond is an error like any other. */
#define CONF_MAX_FILE (1024 * 1024) /* bytes of one file */
#define CONF_MAX_TOTAL (8 * 1024 * 1024) /* bytes of all tokens and files */
#define CONF_MAX_LINE 4096 /* bytes, without the newline */
#define CONF_MAX_DEPTH 8 /* files open inside one another */
#define CONF_MAX_FILES 256 /* files read altogether */
#define CONF_MAX_MACROS 256
#define CONF_MAX_MACRO_VALUE 4096 /* bytes */
#define CONF_MAX_ERRORS 50 /* after these the rest is not read */
#define CONF_MAX_EXPECTED 8 /* longer lists help nobody */

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
	struct conf_where where;
};

struct conf_keyword {
	const char *word;
	int token;
};

struct bundle_file;
struct conf_file;
struct files;

/* Takes one message, "file:line: text", without a newline. */
typedef void conf_report_fn(void *arg, const char *msg);

/*
 * Start to read the file path. Messages go to report(arg, ...), or to
 * standard error when report is NULL.
 *
 * files: where it and those that it includes come from (files.h), valid until
 * the close; NULL for the disk.
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
 * Read another file that the configuration names, which has a form of its
 * own, from where the configuration comes from: files_load() of files.h.
 */
const char *conf_file_load(struct conf_file *cf, const char *path,
    size_t max, const struct bundle_file **out);

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
 * Report that the grammar could not accept the last token:
 *	unexpected "foo", expected "port" or end of line
 *	unknown statement "foo"		a word that begins a line, no keyword
 * names: what would have been accepted, in bison's spelling; "<class>" is
 * shown without quotes, "'{'" and keywords with. n may be 0: no list.
 */
void conf_unexpected(struct conf_file *cf, const char *const *names,
    size_t n);

/* The token of word in a table sorted by strcmp(), or otherwise. */
int conf_keyword(const struct conf_keyword *table, size_t n,
    const char *word, int otherwise);

/* Print text so that it is read back as one CONF_STRING. */
void conf_print_string(FILE *f, const char *text);

#endif
