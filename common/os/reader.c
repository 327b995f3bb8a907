/*
 * The protocol: a request is one octet. The answer is a length of 64 bits in
 * host byte order and a bundle of that many octets; length 0 means that there
 * is no bundle.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/bundle.h"
#include "common/conf/files.h"
#include "log.h"
#include "privs.h"
#include "reader.h"
#include "sandbox.h"

#define REQUEST 'r'

/* The descriptor of the socket in the reader, and the octets that the daemon
 * reads in one turn of its event loop. */
#define READER_FD 3
#define READ_SIZE (256 * 1024)

struct reader {
	int fd;
	uint64_t len; /* of the answer, which is read into octets */
	size_t len_got;
	uint8_t *octets;
	size_t got;
	size_t size;  /* of the buffer */
	bool dropped; /* memory was short: the answer is read and discarded */
};

bool
reader_can_read(const char *path)
{
	struct stat st;

	return (stat(path, &st) == -1 || S_ISREG(st.st_mode));
}

/*
 * The reader.
 */

/* Returns false when the daemon has ended. */
static bool
send_all(int fd, const void *octets, size_t len)
{
	const uint8_t *at = octets;
	ssize_t n;

	while (len > 0) {
		n = write(fd, at, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (false);
		at += n;
		len -= (size_t)n;
	}
	return (true);
}

/* Returns the encoded files; NULL, and len 0, when memory is short. */
static uint8_t *
read_files(const char *path, reader_gather_fn *gather, size_t *len)
{
	struct files *files = files_new(false);
	uint8_t *octets;

	*len = 0;
	if (files == NULL)
		return (NULL);
	gather(path, files);
	octets = bundle_encode(files_bundle(files), len);
	files_free(files);
	return (octets);
}

static bool
answer(int fd, const char *path, reader_gather_fn *gather)
{
	uint64_t len64;
	uint8_t *octets;
	size_t len;
	bool sent;

	octets = read_files(path, gather, &len);
	len64 = len;
	sent =
	    send_all(fd, &len64, sizeof(len64)) && send_all(fd, octets, len);
	free(octets);
	return (sent);
}

static void __attribute__((__noreturn__))
serve(int fd, const char *path, reader_gather_fn *gather)
{
	uint8_t request;
	ssize_t n;

	for (;;) {
		n = read(fd, &request, 1);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1 || request != REQUEST || !answer(fd, path, gather))
			_exit(0);
	}
}

static void
ignore_signals(void)
{
	static const int list[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
		SIGUSR2, SIGALRM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		signal(list[i], SIG_IGN);
}

/*
 * Close all other descriptors. The standard ones are replaced by /dev/null,
 * because a process that started the daemon may wait until its output is
 * closed. Errors are sent to the daemon.
 */
static void
keep_only(int fd)
{
	privs_close_std();
	if (dup2(fd, READER_FD) == -1)
		_exit(1);
	closefrom(READER_FD + 1);
}

/*
 * With an absolute path, leave the working directory, so that its file system
 * can be unmounted.
 */
static void
leave_directory(const char *path)
{
	if (*path == '/' && chdir("/") == -1)
		fatal("/");
}

static void __attribute__((__noreturn__))
run(int fd, const char *path, reader_gather_fn *gather)
{
	setproctitle("reader");
	ignore_signals();
	leave_directory(path);
	keep_only(fd);
	sandbox_enter_reader();
	if (!send_all(READER_FD, "", 1))
		_exit(0);
	serve(READER_FD, path, gather);
}

/*
 * The daemon.
 */

/* Wait until it is in its sandbox, which is the last step that can fail. */
static bool
is_ready(int fd)
{
	ssize_t n;
	char octet;

	while ((n = read(fd, &octet, 1)) == -1 && errno == EINTR)
		continue;
	return (n == 1);
}

struct reader *
reader_start(const char *path, reader_gather_fn *gather)
{
	struct reader *r;
	char *copy;
	int pair[2];

	r = calloc(1, sizeof(*r));
	copy = strdup(path); /* where setproctitle() does not write */
	if (r == NULL || copy == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		fatal("reader");
	switch (fork()) {
	case -1:
		fatal("reader: process");
	case 0:
		close(pair[0]);
		run(pair[1], copy, gather);
	default:
		break;
	}
	free(copy);
	close(pair[1]);
	if (!is_ready(pair[0]))
		fatalx("reader: cannot be confined to reading");
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) == -1)
		fatal("reader: socket");
	r->fd = pair[0];
	return (r);
}

