/*
 * The command line: which command it is, and its arguments.
 */
#include <stdio.h>
#include <string.h>

#include "common/conf/nearest.h"

#include "ctl_int.h"

#define WORDS_MAX 64	/* different words at one place of the commands */
#define VALUES_SIZE 256 /* of a list of values */

const char *
ctl_word_at(const struct ctl_command *c, unsigned i, char word[CTL_WORD_SIZE])
{
	const char *p = c->words;
	size_t len;

	for (; i > 0; i--) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	len = strcspn(p, " ");
	snprintf(word, CTL_WORD_SIZE, "%.*s", (int)len, p);
	return (word);
}

/* How many words of the command line the command begins with. */
static unsigned
common_words(const struct ctl_command *c, char *const argv[])
{
	char word[CTL_WORD_SIZE];
	unsigned i;

	for (i = 0; argv[i] != NULL; i++)
		if (*ctl_word_at(c, i, word) == '\0' ||
		    strcmp(word, argv[i]) != 0)
			break;
	return (i);
}

static bool
is_whole(const struct ctl_command *c, unsigned n_words)
{
	char word[CTL_WORD_SIZE];

	return (*ctl_word_at(c, n_words, word) == '\0');
}

/* The words that may follow the first n ones of the command line. */
struct choice {
	char words[WORDS_MAX][CTL_WORD_SIZE];
	const char *list[WORDS_MAX];
	size_t n;
};

static void
add_choice(struct choice *ch, const char *word)
{
	size_t i;

	for (i = 0; i < ch->n; i++)
		if (strcmp(ch->words[i], word) == 0)
			return;
	if (ch->n == WORDS_MAX || *word == '\0')
		return;
	snprintf(ch->words[ch->n], CTL_WORD_SIZE, "%s", word);
	ch->list[ch->n] = ch->words[ch->n];
	ch->n++;
}

static void
print_choice(const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		fprintf(stderr, "%s%s", i > 0 ? ", " : "", list[i]);
	fputc('\n', stderr);
}

static void
report_value(const struct ctl *ctl, const char *what, const char *found,
    const char *const *list, size_t n)
{
	const char *near = found != NULL ? nearest_word(found, list, n) : NULL;

	fprintf(stderr, "%s: ", ctl->program->name);
	if (found == NULL)
		fprintf(stderr, "%s: a word is missing", what);
	else
		fprintf(stderr, "%s: unknown \"%s\"", what, found);
	if (near != NULL)
		fprintf(stderr, ", did you mean \"%s\"?", near);
	fprintf(stderr, "%s possible are: ", near != NULL ? "" : ":");
	print_choice(list, n);
}

static void
report_unknown(const struct ctl *ctl, char *const argv[], unsigned n)
{
	const struct ctl_program *p = ctl->program;
	struct choice ch = { .n = 0 };
	char word[CTL_WORD_SIZE];
	size_t i;

	for (i = 0; i < p->n_commands; i++)
		if (common_words(&p->commands[i], argv) >= n)
			add_choice(&ch, ctl_word_at(&p->commands[i], n, word));
	report_value(ctl, n > 0 ? argv[n - 1] : "command", argv[n], ch.list,
	    ch.n);
}

/* What a value is called: the possible ones, or its name. */
static const char *
value_name(const struct ctl_arg *a, char text[VALUES_SIZE])
{
	size_t i;

	if (a->value != NULL)
		return (a->value);
	if (a->values == NULL)
		return (a->param);
	text[0] = '\0';
	for (i = 0; a->values[i] != NULL; i++) {
		strlcat(text, i > 0 ? "|" : "", VALUES_SIZE);
		strlcat(text, a->values[i], VALUES_SIZE);
	}
	return (text);
}

static void
print_arg(const struct ctl_arg *a, FILE *f)
{
	const char *name = a->name != NULL ? a->name : a->param;
	char text[VALUES_SIZE];

	switch (a->kind) {
	case CTL_WORD:
		fprintf(f, " %s", value_name(a, text));
		break;
	case CTL_OPTIONAL:
		fprintf(f, " [%s]", value_name(a, text));
		break;
	case CTL_NAMED:
	case CTL_LOCAL:
		fprintf(f, " [%s %s]", name, value_name(a, text));
		break;
	case CTL_FLAG:
		fprintf(f, " [%s]", name);
		break;
	case CTL_REST:
		fprintf(f, " %s ...", value_name(a, text));
		break;
	}
}

static void
print_usage(const struct ctl_command *c, FILE *f)
{
	const struct ctl_arg *a;

	fputs(c->words, f);
	for (a = c->args; a != NULL && a->param != NULL; a++)
		print_arg(a, f);
}

