/*
 * The flex scanner of the configuration dialect: text to raw tokens. It
 * owns the spelling of tokens and nothing else; macros, includes, values and
 * messages are handled by conf_file.c, its only user.
 */
#ifndef COMMON_CONF_SCAN_H
#define COMMON_CONF_SCAN_H

#include <setjmp.h>
#include <stddef.h>

enum scan_token {
	SCAN_EOF,
	SCAN_EOL,
	SCAN_WORD,
	SCAN_STRING, /* text includes the quotes and escapes */
	SCAN_NUMBER,
	SCAN_RANGE,
	SCAN_PUNCT,
	SCAN_MACRO, /* text is $name */
	SCAN_BAD    /* invalid; why has the reason */
};

struct scan {
	void *lexer; /* flex's yyscan_t */
	jmp_buf
	    no_memory; /* target of flex's fatal error, instead of exit() */
	unsigned line; /* the current line, from 1 */

	/* The last token; text ends with NUL and lives until the next. */
	const char *text;
	size_t len;
	unsigned token_line;
	const char *why;
	char character[sizeof("unexpected character \"?\"")];
};

/*
 * Begin to read buf, which holds len bytes of text and then two NULs; it
 * is owned by the caller and modified.
 * Returns 0, or -1 when memory is short.
 */
int scan_open(struct scan *s, char *buf, size_t len);

/* The next token; SCAN_BAD when memory is short. */
enum scan_token scan_next(struct scan *s);

void scan_close(struct scan *s);

#endif
