# Ecdysis: nat64d and dns64d.
#
#	sudo make deps		install the packages that a build needs (Debian)
#	make			build both daemons below build/
#	make FASTPATH=no	the same without nat64d's fast path, which needs
#				clang, bpftool and libbpf
#	make install		DESTDIR= and PREFIX= are honoured
#	make dist		a tarball of the files in git, in build/
#	make deb		Debian packages of it, in build/deb/ (etc/debian)
#	sudo make check-deb	tests of these packages
#	sudo make check-ports	builds for other systems, and their unit tests
#	sudo make check-vm	suites with Debian's own kernel, in a virtual
#				machine [VM_SUITES='e2e_nat64 ...']
#	sudo make check		all tests; installs the packages they need
#	sudo make conformance	the same, and which requirement each shows
#	sudo make demo		the main job, shown in network namespaces
#	sudo make demo-pair	a pair of translators, one of which dies
#	sudo make screenshots	pictures of the pages, in man/screenshots
#	make sim		clients and a fleet of translators, simulated
#	sudo make bench		benchmarks [BENCH=core|log|tcp|udp|conn|latency|many|
#				pause|pair|dns]
#				[ROUNDS=3] [SECS=1.2] [NAMES=100000]
#	make asan | lint | fmt | uninstall | clean
#
# V=1 shows the commands.

VERSION = 1.0

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
APPARMORDIR ?= $(SYSCONFDIR)/apparmor.d
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions
EXAMPLEDIR ?= $(PREFIX)/share/examples/ecdysis

# What starts the daemons: units of systemd on Linux, and the scripts of
# etc/rc/$(RC) (debian, freebsd, openbsd, openrc or openwrt), which are
# installed in RCDIR.
rc_linux = $(if $(wildcard /etc/debian_version),debian,$(if \
    $(wildcard /etc/openwrt_release),openwrt,$(if \
    $(wildcard /sbin/openrc-run),openrc)))
rc_freebsd = freebsd
rc_openbsd = openbsd
RC ?= $(rc_$(OS))
rcdir_debian = $(SYSCONFDIR)/init.d
rcdir_openrc = $(SYSCONFDIR)/init.d
rcdir_openwrt = $(SYSCONFDIR)/init.d
rcdir_freebsd = $(PREFIX)/etc/rc.d
rcdir_openbsd = $(SYSCONFDIR)/rc.d
RCDIR ?= $(rcdir_$(RC))

# The built-in rule for yacc would write parse.c into the source folder.
MAKEFLAGS += --no-builtin-rules

BUILD ?= build
OS := $(shell uname -s | tr A-Z a-z)
BISON ?= bison
FLEX ?= flex
INSTALL ?= install
PKG_CONFIG ?= pkg-config
BPF_CLANG ?= clang
BPFTOOL ?= bpftool

# nat64d's fast path, yes or no.
FASTPATH ?= $(if $(filter linux,$(OS)),yes,no)

# Sources, one per line. PURE ones have no I/O, clock, log or globals.

common_PURE = \
    common/conf/bundle.c \
    common/conf/nearest.c \
    common/conf/quantity.c \
    common/ctl/clean.c \
    common/ctl/page.c \
    common/ctl/rates.c \
    common/http/origin.c \
    common/http/prom.c \
    common/net/acl.c \
    common/net/addr.c \
    common/net/addr_hint.c \
    common/net/hostaddr.c \
    common/net/ip4class.c \
    common/net/pref64.c \
    common/net/pref64_dns.c \
    common/net/pref64_list.c \
    common/net/pref64_opt.c \
    common/net/scoped_addr.c \
    common/os/linerate.c \
    common/array.c \
    common/bucket.c \
    common/crc32.c \
    common/siphash.c \
    common/slab.c \
    common/topn.c

common_SRC = \
    common/conf/conf_expect.c \
    common/conf/conf_file.c \
    common/conf/conf_memory.c \
    common/conf/conf_msg.c \
    common/conf/conf_once.c \
    common/conf/conf_text.c \
    common/conf/conf_value.c \
    common/conf/files.c \
    common/conf/scan.c \
    common/http/control.c \
    common/http/control_conf.c \
    common/http/control_routes.c \
    common/http/httpd.c \
    common/http/httpd_answer.c \
    common/http/httpd_conn.c \
    common/http/httpd_stream.c \
    common/http/metrics.c \
    common/http/metrics_conf.c \
    common/http/nameinfo.c \
    common/http/page.c \
    common/os/debuglog.c \
    common/os/dumpfile.c \
    common/os/log.c \
    common/os/newthread.c \
    common/os/notify.c \
    common/os/pidfile.c \
    common/os/privs.c \
    common/os/privs_user.c \
    common/os/reader.c \
    common/os/reload.c \
    common/os/rng_os.c \
    common/os/sandbox_$(OS).c \
    common/os/startup.c \
    common/os/version.c \
    common/os/watchdog.c \
    common/os/watch.c \
    common/monotime.c \
    $(caps_$(OS)) \
    $(freebind_$(OS)) \
    $(hostwatch_$(OS)) \
    $(starter_$(OS))

# The clients of the control sockets.
ctl_SRC = \
    common/ctl/ctl.c \
    common/ctl/ctl_common.c \
    common/ctl/ctl_complete.c \
    common/ctl/ctl_parse.c \
    common/ctl/request.c \
    common/ctl/screen.c \
    common/ctl/table.c \
    common/ctl/termcheck.c \
    common/ctl/top.c \
    common/ctl/top_sample.c \
    common/ctl/top_screen.c \
    common/os/version.c

caps_linux = \
    common/os/caps_linux.c
caps_freebsd = \
    common/os/caps_none.c
caps_netbsd = $(caps_freebsd)
caps_openbsd = $(caps_freebsd)

freebind_linux = \
    common/os/freebind_linux.c
freebind_freebsd = \
    common/os/freebind_bsd.c
freebind_netbsd = $(freebind_freebsd)
freebind_openbsd = \
    common/os/freebind_openbsd.c

hostwatch_linux = \
    common/os/hostwatch_linux.c \
    common/os/netlink.c
hostwatch_freebsd = \
    common/os/hostwatch_bsd.c
hostwatch_netbsd = $(hostwatch_freebsd)
hostwatch_openbsd = $(hostwatch_freebsd)

starter_linux = \
    common/os/starter_linux.c
starter_freebsd = \
    common/os/starter_none.c
starter_netbsd = $(starter_freebsd)
starter_openbsd = $(starter_freebsd)

