/*
 * Defaults that depend on the operating system. Either defaults_linux.c or
 * defaults_bsd.c is linked.
 */
#ifndef NAT64D_CONF_DEFAULTS_H
#define NAT64D_CONF_DEFAULTS_H

#include <stdbool.h>

struct conf_defaults {
	const char *tun; /* name of the interface */
	bool routes;	 /* make routes to the prefixes and the pool */
};

extern const struct conf_defaults conf_defaults;

#endif
