/*
 * nat64d.conf: reading, checking and printing it. The file is checked without
 * looking at the host: whether users, directories or interfaces exist is
 * checked by others.
 */
#ifndef NAT64D_CONF_CONF_H
#define NAT64D_CONF_CONF_H

#include <sys/socket.h>

#include <net/if.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/conf/conf_file.h"
#include "common/http/control_conf.h"
#include "common/http/metrics.h"
#include "common/os/log.h"

#include "nat64d/conf/conf_replicate.h"
#include "nat64d/core/event_text.h"
#include "nat64d/core/nat64.h"
#include "nat64d/log/target.h"

/* Defaults; see defaults.h as well. */
#define CONF_TUN_MTU 1500
#define CONF_USER "_nat64d"
#define CONF_STATE_SECS 60
#define CONF_MAX_BLOCKS 4 /* of a subscriber */
#define CONF_PIDFILE "/var/run/nat64d/nat64d.pid"
#define CONF_CONTROL "/var/run/nat64d/nat64d.sock"

/* Upper limits; more of these is an error in the file. */
#define CONF_MAX_POOL 1024	       /* pool statements */
#define CONF_MAX_EXCLUDES 4096	       /* exclude statements */
#define CONF_MAX_MAPS 65536	       /* map statements */
#define CONF_MAX_PERMITS 4096	       /* allow and deny statements */
#define CONF_MAX_PCP 8		       /* pcp listen statements */
#define CONF_MAX_FASTPATH_IFS 16       /* interfaces of "fastpath on" */
#define CONF_MAX_STATICS (1024 * 1024) /* static bindings, ports counted */

/* Whether to use the fast path (nat64d/os/fastpath.h). */
enum conf_fastpath {
	FASTPATH_AUTO, /* if it can be used */
	FASTPATH_YES,  /* or do not start */
	FASTPATH_NO
};

/* An address of this host where requests of port control come. */
struct pcp_listen {
	struct in6_addr addr;
	uint16_t port;
};

/* Ports first .. last of one address bound to as many of another. */
struct conf_static {
	enum l4proto proto;
	struct in_addr addr4; /* INADDR_ANY: that of pool_ifname */
	struct port_range ports4;
	struct in6_addr addr6;
	struct port_range ports6;
	struct conf_where where; /* for messages, while the file is read */
};

/*
 * nat64 points into this structure. It is complete except for the secret, for
 * self6 unless that is configured, and for the pool of pool_ifname.
 */
struct conf {
	char tun[IF_NAMESIZE];
	unsigned tun_mtu;  /* bytes */
	bool mtu4_follows; /* xlat.mtu4 is that of the interface */
	bool mtu6_follows;
	bool self4_follows;  /* nat64.self4 is the address of pool_ifname */
	bool self6_follows;  /* nat64.self6 is an address of the host */
	bool pref64_follows; /* nat64.prefixes is what the network says */
	bool wkp_decided;    /* "wkp-non-global" has been said */
	bool routes;	     /* to the prefixes and the pool */
	bool offload;
	enum conf_fastpath fastpath;
	/* "fastpath on": interfaces between which packets go directly. */
	char fastpath_ifs[CONF_MAX_FASTPATH_IFS][IF_NAMESIZE];
	unsigned n_fastpath_ifs;
	char *user;
	char *pidfile;
	char *dump;	     /* NULL: no dumps, unless in the foreground */
	char *state;	     /* file of bindings and sessions; NULL: none */
	uint32_t state_secs; /* between two saves; 0: only when leaving */
	bool standby;	     /* the role at start (role.h) */
	char *role_file;     /* that says the role; NULL: none */
	struct replicate_conf replicate;
	struct pcp_listen pcp[CONF_MAX_PCP]; /* none: no port control */
	unsigned n_pcp;
	struct control_conf control;
	struct metrics_conf metrics;
	enum log_level log_level;
	unsigned log_events;  /* EVENT_BINDINGS ..., for the event log */
	bool log_destination; /* peers of sessions, RFC 6888, REQ-12 */
	bool log_syslog;      /* write the event log to syslog */
	char *log_file;	      /* its file; NULL without one */
	bool log_json;	      /* lines of the file are JSON */
	struct log_target log_targets[LOG_TARGETS_MAX]; /* collectors */
	unsigned n_log_targets;

	struct nat64_config nat64;
	struct pool4_range *pool;
	/*
	 * The pool is the address that this interface has ("": none is
	 * named), with the ports and holes of pool_if. Until that address is
	 * known, nat64 has no pool and bindings no addresses.
	 */
	char pool_ifname[IF_NAMESIZE];
	struct pool4_range pool_if;
	struct conf_static *statics; /* as written */
	size_t n_statics;
	struct nat64_static *bindings; /* the same, one for each port */
	size_t n_bindings;
	struct nat64_exclude *excludes;
	struct permit_rule *permits;
	struct eam *maps;
	/* maps[map_if] is "to interface"; "::" until clataddr.h knows it. */
	char map_ifname[IF_NAMESIZE]; /* "": none is */
	size_t map_if;
};

/*
 * Read and check a file. Every error goes to report as "file:line: message", or
 * to standard error if that is NULL. files: the source of it and of those that
 * it includes; NULL for the disk. Returns NULL if there was an error; else a
 * configuration that the caller frees.
 */
struct conf *conf_load(const char *path, struct files *files,
    conf_report_fn *report, void *arg);

/*
 * The same in slices, for a daemon that has packets to translate meanwhile.
 * conf_load_begin() returns NULL when the file cannot be read. conf_load_more()
 * reads at most max tokens, and returns false at the end of the file.
 * conf_load_end() makes the checks and frees l; files are not used any more.
 */
struct conf_load;
struct conf_load *conf_load_begin(const char *path, struct files *files,
    conf_report_fn *report, void *arg);
bool conf_load_more(struct conf_load *l, unsigned max);
struct conf *conf_load_end(struct conf_load *l);

/* Let files read this file and all that it includes (reader.h). */
void conf_gather(const char *path, struct files *files);

void conf_free(struct conf *c);

/* "nat64", "clat", "siit" */
const char *conf_mode_name(enum nat64_mode mode);

/* Log a warning for each setting that an RFC advises against. */
void conf_warn(const struct conf *c);

/* Log what a later version will do differently with this configuration. */
void conf_note(const struct conf *c);

/*
 * Print the canonical form: every statement, whether it was written or is
 * the default. Reading that gives the same configuration.
 */
void conf_print(const struct conf *c, FILE *f);

#endif