nat64d_PURE = \
    nat64d/alg/ftp.c \
    nat64d/alg/stream.c \
    nat64d/base/keyhash.c \
    nat64d/base/loglimit.c \
    nat64d/base/ratelimit.c \
    nat64d/base/stats.c \
    nat64d/core/event_text.c \
    nat64d/core/nat64.c \
    nat64d/core/nat64_alg.c \
    nat64d/core/nat64_alg_table.c \
    nat64d/core/nat64_binding.c \
    nat64d/core/nat64_copy.c \
    nat64d/core/nat64_error.c \
    nat64d/core/nat64_event.c \
    nat64d/core/nat64_expect.c \
    nat64d/core/nat64_fast.c \
    nat64d/core/nat64_filter.c \
    nat64d/core/nat64_icmp.c \
    nat64d/core/nat64_in4.c \
    nat64d/core/nat64_in6.c \
    nat64d/core/nat64_input.c \
    nat64d/core/nat64_kill.c \
    nat64d/core/nat64_map.c \
    nat64d/core/nat64_mapping.c \
    nat64d/core/nat64_out.c \
    nat64d/core/nat64_pcp.c \
    nat64d/core/nat64_policy.c \
    nat64d/core/nat64_prefetch.c \
    nat64d/core/nat64_reconf.c \
    nat64d/core/nat64_restore.c \
    nat64d/core/nat64_role.c \
    nat64d/core/nat64_settle.c \
    nat64d/core/nat64_pair.c \
    nat64d/core/nat64_siit.c \
    nat64d/core/nat64_state.c \
    nat64d/core/nat64_static.c \
    nat64d/core/nat64_syn.c \
    nat64d/core/nat64_threshold.c \
    nat64d/core/nat64_walk.c \
    nat64d/host/hostcheck.c \
    nat64d/host/hostcheck_net.c \
    nat64d/host/hostcheck_part.c \
    nat64d/host/hostcheck_route.c \
    nat64d/log/event_json.c \
    nat64d/log/event_syslog.c \
    nat64d/log/ipfix.c \
    nat64d/log/linejson.c \
    nat64d/log/lineorder.c \
    nat64d/log/logline.c \
    nat64d/log/logtime.c \
    nat64d/log/planline.c \
    nat64d/log/target.c \
    nat64d/log/whohad.c \
    nat64d/log/words.c \
    nat64d/pcp/pcp_server.c \
    nat64d/pcp/pcp_wire.c \
    nat64d/pool/bitset.c \
    nat64d/pool/blocks.c \
    nat64d/pool/part.c \
    nat64d/pool/pool4.c \
    nat64d/pool/pool4_addrs.c \
    nat64d/pool/pool4_blocks.c \
    nat64d/pool/pool4_change.c \
    nat64d/pool/pool4_claim.c \
    nat64d/pool/portlist.c \
    nat64d/pool/portplan.c \
    nat64d/pool/portset.c \
    nat64d/pool/quarantine.c \
    nat64d/pool/range.c \
    nat64d/state/changes.c \
    nat64d/state/record.c \
    nat64d/state/recover.c \
    nat64d/state/replica.c \
    nat64d/state/snapshot.c \
    nat64d/tables/bib.c \
    nat64d/tables/eamt.c \
    nat64d/tables/fairshare.c \
    nat64d/tables/flow.c \
    nat64d/tables/frag.c \
    nat64d/tables/frag_collect.c \
    nat64d/tables/frag_store.c \
    nat64d/tables/permit.c \
    nat64d/tables/session.c \
    nat64d/tables/session_expire.c \
    nat64d/tables/session_fast.c \
    nat64d/tables/subscriber.c \
    nat64d/tables/tcp_fsm.c \
    nat64d/tables/wheel.c \
    nat64d/wire/cksum.c \
    nat64d/wire/gro.c \
    nat64d/wire/gso.c \
    nat64d/wire/iphdr.c \
    nat64d/wire/ipid.c \
    nat64d/wire/pcapng.c \
    nat64d/wire/pkt.c \
    nat64d/wire/vnet.c \
    nat64d/xlat/fragment.c \
    nat64d/xlat/icmp_error.c \
    nat64d/xlat/tcp_segment.c \
    nat64d/xlat/xlat_4to6.c \
    nat64d/xlat/xlat_6to4.c \
    nat64d/xlat/xlat_fit.c \
    nat64d/xlat/xlat_icmp.c \
    nat64d/xlat/xlat_icmp_ext.c \
    nat64d/xlat/xlat_icmp_parse.c \
    nat64d/xlat/xlat_icmp_types.c \
    nat64d/xlat/xlat_l4.c

# The client nat64ctl, without its main().
nat64ctl_SRC = \
    nat64d/ctl/change.c \
    nat64d/ctl/deterministic.c \
    nat64d/ctl/follow.c \
    nat64d/ctl/lists.c \
    nat64d/ctl/maps.c \
    nat64d/ctl/pref64.c \
    nat64d/ctl/role.c \
    nat64d/ctl/top.c \
    nat64d/ctl/unpack.c \
    nat64d/ctl/whohad.c \
    nat64d/ctl/whohad_time.c

nat64d_SRC = \
    nat64d/conf/conf.c \
    nat64d/conf/conf_alg.c \
    nat64d/conf/conf_check.c \
    nat64d/conf/conf_load.c \
    nat64d/conf/conf_mode.c \
    nat64d/conf/conf_number.c \
    nat64d/conf/conf_pcp.c \
    nat64d/conf/conf_ports.c \
    nat64d/conf/conf_print.c \
    nat64d/conf/conf_replicate.c \
    nat64d/conf/conf_timeout.c \
    nat64d/conf/parse.c \
    nat64d/control/blocks.c \
    nat64d/control/busiest.c \
    nat64d/control/change.c \
    nat64d/control/follow.c \
    nat64d/control/list.c \
    nat64d/control/lookup.c \
    nat64d/control/maps.c \
    nat64d/control/numbers.c \
    nat64d/control/page.c \
    nat64d/control/pool.c \
    nat64d/control/prometheus.c \
    nat64d/control/query.c \
    nat64d/control/rates.c \
    nat64d/control/reload.c \
    nat64d/control/role.c \
    nat64d/control/replication.c \
    nat64d/control/routes.c \
    nat64d/control/row.c \
    nat64d/control/status.c \
    nat64d/control/tables.c \
    nat64d/control/upgrade.c \
    nat64d/host/clataddr.c \
    nat64d/host/divert.c \
    nat64d/host/hostreport.c \
    nat64d/host/fastifs.c \
    nat64d/host/ifwatch.c \
    nat64d/host/poolif.c \
    nat64d/host/pref64find.c \
    nat64d/host/routes.c \
    nat64d/host/self6.c \
    nat64d/os/largepage.c \
    nat64d/state/batch.c \
    nat64d/state/follow.c \
    nat64d/state/intake.c \
    nat64d/state/kept.c \
    nat64d/state/handover.c \
    nat64d/state/heir.c \
    nat64d/state/statefile.c \
    nat64d/state/publish.c \
    nat64d/state/rival.c \
    nat64d/state/stateload.c \
    nat64d/state/store.c \
    nat64d/state/writer.c \
    nat64d/appender.c \
    nat64d/collector.c \
    nat64d/dump.c \
    nat64d/engine.c \
    nat64d/eventlog.c \
    nat64d/eventlog_out.c \
    nat64d/eventlog_plans.c \
    nat64d/fastuse.c \
    nat64d/nat64d.c \
    nat64d/outsock.c \
    nat64d/pcpsock.c \
    nat64d/reconf.c \
    nat64d/reconf_fixed.c \
    nat64d/role.c \
    nat64d/replicate.c \
    nat64d/secrets.c \
    nat64d/stored.c \
    nat64d/takeover.c \
    nat64d/tracelog.c \
    $(clatif_$(OS)) \
    $(defaults_$(OS)) \
    $(divert_$(OS)) \
    $(fastpath_$(FASTPATH)) \
    $(hostview_$(OS)) \
    $(tun_$(OS))

