/*
 * What the systems we run on do not agree about. Included before
 * <sys/tree.h> wherever a red-black tree is used.
 *
 * libbsd 0.11's <sys/tree.h> marks its functions __unused without defining
 * it on glibc.
 */
#ifndef COMMON_COMPAT_H
#define COMMON_COMPAT_H

#include <sys/cdefs.h>

#ifndef __unused
#define __unused __attribute__((__unused__))
#endif

#endif
