# Ecdysis: nat64d and dns64d.
#
#	make			build both daemons below build/
#	make install		DESTDIR= and PREFIX= are honoured
#	sudo make check		all tests; installs the packages they need
#	sudo make demo		the main job, shown in network namespaces
#	make asan | lint | fmt | uninstall | clean
#
# V=1 shows the commands.

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
EXAMPLEDIR ?= $(PREFIX)/share/examples/ecdysis

BUILD ?= build
OS := $(shell uname -s | tr A-Z a-z)
BISON ?= bison
FLEX ?= flex
INSTALL ?= install
PKG_CONFIG ?= pkg-config

# Sources, one per line. PURE ones know no I/O, clock, log or globals.

common_PURE = \
    common/addr.c \
    common/acl.c \
    common/ip4class.c \
    common/pref64.c \
    common/siphash.c

common_SRC = \
    common/conf_file.c \
    common/log.c \
    common/monotime.c \
    common/privs.c \
    common/sandbox_$(OS).c \
    common/scan.c

nat64d_PURE = \
    nat64d/bib.c \
    nat64d/cksum.c \
    nat64d/frag.c \
    nat64d/gso.c \
    nat64d/icmp_error.c \
    nat64d/ipid.c \
    nat64d/nat64.c \
    nat64d/pkt.c \
    nat64d/pool4.c \
    nat64d/ratelimit.c \
    nat64d/session.c \
    nat64d/slab.c \
    nat64d/stats.c \
    nat64d/subscriber.c \
    nat64d/tcp_fsm.c \
    nat64d/vnet.c \
    nat64d/xlat_4to6.c \
    nat64d/xlat_6to4.c \
    nat64d/xlat_icmp.c

nat64d_SRC = \
    nat64d/conf.c \
    nat64d/dump.c \
    nat64d/engine.c \
    nat64d/nat64d.c \
    nat64d/parse.c \
    nat64d/tun_$(OS).c

dns64d_PURE = \
    dns64d/msg.c \
    dns64d/synth.c \
    dns64d/synth_ptr.c

dns64d_SRC = \
    dns64d/conf.c \
    dns64d/dns64d.c \
    dns64d/frontend.c \
    dns64d/parse.c \
    dns64d/query.c \
    dns64d/upstream.c

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
TEST_LIBS = $(call pkg,--libs check jansson)

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

$(call pure_objs,common) $(call pure_objs,nat64d) $(call pure_objs,dns64d): \
    EXTRA = $(WARN_PURE)

$(BUILD)/nat64d/nat64d: $(call objs,nat64d) $(call objs,common) \
    $(BUILD)/nat64d/libnat64.a $(BUILD)/common/libcommon.a
$(BUILD)/dns64d/dns64d: $(call objs,dns64d) $(call objs,common) \
    $(BUILD)/dns64d/libdns64.a $(BUILD)/common/libcommon.a
$(BUILD)/dns64d/dns64d: EXTRA_LIBS = $(LDNS_LIBS)

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
	$(Q)$(FLEX) --header-file=$(@:.c=.h) -o $@ $<

clean:
	rm -rf $(BUILD)

.PHONY: all clean
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