defaults_linux = \
    nat64d/conf/defaults_linux.c
defaults_freebsd = \
    nat64d/conf/defaults_bsd.c
defaults_netbsd = $(defaults_freebsd)
defaults_openbsd = $(defaults_freebsd)

clatif_linux = \
    nat64d/host/clatif_linux.c \
    nat64d/host/ndopt_linux.c
clatif_freebsd = \
    nat64d/host/clatif_none.c \
    nat64d/host/ndopt_none.c
clatif_netbsd = $(clatif_freebsd)
clatif_openbsd = $(clatif_freebsd)

divert_linux = \
    nat64d/host/divert_linux.c \
    nat64d/host/divert_watch_linux.c
divert_freebsd = \
    nat64d/host/divert_bsd.c
divert_netbsd = $(divert_freebsd)
divert_openbsd = $(divert_freebsd)

fastpath_yes = \
    nat64d/os/fastpair_linux.c \
    nat64d/os/fastpath_if_linux.c \
    nat64d/os/fastpath_linux.c \
    nat64d/os/fasttable.c
fastpath_no = \
    nat64d/os/fastpath_none.c

hostview_linux = \
    nat64d/host/firewall_linux.c \
    nat64d/host/hostview_linux.c
hostview_freebsd = \
    nat64d/host/hostview_bsd.c
hostview_netbsd = $(hostview_freebsd)
hostview_openbsd = $(hostview_freebsd)

tun_linux = \
    nat64d/os/routed_linux.c \
    nat64d/os/tun_linux.c
tun_freebsd = \
    nat64d/os/tun_bsd.c \
    nat64d/os/tun_ifhead.c
tun_netbsd = $(tun_freebsd)
tun_openbsd = \
    nat64d/os/tun_bsd.c \
    nat64d/os/tun_openbsd.c

dns64d_PURE = \
    dns64d/admission/admission.c \
    dns64d/admission/cookie.c \
    dns64d/admission/fairness.c \
    dns64d/admission/rate.c \
    dns64d/admission/refusals.c \
    dns64d/cache/cache.c \
    dns64d/cache/cache_wire.c \
    dns64d/cache/flush_list.c \
    dns64d/cache/lru.c \
    dns64d/cache/packet_cache.c \
    dns64d/client/access.c \
    dns64d/local/hosts.c \
    dns64d/local/hosts_file.c \
    dns64d/local/local.c \
    dns64d/local/local_zones.c \
    dns64d/local/records.c \
    dns64d/monitor.c \
    dns64d/policy/balance.c \
    dns64d/policy/load.c \
    dns64d/policy/metrics.c \
    dns64d/policy/pair.c \
    dns64d/policy/policy.c \
    dns64d/policy/view.c \
    dns64d/synth/chain.c \
    dns64d/synth/filter.c \
    dns64d/synth/follow.c \
    dns64d/synth/reverse.c \
    dns64d/synth/synth.c \
    dns64d/synth/synth_ptr.c \
    dns64d/upstream/upstream.c \
    dns64d/wire/msg.c \
    dns64d/wire/msg_edns.c \
    dns64d/wire/msg_name.c \
    dns64d/wire/msg_relay.c \
    dns64d/wire/msg_rotate.c \
    dns64d/wire/msg_scan.c \
    dns64d/wire/name_text.c

dns64d_SRC = \
    dns64d/base/stats.c \
    dns64d/client/connected.c \
    dns64d/client/frontend.c \
    dns64d/client/frontend_tcp.c \
    dns64d/client/listen.c \
    dns64d/client/presence.c \
    dns64d/conf/conf.c \
    dns64d/conf/conf_access.c \
    dns64d/conf/conf_addrs.c \
    dns64d/conf/conf_clients.c \
    dns64d/conf/conf_policy.c \
    dns64d/conf/conf_print.c \
    dns64d/conf/conf_translator.c \
    dns64d/conf/conf_upstream.c \
    dns64d/conf/parse.c \
    dns64d/control/flush.c \
    dns64d/control/lookup.c \
    dns64d/control/monitors.c \
    dns64d/control/page.c \
    dns64d/control/prometheus.c \
    dns64d/control/reload.c \
    dns64d/control/routes.c \
    dns64d/control/show.c \
    dns64d/control/status.c \
    dns64d/control/sums.c \
    dns64d/control/translators.c \
    dns64d/local/zone.c \
    dns64d/os/activation.c \
    dns64d/os/udp.c \
    dns64d/policy/poll.c \
    dns64d/policy/translator.c \
    dns64d/upstream/fetch.c \
    dns64d/upstream/probe.c \
    dns64d/upstream/upstream_tcp.c \
    dns64d/upstream/upstream_udp.c \
    dns64d/change.c \
    dns64d/context.c \
    dns64d/dns64d.c \
    dns64d/drain.c \
    dns64d/loader.c \
    dns64d/monitor_note.c \
    dns64d/query.c \
    dns64d/query_tell.c \
    dns64d/querylog.c \
    dns64d/refuselog.c \
    dns64d/resolve.c \
    dns64d/thread.c \
    dns64d/worker.c \
    dns64d/workers.c \
    $(reuseport_$(OS)) \
    $(udp_$(OS))

udp_linux = \
    dns64d/os/udp_group.c \
    dns64d/os/udp_linux.c
udp_freebsd = \
    dns64d/os/udp_bsd.c
udp_netbsd = $(udp_freebsd)
udp_openbsd = $(udp_freebsd)

reuseport_linux = \
    dns64d/os/reuseport_linux.c
reuseport_freebsd = \
    dns64d/os/reuseport_freebsd.c
reuseport_netbsd = \
    dns64d/os/reuseport_none.c
reuseport_openbsd = $(reuseport_netbsd)

WARN = -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wcast-align \
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
    -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough
WARN_PURE = -Wconversion -Wno-sign-conversion
WERROR ?=
CFLAGS ?= -O2 -g
# Fortification needs optimisation, which the build for sanitizers lacks.
FORTIFY ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2

pkg = $(shell $(PKG_CONFIG) $(1) 2>/dev/null)
# pkg-config prints nothing if one of the packages is missing.
packages_linux = libbsd-overlay libseccomp
packages = libevent_core ldns jansson libcurl $(packages_$(OS))
# reallocarray(), strtonum()
flags_netbsd = -D_OPENBSD_SOURCE
# On 32-bit systems, files of more than 2 GiB; there gcc also tells of a change
# of its version 11 that concerns nobody whose objects are all of one compiler.
BASE_CFLAGS := -std=gnu11 -D_FILE_OFFSET_BITS=64 -Wno-psabi \
    -fstack-protector-strong -fPIE -MMD -MP -I. \
    $(flags_$(OS)) $(call pkg,--cflags $(packages))
