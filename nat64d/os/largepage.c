#include <sys/mman.h>

#include "common/compat.h"

#include "largepage.h"

#ifdef MADV_HUGEPAGE

/* What cannot be had is no error: everything works, only slower. */
void
largepage_hint(void *mem, size_t len)
{
	(void)madvise(mem, len, MADV_HUGEPAGE);
}

#else /* the kernel decides alone */

void
largepage_hint(void *mem __unused, size_t len __unused)
{
}

#endif
