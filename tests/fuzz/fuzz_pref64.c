/*
 * Fuzz target of what a network says about its Pref64: an answer of DNS
 * (RFC 7050), which is taken at its identifier, and an option of a router
 * advertisement (RFC 8781). What is found must be a prefix that could be
 * configured.
 */
#include <stdlib.h>

#include "common/net/pref64_dns.h"
#include "common/net/pref64_opt.h"

#define MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct pref64 *p)
{
	struct pref64 again;

	if (pref64_init(&again, &p->addr, p->len) != NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pref64 found[MAX];
	uint32_t secs;
	int i, n;

	if (pref64_opt_get(data, size, &found[0], &secs) == 0)
		check(&found[0]);
	n = pref64_dns_answer(data, size,
	    (uint16_t)(size < 2 ? 0 : data[0] << 8 | data[1]), found, MAX,
	    &secs);
	for (i = 0; i < n; i++)
		check(&found[i]);
	return (0);
}