ALL_CFLAGS = $(BASE_CFLAGS) -I$(BUILD) $(WARN) $(WERROR) $(FORTIFY) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
HIREDIS_LIBS := $(call pkg,--libs hiredis)
BASE_LIBS := $(call pkg,--libs libevent_core $(packages_$(OS))) -pthread
CURL_LIBS := $(call pkg,--libs libcurl)
# The curses of the BSDs belong to the system.
CURSES_LIBS := $(or $(call pkg,--libs ncursesw),-lcurses)
JSON_LIBS := $(call pkg,--libs jansson)
LDNS_LIBS := $(call pkg,--libs ldns)
HTTP_LIBS := $(call pkg,--libs libevent_extra)
BPF_LIBS := $(if $(filter yes,$(FASTPATH)),$(call pkg,--libs libbpf))
# Processors of 32 bits without instructions for atomic numbers of 64 bits, such
# as most of MIPS, have them in a library.
ATOMIC_LIBS := $(shell echo '_Atomic long long n; void f(void) { n++; }' | \
    $(CC) $(CFLAGS) -x c -S -o - - 2>/dev/null | grep -q __atomic_ && \
    echo -latomic)
TEST_LIBS = $(call pkg,--libs check jansson) $(ATOMIC_LIBS)

missing_linux = on Debian run "sudo make deps"; elsewhere install a C compiler, \
    pkg-config, bison, flex and the development files of libc, libevent, ldns, \
    libbsd, libseccomp, jansson, libcurl, hiredis and ncurses
missing_freebsd = as root, \
    "pkg install pkgconf bison flex libevent ldns jansson curl hiredis"
missing_netbsd = as root, \
    "pkgin install pkg-config bison flex libevent ldns jansson curl hiredis"
missing_openbsd = as root, "pkg_add bison libevent libldns jansson curl hiredis"

# Report missing packages before the compiler fails. Other goals install them.
builds = all install check-built bench-built sim $(BUILD)/%
ifneq ($(filter $(builds),$(or $(MAKECMDGOALS),all)),)
ifeq ($(wildcard common/os/sandbox_$(OS).c),)
$(error there are no files for the system $(OS), only for Linux, FreeBSD, \
    NetBSD and OpenBSD)
endif
tools_found := $(shell exec 2>/dev/null; \
    $(PKG_CONFIG) --exists $(packages) hiredis \
    $(if $(filter linux,$(OS)),ncursesw) && \
    command -v $(BISON) && command -v $(FLEX) && \
    echo '\#include <arpa/inet.h>' | $(CC) -E -x c - >/dev/null && echo yes)
ifneq ($(lastword $(tools_found)),yes)
$(error packages are missing: $(missing_$(OS)))
endif
ifeq ($(FASTPATH),yes)
bpf_found := $(shell exec 2>/dev/null; $(PKG_CONFIG) --exists libbpf && \
    $(BPFTOOL) version >/dev/null && \
    echo | $(BPF_CLANG) -target bpf -c -x c -o /dev/null - && echo yes)
ifneq ($(bpf_found),yes)
$(error packages for the fast path of nat64d are missing: on Debian run \
    "sudo make deps"; elsewhere install clang, bpftool and the development \
    files of libbpf. "make FASTPATH=no" builds without it)
endif
endif
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)')

clients = $(BUILD)/nat64d/ctl/nat64ctl $(BUILD)/dns64d/ctl/dns64ctl
programs = $(BUILD)/nat64d/nat64d $(BUILD)/dns64d/dns64d $(clients)

all: $(programs)

# Unit tests link the archives of pure sources; the linker takes only the
# objects that a test uses.
pure_objs = $($(1)_PURE:%.c=$(BUILD)/%.o)
objs = $($(1)_SRC:%.c=$(BUILD)/%.o)

$(BUILD)/common/libcommon.a: $(call pure_objs,common)
$(BUILD)/nat64d/libnat64.a: $(call pure_objs,nat64d)
$(BUILD)/dns64d/libdns64.a: $(call pure_objs,dns64d)

$(BUILD)/common/os/version.o: EXTRA = -DECDYSIS_VERSION='"$(VERSION)"' \
    -DECDYSIS_OS='"$(OS)"'

$(call pure_objs,common) $(call pure_objs,nat64d) $(call pure_objs,dns64d): \
    EXTRA = $(WARN_PURE)

$(BUILD)/nat64d/nat64d: $(call objs,nat64d) $(call objs,common) \
    $(BUILD)/nat64d/libnat64.a $(BUILD)/common/libcommon.a
$(BUILD)/dns64d/dns64d: $(call objs,dns64d) $(call objs,common) \
    $(BUILD)/dns64d/libdns64.a $(BUILD)/common/libcommon.a
$(BUILD)/nat64d/nat64d: $(BUILD)/fastpath-$(FASTPATH)
$(BUILD)/nat64d/nat64d: EXTRA_LIBS = $(BPF_LIBS) $(HTTP_LIBS) $(JSON_LIBS) \
    $(HIREDIS_LIBS) -pthread
$(BUILD)/dns64d/dns64d: EXTRA_LIBS = $(LDNS_LIBS) $(HTTP_LIBS) $(JSON_LIBS) \
    $(ATOMIC_LIBS) -pthread

$(BUILD)/dns64d/ctl/dns64ctl: $(BUILD)/dns64d/ctl/dns64ctl_lookup.o \
    $(BUILD)/dns64d/ctl/dns64ctl_monitor.o $(BUILD)/dns64d/ctl/dns64ctl_top.o
# It reads nat64d.conf, too.
$(BUILD)/nat64d/ctl/nat64ctl: $(call objs,nat64ctl) $(BUILD)/nat64d/libnat64.a \
    $(filter $(BUILD)/nat64d/conf/%,$(call objs,nat64d)) \
    $(filter $(BUILD)/common/conf/%,$(call objs,common)) \
    $(addprefix $(BUILD)/common/,http/control_conf.o http/metrics_conf.o \
    os/log.o os/pidfile.o os/privs.o os/privs_user.o os/reader.o \
    os/sandbox_$(OS).o) \
    $(caps_$(OS):%.c=$(BUILD)/%.o)
$(clients): %: %.o $(call objs,ctl) $(BUILD)/common/libcommon.a
$(clients): EXTRA_LIBS = $(CURL_LIBS) $(JSON_LIBS) $(CURSES_LIBS)
$(addprefix $(BUILD)/common/ctl/,screen.o termcheck.o): \
    EXTRA = $(call pkg,--cflags ncursesw)

$(programs):
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(EXTRA_LIBS) \
	    $(BASE_LIBS)

