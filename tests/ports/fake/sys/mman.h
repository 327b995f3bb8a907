#include_next <sys/mman.h>
#ifndef __FreeBSD__
#undef MFD_CLOEXEC /* no memfd_create(2) */
#endif
