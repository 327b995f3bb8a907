/*
 * The pid file of a daemon in the background. Root makes and locks it; who
 * removes it in the end is an ordinary user, who can do so only in a
 * directory of his own. So a directory that is missing is made for him, and
 * the standard path names one; in a directory of others the file stays,
 * empty.
 *
 * What that user may have put there meanwhile is not trusted: a symbolic
 * link is not followed, and nothing but a plain file with one name is
 * written.
 */
#ifndef COMMON_OS_PIDFILE_H
#define COMMON_OS_PIDFILE_H

/* What to do where it cannot be made. */
#define PIDFILE_REMEDY \
	"say \"pidfile PATH\", or stay in the foreground with -d"

/*
 * Make and lock it, as long as the process lives. A failure ends the process
 * through fatal(), which names the process that holds it, if any. Without
 * this call the others do nothing. Whenever the process ends through exit(3),
 * as fatal() does, the file goes.
 */
void pidfile_begin(const char *path);

/* Write the number of this process. Returns 0, or -1 with errno. */
int pidfile_fill(void);

/* On the way out: remove it, or at least empty it, which is logged. */
void pidfile_end(void);

#endif