# The program of the fast path is embedded in the daemon, as a header that
# bpftool makes of it (without its debugging information).
# Names of files in it do not depend on where the tree is.
BPF_CFLAGS = -target bpf -mcpu=v3 -O2 -g -std=gnu11 -ffreestanding -I. \
    -ffile-prefix-map=$(CURDIR)=. \
    -idirafter $(shell $(CC) -print-sysroot \
    2>/dev/null)/usr/include/$(shell $(CC) -print-multiarch 2>/dev/null) \
    -Wall -Wextra -Wshadow $(WERROR)

$(BUILD)/nat64d/os/fastpath_linux.o $(BUILD)/nat64d/os/fastpath_if_linux.o: \
    $(BUILD)/nat64d/os/fastpath.skel.h
$(BUILD)/nat64d/os/fastpath_if_linux.o: $(BUILD)/nat64d/os/fastpath_if.skel.h

$(BUILD)/%.bpf.elf: %.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ \
	    -MF $(@:.elf=.d) -c -o $@ $<

$(BUILD)/%.skel.h: $(BUILD)/%.bpf.elf
	$(Q)$(BPFTOOL) gen object $(@:.skel.h=.o) $<
	$(Q){ echo '#pragma GCC system_header'; $(BPFTOOL) gen skeleton \
	    $(@:.skel.h=.o) name $(notdir $*)_bpf; } >$@
	$(Q)rm $(@:.skel.h=.o)

# The files of the pages are embedded in the daemons, as arrays: page_css is
# common/http/page.css.
pages = $(addprefix common/http/page.,css js svg) \
    $(foreach daemon,nat64d dns64d,$(addprefix $(daemon)/control/page.,html js))

$(pages:%=$(BUILD)/%.h): $(BUILD)/%.h: %
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D)
	$(Q){ echo 'static const unsigned char $(subst .,_,$(<F))[] = {'; \
	    od -An -v -tx1 $< | sed 's/[0-9a-f][0-9a-f]/0x&,/g'; \
	    echo '};'; } >$@

$(patsubst %,$(BUILD)/%/page.o,common/http nat64d/control dns64d/control): \
    $(pages:%=$(BUILD)/%.h)

# Link anew when the other one was built before.
$(BUILD)/fastpath-$(FASTPATH):
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $(BUILD)/fastpath-*
	$(Q)touch $@

$(BUILD)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(EXTRA) -c -o $@ $<

# Generated sources are in the build tree and may have unused functions.
$(BUILD)/%.o: $(BUILD)/%.c
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-unused-function -c -o $@ $<

$(BUILD)/%/parse.c: %/parse.y
	$(call say,BISON,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BISON) -Wall -Werror -d -o $@ $<