void
ctl_print_help(const struct ctl_program *program, FILE *f)
{
	size_t i;

	fprintf(f, "usage: %s [-jV] [-s socket] command [argument ...]\n",
	    program->name);
	for (i = 0; i < program->n_commands; i++) {
		fputs("\n    ", f);
		print_usage(&program->commands[i], f);
		fprintf(f, "\n\t%s\n", program->commands[i].help);
	}
}

static const struct ctl_command *
report_usage(const struct ctl *ctl, const struct ctl_command *c)
{
	fprintf(stderr, "usage: %s ", ctl->program->name);
	print_usage(c, stderr);
	fputc('\n', stderr);
	return (NULL);
}

/* Returns 0, or -1 after a message. */
static int
take_value(struct ctl *ctl, const struct ctl_arg *a, const char *value)
{
	size_t n;

	for (n = 0; a->values != NULL && a->values[n] != NULL; n++)
		if (strcmp(a->values[n], value) == 0)
			break;
	if (a->values != NULL && a->values[n] == NULL) {
		report_value(ctl, a->param, value, a->values, n);
		return (-1);
	}
	if (ctl->n_params == CTL_ARGS_MAX)
		return (-1);
	ctl->params[ctl->n_params].param = a->param;
	ctl->params[ctl->n_params].value = value;
	ctl->params[ctl->n_params].local = a->kind == CTL_LOCAL;
	ctl->n_params++;
	return (0);
}

bool
ctl_is_word(const struct ctl_arg *a)
{
	return (a->kind == CTL_WORD || a->kind == CTL_OPTIONAL ||
	    a->kind == CTL_REST);
}

const struct ctl_arg *
ctl_find_named(const struct ctl_command *c, const char *word)
{
	const struct ctl_arg *a;

	for (a = c->args; a != NULL && a->param != NULL; a++)
		if (!ctl_is_word(a) &&
		    strcmp(a->name != NULL ? a->name : a->param, word) == 0)
			return (a);
	return (NULL);
}

const struct ctl_arg *
ctl_next_word(const struct ctl_arg **next)
{
	const struct ctl_arg *a;

	for (a = *next; a != NULL && a->param != NULL; a++) {
		if (!ctl_is_word(a))
			continue;
		*next = a + 1;
		return (a);
	}
	*next = a;
	return (NULL);
}

/*
 * Letters in one word, as getopt(3) reads them: "-bn1" is "-b -n 1". Returns 1
 * with *argv at the last word of them, 0 when the word is something else, or -1
 * after a message.
 */
static int
take_letters(struct ctl *ctl, const struct ctl_command *c, char *const **argv)
{
	const char *p = **argv, *value;
	char name[] = "-?";
	const struct ctl_arg *a;

	if (*p++ != '-' || *p == '\0')
		return (0);
	for (; *p != '\0'; p++) {
		name[1] = *p;
		if ((a = ctl_find_named(c, name)) == NULL)
			return (0);
		value = "1";
		if (a->kind != CTL_FLAG)
			value = p[1] != '\0' ? p + 1 : *++*argv;
		if (value == NULL) {
			report_usage(ctl, c);
			return (-1);
		}
		if (take_value(ctl, a, value) == -1)
			return (-1);
		if (a->kind != CTL_FLAG)
			break;
	}
	return (1);
}

static const struct ctl_command *
take_args(struct ctl *ctl, const struct ctl_command *c, char *const argv[])
{
	const struct ctl_arg *next = c->args, *a;
	int letters;

	for (; *argv != NULL; argv++) {
		a = ctl_find_named(c, *argv);
		letters = a == NULL ? take_letters(ctl, c, &argv) : 0;
		if (letters == -1)
			return (NULL);
		if (letters == 1)
			continue;
		if (a == NULL)
			a = ctl_next_word(&next);
		else if (a->kind != CTL_FLAG && *++argv == NULL)
			return (report_usage(ctl, c));
		if (a == NULL)
			return (report_usage(ctl, c));
		if (a->kind == CTL_REST) {
			ctl->rest = (const char *const *)argv;
			return (c);
		}
		if (take_value(ctl, a, a->kind == CTL_FLAG ? "1" : *argv) ==
		    -1)
			return (NULL);
	}
	a = ctl_next_word(&next);
	if (a != NULL && a->kind != CTL_OPTIONAL)
		return (report_usage(ctl, c));
	return (c);
}

const struct ctl_command *
ctl_parse(struct ctl *ctl, char *const argv[])
{
	const struct ctl_program *p = ctl->program;
	const struct ctl_command *c, *found = NULL;
	unsigned n, most = 0, found_words = 0;

	for (c = p->commands; c < p->commands + p->n_commands; c++) {
		n = common_words(c, argv);
		if (n > most)
			most = n;
		if (n > found_words && is_whole(c, n)) {
			found = c;
			found_words = n;
		}
	}
	if (found == NULL || found_words < most) {
		report_unknown(ctl, argv, most);
		return (NULL);
	}
	return (take_args(ctl, found, argv + found_words));
}
