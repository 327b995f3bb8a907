/*
 * Names that are special to DNS64: reverse names below a Pref64 (RFC 6147,
 * 5.3.1), which are answered or redirected, and ipv4only.arpa (RFC 7050;
 * RFC 8880, 7), which is answered. Pure; synth.c is the only caller.
 */
#ifndef DNS64D_SYNTH_SYNTH_PTR_H
#define DNS64D_SYNTH_SYNTH_PTR_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns64_policy;
struct msg_scan;

/* Which special name a question of class IN is about. */
enum ptr_kind {
	PTR_NONE,	    /* nothing: to be handled like any other */
	PTR_PREF64,	    /* PTR of an address inside a Pref64 */
	PTR_PREF64_SPECIAL, /* the same, of 192.0.0.170 or .171 */
	PTR_IPV4ONLY,	    /* ipv4only.arpa, any type but DS */
	PTR_IPV4ONLY_BELOW  /* a name below it */
};

/*
 * addr4: the embedded address, for the two kinds of PTR. Questions of other
 * types at reverse names are PTR_NONE (forwarded unchanged).
 */
enum ptr_kind ptr_classify(const struct dns64_policy *p,
    const struct msg_scan *query, struct in_addr *addr4);

/*
 * Build the answer to a question of the given kind; limit, buf and result
 * as with msg_build_finish.
 *
 * ptr_answer_local: what needs no upstream, PTR_PREF64 in local mode too.
 * ptr_answer_cname: target is the reply to the in-addr.arpa PTR question of
 * addr4. When it has no PTR record its rcode is answered, with no CNAME.
 */
size_t ptr_answer_local(const struct dns64_policy *p,
    const struct msg_scan *query, enum ptr_kind kind, size_t limit,
    uint8_t *buf);
size_t ptr_answer_cname(const struct dns64_policy *p,
    const struct msg_scan *query, const struct msg_scan *target,
    struct in_addr addr4, size_t limit, uint8_t *buf);

#endif