$(BUILD)/common/conf/scan.c: common/conf/scan.l
	$(call say,FLEX,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(FLEX) -o $@ $<

# Tests.

unit_tests := $(patsubst tests/unit/%.c,%, \
    $(shell find tests/unit -name 'check_*.c' | sort))
fuzz_tests := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
test_bins = $(unit_tests:%=$(BUILD)/tests/unit/%) \
    $(fuzz_tests:%=$(BUILD)/tests/fuzz/%)

# A unit test links the pure archives. Other objects are linked if a test names
# them: check_foo_OBJ = common/bar.o
check_connected_OBJ = dns64d/client/connected.o common/os/log.o \
    common/os/watch.o $(hostwatch_$(OS):.c=.o)
conf_OBJ = common/conf/conf_expect.o common/conf/conf_file.o \
    common/conf/conf_memory.o common/conf/conf_msg.o common/conf/conf_once.o \
    common/conf/conf_text.o common/conf/conf_value.o common/conf/files.o \
    common/conf/scan.o
check_conf_expect_OBJ = $(conf_OBJ)
check_conf_file_OBJ = $(conf_OBJ)
check_dump_OBJ = nat64d/dump.o
check_failover_OBJ = nat64d/state/batch.o nat64d/state/changes.o \
    nat64d/state/follow.o nat64d/state/intake.o nat64d/state/kept.o \
    nat64d/state/publish.o nat64d/state/rival.o \
    tests/unit/redis_db.o tests/unit/redis_fake.o
check_publish_OBJ = $(check_failover_OBJ)
check_fleet_OBJ = tests/sim/fleet.o tests/sim/loads.o
check_fleet_LIBS = -lm
check_debuglog_OBJ = common/os/debuglog.o common/os/log.o common/monotime.o
check_dumpfile_OBJ = common/os/dumpfile.o common/os/log.o common/monotime.o \
    common/os/version.o
check_dumpfile_LDFLAGS = -Wl,--wrap=event_add
check_engine_OBJ = nat64d/engine.o nat64d/dump.o nat64d/eventlog.o \
    nat64d/appender.o nat64d/eventlog_out.o nat64d/eventlog_plans.o \
    nat64d/collector.o nat64d/outsock.o \
    nat64d/tracelog.o common/os/debuglog.o \
    common/os/dumpfile.o common/os/log.o common/monotime.o \
    common/os/newthread.o common/os/rng_os.o \
    common/os/version.o common/os/watch.o $(hostwatch_$(OS):.c=.o) \
    nat64d/os/fastpath_none.o nat64d/state/handover.o nat64d/state/heir.o \
    nat64d/state/statefile.o nat64d/state/stateload.o \
    nat64d/state/writer.o common/os/notify.o \
    common/os/pidfile.o common/os/privs.o common/os/privs_user.o \
    $(caps_$(OS):.c=.o) common/os/sandbox_$(OS).o tests/unit/tun_fake.o
fastpath_OBJ = $(fastpath_$(FASTPATH):.c=.o)
check_fastpath_OBJ = $(fastpath_OBJ) common/monotime.o
check_fastpath_diff_OBJ = $(fastpath_OBJ)
check_fastpath_pair_OBJ = $(fastpath_OBJ)
check_fasttable_OBJ = nat64d/os/fasttable.o
check_fastpath_tun_OBJ = $(fastpath_OBJ) nat64d/conf/defaults_linux.o \
    nat64d/os/routed_linux.o nat64d/os/tun_linux.o
privs_OBJ = common/os/pidfile.o common/os/privs.o common/os/privs_user.o \
    common/os/log.o $(caps_$(OS):.c=.o)
httpd_OBJ = common/http/httpd.o common/http/httpd_answer.o \
    common/http/httpd_conn.o common/http/httpd_stream.o \
    common/http/nameinfo.o common/os/log.o common/monotime.o
check_httpd_OBJ = $(httpd_OBJ)
check_httpd_LIBS = $(HTTP_LIBS)
check_httpd_stream_OBJ = $(httpd_OBJ)
check_nameinfo_OBJ = common/http/nameinfo.o
check_thread_OBJ = dns64d/thread.o common/os/log.o common/os/newthread.o
check_httpd_stream_LIBS = $(HTTP_LIBS)
check_control_OBJ = common/http/control.o common/http/control_conf.o \
    common/os/version.o $(conf_OBJ) $(sort $(httpd_OBJ) $(privs_OBJ))
check_control_LIBS = $(HTTP_LIBS)
check_ctl_parse_OBJ = common/ctl/ctl_parse.o
check_table_OBJ = common/ctl/table.o
check_dns64ctl_top_OBJ = dns64d/ctl/dns64ctl_top.o common/ctl/table.o
check_nat64_top_OBJ = nat64d/ctl/top.o common/ctl/table.o
check_whohad_time_OBJ = nat64d/ctl/whohad_time.o
check_hostwatch_OBJ = $(hostwatch_$(OS):.c=.o)
check_eventlog_OBJ = nat64d/appender.o nat64d/eventlog.o \
    nat64d/eventlog_out.o nat64d/eventlog_plans.o \
    nat64d/collector.o nat64d/outsock.o common/os/log.o common/monotime.o \
    common/os/newthread.o
check_collector_OBJ = nat64d/collector.o nat64d/outsock.o common/os/log.o \
    common/monotime.o
check_collector_LDFLAGS = -Wl,--wrap=event_add,--wrap=monotime_now
check_privs_OBJ = $(privs_OBJ)
check_refuselog_OBJ = dns64d/refuselog.o
check_routed_OBJ = nat64d/os/routed_linux.o
reconf_OBJ = nat64d/reconf_fixed.o nat64d/conf/conf.o \
    nat64d/conf/conf_alg.o nat64d/conf/conf_check.o \
    nat64d/conf/conf_load.o nat64d/conf/conf_mode.o \
    nat64d/conf/conf_number.o nat64d/conf/conf_pcp.o \
    nat64d/conf/conf_ports.o nat64d/conf/conf_print.o \
    nat64d/conf/conf_replicate.o nat64d/conf/conf_timeout.o \
    nat64d/conf/parse.o \
    $(defaults_$(OS):.c=.o) common/http/control_conf.o common/http/metrics.o \
    common/http/metrics_conf.o \
    $(conf_OBJ) $(httpd_OBJ)
check_reconf_fixed_OBJ = $(reconf_OBJ)
check_reconf_fixed_LIBS = $(HTTP_LIBS)
check_reconf_OBJ = nat64d/reconf.o $(reconf_OBJ)
check_reconf_LIBS = $(HTTP_LIBS)
check_reconf_LDFLAGS = -Wl,--wrap=event_add,--wrap=event_del
check_statefile_OBJ = nat64d/state/statefile.o nat64d/state/stateload.o \
    nat64d/state/writer.o common/os/version.o \
    common/os/sandbox_$(OS).o $(privs_OBJ) common/monotime.o
check_reader_OBJ = common/os/reader.o common/conf/files.o $(privs_OBJ) \
    common/os/sandbox_$(OS).o
check_tun_bsd_OBJ = nat64d/conf/defaults_bsd.o nat64d/os/tun_bsd.o \
    tests/unit/tun_kernel.o
check_log_OBJ = common/os/log.o
check_notify_OBJ = common/os/notify.o common/os/log.o common/monotime.o
check_watchdog_OBJ = $(check_notify_OBJ) common/os/watchdog.o
check_tun_linux_OBJ = nat64d/conf/defaults_linux.o nat64d/os/routed_linux.o \
    nat64d/os/tun_linux.o tests/unit/tun_kernel.o
check_udp_group_OBJ = dns64d/os/udp.o $(reuseport_$(OS):.c=.o) $(sort \
    dns64d/os/udp_group.o $(udp_$(OS):.c=.o))
check_upstream_udp_OBJ = dns64d/upstream/upstream_udp.o dns64d/os/udp.o \
    $(reuseport_$(OS):.c=.o) $(udp_$(OS):.c=.o)
check_tun_bsd_LDFLAGS = -Wl,--wrap=open,--wrap=open64,--wrap=ioctl
check_tun_linux_LDFLAGS = $(check_tun_bsd_LDFLAGS)
check_fasttable_LDFLAGS = -pthread
check_fastpath_LIBS = $(BPF_LIBS)
check_fastpath_diff_LIBS = $(BPF_LIBS)
check_fastpath_pair_LIBS = $(BPF_LIBS)
check_fastpath_tun_LIBS = $(BPF_LIBS)
check_upstream_udp_LDFLAGS = -Wl,--wrap=sendmmsg,--wrap=getsockopt

# Common code of the unit tests.
$(BUILD)/tests/unit/libtest.a: $(addprefix $(BUILD)/tests/unit/, \
    mark_point.o nat64_lab.o suite.o tables_model.o)
archives = $(BUILD)/nat64d/libnat64.a $(BUILD)/dns64d/libdns64.a \
    $(BUILD)/common/libcommon.a

.SECONDEXPANSION:
$(unit_tests:%=$(BUILD)/tests/unit/%): $(BUILD)/tests/unit/%: \
    $(BUILD)/tests/unit/%.o $$(addprefix $(BUILD)/,$$($$(notdir $$*)_OBJ)) \
    $(BUILD)/tests/unit/libtest.a $(archives)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -Wl,--wrap=_mark_point $($(@F)_LDFLAGS) \
	    -o $@ $^ $($(@F)_LIBS) $(LDNS_LIBS) $(BASE_LIBS) $(TEST_LIBS)

# The fuzz targets, with a main() that replays the corpus. Objects that are in
# no archive: as for unit tests.
fuzz_query_OBJ = nat64d/control/query.o nat64d/control/numbers.o \
    common/http/origin.o
$(fuzz_tests:%=$(BUILD)/tests/fuzz/%): $(BUILD)/tests/fuzz/%: \
    $(BUILD)/tests/fuzz/%.o $$(addprefix $(BUILD)/,$$($$*_OBJ)) \
    $(BUILD)/tests/fuzz/replay.o $(archives)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDNS_LIBS) $(BASE_LIBS)

# One target under libFuzzer: make fuzz FUZZ=fuzz_pkt [FUZZ_ARGS=...]
FUZZ ?= fuzz_pkt
FUZZ_ARGS ?= -max_total_time=60
fuzz_archives = build/fuzz/nat64d/libnat64.a build/fuzz/dns64d/libdns64.a \
    build/fuzz/common/libcommon.a
fuzz: test-deps
	$(MAKE) BUILD=build/fuzz CC=clang FORTIFY= \
	    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined' \
	    build/fuzz/tests/fuzz/$(FUZZ).o $(fuzz_archives) \
	    $(addprefix build/fuzz/,$($(FUZZ)_OBJ))
	clang -fsanitize=fuzzer,address,undefined -o build/fuzz/$(FUZZ) \
	    build/fuzz/tests/fuzz/$(FUZZ).o \
	    $(addprefix build/fuzz/,$($(FUZZ)_OBJ)) $(fuzz_archives) \
	    $(LDNS_LIBS) $(BASE_LIBS)
	build/fuzz/$(FUZZ) $(FUZZ_ARGS) tests/fuzz/corpus/$(FUZZ:fuzz_%=%)

deps:
	@tests/deps.sh build

demo-deps:
	@tests/deps.sh build demo

test-deps:
	@tests/deps.sh build test
	@tests/deps.sh browser || \
	    echo 'without a browser, the test e2e_browser is skipped'

# Compilers that run at a time, where make is not told with -j.
JOBS := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
parallel = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

