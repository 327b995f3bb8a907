#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/version.h"

#include "clean.h"
#include "ctl_int.h"
#include "request.h"

#define TARGET_SIZE 3072

bool
ctl_wants_json(const struct ctl *ctl)
{
	return (ctl->json);
}

const char *
ctl_value(const struct ctl *ctl, const char *param)
{
	size_t i;

	for (i = 0; i < ctl->n_params; i++)
		if (strcmp(ctl->params[i].param, param) == 0)
			return (ctl->params[i].value);
	return (NULL);
}

const char *const *
ctl_rest(const struct ctl *ctl)
{
	return (ctl->rest);
}

/* Path and query. Returns 0, or -1 after a message. */
static int
make_target(const struct ctl *ctl, const char *path, char target[TARGET_SIZE])
{
	size_t len = (size_t)snprintf(target, TARGET_SIZE, "%s", path), i;
	char *value, mark = '?';

	for (i = 0; i < ctl->n_params && len < TARGET_SIZE; i++) {
		if (ctl->params[i].local)
			continue;
		value = request_encode(ctl->params[i].value);
		if (value == NULL)
			break;
		len += (size_t)snprintf(target + len, TARGET_SIZE - len,
		    "%c%s=%s", mark, ctl->params[i].param, value);
		mark = '&';
		free(value);
	}
	if (i == ctl->n_params && len < TARGET_SIZE)
		return (0);
	fprintf(stderr, "%s: the arguments are too long\n",
	    ctl->program->name);
	return (-1);
}

unsigned
ctl_clean_flags(int fd)
{
	if (!isatty(fd) || strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		return (0);
	return (CLEAN_ASCII);
}

/* A message whose end somebody else has written. */
static void
complain(FILE *f, const struct ctl *ctl, const char *what, const char *text)
{
	char *clean =
	    clean_text(text, CLEAN_LINES | ctl_clean_flags(STDERR_FILENO));

	fprintf(f, "%s: %s%s\n", ctl->program->name, what,
	    clean != NULL ? clean : "memory is short");
	free(clean);
}

/* The daemon has refused: print why. */
static int
report_refusal(FILE *f, const struct ctl *ctl, const struct request *r)
{
	json_t *answer =
	    r->body != NULL ? json_loadb(r->body, r->len, 0, NULL) : NULL;
	const char *error =
	    json_string_value(json_object_get(answer, "error"));

	if (error != NULL)
		complain(f, ctl, "", error);
	else
		fprintf(f, "%s: %s refuses it with status %ld\n",
		    ctl->program->name, ctl->program->daemon, r->status);
	json_decref(answer);
	return (CTL_REFUSED);
}

static int
report_no_daemon(FILE *f, const struct ctl *ctl, const struct request *r)
{
	const struct ctl_program *p = ctl->program;

	fprintf(f, "%s: %s: %s", p->name, ctl->socket, r->error);
	if (r->error_number == EACCES || r->error_number == EPERM)
		fprintf(f,
		    ": who may use it is set by \"control\" in "
		    "%s.conf(5)\n",
		    p->daemon);
	else
		fprintf(f,
		    ": is %s running, and is this the path of \"control\" "
		    "in its configuration (-s)?\n",
		    p->daemon);
	return (CTL_NO_DAEMON);
}

int
ctl_judge(const struct ctl *ctl, const struct request *r, int rc,
    bool connected, FILE *f)
{
	if (rc == -1 && !connected)
		return (report_no_daemon(f, ctl, r));
	if (rc == -1) {
		complain(f, ctl, "the answer is not complete: ", r->error);
		return (CTL_REFUSED);
	}
	return (r->status == 200 ? CTL_DONE : report_refusal(f, ctl, r));
}

static int
send_request(struct ctl *ctl, struct request *r, const char *path)
{
	char target[TARGET_SIZE];
	bool connected;
	int rc;

	if (make_target(ctl, path, target) == -1)
		return (CTL_USAGE);
	r->socket = ctl->socket;
	r->target = target;
	rc = request_send(r, &connected);
	r->target = NULL;
	return (ctl_judge(ctl, r, rc, connected, stderr));
}

static int
parse_answer(const struct ctl *ctl, const struct request *r, json_t **answer)
{
	json_error_t error;

	*answer =
	    json_loadb(r->body != NULL ? r->body : "", r->len, 0, &error);
	if (*answer == NULL) {
		complain(stderr, ctl, "the answer is no JSON: ", error.text);
		return (CTL_REFUSED);
	}
	if (ctl->verbatim && !isatty(STDOUT_FILENO))
		return (CTL_DONE);
	if (clean_json(*answer, CLEAN_LINES | ctl->clean) == 0)
		return (CTL_DONE);
	complain(stderr, ctl, "", "memory is short");
	json_decref(*answer);
	*answer = NULL;
	return (CTL_REFUSED);
}

int
ctl_get(struct ctl *ctl, const char *method, const char *path, json_t **answer)
{
	struct request r = { .method = method };
	int rc;

	*answer = NULL;
	rc = send_request(ctl, &r, path);
	if (rc == CTL_DONE)
		rc = parse_answer(ctl, &r, answer);
	free(r.body);
	return (rc);
}

/* --- streams --- */

/* Longest line of a stream: one object. */
#define LINE_SIZE 4096

struct output {
	const struct ctl *ctl;
	FILE *f;
	int error; /* errno of a write that failed, or 0 */
	/* ctl_copy() to a terminal: the first octets of a character */
	char held[CLEAN_ONE_SIZE];
	size_t n_held;
	/* ctl_each() */
	void (*print)(void *arg, const json_t *o);
	void *arg;
	char line[LINE_SIZE];
	size_t len;
};

/* What is shown of events is to be seen at once. */
static bool
flush(struct output *o)
{
	if (fflush(o->f) == 0 && !ferror(o->f))
		return (true);
	o->error = errno;
	return (false);
}

static bool
copy(void *arg, const char *data, size_t len)
{
	struct output *o = arg;

	fwrite(data, 1, len, o->f);
	return (flush(o));
}

/* JSON for a terminal stays the same JSON. */
static bool
copy_clean(void *arg, const char *data, size_t len)
{
	struct output *o = arg;
	char one[CLEAN_ONE_SIZE];
	size_t i, n;

	for (i = 0; i < len; i++) {
		o->held[o->n_held++] = data[i];
		while (o->n_held > 0 &&
		    (n = clean_one(o->held, o->n_held,
			 CLEAN_LINES | o->ctl->clean, one)) > 0) {
			fputs(one, o->f);
			o->n_held -= n;
			memmove(o->held, o->held + n, o->n_held);
		}
	}
	return (flush(o));
}

/* Elements of a list have a comma behind them; other lines are no objects. */
static void
print_line(const struct output *o)
{
	size_t len = o->len;
	json_t *object;

	if (len > 0 && o->line[len - 1] == ',')
		len--;
	object = json_loadb(o->line, len, 0, NULL);
	if (object != NULL && clean_json(object, o->ctl->clean) == 0)
		o->print(o->arg, object);
	json_decref(object);
}

static bool
take_lines(void *arg, const char *data, size_t len)
{
	struct output *o = arg;
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] == '\n') {
			print_line(o);
			o->len = 0;
		} else if (o->len < sizeof(o->line))
			o->line[o->len++] = data[i];
	}
	return (flush(o));
}

