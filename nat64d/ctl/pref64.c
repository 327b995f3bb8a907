/*
 * How other daemons announce the prefixes of the translator in router
 * advertisements (RFC 8781).
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "common/ctl/table.h"
#include "common/net/pref64.h"
#include "common/net/pref64_opt.h"

#include "commands.h"

/*
 * RFC 8781, 4.1: three times MaxRtrAdvInterval, whose default is 600 s
 * (RFC 4861, 6.2.1).
 */
#define LIFETIME_SECS 1800

static const char *
prefix_of(const json_t *o)
{
	return (table_text(o, "nat64-prefix"));
}

/* A comment that says where the lines belong, and those of each prefix. */
static int
print_each(const json_t *answer, const char *where,
    void (*print)(const char *prefix))
{
	const json_t *o;
	size_t i;

	puts(where);
	json_array_foreach(json_object_get(answer, "nat64-prefixes"), i, o) {
		print(prefix_of(o));
	}
	return (CTL_DONE);
}

static void
print_radvd(const char *prefix)
{
	printf("nat64prefix %s {\n\tAdvValidLifetime %d;\n};\n", prefix,
	    LIFETIME_SECS);
}

int
print_pref64_radvd(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	return (print_each(answer,
	    "# radvd.conf, inside \"interface NAME { ... };\"; radvd 2.20",
	    print_radvd));
}

static void
print_networkd(const char *prefix)
{
	printf("[IPv6PREF64Prefix]\nPrefix=%s\nLifetimeSec=%d\n", prefix,
	    LIFETIME_SECS);
}

int
print_pref64_networkd(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	return (print_each(answer,
	    "# the .network file with IPv6SendRA=yes; systemd 255",
	    print_networkd));
}

/* The option without its type and length: BIRD knows it as a custom one. */
static void
print_bird(const char *prefix)
{
	uint8_t opt[PREF64_OPT_LEN];
	struct pref64 p;
	unsigned i;

	if (pref64_parse(prefix, &p) != NULL)
		return;
	pref64_opt_put(opt, &p, LIFETIME_SECS);
	printf("custom option type %d value hex", PREF64_OPT_TYPE);
	for (i = 2; i < PREF64_OPT_LEN; i++)
		printf(":%02x", opt[i]);
	puts(";");
}

int
print_pref64_bird(struct ctl *ctl, const json_t *answer)
{
	(void)ctl;
	return (print_each(answer,
	    "# bird.conf, inside \"protocol radv { ... }\"", print_bird));
}

int
print_pref64_odhcpd(struct ctl *ctl, const json_t *answer)
{
	const json_t *list = json_object_get(answer, "nat64-prefixes");

	(void)ctl;
	puts("# /etc/config/dhcp, the section \"dhcp\" of the interface");
	printf("\toption ra_pref64 '%s'\n",
	    prefix_of(json_array_get(list, 0)));
	if (json_array_size(list) > 1)
		puts("# odhcpd announces one prefix only");
	return (CTL_DONE);
}