# A second make, because the first one may have started without pkg-config.
check: test-deps
	@$(MAKE) --no-print-directory $(parallel) WERROR=-Werror check-built

check-built: all $(test_bins)
	@tests/fetch.sh '$(BUILD)/openrc' insserv openrc libeinfo1 librc1
	@BUILD='$(BUILD)' CC='$(CC)' tests/run.sh

SAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
    -fno-omit-frame-pointer
asan: test-deps
	@$(MAKE) --no-print-directory $(parallel) BUILD=build/asan \
	    WERROR=-Werror FORTIFY= \
	    CFLAGS='$(SAN)' LDFLAGS='-fsanitize=address,undefined' check-built

# Check that every requirement is shown by a test, or listed as an exception.
conformance: check
	@tests/conformance/conformance.py '$(BUILD)/tap'

# Benchmarks; their programs do not count as tests.
bench_bins = $(addprefix $(BUILD)/tests/bench/,core dnsecho echoblast logcost \
    tcpblast udpblast \
    $(if $(filter yes,$(FASTPATH)),fastcore))

$(BUILD)/tests/bench/core: $(BUILD)/tests/bench/core.o \
    $(BUILD)/common/monotime.o $(BUILD)/nat64d/os/largepage.o \
    $(BUILD)/nat64d/libnat64.a \
    $(BUILD)/common/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(BASE_LIBS)

$(BUILD)/tests/bench/fastcore: $(BUILD)/tests/bench/fastcore.o \
    $(BUILD)/common/monotime.o \
    $(addprefix $(BUILD)/,$(fastpath_$(FASTPATH):.c=.o)) \
    $(BUILD)/nat64d/libnat64.a $(BUILD)/common/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(BASE_LIBS) $(BPF_LIBS)

$(BUILD)/tests/bench/logcost: $(BUILD)/tests/bench/logcost.o \
    $(addprefix $(BUILD)/,$(check_eventlog_OBJ)) \
    $(BUILD)/nat64d/libnat64.a $(BUILD)/common/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(BASE_LIBS)

$(BUILD)/tests/bench/dnsecho $(BUILD)/tests/bench/tcpblast \
    $(BUILD)/tests/bench/udpblast $(BUILD)/tests/bench/echoblast: %: %.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/tests/bench/%.o: CFLAGS += -D_GNU_SOURCE

BENCH ?= all
bench: test-deps
	@tests/deps.sh bench
	@$(MAKE) --no-print-directory $(parallel) bench-built

bench-built: all $(bench_bins)
	@python3 tests/bench/bench.py '$(BUILD)' '$(BENCH)'

demo: demo-deps
	@$(MAKE) --no-print-directory $(parallel) all
	@BUILD='$(BUILD)' SHELL_IN='$(SHELL_IN)' tests/demo/demo.sh

demo-pair: demo-deps
	@$(MAKE) --no-print-directory $(parallel) all
	@BUILD='$(BUILD)' tests/demo/pair.sh

# Clients and a fleet of translators; the picture is the one of man/.
$(BUILD)/tests/sim/fleet: $(patsubst %,$(BUILD)/tests/sim/%.o,fleet loads main \
    plot) $(BUILD)/dns64d/libdns64.a $(BUILD)/common/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDNS_LIBS) $(BASE_LIBS) -lm

sim: $(BUILD)/tests/sim/fleet
	@mkdir -p '$(BUILD)/sim'
	@$< -o '$(BUILD)/sim/fleet.svg' >'$(BUILD)/sim/fleet.txt'
	@cat '$(BUILD)/sim/fleet.txt'

# The pages of both daemons with traffic, in Chromium.
screenshots: test-deps
	@mkdir -p man/screenshots
	@$(MAKE) --no-print-directory all
	@BUILD='$(BUILD)' SCREENSHOTS='$(CURDIR)/man/screenshots' \
	    tests/run.sh e2e_browser

lint: test-deps
	@tests/deps.sh lint
	@$(MAKE) --no-print-directory $(parallel) all
	@BUILD='$(BUILD)' tests/lint/lint.sh

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')

dashboards = $(wildcard etc/grafana/*.json)
examples = $(patsubst etc/examples/%,%,$(wildcard etc/examples/README \
    etc/examples/*/*))
