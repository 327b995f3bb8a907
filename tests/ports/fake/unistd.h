#include_next <unistd.h>
#ifndef FAKE_UNISTD_H
#define FAKE_UNISTD_H
#ifdef __OpenBSD__

static inline int
pledge(const char *promises, const char *execpromises)
{
	return (promises == execpromises ? -1 : 0);
}

static inline int
unveil(const char *path, const char *permissions)
{
	return (path == permissions ? -1 : 0);
}
#endif
#endif
