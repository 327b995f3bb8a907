/*
 * The text of one configuration file in memory: reading it up to a bound, and
 * refusing bytes that are not text. It knows no tokens. For conf_file.c.
 */
#ifndef COMMON_CONF_CONF_TEXT_H
#define COMMON_CONF_CONF_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_file;
struct files;

struct conf_text {
	char *buf;  /* the file and newlines, so that its last line ends ... */
	size_t len; /* ... up to here; two NULs follow */
	uint64_t dev; /* which file it is, to find loops */
	uint64_t ino;
};

/*
 * Read the file path; files and special as in files.h. Returns NULL and a buf
 * that the caller frees, or why it cannot be read.
 */
const char *conf_text_load(struct conf_text *t, struct files *files,
    const char *path, bool special);

/*
 * Report lines that are too long and bytes that are not text. The latter become
 * blanks, so that further errors can be found.
 * name: the file's, for the messages.
 */
void conf_text_check(struct conf_text *t, struct conf_file *cf,
    const char *name);

#endif
