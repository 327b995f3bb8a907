#include "defaults.h"

/* An interface is made under any name, and routes are made with it. */
const struct conf_defaults conf_defaults = { .tun = "nat64", .routes = true };