int
reader_fd(const struct reader *r)
{
	return (r->fd);
}

int
reader_ask(struct reader *r)
{
	const uint8_t request = REQUEST;

	return (send(r->fd, &request, 1, MSG_NOSIGNAL) == 1 ? 0 : -1);
}

/* Prepare for the next answer. */
static void
reset(struct reader *r)
{
	free(r->octets);
	r->octets = NULL;
	r->got = r->size = r->len_got = 0;
	r->dropped = false;
}

/*
 * The buffer grows with the octets received, not to the announced length.
 * Returns false when memory is short.
 */
static bool
make_room(struct reader *r)
{
	uint64_t size = r->size == 0 ? READ_SIZE : 2 * (uint64_t)r->size;
	uint8_t *bigger;

	if (r->got < r->size)
		return (true);
	if (size > r->len)
		size = r->len;
	bigger = realloc(r->octets, (size_t)size);
	if (bigger == NULL)
		return (false);
	r->octets = bigger;
	r->size = (size_t)size;
	return (true);
}

/*
 * Read up to len octets to at. Returns how many, 0 when none is waiting, -1
 * when it has ended.
 */
static ssize_t
receive(struct reader *r, void *at, size_t len)
{
	ssize_t n;

	n = read(r->fd, at, len < READ_SIZE ? len : READ_SIZE);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	return (n > 0 ? n : -1);
}

/* READER_DONE: the length is known. */
static enum reader_verdict
receive_len(struct reader *r)
{
	ssize_t n;

	n = receive(r, (uint8_t *)&r->len + r->len_got,
	    sizeof(r->len) - r->len_got);
	if (n == -1)
		return (READER_GONE);
	r->len_got += (size_t)n;
	if (r->len_got < sizeof(r->len))
		return (READER_MORE);
	if (r->len > BUNDLE_MAX_BYTES)
		return (READER_GONE);
	return (r->len > 0 ? READER_DONE : READER_FAILED);
}

static ssize_t
receive_and_drop(struct reader *r)
{
	const uint64_t left = r->len - r->got;
	uint8_t scratch[4096];

	return (receive(r, scratch,
	    left < sizeof(scratch) ? (size_t)left : sizeof(scratch)));
}

static enum reader_verdict
receive_octets(struct reader *r)
{
	ssize_t n;

	if (!r->dropped && !make_room(r))
		r->dropped = true;
	if (r->dropped)
		n = receive_and_drop(r);
	else
		n = receive(r, r->octets + r->got, r->size - r->got);
	if (n == -1)
		return (READER_GONE);
	r->got += (size_t)n;
	if (r->got < r->len)
		return (READER_MORE);
	return (r->dropped ? READER_FAILED : READER_DONE);
}

/* All octets have been received. */
static enum reader_verdict
decode(struct reader *r, struct files **files)
{
	struct bundle *b;

	b = bundle_decode(r->octets, r->got);
	r->octets = NULL;
	if (b == NULL)
		return (errno == ENOMEM ? READER_FAILED : READER_GONE);
	*files = files_of(b);
	return (*files != NULL ? READER_DONE : READER_FAILED);
}

enum reader_verdict
reader_receive(struct reader *r, struct files **files)
{
	enum reader_verdict verdict;

	*files = NULL;
	if (r->len_got < sizeof(r->len)) {
		verdict = receive_len(r);
		if (verdict == READER_DONE)
			verdict = READER_MORE;
	} else {
		verdict = receive_octets(r);
		if (verdict == READER_DONE)
			verdict = decode(r, files);
	}
	if (verdict != READER_MORE)
		reset(r);
	return (verdict);
}

void
reader_free(struct reader *r)
{
	if (r == NULL)
		return;
	close(r->fd);
	free(r->octets);
	free(r);
}
