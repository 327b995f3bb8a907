/*
 * The fast path of this process: put on its device, and on the interfaces of
 * "fastpath on", while that is allowed; used if it still works afterwards.
 */
#ifndef NAT64D_FASTUSE_H
#define NAT64D_FASTUSE_H

#include "common/os/watch.h"

#include "nat64d/conf/conf.h"
#include "nat64d/host/fastifs.h"
#include "nat64d/os/fastpath.h"
#include "nat64d/os/tun.h"
#include "engine.h"

struct fastuse {
	struct fastpath *path; /* NULL: it is not used */
	struct fastifs *ifs;   /* NULL: no other interface has it */
	char text[128];	       /* what failed, of the functions below */
};

/*
 * Before the privileges are dropped. tun and watch are borrowed. A fast path
 * that cannot be used is logged; with "fastpath yes", or if memory is short,
 * that is -1 with text and errno.
 */
int fastuse_open(struct fastuse *u, const struct conf *c,
    const struct tun *tun, struct watch *watch);

/*
 * Let the engine use it, if that is still possible as an unprivileged user;
 * otherwise its memory is given back, and the result is as above.
 */
int fastuse_begin(struct fastuse *u, const struct conf *c,
    struct engine *engine);

/* After the engine. */
void fastuse_close(struct fastuse *u);

#endif
