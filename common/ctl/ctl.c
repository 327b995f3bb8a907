#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/version.h"

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

/* The daemon has refused: print why. */
static int
report_refusal(const struct ctl *ctl, const struct request *r)
{
	json_t *answer =
	    r->body != NULL ? json_loadb(r->body, r->len, 0, NULL) : NULL;
	const char *error =
	    json_string_value(json_object_get(answer, "error"));

	if (error != NULL)
		fprintf(stderr, "%s: %s\n", ctl->program->name, error);
	else
		fprintf(stderr, "%s: %s refuses it with status %ld\n",
		    ctl->program->name, ctl->program->daemon, r->status);
	json_decref(answer);
	return (CTL_REFUSED);
}

static int
report_no_daemon(const struct ctl *ctl, const struct request *r)
{
	const struct ctl_program *p = ctl->program;

	fprintf(stderr, "%s: %s: %s", p->name, ctl->socket, r->error);
	if (r->error_number == EACCES || r->error_number == EPERM)
		fprintf(stderr,
		    ": who may use it is set by \"control\" in "
		    "%s.conf(5)\n",
		    p->daemon);
	else
		fprintf(stderr,
		    ": is %s running, and is this the path of \"control\" "
		    "in its configuration (-s)?\n",
		    p->daemon);
	return (CTL_NO_DAEMON);
}

/* An answer came, or none. Returns a status, CTL_DONE for HTTP status 200. */
static int
judge(const struct ctl *ctl, const struct request *r, int rc, bool connected)
{
	if (rc == -1 && !connected)
		return (report_no_daemon(ctl, r));
	if (rc == -1) {
		fprintf(stderr, "%s: the answer is not complete: %s\n",
		    ctl->program->name, r->error);
		return (CTL_REFUSED);
	}
	return (r->status == 200 ? CTL_DONE : report_refusal(ctl, r));
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
	return (judge(ctl, r, rc, connected));
}

static int
parse_answer(const struct ctl *ctl, const struct request *r, json_t **answer)
{
	json_error_t error;

	*answer =
	    json_loadb(r->body != NULL ? r->body : "", r->len, 0, &error);
	if (*answer != NULL)
		return (CTL_DONE);
	fprintf(stderr, "%s: the answer is no JSON: %s\n", ctl->program->name,
	    error.text);
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

int
ctl_follow(struct ctl *ctl, const char *method, const char *path,
    ctl_take take, void *arg)
{
	struct request r = { .method = method, .take = take, .arg = arg };
	int rc = send_request(ctl, &r, path);

	free(r.body);
	return (rc);
}

/* -j: as it comes. */
static bool
pass_on(void *arg, const char *data, size_t len)
{
	/* Events are to be seen at once. */
	return (fwrite(data, 1, len, arg) == len && fflush(arg) == 0);
}

static int
run(struct ctl *ctl, const struct ctl_command *c)
{
	json_t *answer;
	int rc;

	if (c->run != NULL)
		return (c->run(ctl, c));
	if (ctl->json)
		return (ctl_follow(ctl, c->method, c->path, pass_on, stdout));
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
	if (argv[optind] != NULL)
		return (-1);
	ctl_print_help(ctl->program, stderr);
	return (CTL_USAGE);
}

int
ctl_main(const struct ctl_program *program, int argc, char *argv[])
{
	struct ctl ctl = { .program = program, .socket = program->socket };
	const struct ctl_command *c;
	int rc;

	rc = take_options(&ctl, argc, argv);
	if (rc != -1)
		return (rc);
	c = ctl_parse(&ctl, argv + optind);
	if (c == NULL)
		return (CTL_USAGE);
	rc = run(&ctl, c);
	if (fflush(stdout) != 0 && rc == CTL_DONE) {
		fprintf(stderr, "%s: standard output: %s\n", program->name,
		    strerror(errno));
		rc = CTL_REFUSED;
	}
	return (rc);
}
