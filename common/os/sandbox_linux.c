/*
 * Linux: no new privileges, Landlock for files, seccomp for system calls.
 */
#define _GNU_SOURCE /* O_PATH */

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <seccomp.h>

#include "caps.h"
#include "log.h"
#include "sandbox.h"

/*
 * Landlock: file access beneath some directories. Rules are made for
 * directories, not files: a rule applies to the inode, which an editor or
 * logrotate replaces.
 */

#ifdef LANDLOCK_CREATE_RULESET_VERSION

/* Rights that were added later. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

/* All rights that version abi of the interface knows. */
static uint64_t
landlock_all(int abi)
{
	uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

	if (abi >= 2)
		all |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		all |= LANDLOCK_ACCESS_FS_TRUNCATE;
	return (all);
}

static void
landlock_allow(int ruleset, const char *file, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	const char *slash = strrchr(file, '/');
	int len = slash != NULL ? (int)(slash - file) + 1 : 0;
	char dir[PATH_MAX];

	if (snprintf(dir, sizeof(dir), "%.*s.", len, file) >= (int)sizeof(dir))
		fatalx("sandbox: path too long: %s", file);
	rule.parent_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd == -1 && errno == EACCES) {
		/* No rule is needed for a directory that we cannot reach. */
		log_warn("%s: %s: will not be opened again", file,
		    strerror(errno));
		return;
	}
	if (rule.parent_fd == -1)
		fatal("sandbox: %s", dir);
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == -1)
		fatal("sandbox: landlock rule for %s", dir);
	close(rule.parent_fd);
}

/* sb: of a daemon; NULL: of the reader. */
static void
landlock_rules(int ruleset, const struct sandbox *sb, uint64_t all)
{
	const char *const *file;

	/* The configuration may name any file; one may be a directory. */
	if (sb == NULL) {
		landlock_allow(ruleset, "/",
		    LANDLOCK_ACCESS_FS_READ_FILE |
			LANDLOCK_ACCESS_FS_READ_DIR);
		return;
	}

	/* A dump creates its file or truncates it. */
	for (file = sb->write_files; file != NULL && *file != NULL; file++)
		landlock_allow(ruleset, *file,
		    all &
			(LANDLOCK_ACCESS_FS_WRITE_FILE |
			    LANDLOCK_ACCESS_FS_MAKE_REG |
			    LANDLOCK_ACCESS_FS_TRUNCATE));

	if (sb->read_file != NULL)
		landlock_allow(ruleset, sb->read_file,
		    LANDLOCK_ACCESS_FS_READ_FILE);

	/* The directory itself is opened to flush it. */
	if (sb->replaced_file != NULL)
		landlock_allow(ruleset, sb->replaced_file,
		    LANDLOCK_ACCESS_FS_WRITE_FILE |
			LANDLOCK_ACCESS_FS_MAKE_REG |
			LANDLOCK_ACCESS_FS_REMOVE_FILE |
			LANDLOCK_ACCESS_FS_READ_DIR);

	if (sb->pid_file != NULL)
		landlock_allow(ruleset, sb->pid_file,
		    LANDLOCK_ACCESS_FS_REMOVE_FILE);
	if (sb->socket != NULL)
		landlock_allow(ruleset, sb->socket,
		    LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

static void
enter_landlock(const struct sandbox *sb)
{
	struct landlock_ruleset_attr attr = { 0 };
	int abi, ruleset;

	abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi == -1) {
		log_debug("sandbox: no landlock in this kernel");
		return;
	}
	attr.handled_access_fs = landlock_all(abi);
	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset == -1)
		fatal("sandbox: landlock");
	landlock_rules(ruleset, sb, attr.handled_access_fs);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		fatal("sandbox: landlock");
	close(ruleset);
}

#else /* built with the headers of a kernel before 5.13 */

static void
enter_landlock(const struct sandbox *sb)
{
	(void)sb;
	log_debug("sandbox: built without landlock");
}

#endif

/*
 * seccomp: system calls. Calls that are not listed fail with EPERM. Killing
 * the process instead would cut all clients off when a new libc uses a new
 * system call; an attacker gains nothing from the error.
 */

#define N_CALLS(list) (sizeof(list) / sizeof((list)[0]))

