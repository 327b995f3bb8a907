/*
 * Expected and actual tokens: which of the tokens that the grammar accepts was
 * written, and the message when it is none of them.
 */
#include <ctype.h>
#include <string.h>

#include "conf_impl.h"
#include "nearest.h"

/*
 * Kinds of names in bison's spelling; see conf_file.h. If a word fits several,
 * the first in this order is taken: a keyword before an address or text.
 */
enum token_class {
	CLASS_KEYWORD,
	CLASS_PUNCT,
	CLASS_EOF,
	CLASS_EOL,
	CLASS_NUMBER,
	CLASS_RANGE,
	CLASS_QUANTITY,
	CLASS_ADDRESS,
	CLASS_TEXT
};

static enum token_class
class_of(const char *name)
{
	static const struct {
		const char *part;
		enum token_class class;
	} parts[] = {
		{ "<end of file>", CLASS_EOF },
		{ "<end of line>", CLASS_EOL },
		{ "<number>", CLASS_NUMBER },
		{ "<range>", CLASS_RANGE },
		{ "<time", CLASS_QUANTITY },
		{ "<size", CLASS_QUANTITY },
		{ "address", CLASS_ADDRESS },
		{ "prefix", CLASS_ADDRESS },
	};
	size_t i;

	if (name[0] == '\'')
		return (CLASS_PUNCT);
	if (name[0] != '<')
		return (CLASS_KEYWORD);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(name, parts[i].part) != NULL)
			return (parts[i].class);
	return (CLASS_TEXT);
}

static bool
word_fits(const char *word, const char *name, enum token_class class)
{
	switch (class) {
	case CLASS_KEYWORD:
		return (strcmp(word, name) == 0);
	case CLASS_QUANTITY:
		return (isdigit((unsigned char)word[0]));
	case CLASS_ADDRESS:
		/* Without these characters it may be a misspelt keyword. */
		return (strpbrk(word, ".:/") != NULL);
	case CLASS_TEXT:
		return (true);
	default:
		return (false);
	}
}

static bool
fits(const struct conf_value *v, const char *name, enum token_class class)
{
	switch (v->kind) {
	case CONF_EOF:
		return (class == CLASS_EOF);
	case CONF_EOL:
		return (class == CLASS_EOL);
	case CONF_WORD:
		return (word_fits(v->text, name, class));
	case CONF_STRING:
		return (class == CLASS_TEXT || class == CLASS_ADDRESS);
	case CONF_NUMBER:
		return (class == CLASS_NUMBER || class == CLASS_QUANTITY ||
		    class == CLASS_TEXT);
	case CONF_RANGE:
		return (class == CLASS_RANGE);
	case CONF_PUNCT:
		return (class == CLASS_PUNCT && name[1] == v->punct);
	case CONF_ERROR:
		break;
	}
	return (false);
}

/* One more keyword of the statement being read. */
static void
add_word(struct conf_file *cf, const char *word)
{
	cf->last_len = strlen(cf->words);
	if (cf->words[0] != '\0')
		strlcat(cf->words, " ", sizeof(cf->words));
	strlcat(cf->words, word, sizeof(cf->words));
	if (!cf->has_value)
		cf->name_len = strlen(cf->words);
}

static void
begin_statement(struct conf_file *cf, const struct conf_where *where)
{
	cf->words[0] = '\0';
	cf->name_len = cf->last_len = 0;
	cf->has_value = false;
	cf->began = *where;
	cf->errors_before = cf->errors;
}

/* Note the beginning or end of a block. */
static void
count_block(struct conf_file *cf, int punct, const struct conf_where *where)
{
	if (punct == '{') {
		if (cf->n_blocks < CONF_MAX_BLOCKS)
			cf->blocks[cf->n_blocks] = *where;
		cf->n_blocks++;
		cf->n_blocks_begun++;
	} else if (punct == '}' && cf->n_blocks > 0)
		cf->n_blocks--;
}

