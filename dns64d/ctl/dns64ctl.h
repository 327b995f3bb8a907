/*
 * The commands of dns64ctl that are more than a table.
 */
#ifndef DNS64D_CTL_DNS64CTL_H
#define DNS64D_CTL_DNS64CTL_H

#include "common/ctl/ctl.h"
#include "common/ctl/top.h"

/* Print the answer of GET /v1/lookup. */
int print_lookup(struct ctl *ctl, const json_t *answer);

/* Follow GET /v1/monitor, a line for each event. */
int run_monitor(struct ctl *ctl, const struct ctl_command *c);

/* Follow rates, upstreams and clients. */
int run_top(struct ctl *ctl, const struct ctl_command *c);
extern const struct top_program dns64_top;

extern const struct ctl_arg lookup_args[];
extern const struct ctl_arg monitor_args[];
extern const struct ctl_arg top_args[];

#endif
