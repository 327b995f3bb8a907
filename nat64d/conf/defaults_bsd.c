#include "defaults.h"

/* The name is that of a device in /dev. Routes are left to route(8). */
const struct conf_defaults conf_defaults = { .tun = "tun0", .routes = false };
