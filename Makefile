# Ecdysis: nat64d and dns64d.
#
#	sudo make deps		install the packages that a build needs (Debian)
#	make			build both daemons below build/
#	make install		DESTDIR= and PREFIX= are honoured
#	sudo make check		all tests; installs the packages they need
#	sudo make conformance	the same, and which requirement each shows
#	sudo make demo		the main job, shown in network namespaces
#	sudo make bench		benchmarks [BENCH=core|tcp|udp|conn|latency|pause|dns]
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
EXAMPLEDIR ?= $(PREFIX)/share/examples/ecdysis

# How this system starts daemons: units of systemd on Linux, and RC=debian,
# freebsd or openbsd, scripts of etc/rc that go to RCDIR.
rc_linux = $(if $(wildcard /etc/debian_version),debian)
rc_freebsd = freebsd
rc_openbsd = openbsd
RC ?= $(rc_$(OS))
rcdir_debian = $(SYSCONFDIR)/init.d
rcdir_freebsd = $(PREFIX)/etc/rc.d
rcdir_openbsd = $(SYSCONFDIR)/rc.d
RCDIR ?= $(rcdir_$(RC))

# make's own yacc rule would put parse.c among the sources.
MAKEFLAGS += --no-builtin-rules

BUILD ?= build
OS := $(shell uname -s | tr A-Z a-z)
BISON ?= bison
FLEX ?= flex
INSTALL ?= install
PKG_CONFIG ?= pkg-config

# Sources, one per line. PURE ones know no I/O, clock, log or globals.

common_PURE = \
    common/addr.c \
    common/addr_hint.c \
    common/acl.c \
    common/bundle.c \
    common/hostaddr.c \
    common/ip4class.c \
    common/linerate.c \
    common/nearest.c \
    common/pref64.c \
    common/quantity.c \
    common/scoped_addr.c \
    common/siphash.c

common_SRC = \
    common/conf_expect.c \
    common/conf_file.c \
    common/conf_memory.c \
    common/conf_msg.c \
    common/conf_once.c \
    common/conf_text.c \
    common/conf_value.c \
    common/debuglog.c \
    common/dumpfile.c \
    common/files.c \
    common/log.c \
    common/monotime.c \
    common/pidfile.c \
    common/privs.c \
    common/privs_user.c \
    common/reader.c \
    common/reload.c \
    common/rng_os.c \
    common/sandbox_$(OS).c \
    common/scan.c \
    common/version.c \
    common/watch.c \
    $(hostwatch_$(OS))

hostwatch_linux = \
    common/hostwatch_linux.c \
    common/netlink.c
hostwatch_freebsd = \
    common/hostwatch_bsd.c
hostwatch_netbsd = $(hostwatch_freebsd)
hostwatch_openbsd = $(hostwatch_freebsd)

nat64d_PURE = \
    nat64d/addrset.c \
    nat64d/bib.c \
    nat64d/cksum.c \
    nat64d/event_text.c \
    nat64d/flow.c \
    nat64d/frag.c \
    nat64d/frag_collect.c \
    nat64d/frag_store.c \
    nat64d/fragment.c \
    nat64d/gro.c \
    nat64d/gso.c \
    nat64d/hostcheck.c \
    nat64d/icmp_error.c \
    nat64d/iphdr.c \
    nat64d/ipid.c \
    nat64d/keyhash.c \
    nat64d/nat64.c \
    nat64d/nat64_error.c \
    nat64d/nat64_event.c \
    nat64d/nat64_icmp.c \
    nat64d/nat64_in4.c \
    nat64d/nat64_in6.c \
    nat64d/nat64_input.c \
    nat64d/nat64_out.c \
    nat64d/nat64_policy.c \
    nat64d/nat64_prefetch.c \
    nat64d/nat64_state.c \
    nat64d/nat64_syn.c \
    nat64d/nat64_trace.c \
    nat64d/permit.c \
    nat64d/pkt.c \
    nat64d/pool4.c \
    nat64d/pool4_addrs.c \
    nat64d/pool4_group.c \
    nat64d/portlist.c \
    nat64d/portset.c \
    nat64d/range.c \
    nat64d/ratelimit.c \
    nat64d/repeat.c \
    nat64d/rest.c \
    nat64d/session.c \
    nat64d/session_wheel.c \
    nat64d/slab.c \
    nat64d/stats.c \
    nat64d/share.c \
    nat64d/subscriber.c \
    nat64d/tcp_fsm.c \
    nat64d/tcp_reset.c \
    nat64d/vnet.c \
    nat64d/xlat_4to6.c \
    nat64d/xlat_6to4.c \
    nat64d/xlat_fit.c \
    nat64d/xlat_icmp.c \
    nat64d/xlat_icmp_parse.c \
    nat64d/xlat_icmp_types.c \
    nat64d/xlat_l4.c

