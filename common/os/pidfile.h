/*
 * The pid file of a daemon in the background. Root creates and locks it; the
 * unprivileged user removes it at the end, for which the user must be able to
 * write to the directory. Therefore a missing directory is created for that
 * user, and the default path has a directory of its own. In a directory of
 * another user the file remains, empty.
 *
 * Files of that user are not trusted: a symbolic link is not followed, and only
 * a regular file with one link is written.
 */
#ifndef COMMON_OS_PIDFILE_H
#define COMMON_OS_PIDFILE_H

/* What to do when it cannot be created. */
#define PIDFILE_REMEDY \
	"say \"pidfile PATH\", or stay in the foreground with -d"

/*
 * Create it and keep it locked until the process ends. A failure ends the
 * process through fatal(); the message names the process that holds the lock,
 * if any. Without this call the functions below do nothing. exit(3), and so
 * fatal(), removes the file.
 */
void pidfile_begin(const char *path);

/* Write the number of this process. Returns 0, or -1 with errno. */
int pidfile_fill(void);

/*
 * Take-over: another process hands over its pid file, which keeps its lock. fd
 * belongs to us. Call pidfile_fill() next. Returns 0, or -1 with errno: EINVAL:
 * it is another file.
 */
int pidfile_adopt(int fd, const char *path);

/* The descriptor of the pid file; -1: there is none. */
int pidfile_fd(void);

/* At the end: leave it to the process that has adopted it. */
void pidfile_leave(void);

/* At the end: remove it. If only emptying it is possible, that is logged. */
void pidfile_end(void);

#endif
