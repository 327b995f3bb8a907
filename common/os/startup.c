#define _GNU_SOURCE /* environ */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "startup.h"

static void __attribute__((__noreturn__))
usage(const struct startup_program *program)
{
	fprintf(stderr, "usage: %s %s\n", program->name, program->usage);
	exit(1);
}

static void
take_option(struct startup *s, const struct startup_program *program, int ch)
{
	switch (ch) {
	case 'd':
		s->foreground = true;
		break;
	case 'f':
		s->conf_file = optarg;
		break;
	case 'n':
		s->check_only++;
		break;
	case 'V':
		version_print(program->name, program->libs);
		exit(0);
	case 'v':
		s->verbose = true;
		break;
	default:
		if (ch == '?' || !program->option(program->arg, ch, optarg))
			usage(program);
	}
}

/* how: SIG_BLOCK or SIG_UNBLOCK. ending: also those that end a start. */
static void
mask_signals(int how, bool ending)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	if (ending) {
		sigaddset(&set, SIGTERM);
		sigaddset(&set, SIGINT);
	}
	if (sigprocmask(how, &set, NULL) == -1)
		fatal("signals");
}

void
startup_take_signals(void)
{
	mask_signals(SIG_UNBLOCK, true);
}

void
startup_leave_signals(void)
{
	mask_signals(SIG_BLOCK, false);
}

void
startup_parse(struct startup *s, const struct startup_program *program,
    int argc, char *argv[])
{
	char options[32];
	int ch;

	privs_open_std();
#ifdef __linux__ /* libbsd has to know where it may write a title */
	setproctitle_init(argc, argv, environ);
#endif
	*s = (struct startup){ .name = program->name,
		.conf_file = program->conf_file };
	snprintf(options, sizeof(options), "df:nVv%s", program->options);
	while ((ch = getopt(argc, argv, options)) != -1)
		take_option(s, program, ch);
	if (optind != argc)
		usage(program);
	if (s->check_only == 0)
		mask_signals(SIG_BLOCK, false);
}

enum log_level
startup_log_level(const struct startup *s, enum log_level configured)
{
	return (s->verbose ? LOG_LEVEL_DEBUG : configured);
}

static void
start_log(const struct startup *s, bool foreground)
{
	log_init(s->name, foreground, startup_log_level(s, s->conf.log_level));
}

void
startup_configure(struct startup *s, const struct startup_conf *conf)
{
	s->conf = *conf;
}

void
startup_log(const struct startup *s)
{
	start_log(s, true);
}

const char *
startup_pidfile(const struct startup *s)
{
	return (s->foreground ? NULL : s->conf.pidfile);
}

void
startup_check(struct startup *s)
{
	privs_require(s->conf.user, s->conf.standard_user, &s->privs);
	privs_require_files(&s->privs, s->conf.dump, startup_pidfile(s));
}

void
startup_claim(const struct startup *s)
{
	if (!s->foreground && !s->inherits)
		privs_begin_pidfile(&s->privs, s->conf.pidfile);
	privs_require_made(&s->privs, s->conf.dump);
}

void
startup_background(const struct startup *s)
{
	if (s->foreground)
		return;
	/* From here on the pid file has our pid, which an end removes. */
	mask_signals(SIG_BLOCK, true);
	daemonise();
	start_log(s, false);
}