/* Both daemons, with any arguments. */
static const int allowed[] = {
	/* packets, messages, dumps, standard streams */
	SCMP_SYS(read),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	/* stdio asks for the type and the offset of a descriptor */
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(stat),
	SCMP_SYS(stat64),
	SCMP_SYS(lstat),
	SCMP_SYS(lstat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(lseek),
	SCMP_SYS(_llseek),
	SCMP_SYS(fcntl),
	SCMP_SYS(fcntl64),
	/* a dump opens its file; Landlock restricts which one */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	/* the pid file is emptied and removed at exit */
	SCMP_SYS(ftruncate),
	SCMP_SYS(ftruncate64),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(flock),
	/* libevent: the loop and its timer; made before, or at a rebuild */
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_settime64),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	/* signals; abort() sends itself one */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(tgkill),
	SCMP_SYS(tkill),
	/* the heap; mmap and mprotect are below */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	/* the C library's locks */
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	/* the clock, where the vDSO has none */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	/* arc4random */
	SCMP_SYS(getrandom),
	/* the pid in syslog lines and after a fork check in arc4random */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	/* qsort asks how much memory there is */
	SCMP_SYS(sysinfo),
	/* syslog; it connects again when the server was restarted */
	SCMP_SYS(connect),
	SCMP_SYS(sendto),
	SCMP_SYS(send),
	/* exit */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* The control socket and the metrics: connections that were accepted. */
static const int allowed_accept[] = {
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockopt),
	/* a take-over: whose the other process is, descriptors, what it says */
	SCMP_SYS(geteuid),
	SCMP_SYS(geteuid32),
	SCMP_SYS(sendmsg),
	SCMP_SYS(pipe2),
};

/* dns64d: a socket for each query to an upstream, and those of the clients. */
static const int allowed_inet[] = {
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	/* one message or a batch */
	SCMP_SYS(recvfrom),
	SCMP_SYS(recv),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(recvmmsg_time64),
	SCMP_SYS(sendmsg),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(shutdown),
	/* our own address and port, the client's, and why connect failed */
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	/* buffer sizes, IPV6_V6ONLY, TCP_NODELAY */
	SCMP_SYS(setsockopt),
};

/*
 * Connections to collectors, which are made again after a failure: why one
 * ended, our own address, and what comes back. What is sent and connect() are
 * those of syslog.
 */
static const int allowed_connecting[] = {
	SCMP_SYS(getsockopt),
	SCMP_SYS(getsockname),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recv),
};

/* Who replaces a file. */
static const int allowed_replacing[] = {
	SCMP_SYS(fsync),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
};

/* The reader: files, memory, the socket that is open, exit. */
static const int allowed_reader[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(stat),
	SCMP_SYS(stat64),
	SCMP_SYS(lstat),
	SCMP_SYS(lstat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	/* messages of the parser have a time */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	/* arc4random, and a fork check in it */
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	/* qsort asks how much memory there is */
	SCMP_SYS(sysinfo),
	/* abort() sends itself a signal */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(tgkill),
	SCMP_SYS(tkill),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Allow a call. is: only with this argument; NULL: with any. */
static void
allow(scmp_filter_ctx ctx, int call, const struct scmp_arg_cmp *is)
{
	int rc;

	rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, is != NULL, is);
	if (rc < 0) {
		errno = -rc;
		fatal("sandbox: seccomp rule for call %d", call);
	}
}

static void
allow_socket(scmp_filter_ctx ctx, int domain)
{
	struct scmp_arg_cmp is = { .arg = 0,
		.op = SCMP_CMP_EQ,
		.datum_a = (unsigned)domain };

	allow(ctx, SCMP_SYS(socket), &is);
}

static void
allow_ioctl(scmp_filter_ctx ctx, unsigned long request)
{
	struct scmp_arg_cmp is = { .arg = 1,
		.op = SCMP_CMP_EQ,
		.datum_a = request };

	allow(ctx, SCMP_SYS(ioctl), &is);
}

static void
allow_all(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		allow(ctx, calls[i], NULL);
}

/* Memory, but none that can be executed. */
static void
allow_data_memory(scmp_filter_ctx ctx)
{
	struct scmp_arg_cmp is = { .arg = 2,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = PROT_EXEC };

	allow(ctx, SCMP_SYS(mmap), &is);
	allow(ctx, SCMP_SYS(mmap2), &is);
	allow(ctx, SCMP_SYS(mprotect), &is);
}

/* Opening to read; flags: which argument has them. */
static void
allow_open_to_read(scmp_filter_ctx ctx, int call, unsigned flags)
{
	struct scmp_arg_cmp is = {
		.arg = flags,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = O_ACCMODE | O_CREAT | O_TRUNC,
		.datum_b = O_RDONLY,
	};

	allow(ctx, call, &is);
}

/* The commands of bpf(2) for one entry of a map. */
static void
allow_bpf_entries(scmp_filter_ctx ctx)
{
	static const unsigned commands[] = { BPF_MAP_LOOKUP_ELEM,
		BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM };
	struct scmp_arg_cmp is = { .arg = 0, .op = SCMP_CMP_EQ };
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		is.datum_a = commands[i];
		allow(ctx, SCMP_SYS(bpf), &is);
	}
}