nat64d_SRC = \
    nat64d/conf.c \
    nat64d/conf_check.c \
    nat64d/conf_load.c \
    nat64d/conf_ports.c \
    nat64d/conf_print.c \
    nat64d/conf_timeout.c \
    nat64d/divert.c \
    nat64d/dump.c \
    nat64d/engine.c \
    nat64d/eventlog.c \
    nat64d/eventlog_out.c \
    nat64d/hostreport.c \
    nat64d/ifwatch.c \
    nat64d/largepage.c \
    nat64d/nat64d.c \
    nat64d/parse.c \
    nat64d/poolif.c \
    nat64d/self6.c \
    nat64d/tracelog.c \
    $(divert_$(OS)) \
    $(hostview_$(OS)) \
    $(tun_$(OS))

divert_linux = \
    nat64d/divert_linux.c
divert_freebsd = \
    nat64d/divert_bsd.c
divert_netbsd = $(divert_freebsd)
divert_openbsd = $(divert_freebsd)

hostview_linux = \
    nat64d/firewall_linux.c \
    nat64d/hostview_linux.c
hostview_freebsd = \
    nat64d/hostview_bsd.c
hostview_netbsd = $(hostview_freebsd)
hostview_openbsd = $(hostview_freebsd)

tun_linux = \
    nat64d/routed_linux.c \
    nat64d/tun_linux.c
tun_freebsd = \
    nat64d/tun_bsd.c \
    nat64d/tun_ifhead.c
tun_netbsd = $(tun_freebsd)
tun_openbsd = \
    nat64d/tun_bsd.c \
    nat64d/tun_openbsd.c

dns64d_PURE = \
    dns64d/access.c \
    dns64d/answers.c \
    dns64d/balance.c \
    dns64d/cache.c \
    dns64d/cache_wire.c \
    dns64d/chain.c \
    dns64d/cookie.c \
    dns64d/crowd.c \
    dns64d/filter.c \
    dns64d/follow.c \
    dns64d/gate.c \
    dns64d/hosts.c \
    dns64d/hosts_file.c \
    dns64d/local.c \
    dns64d/local_zones.c \
    dns64d/metrics.c \
    dns64d/msg.c \
    dns64d/msg_edns.c \
    dns64d/msg_name.c \
    dns64d/name_text.c \
    dns64d/msg_relay.c \
    dns64d/msg_rotate.c \
    dns64d/msg_scan.c \
    dns64d/policy.c \
    dns64d/rate.c \
    dns64d/refusals.c \
    dns64d/reverse.c \
    dns64d/synth.c \
    dns64d/synth_ptr.c \
    dns64d/upstream.c \
    dns64d/view.c

