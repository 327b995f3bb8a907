#include <sys/mman.h>

#include "common/compat.h"

#include "largepage.h"

#ifdef MADV_HUGEPAGE

/* A failure is ignored: everything works with small pages, only slower. */
void
largepage_hint(void *mem, size_t len)
{
	(void)madvise(mem, len, MADV_HUGEPAGE);
}

#else /* no such request on this system */

void
largepage_hint(void *mem __unused, size_t len __unused)
{
}

#endif
