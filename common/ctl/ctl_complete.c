/*
 * What may stand in place of the last word of a command line, for the
 * completion of shells. The words are those of the table of commands, so they
 * are always those of the program.
 */
#include <stdio.h>
#include <string.h>

#include "ctl_int.h"

#define FOUND_MAX 128
#define FILES "FILE"

struct complete {
	const char *begun; /* the last word, so far */
	/* What has been printed. */
	char found[FOUND_MAX][CTL_WORD_SIZE];
	size_t n;
};

static void
offer(struct complete *co, const char *word)
{
	size_t i;

	if (*word == '\0' ||
	    (strcmp(word, FILES) != 0 &&
		strncmp(word, co->begun, strlen(co->begun)) != 0))
		return;
	for (i = 0; i < co->n; i++)
		if (strcmp(co->found[i], word) == 0)
			return;
	if (co->n == FOUND_MAX)
		return;
	strlcpy(co->found[co->n++], word, CTL_WORD_SIZE);
	puts(word);
}

static void
offer_values(struct complete *co, const struct ctl_arg *a)
{
	const char *const *value;

	for (value = a->values; value != NULL && *value != NULL; value++)
		offer(co, *value);
	if (a->value != NULL && strcmp(a->value, "FILE") == 0)
		offer(co, FILES);
}

static const char *
name_of(const struct ctl_arg *a)
{
	return (a->name != NULL ? a->name : a->param);
}

static bool
is_given(const char *word, char *const argv[], unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (strcmp(argv[i], word) == 0)
			return (true);
	return (false);
}

/* n words of arguments are there, and the next one has begun. */
static void
complete_args(struct complete *co, const struct ctl_command *c,
    char *const argv[], unsigned n)
{
	const struct ctl_arg *a, *next = c->args;
	unsigned i;

	for (i = 0; i < n; i++) {
		a = ctl_find_named(c, argv[i]);
		if (a == NULL) {
			a = ctl_next_word(&next);
			if (a != NULL && a->kind == CTL_REST)
				next = a;
			continue;
		}
		if (a->kind == CTL_FLAG || ++i < n)
			continue;
		offer_values(co, a);
		return;
	}
	for (a = c->args; a != NULL && a->param != NULL; a++)
		if (!ctl_is_word(a) && !is_given(name_of(a), argv, n))
			offer(co, name_of(a));
	a = ctl_next_word(&next);
	if (a != NULL)
		offer_values(co, a);
}

/* n words of a command are there, or of a command and its arguments. */
static void
complete_command(struct complete *co, const struct ctl_command *c,
    char *const argv[], unsigned n)
{
	char word[CTL_WORD_SIZE];
	unsigned i;

	for (i = 0; i < n && *ctl_word_at(c, i, word) != '\0'; i++)
		if (strcmp(word, argv[i]) != 0)
			return;
	ctl_word_at(c, i, word);
	if (*word != '\0')
		offer(co, word);
	else
		complete_args(co, c, argv + i, n - i);
}

/*
 * Options before the command. Returns how many words they are; -1: the last
 * word is the value of one.
 */
static int
skip_options(char *const argv[], unsigned n)
{
	unsigned i;

	for (i = 0; i < n && argv[i][0] == '-'; i++)
		if (argv[i][strlen(argv[i]) - 1] == 's' && ++i == n)
			return (-1);
	return ((int)i);
}

void
ctl_complete(const struct ctl_program *program, char *const argv[])
{
	struct complete co = { .n = 0 };
	unsigned n = 0;
	size_t i;
	int skip;

	while (argv[n] != NULL)
		n++;
	if (n == 0)
		return;
	co.begun = argv[--n];
	skip = skip_options(argv, n);
	if (skip == -1) {
		offer(&co, FILES);
		return;
	}
	argv += skip;
	n -= (unsigned)skip;
	if (n == 0 && co.begun[0] == '-') {
		offer(&co, "-j");
		offer(&co, "-s");
		offer(&co, "-V");
	}
	if (n == 0)
		offer(&co, "help");
	for (i = 0; i < program->n_commands; i++)
		complete_command(&co, &program->commands[i], argv, n);
}