units = $(if $(filter linux,$(OS)),$(wildcard etc/systemd/*.service \
    etc/systemd/*.socket))
profiles = $(if $(filter linux,$(OS)),$(wildcard etc/apparmor/*))
rc_scripts = $(if $(RC),$(wildcard etc/rc/$(RC)/*))
fill = sed -e 's,@SBINDIR@,$(SBINDIR),g;s,@SYSCONFDIR@,$(SYSCONFDIR),g'

install: all
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(EXAMPLEDIR) $(DESTDIR)$(BASHCOMPDIR) \
	    $(DESTDIR)$(ZSHCOMPDIR) \
	    $(if $(units),$(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSUSERSDIR) \
	        $(DESTDIR)$(TMPFILESDIR)) \
	    $(if $(profiles),$(DESTDIR)$(APPARMORDIR)) \
	    $(if $(rc_scripts),$(DESTDIR)$(RCDIR))
	$(INSTALL) -m 755 $(programs) $(DESTDIR)$(SBINDIR)
	$(fill) etc/nat64d-unreachable > $(DESTDIR)$(SBINDIR)/nat64d-unreachable
	chmod 755 $(DESTDIR)$(SBINDIR)/nat64d-unreachable
	$(INSTALL) -m 644 man/*.5 $(DESTDIR)$(MANDIR)/man5
	$(INSTALL) -m 644 man/*.7 $(DESTDIR)$(MANDIR)/man7
	$(INSTALL) -m 644 man/*.8 $(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 644 etc/nat64d.conf etc/nat64d.carrier.conf \
	    etc/dns64d.conf $(DESTDIR)$(EXAMPLEDIR)
	$(INSTALL) -m 644 etc/logrotate/nat64d \
	    $(DESTDIR)$(EXAMPLEDIR)/nat64d.logrotate
	$(INSTALL) -d $(DESTDIR)$(EXAMPLEDIR)/grafana
	$(INSTALL) -m 644 $(dashboards) $(DESTDIR)$(EXAMPLEDIR)/grafana
	for file in $(examples); do \
		$(INSTALL) -d $(DESTDIR)$(EXAMPLEDIR)/$$(dirname $$file) && \
		$(INSTALL) -m 644 etc/examples/$$file \
		    $(DESTDIR)$(EXAMPLEDIR)/$$file || exit 1; \
	done
	for ctl in $(notdir $(clients)); do \
		$(fill) -e "s,@CTL@,$$ctl,g" etc/completion/ctl.bash \
		    > $(DESTDIR)$(BASHCOMPDIR)/$$ctl && \
		$(fill) -e "s,@CTL@,$$ctl,g" etc/completion/ctl.zsh \
		    > $(DESTDIR)$(ZSHCOMPDIR)/_$$ctl && \
		chmod 644 $(DESTDIR)$(BASHCOMPDIR)/$$ctl \
		    $(DESTDIR)$(ZSHCOMPDIR)/_$$ctl || exit 1; \
	done
	for unit in $(units); do \
		to=$(DESTDIR)$(UNITDIR)/$${unit##*/}; \
		$(fill) $$unit > $$to && chmod 644 $$to || exit 1; \
	done
	$(if $(units),$(INSTALL) -m 644 etc/sysusers/*.conf \
	    $(DESTDIR)$(SYSUSERSDIR))
	$(if $(units),$(INSTALL) -m 644 etc/tmpfiles/*.conf \
	    $(DESTDIR)$(TMPFILESDIR))
	for profile in $(profiles); do \
		to=$(DESTDIR)$(APPARMORDIR)/$${profile##*/}; \
		$(fill) $$profile > $$to && chmod 644 $$to || exit 1; \
	done
	for script in $(rc_scripts); do \
		to=$(DESTDIR)$(RCDIR)/$${script##*/}; \
		$(fill) $$script > $$to && chmod 755 $$to || exit 1; \
	done

# A tarball of the files that git knows, as they are now. It depends on their
# contents and the time of the last commit alone.
release = ecdysis-$(VERSION)
tarball = $(BUILD)/$(release).tar.gz

dist:
	@mkdir -p $(BUILD)
	$(call say,TAR,$(tarball))
	$(Q)git ls-files -z >$(tarball).files
	$(Q)tar -c --null -T $(tarball).files --sort=name --owner=0 --group=0 \
	    --numeric-owner --mtime=@$$(git log -1 --format=%ct) \
	    --mode=a-s,u=rwX,go=rX --format=ustar \
	    --transform='flags=r;s,^,$(release)/,' | gzip -n9 >$(tarball)
	$(Q)rm $(tarball).files

# Debian packages of the same files. What this make was told is not for theirs.
DEB ?= $(BUILD)/deb
deb: dist
	@tests/deps.sh build deb
	$(Q)rm -rf $(DEB)
	$(Q)mkdir -p $(DEB)
	$(Q)umask 022 && tar -xf $(tarball) -C $(DEB)
	$(Q)cp -a $(DEB)/$(release)/etc/debian $(DEB)/$(release)/debian
	$(Q)SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) && \
	    export SOURCE_DATE_EPOCH && cd $(DEB)/$(release) && \
	    env -u BUILD -u DEB -u MAKEFLAGS -u MAKELEVEL -u MFLAGS \
	    dpkg-buildpackage -us -uc -j$(JOBS) >../log 2>&1 || \
	    { tail -n 40 ../log; exit 1; }
	$(Q)rm -rf $(DEB)/$(release)
	@ls $(DEB)/*.deb

check-deb: test-deps
	@tests/deps.sh deb
	@$(MAKE) --no-print-directory $(parallel) all
	@tests/deb/check_deb.sh '$(BUILD)'

# Builds for other systems, tested where they run or in an emulator.
PORTS ?= i386 s390x musl musl-static musl-i386 freebsd netbsd openbsd
check-ports: test-deps
	@tests/deps.sh ports
	@MAKE='$(MAKE) $(parallel)' tests/ports/run.sh '$(BUILD)' $(PORTS)

# Suites with the kernel of Debian 12, in a virtual machine, where AppArmor
# confines the daemons. See tests/vm.
VM_SUITES ?= check_fastpath check_fastpath_diff check_fastpath_pair \
    check_fastpath_tun e2e_apparmor e2e_fastpath e2e_fastpath_if \
    e2e_fastpath_life e2e_fastpath_same e2e_fastpath_siit e2e_log e2e_metrics \
    e2e_nat64 e2e_networks e2e_pppoe e2e_process e2e_reload e2e_replicate \
    e2e_state e2e_systemd e2e_units e2e_upgrade dns64d_answers dns64d_ctl \
    dns64d_listen dns64d_reload dns64d_restart
check-vm:
	@tests/deps.sh vm
	@tests/vm/run.sh '$(BUILD)' -c $(VM_SUITES)

uninstall:
	[ -n '$(DESTDIR)' ] || [ ! -x $(SBINDIR)/nat64d-unreachable ] || \
	    $(SBINDIR)/nat64d-unreachable remove || :
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,$(notdir $(programs))) \
	    $(DESTDIR)$(SBINDIR)/nat64d-unreachable
	for page in $(notdir $(wildcard man/*.5)); do \
		rm -f $(DESTDIR)$(MANDIR)/man5/$$page; done
	for page in $(notdir $(wildcard man/*.7)); do \
		rm -f $(DESTDIR)$(MANDIR)/man7/$$page; done
	for page in $(notdir $(wildcard man/*.8)); do \
		rm -f $(DESTDIR)$(MANDIR)/man8/$$page; done
	for unit in $(notdir $(units)); do \
		rm -f $(DESTDIR)$(UNITDIR)/$$unit; done
	rm -f $(addprefix $(DESTDIR)$(SYSUSERSDIR)/,$(notdir \
	        $(wildcard etc/sysusers/*.conf))) \
	    $(addprefix $(DESTDIR)$(TMPFILESDIR)/,$(notdir \
	        $(wildcard etc/tmpfiles/*.conf))) \
	    $(addprefix $(DESTDIR)$(BASHCOMPDIR)/,$(notdir $(clients))) \
	    $(addprefix $(DESTDIR)$(ZSHCOMPDIR)/_,$(notdir $(clients)))
	for profile in $(notdir $(profiles)); do \
		rm -f $(DESTDIR)$(APPARMORDIR)/$$profile; done
	for script in $(notdir $(rc_scripts)); do \
		rm -f $(DESTDIR)$(RCDIR)/$$script; done
	rm -f $(DESTDIR)$(EXAMPLEDIR)/nat64d.conf \
	    $(DESTDIR)$(EXAMPLEDIR)/nat64d.carrier.conf \
	    $(DESTDIR)$(EXAMPLEDIR)/dns64d.conf \
	    $(DESTDIR)$(EXAMPLEDIR)/nat64d.logrotate \
	    $(addprefix $(DESTDIR)$(EXAMPLEDIR)/,$(examples)) \
	    $(addprefix $(DESTDIR)$(EXAMPLEDIR)/grafana/,$(notdir $(dashboards)))
	-rmdir $(addprefix $(DESTDIR)$(EXAMPLEDIR)/,$(filter-out ./, \
	    $(sort $(dir $(examples)))))
	-rmdir $(DESTDIR)$(EXAMPLEDIR)/grafana
	-rmdir $(DESTDIR)$(EXAMPLEDIR)

clean:
	rm -rf build

.PHONY: all asan bench bench-built check check-built check-deb check-ports \
    check-vm clean conformance demo demo-deps demo-pair deb deps dist fmt fuzz \
    install lint screenshots test-deps uninstall
.DELETE_ON_ERROR:
.SECONDARY:

# Those of the builds for other systems are their own.
-include $(shell find $(BUILD) \( -path $(BUILD)/ports -o -path $(BUILD)/vm \) \
    -prune -o -type f -name '*.d' -print 2>/dev/null)