dns64d_SRC = \
    dns64d/conf.c \
    dns64d/conf_addrs.c \
    dns64d/conf_clients.c \
    dns64d/conf_policy.c \
    dns64d/conf_print.c \
    dns64d/conf_print_policy.c \
    dns64d/conf_set.c \
    dns64d/conf_translator.c \
    dns64d/conf_upstream.c \
    dns64d/connected.c \
    dns64d/dns64d.c \
    dns64d/frontend.c \
    dns64d/frontend_tcp.c \
    dns64d/generation.c \
    dns64d/leg.c \
    dns64d/listen.c \
    dns64d/parse.c \
    dns64d/presence.c \
    dns64d/probe.c \
    dns64d/query.c \
    dns64d/query_tell.c \
    dns64d/querylog.c \
    dns64d/refuselog.c \
    dns64d/resolve.c \
    dns64d/stats.c \
    dns64d/translator.c \
    dns64d/udp.c \
    dns64d/upstream_tcp.c \
    dns64d/upstream_udp.c \
    dns64d/worker.c \
    dns64d/workers.c \
    dns64d/zone.c \
    $(freebind_$(OS)) \
    $(share_$(OS)) \
    $(udp_$(OS))

udp_linux = \
    dns64d/udp_group.c \
    dns64d/udp_linux.c
udp_freebsd = \
    dns64d/udp_bsd.c
udp_netbsd = $(udp_freebsd)
udp_openbsd = $(udp_freebsd)

freebind_linux = \
    dns64d/freebind_linux.c
freebind_freebsd = \
    dns64d/freebind_bsd.c
freebind_netbsd = $(freebind_freebsd)
freebind_openbsd = \
    dns64d/freebind_openbsd.c

share_linux = \
    dns64d/share_linux.c
share_freebsd = \
    dns64d/share_freebsd.c
share_netbsd = \
    dns64d/share_none.c
share_openbsd = $(share_netbsd)

WARN = -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wcast-align \
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
    -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough
WARN_PURE = -Wconversion -Wno-sign-conversion
WERROR ?=
CFLAGS ?= -O2 -g
# Fortification needs an optimising build, which the sanitizers' is not.
FORTIFY ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2

pkg = $(shell $(PKG_CONFIG) $(1) 2>/dev/null)
BASE_CFLAGS := -std=gnu11 -fstack-protector-strong -fPIE -MMD -MP -I. \
    $(call pkg,--cflags libbsd-overlay libevent_core ldns libseccomp)
ALL_CFLAGS = $(BASE_CFLAGS) -I$(BUILD) $(WARN) $(WERROR) $(FORTIFY) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
BASE_LIBS := $(call pkg,--libs libevent_core libbsd-overlay libseccomp)
LDNS_LIBS := $(call pkg,--libs ldns)
HTTP_LIBS := $(call pkg,--libs libevent_extra)
# setproctitle() needs to see the arguments before main() does.
TITLE_LIBS := $(call pkg,--libs libbsd-ctor)
TEST_LIBS = $(call pkg,--libs check jansson)

# Say what is missing before the compiler does. The other goals install it.
builds = all install check-built bench-built $(BUILD)/%
ifneq ($(filter $(builds),$(or $(MAKECMDGOALS),all)),)
ifeq ($(OS),linux)
tools_found := $(shell exec 2>/dev/null; \
    $(PKG_CONFIG) --exists libevent_core libbsd-overlay ldns libseccomp && \
    command -v $(BISON) && command -v $(FLEX) && \
    echo '\#include <arpa/inet.h>' | $(CC) -E -x c - >/dev/null && echo yes)
ifneq ($(lastword $(tools_found)),yes)
$(error packages are missing: on Debian run "sudo make deps"; elsewhere \
    install a C compiler, pkg-config, bison, flex and the development files \
    of libc, libevent, ldns, libbsd and libseccomp)
endif
endif
endif

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)')

all: $(BUILD)/nat64d/nat64d $(BUILD)/dns64d/dns64d

# Unit tests link the archives of pure layers: of these the linker takes
# only the objects that a test names.
pure_objs = $($(1)_PURE:%.c=$(BUILD)/%.o)
objs = $($(1)_SRC:%.c=$(BUILD)/%.o)

$(BUILD)/common/libcommon.a: $(call pure_objs,common)
$(BUILD)/nat64d/libnat64.a: $(call pure_objs,nat64d)
$(BUILD)/dns64d/libdns64.a: $(call pure_objs,dns64d)

