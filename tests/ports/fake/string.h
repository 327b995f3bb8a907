/* NetBSD: not what Linux, FreeBSD and OpenBSD have. */
#ifndef __NetBSD__
#include_next <string.h>
#else
#pragma push_macro("explicit_bzero")
#undef explicit_bzero
void explicit_bzero(void *, __SIZE_TYPE__)
    __attribute__((__unavailable__("NetBSD has explicit_memset()")));
#include_next <string.h>
#pragma pop_macro("explicit_bzero")
#ifndef FAKE_STRING_H
#define FAKE_STRING_H

static inline void *
explicit_memset(void *p, int c, size_t len)
{
	return (memset(p, c, len));
}
#endif
#endif
