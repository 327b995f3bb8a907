/*
 * Parameters of requests about the tables. What is wrong with one is answered
 * with status 400; then the functions return -1.
 */
#ifndef NAT64D_CONTROL_QUERY_H
#define NAT64D_CONTROL_QUERY_H

#include "common/http/httpd.h"

#include "nat64d/core/nat64_filter.h"

/* How many rows a sorted list has, if the request does not say it; at most. */
#define QUERY_TOP 1000
#define QUERY_TOP_MAX 10000

/* The parameters that query_filter() reads, for httpd_only_params(). */
#define QUERY_FILTER \
	"addr", "host", "peer", "port", "proto", "state", "subscriber"

/* Read those that are given. n: whose prefix length subscribers have. */
int query_filter(struct httpd_request *rq, const struct nat64 *n,
    struct nat64_filter *f);

/* The name of a state in filters and answers: "v4-fin-rcv". */
const char *query_state_name(unsigned tcp_state);

/* A parameter that must be given. */
const char *query_need(struct httpd_request *rq, const char *name);

/* The protocol that must be given. */
int query_proto(struct httpd_request *rq, enum l4proto *proto);

/* A parameter that must be one transport address of a family. */
int query_taddr6(struct httpd_request *rq, const char *name,
    struct taddr6 *addr);
int query_taddr4(struct httpd_request *rq, const char *name,
    struct taddr4 *addr);

/*
 * "sort" and "top": *key is the index in keys, which ends with NULL; the first
 * is the default. *top is 0 when neither is given: all rows, in any order.
 */
int query_top(struct httpd_request *rq, const char *const keys[], size_t *key,
    size_t *top);

#endif
