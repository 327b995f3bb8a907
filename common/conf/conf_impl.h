/*
 * The inside of struct conf_file, for conf_file.c (reading), conf_memory.c,
 * conf_expect.c (what the grammar wants) and conf_msg.c (messages) alone.
 */
#ifndef COMMON_CONF_CONF_IMPL_H
#define COMMON_CONF_CONF_IMPL_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

#include "conf_file.h"

#define CONF_MESSAGE_MAX 1024
#define CONF_MAX_BLOCKS 8  /* nested blocks whose places are kept */
#define CONF_MAX_WORDS 128 /* octets */

struct files;
struct source;
struct text;
struct macro;
struct once;

struct conf_file {
	struct files *files;	 /* where they come from ... */
	struct files *own_files; /* ... unless the caller gave some */
	SLIST_HEAD(source_list, source) sources; /* the first is being read */
	SLIST_HEAD(text_list, text) texts;	 /* of conf_text_new() */
	SLIST_HEAD(macro_list, macro) macros;
	unsigned n_macros;
	const char *paths[CONF_MAX_FILES];
	size_t n_paths;
	size_t total; /* bytes spent of CONF_MAX_TOTAL */

	conf_report_fn *report;
	void *report_arg;
	unsigned errors;
	bool stopped; /* a bound was exceeded: nothing more is read */

	struct conf_value ahead; /* read ahead, when have_ahead */
	bool have_ahead;
	struct conf_value last; /* that conf_file_next() returned last */
	bool in_line;		/* last was no CONF_EOL */
	bool first_of_line;	/* last began its line */

	struct conf_where blocks[CONF_MAX_BLOCKS]; /* where their "{" are */
	unsigned n_blocks;	 /* open; may be more than CONF_MAX_BLOCKS */
	unsigned n_blocks_begun; /* so far; identifies the last one begun */
	char words[CONF_MAX_WORDS]; /* the keywords of this line so far */
	size_t name_len;	    /* of words: up to the first value ... */
	size_t last_len;	    /* ... or to before the last of them */
	bool has_value;		    /* a token that is no keyword was read */
	struct conf_where began;    /* this line, ... */
	unsigned errors_before;	    /* ... and the errors when it did */
	SLIST_HEAD(once_list, once) onces; /* see conf_once() */
	unsigned warnings;
};

/* Report an error that makes further reading pointless. */
void conf_stop(struct conf_file *cf, const char *why);

/* Count bytes against CONF_MAX_TOTAL; on -1 cf is stopped. */
int conf_spend(struct conf_file *cf, size_t bytes);

/* Bytes, or a copy of some, valid until the close; on NULL cf is stopped. */
char *conf_text_new(struct conf_file *cf, size_t size);
char *conf_text_copy(struct conf_file *cf, const char *bytes, size_t len);

/* Free all of them. */
void conf_text_free(struct conf_file *cf);

/* Print a token as it was found, for a message. */
void conf_print_found(FILE *f, const struct conf_value *v);

#endif