static int
follow(struct ctl *ctl, const char *method, const char *path,
    bool (*take)(void *arg, const char *data, size_t len), struct output *o)
{
	struct request r = { .method = method, .take = take, .arg = o };
	int rc = send_request(ctl, &r, path);

	free(r.body);
	if (o->error == 0)
		return (rc);
	fprintf(stderr, "%s: the output cannot be written: %s\n",
	    ctl->program->name, strerror(o->error));
	return (CTL_REFUSED);
}

int
ctl_each(struct ctl *ctl, const char *method, const char *path,
    void (*print)(void *arg, const json_t *o), void *arg)
{
	struct output o = { .ctl = ctl,
		.f = stdout,
		.print = print,
		.arg = arg };

	return (follow(ctl, method, path, take_lines, &o));
}

int
ctl_copy(struct ctl *ctl, const char *method, const char *path, FILE *f)
{
	struct output o = { .ctl = ctl, .f = f };

	return (follow(ctl, method, path,
	    isatty(fileno(f)) ? copy_clean : copy, &o));
}

/* --- the program --- */

static int
run(struct ctl *ctl, const struct ctl_command *c)
{
	json_t *answer;
	int rc;

	if (ctl->json && c->method != NULL)
		return (ctl_copy(ctl, c->method, c->path, stdout));
	if (c->run != NULL)
		return (c->run(ctl, c));
	ctl->verbatim = c->verbatim;
	rc = ctl_get(ctl, c->method, c->path, &answer);
	if (rc == CTL_DONE && c->print != NULL)
		rc = c->print(ctl, answer);
	json_decref(answer);
	return (rc);
}

/* Returns -1, or a status with which the program ends. */
static int
take_options(struct ctl *ctl, int argc, char *argv[])
{
	int ch;

	while ((ch = getopt(argc, argv, "+js:V")) != -1) {
		switch (ch) {
		case 'j':
			ctl->json = true;
			break;
		case 's':
			ctl->socket = optarg;
			break;
		case 'V':
			printf("%s %s\n", ctl->program->name, version());
			return (CTL_DONE);
		default:
			ctl_print_help(ctl->program, stderr);
			return (CTL_USAGE);
		}
	}
	if (argv[optind] != NULL && strcmp(argv[optind], "help") == 0) {
		ctl_print_help(ctl->program, stdout);
		return (CTL_DONE);
	}
	if (argv[optind] != NULL && strcmp(argv[optind], "complete") == 0) {
		ctl_complete(ctl->program, argv + optind + 1);
		return (CTL_DONE);
	}
	if (argv[optind] != NULL)
		return (-1);
	ctl_print_help(ctl->program, stderr);
	return (CTL_USAGE);
}

/* Returns rc, or another status if the output has not been written. */
static int
finish(const struct ctl_program *program, int rc)
{
	errno = 0;
	if ((fflush(stdout) == 0 && !ferror(stdout)) || rc != CTL_DONE)
		return (rc);
	fprintf(stderr, "%s: standard output: %s\n", program->name,
	    errno != 0 ? strerror(errno) : "cannot be written");
	return (CTL_REFUSED);
}

int
ctl_main(const struct ctl_program *program, int argc, char *argv[])
{
	static char buffer[16384];
	struct ctl ctl = { .program = program, .socket = program->socket };
	const struct ctl_command *c;
	int rc;

	setlocale(LC_CTYPE, "");
	/* With the one of musl, errors come early: finish() cannot say why. */
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	ctl.clean = ctl_clean_flags(STDOUT_FILENO);
	rc = take_options(&ctl, argc, argv);
	if (rc == -1) {
		c = ctl_parse(&ctl, argv + optind);
		rc = c != NULL ? run(&ctl, c) : CTL_USAGE;
	}
	return (finish(program, rc));
}
