/*
 * What the event log costs: octets and processor time for 1,000 new connections
 * with their ends, for each place that events can go to. A child process reads;
 * its time does not count.
 *
 * Prints lines "name value unit":
 *
 *	bindings-text-file-volume 252.0 kB
 *	bindings-text-file-cpu 2.1 ms
 *
 * A connection is a binding and a session of TCP, both created and deleted.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/os/log.h"
#include "nat64d/eventlog.h"

#define CONNECTIONS 10000
/* Of so many, any queue has room for all. */
#define AT_ONCE 500

/* The local syslog takes ten messages at once only. */
#define CONNECTIONS_LOCAL 500

static char dir[] = "/tmp/logcost.XXXXXX";
static char path[64];
static struct event_base *base;

enum place { FILE_TEXT, FILE_JSON, SYSLOG_LOCAL, COLLECTOR };

static const struct {
	const char *name;
	enum place place;
	enum log_format format;
	bool tcp;
} places[] = {
	{ "text-file", FILE_TEXT, TARGET_SYSLOG, false },
	{ "json-file", FILE_JSON, TARGET_SYSLOG, false },
	{ "local-syslog", SYSLOG_LOCAL, TARGET_SYSLOG, false },
	{ "syslog-udp", COLLECTOR, TARGET_SYSLOG, false },
	{ "syslog-tcp", COLLECTOR, TARGET_SYSLOG, true },
	{ "ipfix-udp", COLLECTOR, TARGET_IPFIX, false },
	{ "ipfix-tcp", COLLECTOR, TARGET_IPFIX, true },
};

static const struct {
	const char *name;
	unsigned kinds;
	bool destination;
} kinds[] = {
	{ "bindings", EVENT_BINDINGS, false },
	{ "sessions", EVENT_SESSIONS, false },
	{ "sessions-with-peers", EVENT_SESSIONS, true },
};

/* --- the reader --- */

/* Count what comes until SIGTERM, which writes the number to out. */
static volatile sig_atomic_t ended;

static void
end_reading(int sig)
{
	(void)sig;
	ended = 1;
}

