#!/usr/bin/env bash
# The units under the systemd that has started this machine, while AppArmor
# confines the daemons. The gateway is the network of the machine itself. This
# changes the system, and is for one that is thrown away: the virtual machine of
# tests/vm, which sets DISPOSABLE_MACHINE and loads the profiles.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/system.sh
. "$(dirname "$0")/tools/system.sh"
# shellcheck source=tools/units.sh
. "$(dirname "$0")/tools/units.sh"

sysroot=
init=1

# For lab_create: a name for the network of the machine, whose processes are not
# those of the lab.
add_router() { # namespace
	ip netns attach "$1" "$init" &&
	    in_ns "$1" sysctl -qw net.ipv4.icmp_ratelimit=0 \
		net.ipv6.icmp.ratelimit=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1
}

# Before the lab is removed.
clean_up() {
	lab_is_ours || return 0
	inside systemctl stop dns64d.socket nat64d dns64d
	inside /usr/sbin/nat64d-unreachable remove
	make -s -C "$root" BUILD="$BUILD" PREFIX=/usr RC= \
	    APPARMORDIR="$dir/apparmor.d" uninstall
	forget_all
	inside systemctl daemon-reload
	ip netns del "$gateway"
	lab_remove
} >/dev/null 2>&1

[ "${DISPOSABLE_MACHINE-}" = yes ] ||
    skip_all "it would change this system: make check-vm runs it"
need_root
[ "$(cat /proc/1/comm)" = systemd ] || skip_all "systemd is not process 1"
for daemon in nat64d dns64d; do
	grep -qsx "$daemon (enforce)" /sys/kernel/security/apparmor/profiles ||
	    skip_all "AppArmor has no profile of $daemon"
done
lab_create
trap clean_up EXIT
start_nsd
start_web
echo hello >"$dir/www/file"
forget_all
check "make install" install_all APPARMORDIR="$dir/apparmor.d"
inside systemctl daemon-reload
confined=yes
test_units
tap_done
