/*
 * Differences between the supported systems. To be included before
 * <sys/tree.h>.
 *
 * libbsd 0.11's <sys/tree.h> marks its functions __unused without defining
 * it on Linux.
 */
#ifndef COMMON_COMPAT_H
#define COMMON_COMPAT_H

#include <sys/cdefs.h>
#include <sys/stat.h> /* in that of musl a member has that name */

#ifndef __unused
#define __unused __attribute__((__unused__))
#endif

#ifdef __NetBSD__ /* which has it by another name, in <string.h> */
#define explicit_bzero(p, n) explicit_memset(p, 0, n)
#endif

#endif