static void __attribute__((__noreturn__))
read_all(int fd, bool stream, int out)
{
	const struct sigaction sa = { .sa_handler = end_reading };
	static char buf[1 << 20];
	uint64_t total = 0;
	int from = fd;
	ssize_t n;

	sigaction(SIGTERM, &sa, NULL);
	if (stream)
		from = accept(fd, NULL, NULL);
	while (!ended && (n = read(from, buf, sizeof(buf))) >= 0) {
		if (n == 0 && stream)
			break;
		total += (uint64_t)n;
	}
	/* What is in the buffer still. */
	while ((n = recv(from, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		total += (uint64_t)n;
	(void)!write(out, &total, sizeof(total));
	_exit(0);
}

static pid_t
start_reader(int fd, bool stream, int *out)
{
	int pipes[2];
	pid_t pid;

	if (pipe(pipes) == -1)
		err(1, "pipe");
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0)
		read_all(fd, stream, pipes[1]);
	close(pipes[1]);
	close(fd);
	*out = pipes[0];
	return (pid);
}

static uint64_t
stop_reader(pid_t pid, int out)
{
	uint64_t total = 0;

	usleep(100000);
	kill(pid, SIGTERM);
	if (read(out, &total, sizeof(total)) != sizeof(total))
		warnx("the reader has counted nothing");
	close(out);
	waitpid(pid, NULL, 0);
	return (total);
}

/* --- the places --- */

static int
unix_socket(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		err(1, "%s", path);
	return (fd);
}

static int
inet_socket(bool tcp, struct log_target *t)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	const int size = 8 << 20;
	int fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, len) == -1 ||
	    (tcp && listen(fd, 1) == -1) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		err(1, "socket");
	/* As root, beyond the limit. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	memcpy(&t->addr, &sin, sizeof(sin));
	t->tcp = tcp;
	t->templates_secs = LOG_TEMPLATES_SECS;
	return (fd);
}

/* --- the events --- */

static void
run_for(int ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

/* The addresses do not change: what takes time is to be the log. */
static struct taddr6 in6;
static struct taddr4 out4;
static struct in6_addr peer6;
static struct session session = { .proto = L4_TCP, .peer = { .port = 443 } };

static void
set_addresses(void)
{
	inet_pton(AF_INET6, "2001:db8:1234:5678:a1b2:c3d4:e5f6:789a",
	    &in6.addr);
	inet_pton(AF_INET6, "64:ff9b::c633:6414", &peer6);
	out4.addr.s_addr = inet_addr("203.0.113.105");
	session.peer.addr.s_addr = inet_addr("198.51.100.20");
}

static void
connection(struct eventlog *l, unsigned i)
{
	static const enum nat64_event_type types[] = { NAT64_EV_BIB_CREATE,
		NAT64_EV_SESSION_CREATE, NAT64_EV_SESSION_DELETE,
		NAT64_EV_BIB_DELETE };
	struct nat64_event ev = { .proto = L4_TCP,
		.in6 = &in6,
		.out4 = &out4,
		.peer6 = peer6 };
	size_t k;

	in6.port = (uint16_t)(32768 + i % 28232);
	out4.port = (uint16_t)(1024 + i % 64512);
	for (k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
		ev.type = types[k];
		ev.session = k == 1 || k == 2 ? &session : NULL;
		eventlog_event(l, &ev, monotime_now(), wallclock_ms());
	}
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6);
}

/* CPU time of all connections. */
static double
make_events(struct eventlog *l, unsigned n)
{
	double before = cpu_ms();
	unsigned i;

	for (i = 0; i < n; i++) {
		connection(l, i);
		if (i % AT_ONCE == AT_ONCE - 1)
			run_for(25);
	}
	run_for(n == CONNECTIONS ? 100 : 3000);
	return (cpu_ms() - before);
}

static void
print(const char *kind, const char *place, const char *what, double value,
    const char *unit)
{
	printf("%s-%s-%s %.2f %s\n", kind, place, what, value, unit);
	fflush(stdout);
}

static void
measure(size_t k, size_t p)
{
	struct log_target target = { .format = places[p].format };
	struct eventlog_opts o = { .kinds = kinds[k].kinds,
		.destination = kinds[k].destination,
		.json = places[p].place == FILE_JSON };
	const unsigned n =
	    places[p].place == SYSLOG_LOCAL ? CONNECTIONS_LOCAL : CONNECTIONS;
	struct eventlog *l;
	struct stat st;
	uint64_t octets = 0;
	int fd = -1, out = -1;
	pid_t pid = -1;
	double ms;

	if (places[p].place == SYSLOG_LOCAL) {
		o.logger = path;
		fd = unix_socket();
	} else if (places[p].place == COLLECTOR) {
		o.targets = &target;
		o.n_targets = 1;
		fd = inet_socket(places[p].tcp, &target);
	} else
		o.file = path;
	if (fd != -1)
		pid = start_reader(fd, places[p].tcp, &out);
	base = event_base_new();
	l = eventlog_new(&o);
	if (base == NULL || l == NULL || eventlog_attach(l, base) == -1 ||
	    eventlog_open(l) == -1)
		err(1, "event log");
	run_for(50);
	ms = make_events(l, n);
	if (eventlog_lost(l) > 0)
		warnx("%s: %ju lines lost", places[p].name,
		    (uintmax_t)eventlog_lost(l));
	eventlog_detach(l);
	eventlog_free(l);
	event_base_free(base);
	if (pid != -1)
		octets = stop_reader(pid, out);
	else if (stat(path, &st) == 0)
		octets = (uint64_t)st.st_size;
	unlink(path);
	print(kinds[k].name, places[p].name, "volume", (double)octets / n,
	    "kB");
	print(kinds[k].name, places[p].name, "cpu", ms * 1000 / n, "ms");
}

int
main(void)
{
	size_t k, p;

	log_init("logcost", true, LOG_LEVEL_WARN);
	set_addresses();
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	snprintf(path, sizeof(path), "%s/log", dir);
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (p = 0; p < sizeof(places) / sizeof(places[0]); p++)
			measure(k, p);
	rmdir(dir);
	return (0);
}
