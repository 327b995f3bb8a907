/*
 * The commands of nat64ctl that are more than a few lines, for the table in
 * nat64ctl.c.
 */
#ifndef NAT64D_CTL_COMMANDS_H
#define NAT64D_CTL_COMMANDS_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "common/ctl/ctl.h"
#include "common/net/addr.h"

#include "nat64d/pool/portlist.h"

struct conf;
#include "common/ctl/top.h"

/* lists.c: any list of the daemon, row by row as it comes. */
int run_list(struct ctl *ctl, const struct ctl_command *c);
int print_fragments(struct ctl *ctl, const json_t *answer);
int print_lookup(struct ctl *ctl, const json_t *answer);

/* whohad.c */
int run_whohad(struct ctl *ctl, const struct ctl_command *c);

/* deterministic.c */
int run_deterministic(struct ctl *ctl, const struct ctl_command *c);

/*
 * The subscriber that has an IPv4 port by computation, and all its ports by the
 * same pool statement. Returns false when it is nobody's.
 */
bool deterministic_holder(const struct conf *conf, struct in_addr addr,
    uint16_t port, struct prefix *holder, struct port_range *ports);

/* change.c */
int print_ended(struct ctl *ctl, const json_t *answer);
int print_static(struct ctl *ctl, const json_t *answer);
int print_upgrade(struct ctl *ctl, const json_t *answer);

/* maps.c */
int print_maps(struct ctl *ctl, const json_t *answer);
int print_translation(struct ctl *ctl, const json_t *answer);

/* follow.c */
int run_monitor(struct ctl *ctl, const struct ctl_command *c);
int run_drops(struct ctl *ctl, const struct ctl_command *c);

/* role.c */
int print_role(struct ctl *ctl, const json_t *answer);
int print_role_check(struct ctl *ctl, const json_t *answer);

/* top.c */
int run_top(struct ctl *ctl, const struct ctl_command *c);
extern const struct ctl_arg top_args[];
extern const struct top_program nat64_top;

/*
 * pref64.c: lines for the configuration of daemons that send router
 * advertisements with the PREF64 option (RFC 8781).
 */
int print_pref64_radvd(struct ctl *ctl, const json_t *answer);
int print_pref64_networkd(struct ctl *ctl, const json_t *answer);
int print_pref64_bird(struct ctl *ctl, const json_t *answer);
int print_pref64_odhcpd(struct ctl *ctl, const json_t *answer);

#endif
