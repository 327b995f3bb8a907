#ifndef FAKE_SYS_SYSCTL_H
#define FAKE_SYS_SYSCTL_H
#include <errno.h>
#include <stddef.h>

#define CTL_NET 4

static inline int
sysctl(const int *name, unsigned n, void *old, size_t *oldlen,
    const void *value, size_t len)
{
	(void)name;
	(void)n;
	(void)old;
	(void)oldlen;
	(void)value;
	(void)len;
	errno = ENOSYS;
	return (-1);
}
#endif
