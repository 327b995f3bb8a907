#include <errno.h>
#include <string.h>

#include "hosts_file.h"
#include "dns64d/wire/msg_name.h"
#include "dns64d/wire/name_text.h"

#define MARK "\357\273\277" /* byte order mark in UTF-8 */
#define MARK_LEN 3

#define LARGE (1024 * 1024) /* octets; of more the lines are counted first */

void
hosts_file_begin(struct hosts_file *f, struct hosts *hosts)
{
	memset(f, 0, sizeof(*f));
	f->hosts = hosts;
	f->line = 1;
}

/* Printable: messages go to terminals and logs. */
static void
copy_word(const struct hosts_file *f, char *out)
{
	size_t i, n = strnlen(f->word, HOSTS_FAULT_WORD - 1);

	for (i = 0; i < n; i++)
		out[i] = f->word[i] > 0x20 && f->word[i] < 0x7f &&
			f->word[i] != '"' ?
		    f->word[i] :
		    '?';
	out[n] = '\0';
}

/* Report a fault, unless the line has had one. */
static void
tell(struct hosts_file *f, const char *why)
{
	struct hosts_fault *fault;

	if (f->is_bad)
		return;
	f->is_bad = true;
	if (f->bad_lines < HOSTS_FAULTS_MAX) {
		fault = &f->faults[f->bad_lines];
		fault->line = f->line;
		fault->why = why;
		copy_word(f, fault->word);
	}
	f->bad_lines++;
}

static void
end_of_addr(struct hosts_file *f)
{
	f->state = HOSTS_SKIP;
	if (strchr(f->word, '%') != NULL)
		return;
	if (hosts_parse_addr(f->word, &f->addr) == -1)
		tell(f, "is no address");
	else
		f->state = HOSTS_WANT_NAME;
}

static const char *
why_no_name(const struct hosts_file *f)
{
	size_t i;

	for (i = 0; i < f->word_len; i++)
		if ((unsigned char)f->word[i] >= 0x80)
			return ("is not ASCII: clients ask for its form that "
				"begins with \"xn--\"");
	return ("is no host name");
}

static int
end_of_name(struct hosts_file *f)
{
	uint8_t name[MSG_NAME_MAX];

	f->state = HOSTS_WANT_NAMES;
	if (name_from_text(f->word, name) <= 1) {
		tell(f, why_no_name(f));
		return (0);
	}
	if (hosts_add(f->hosts, name, &f->addr) == 0)
		return (0);
	f->is_full = errno == ENOSPC;
	if (errno != E2BIG)
		return (-1);
	tell(f, "has too many addresses");
	return (0);
}

static int
end_of_word(struct hosts_file *f)
{
	int status = 0;

	if (f->word_len == 0)
		return (0);
	f->word[f->word_len] = '\0';
	switch (f->state) {
	case HOSTS_WANT_ADDR:
		end_of_addr(f);
		break;
	case HOSTS_WANT_NAME:
	case HOSTS_WANT_NAMES:
		status = end_of_name(f);
		break;
	case HOSTS_SKIP:
		break;
	}
	f->word_len = 0;
	return (status);
}

/* On an error the line number stays, for the message. */
static int
end_of_line(struct hosts_file *f)
{
	if (end_of_word(f) == -1)
		return (-1);
	if (f->state == HOSTS_WANT_NAME)
		tell(f, "has no host name");
	f->state = HOSTS_WANT_ADDR;
	f->is_bad = false;
	f->line++;
	return (0);
}

/*
 * A word too long for a name is cut, and is still too long then. A NUL, which
 * would end the word, is replaced by a character that no name has.
 */
static void
put(struct hosts_file *f, char c)
{
	if (f->word_len < HOSTS_WORD_MAX - 1)
		f->word[f->word_len++] = c == '\0' ? '\177' : c;
	if (f->line == 1 && f->state == HOSTS_WANT_ADDR &&
	    f->word_len == MARK_LEN && memcmp(f->word, MARK, MARK_LEN) == 0)
		f->word_len = 0;
}

static int
read_char(struct hosts_file *f, char c)
{
	switch (c) {
	case '\n':
		f->in_comment = false;
		return (end_of_line(f));
	case ' ':
	case '\t':
	case '\r':
	case '\f':
	case '\v':
		return (end_of_word(f));
	case '#':
		f->in_comment = true;
		return (end_of_word(f));
	default:
		if (!f->in_comment && f->state != HOSTS_SKIP)
			put(f, c);
		return (0);
	}
}

/* An estimate of the names: most lines have one. */
static size_t
count_lines(const char *text, const char *end)
{
	size_t n = 0;

	while ((text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
		n++;
		text++;
	}
	return (n);
}

int
hosts_file_read(struct hosts_file *f, const char *text, size_t len)
{
	const char *end = text + len;

	if (len >= LARGE)
		hosts_expect(f->hosts, count_lines(text, end));
	for (; text < end; text++)
		if (read_char(f, *text) == -1)
			return (-1);
	return (0);
}

int
hosts_file_end(struct hosts_file *f)
{
	return (f->state == HOSTS_WANT_ADDR && f->word_len == 0 ?
		0 :
		end_of_line(f));
}