int
conf_choose(struct conf_file *cf, struct conf_value *v,
    const char *const *names, int n)
{
	enum token_class class, best = CLASS_TEXT;
	int i, found = -1;

	if (cf->first_of_line)
		begin_statement(cf, &v->where);
	for (i = 0; i < n; i++) {
		class = class_of(names[i]);
		if (class > best || !fits(v, names[i], class))
			continue;
		best = class;
		found = i;
	}
	if (found == -1)
		return (-1);
	if (best == CLASS_PUNCT)
		count_block(cf, v->punct, &v->where);
	else if (best == CLASS_KEYWORD)
		add_word(cf, v->text);
	else if (best == CLASS_NUMBER || best == CLASS_RANGE ||
	    best == CLASS_QUANTITY)
		v->what = conf_text_copy(cf, cf->words, strlen(cf->words));
	if (v->what == NULL)
		v->what = "";
	if (best > CLASS_EOL)
		cf->has_value = true;
	return (found);
}

/*
 * Messages.
 */

/* Keywords and punctuation are printed in quotes, classes without. */
static void
print_expected(FILE *f, const char *name)
{
	size_t len = strlen(name);

	if (name[0] == '<')
		fprintf(f, "%.*s", (int)len - 2, name + 1);
	else if (name[0] == '\'')
		fprintf(f, "\"%c\"", name[1]);
	else
		fprintf(f, "\"%s\"", name);
}

static void
print_list(FILE *f, const char *const *names, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (i == 0)
			fputs(", expected ", f);
		else
			fputs(i + 1 < n ? ", " : " or ", f);
		print_expected(f, names[i]);
	}
}

/* A similar keyword, or NULL. */
static const char *
meant(const struct conf_file *cf, const char *const *names, int n)
{
	const char *words[CONF_MAX_NAMES];
	size_t n_words = 0;
	int i;

	if (cf->last.kind != CONF_WORD)
		return (NULL);
	for (i = 0; i < n && n_words < CONF_MAX_NAMES; i++)
		if (class_of(names[i]) == CLASS_KEYWORD)
			words[n_words++] = names[i];
	return (nearest_word(cf->last.text, words, n_words));
}

/* "line 3", with the file if that is another one. */
static void
print_block(FILE *f, const struct conf_file *cf)
{
	const struct conf_where *w = cf->n_blocks <= CONF_MAX_BLOCKS ?
	    &cf->blocks[cf->n_blocks - 1] :
	    &cf->blocks[CONF_MAX_BLOCKS - 1];

	if (strcmp(w->file, cf->last.where.file) == 0)
		fprintf(f, "block of line %u", w->line);
	else
		fprintf(f, "block of %s:%u", w->file, w->line);
}

/* The first word of a line is not accepted there. */
static void
print_statement(FILE *f, const struct conf_file *cf, bool known)
{
	if (!known) {
		fputs("unknown statement ", f);
		conf_print_found(f, &cf->last);
		return;
	}
	conf_print_found(f, &cf->last);
	if (cf->n_blocks == 0) {
		fputs(" begins no statement", f);
		return;
	}
	fputs(" cannot stand in the ", f);
	print_block(f, cf);
}

static void
print_unexpected(FILE *f, const struct conf_file *cf, const char *const *names,
    int n, bool known)
{
	const struct conf_value *v = &cf->last;
	const bool list = n <= CONF_MAX_EXPECTED;
	const char *word;

	if (cf->first_of_line && v->kind == CONF_WORD && (n == 0 || !list))
		print_statement(f, cf, known);
	else if (v->kind == CONF_EOF && cf->n_blocks > 0) {
		fputs("unexpected end of file: the ", f);
		print_block(f, cf);
		fputs(" has no \"}\"", f);
		return;
	} else {
		fputs("unexpected ", f);
		conf_print_found(f, v);
		if (list)
			print_list(f, names, n);
	}
	word = meant(cf, names, n);
	if (word != NULL && !known)
		fprintf(f, ": did you mean \"%s\"?", word);
}

void
conf_unexpected(struct conf_file *cf, const char *const *names, int n,
    bool known)
{
	char text[CONF_MESSAGE_MAX];
	FILE *f;

	f = fmemopen(text, sizeof(text), "w");
	if (f == NULL) {
		conf_error(cf, "syntax error");
		return;
	}
	print_unexpected(f, cf, names, n, known);
	fclose(f);
	text[sizeof(text) - 1] = '\0';
	conf_error(cf, "%s", text);
}