$(BUILD)/common/version.o: EXTRA = -DECDYSIS_VERSION='"$(VERSION)"' \
    -DECDYSIS_OS='"$(OS)"'

$(call pure_objs,common) $(call pure_objs,nat64d) $(call pure_objs,dns64d): \
    EXTRA = $(WARN_PURE)

$(BUILD)/nat64d/nat64d: $(call objs,nat64d) $(call objs,common) \
    $(BUILD)/nat64d/libnat64.a $(BUILD)/common/libcommon.a
$(BUILD)/dns64d/dns64d: $(call objs,dns64d) $(call objs,common) \
    $(BUILD)/dns64d/libdns64.a $(BUILD)/common/libcommon.a
$(BUILD)/dns64d/dns64d: EXTRA_LIBS = $(LDNS_LIBS) $(HTTP_LIBS) \
    $(TITLE_LIBS) -pthread

$(BUILD)/nat64d/nat64d $(BUILD)/dns64d/dns64d:
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(EXTRA_LIBS) $(BASE_LIBS)

$(BUILD)/%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(EXTRA) -c -o $@ $<

# Generated sources land in the build tree; their code is not ours to warn of.
$(BUILD)/%.o: $(BUILD)/%.c
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-unused-function -c -o $@ $<

$(BUILD)/%/parse.c: %/parse.y
	$(call say,BISON,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(BISON) -Wall -Werror -d -o $@ $<

$(BUILD)/common/scan.c: common/scan.l
	$(call say,FLEX,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(FLEX) -o $@ $<

# Tests.

unit_tests := $(patsubst tests/unit/%.c,%, \
    $(shell find tests/unit -name 'check_*.c' | sort))
fuzz_tests := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
test_bins = $(unit_tests:%=$(BUILD)/tests/unit/%) \
    $(fuzz_tests:%=$(BUILD)/tests/fuzz/%)

# A test of one daemon's modules links the layers below as well. What is not
# pure is linked where a test names it: check_foo_OBJ = common/bar.o
check_connected_OBJ = dns64d/connected.o common/log.o common/watch.o \
    $(hostwatch_$(OS):.c=.o)
conf_OBJ = common/conf_expect.o common/conf_file.o common/conf_memory.o \
    common/conf_msg.o common/conf_once.o common/conf_text.o \
    common/conf_value.o common/files.o common/scan.o
check_conf_expect_OBJ = $(conf_OBJ)
check_conf_file_OBJ = $(conf_OBJ)
check_dump_OBJ = nat64d/dump.o
check_debuglog_OBJ = common/debuglog.o common/log.o common/monotime.o
check_dumpfile_OBJ = common/dumpfile.o common/log.o common/monotime.o \
    common/version.o
check_dumpfile_LDFLAGS = -Wl,--wrap=event_add
check_engine_OBJ = nat64d/engine.o nat64d/dump.o nat64d/eventlog.o \
    nat64d/eventlog_out.o nat64d/tracelog.o common/debuglog.o \
    common/dumpfile.o common/log.o common/monotime.o common/rng_os.o \
    common/version.o common/watch.o $(hostwatch_$(OS):.c=.o) \
    tests/unit/tun_fake.o
check_hostwatch_OBJ = $(hostwatch_$(OS):.c=.o)
check_eventlog_OBJ = nat64d/eventlog.o nat64d/eventlog_out.o common/log.o \
    common/monotime.o
check_privs_OBJ = common/pidfile.o common/privs.o common/privs_user.o common/log.o \
    common/sandbox_$(OS).o
check_refuselog_OBJ = dns64d/refuselog.o
check_routed_OBJ = nat64d/routed_linux.o
check_reader_OBJ = common/reader.o common/files.o common/log.o \
    common/sandbox_$(OS).o
check_tun_bsd_OBJ = nat64d/tun_bsd.o tests/unit/tun_kernel.o
check_tun_linux_OBJ = nat64d/routed_linux.o nat64d/tun_linux.o \
    tests/unit/tun_kernel.o
check_udp_group_OBJ = dns64d/udp.o $(share_$(OS):.c=.o) \
    $(sort dns64d/udp_group.o $(udp_$(OS):.c=.o))
check_upstream_udp_OBJ = dns64d/upstream_udp.o dns64d/udp.o \
    $(share_$(OS):.c=.o) $(udp_$(OS):.c=.o)
check_reader_LDFLAGS = $(TITLE_LIBS)
check_tun_bsd_LDFLAGS = -Wl,--wrap=open,--wrap=ioctl
check_tun_linux_LDFLAGS = $(check_tun_bsd_LDFLAGS)
check_upstream_udp_LDFLAGS = -Wl,--wrap=sendmmsg,--wrap=getsockopt

# What the tests of pure layers share.
$(BUILD)/tests/unit/libtest.a: $(addprefix $(BUILD)/tests/unit/, \
    mark_point.o nat64_lab.o tables_model.o)
archives = $(BUILD)/nat64d/libnat64.a $(BUILD)/dns64d/libdns64.a \
    $(BUILD)/common/libcommon.a

.SECONDEXPANSION:
$(unit_tests:%=$(BUILD)/tests/unit/%): $(BUILD)/tests/unit/%: \
    $(BUILD)/tests/unit/%.o $$(addprefix $(BUILD)/,$$($$(notdir $$*)_OBJ)) \
    $(BUILD)/tests/unit/libtest.a $(archives)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -Wl,--wrap=_mark_point $($(@F)_LDFLAGS) \
	    -o $@ $^ $(LDNS_LIBS) $(BASE_LIBS) $(TEST_LIBS)

# The fuzz targets, with a main() that replays the corpus.
$(fuzz_tests:%=$(BUILD)/tests/fuzz/%): $(BUILD)/tests/fuzz/%: \
    $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(archives)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDNS_LIBS) $(BASE_LIBS)

# One target under libFuzzer: make fuzz FUZZ=fuzz_pkt [FUZZ_ARGS=...]
FUZZ ?= fuzz_pkt
FUZZ_ARGS ?= -max_total_time=60
fuzz: test-deps
	$(MAKE) BUILD=build/fuzz CC=clang FORTIFY= \
	    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined' \
	    build/fuzz/tests/fuzz/$(FUZZ).o build/fuzz/nat64d/libnat64.a \
	    build/fuzz/dns64d/libdns64.a build/fuzz/common/libcommon.a
	clang -fsanitize=fuzzer,address,undefined -o build/fuzz/$(FUZZ) \
	    build/fuzz/tests/fuzz/$(FUZZ).o build/fuzz/nat64d/libnat64.a \
	    build/fuzz/dns64d/libdns64.a build/fuzz/common/libcommon.a \
	    $(LDNS_LIBS) $(BASE_LIBS)
	build/fuzz/$(FUZZ) $(FUZZ_ARGS) tests/fuzz/corpus/$(FUZZ:fuzz_%=%)

deps:
	@tests/deps.sh build

test-deps:
	@tests/deps.sh build test

# A second make: the first one may have started without pkg-config.
check: test-deps
	@$(MAKE) --no-print-directory WERROR=-Werror check-built

check-built: all $(test_bins)
	@BUILD='$(BUILD)' CC='$(CC)' tests/run.sh

SAN = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
    -fno-omit-frame-pointer
asan: test-deps
	@$(MAKE) --no-print-directory BUILD=build/asan WERROR=-Werror FORTIFY= \
	    CFLAGS='$(SAN)' LDFLAGS='-fsanitize=address,undefined' check-built

# Every requirement is shown by a test that has passed, or says why not.
conformance: check
	@tests/conformance/conformance.py '$(BUILD)/tap'

# Benchmarks; their programs do not count as tests.
bench_bins = $(addprefix $(BUILD)/tests/bench/,core dnsecho tcpblast udpblast)

$(BUILD)/tests/bench/core: $(BUILD)/tests/bench/core.o \
    $(BUILD)/common/monotime.o $(BUILD)/nat64d/largepage.o \
    $(BUILD)/nat64d/libnat64.a \
    $(BUILD)/common/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(BASE_LIBS)

$(BUILD)/tests/bench/dnsecho $(BUILD)/tests/bench/tcpblast \
    $(BUILD)/tests/bench/udpblast: %: %.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^
$(BUILD)/tests/bench/%.o: CFLAGS += -D_GNU_SOURCE

BENCH ?= all
bench: test-deps
	@tests/deps.sh bench
	@$(MAKE) --no-print-directory bench-built

bench-built: all $(bench_bins)
	@python3 tests/bench/bench.py '$(BUILD)' '$(BENCH)'

demo: test-deps
	@$(MAKE) --no-print-directory all
	@BUILD='$(BUILD)' SHELL_IN='$(SHELL_IN)' tests/demo/demo.sh

lint: test-deps
	@tests/deps.sh lint
	@$(MAKE) --no-print-directory all
	@BUILD='$(BUILD)' tests/lint/lint.sh

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')

units = $(if $(filter linux,$(OS)),$(wildcard etc/systemd/*.service))
rc_scripts = $(if $(RC),$(wildcard etc/rc/$(RC)/*))
fill = sed 's,@SBINDIR@,$(SBINDIR),g;s,@SYSCONFDIR@,$(SYSCONFDIR),g'

install: all
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man5 \
	    $(DESTDIR)$(MANDIR)/man8 $(DESTDIR)$(EXAMPLEDIR) \
	    $(if $(units),$(DESTDIR)$(UNITDIR)) \
	    $(if $(rc_scripts),$(DESTDIR)$(RCDIR))
	$(INSTALL) -m 755 $(BUILD)/nat64d/nat64d $(BUILD)/dns64d/dns64d \
	    $(DESTDIR)$(SBINDIR)
	$(fill) etc/nat64d-unreachable > $(DESTDIR)$(SBINDIR)/nat64d-unreachable
	chmod 755 $(DESTDIR)$(SBINDIR)/nat64d-unreachable
	$(INSTALL) -m 644 man/*.5 $(DESTDIR)$(MANDIR)/man5
	$(INSTALL) -m 644 man/*.8 $(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 644 etc/nat64d.conf etc/nat64d.carrier.conf \
	    etc/dns64d.conf $(DESTDIR)$(EXAMPLEDIR)
	for unit in $(units); do \
		$(fill) $$unit > $(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; \
	done
	for script in $(rc_scripts); do \
		to=$(DESTDIR)$(RCDIR)/$${script##*/}; \
		$(fill) $$script > $$to && chmod 755 $$to || exit 1; \
	done

uninstall:
	[ -n '$(DESTDIR)' ] || [ ! -x $(SBINDIR)/nat64d-unreachable ] || \
	    $(SBINDIR)/nat64d-unreachable remove || :
	rm -f $(DESTDIR)$(SBINDIR)/nat64d $(DESTDIR)$(SBINDIR)/dns64d \
	    $(DESTDIR)$(SBINDIR)/nat64d-unreachable
	for page in $(notdir $(wildcard man/*.5)); do \
		rm -f $(DESTDIR)$(MANDIR)/man5/$$page; done
	for page in $(notdir $(wildcard man/*.8)); do \
		rm -f $(DESTDIR)$(MANDIR)/man8/$$page; done
	for unit in $(notdir $(units)); do \
		rm -f $(DESTDIR)$(UNITDIR)/$$unit; done
	for script in $(notdir $(rc_scripts)); do \
		rm -f $(DESTDIR)$(RCDIR)/$$script; done
	rm -f $(DESTDIR)$(EXAMPLEDIR)/nat64d.conf \
	    $(DESTDIR)$(EXAMPLEDIR)/nat64d.carrier.conf \
	    $(DESTDIR)$(EXAMPLEDIR)/dns64d.conf
	-rmdir $(DESTDIR)$(EXAMPLEDIR)

clean:
	rm -rf build

.PHONY: all asan bench bench-built check check-built clean conformance demo \
    deps fmt fuzz install lint test-deps uninstall
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
