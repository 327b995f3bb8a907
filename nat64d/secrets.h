/*
 * The file of "replicate key": what must not stand in nat64d.conf.
 *
 *	# comment
 *	key 32-HEXADECIMAL-DIGITS	of the pair (openssl rand -hex 16)
 *	user NAME			of the store, if it has users
 *	password TEXT			likewise
 *
 * Nobody but its owner may read it: root, the user of this process, or the one
 * that it will have.
 */
#ifndef NAT64D_SECRETS_H
#define NAT64D_SECRETS_H

#include <sys/types.h>

#include "common/siphash.h"

#include "nat64d/state/store.h"

struct secrets {
	struct siphash_key key;
	char user[STORE_TEXT_MAX + 1];
	char password[STORE_TEXT_MAX + 1];
};

/*
 * user: the one that the process will have.
 * Returns NULL, or what is wrong with the file; static or in text.
 */
#define SECRETS_TEXT_SIZE 160
const char *secrets_read(struct secrets *s, const char *path, uid_t user,
    char text[SECRETS_TEXT_SIZE]);

#endif
