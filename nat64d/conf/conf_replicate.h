/*
 * The statements "replicate": where the sessions are copied to, so that another
 * node of the pair can go on with them.
 */
#ifndef NAT64D_CONF_CONF_REPLICATE_H
#define NAT64D_CONF_CONF_REPLICATE_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/conf/conf_file.h"

#define CONF_MAX_STORES 8
#define CONF_PAIR_MAX 32
#define CONF_PAIR "nat64"
#define CONF_AFTER_SECS 3
#define CONF_STORE_PORT 6379
#define CONF_MAX_DB 65535

struct replicate_conf {
	struct sockaddr_storage stores[CONF_MAX_STORES]; /* in this order */
	unsigned n_stores; /* 0: no replication */
	unsigned db;
	char *key_file; /* NULL: not configured */
	char pair[CONF_PAIR_MAX + 1];
	uint8_t node; /* 1 or 2; 0: not configured */
	uint32_t after_secs;
	struct conf_where where; /* for messages, while the file is read */
};

void conf_replicate_init(struct replicate_conf *r);
void conf_replicate_free(struct replicate_conf *r);
bool conf_replicate_equal(const struct replicate_conf *a,
    const struct replicate_conf *b);

/* "replicate to": begin a list, and add addresses; see nat64d.conf(5). */
void conf_replicate_begin(struct replicate_conf *r,
    const struct conf_where *where);
void conf_replicate_add(struct replicate_conf *r, struct conf_file *cf,
    const struct conf_value *text);

void conf_replicate_set_pair(struct replicate_conf *r, struct conf_file *cf,
    const struct conf_value *text);

/* At the end of the file: is all there that is needed? */
void conf_replicate_check(const struct replicate_conf *r,
    struct conf_file *cf);

void conf_replicate_print(const struct replicate_conf *r, FILE *f);

#endif