static void
seccomp_rules_reader(scmp_filter_ctx ctx)
{
	allow_all(ctx, allowed_reader, N_CALLS(allowed_reader));
	allow_open_to_read(ctx, SCMP_SYS(open), 1);
	allow_open_to_read(ctx, SCMP_SYS(openat), 2);
	allow_data_memory(ctx);
}

static void
seccomp_rules(scmp_filter_ctx ctx, const struct sandbox *sb)
{
	if (sb == NULL) {
		seccomp_rules_reader(ctx);
		return;
	}
	allow_all(ctx, allowed, N_CALLS(allowed));
	allow_data_memory(ctx);
	/* syslog */
	allow_socket(ctx, AF_UNIX);
	/* isatty(), which stdio calls for a standard output */
	allow_ioctl(ctx, TCGETS);
	if (sb->bpf_entries)
		allow_bpf_entries(ctx);
	/* evbuffer_read() */
	if (sb->accepts || sb->inet || sb->connects)
		allow_ioctl(ctx, FIONREAD);
	if (sb->accepts && !sb->inet)
		allow_all(ctx, allowed_accept, N_CALLS(allowed_accept));
	if (sb->replaced_file != NULL)
		allow_all(ctx, allowed_replacing, N_CALLS(allowed_replacing));
	if (sb->connects && !sb->inet)
		allow_all(ctx, allowed_connecting,
		    N_CALLS(allowed_connecting));
	if (sb->connects || sb->inet) {
		allow_socket(ctx, AF_INET);
		allow_socket(ctx, AF_INET6);
	}
	if (!sb->inet)
		return;

	allow_all(ctx, allowed_inet, N_CALLS(allowed_inet));
	/* the interfaces of link-local addresses */
	allow_ioctl(ctx, SIOCGIFINDEX);
	allow_ioctl(ctx, SIOCGIFNAME);
}

static void
enter_seccomp(const struct sandbox *sb)
{
	scmp_filter_ctx ctx;
	int rc;

	ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (ctx == NULL)
		fatalx("sandbox: seccomp");
	/* Return the errors of the kernel unchanged. */
	seccomp_attr_set(ctx, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* A binary tree instead of sixty comparisons for each call. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_rules(ctx, sb);
	rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc == -EINVAL || rc == -ENOSYS) {
		log_warn("sandbox: no seccomp filters in this kernel");
		return;
	}
	if (rc < 0) {
		errno = -rc;
		fatal("sandbox: seccomp");
	}
}

/*
 * The sanitizers read /proc, trace the process and print at its end: they
 * need more than a daemon does, so such a build has no sandbox.
 */
#if defined(__has_feature)
#define SANITIZED \
	(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* sb: of a daemon; NULL: of the reader. */
static void
enter(const struct sandbox *sb)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fatal("sandbox: no_new_privs");
	if (SANITIZED) {
		log_debug("sandbox: none in a build with sanitizers");
		return;
	}
	enter_landlock(sb);
	enter_seccomp(sb);
}

void
sandbox_enter(const struct sandbox *sb)
{
	enter(sb);
}

/*
 * Not dumpable: a daemon that was not started as root runs as the same user,
 * and must not be able to trace the reader.
 */
void
sandbox_enter_reader(void)
{
	if (caps_drop_but_reading() == -1)
		fatal("sandbox: capabilities");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		fatal("sandbox: not dumpable");
	enter(NULL);
}
