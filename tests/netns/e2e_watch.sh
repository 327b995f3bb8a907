#!/usr/bin/env bash
# The network of the host changes while nat64d runs: addresses come and go,
# its interface goes down, its settings change.
#
#	client ------------ gateway ----------- internet
#	2001:db8::10        nat64d              198.51.100.10
#	        via fe80::1 on g0   g1 198.51.100.1/24
#
# At first the gateway has no other IPv6 address; forwarding needs none.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

start_lab() {
	lab_create
	ip -n "$gateway" -6 addr flush dev g0 scope global
	ip -n "$gateway" addr add fe80::1/64 dev g0 nodad
	ip -n "$gateway" route add 2001:db8::/64 dev g0
	ip -n "$client" route replace default via fe80::1 dev c0
}

write_conf() { # statement ...
	{
		echo "tun nat64"
		echo "user nobody"
		fastpath_statement
		echo "prefix 2001:db8:8000::/96"
		echo "pool 192.0.2.0/24"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

translates() {
	in_ns "$client" ping -n -c 1 -W 1 "$server64"
}

# --- the address of ICMPv6 errors ---

# Who says that hops are used up? The second one is nat64d.
speaker() {
	in_ns "$client" ping -n -c 1 -W 1 -t 2 "$server64" |
	    sed -n 's/^From \([^ ]*\) .*/\1/p'
}

speaks_from() { # address
	[ "$(speaker)" = "$1" ]
}

check_speaks_from() { # description address
	check "$1" wait_for 30 speaks_from "$2"
}

is_silent() {
	[ -z "$(speaker)" ]
}

address() { # add|del|change address [word ...]
	local verb=$1 address=$2
	shift 2
	ip -n "$gateway" addr "$verb" "$address/64" dev g0 "$@"
}

test_errors_follow_addresses() {
	write_conf
	check "nat64d starts before there is a global address" start_nat64d
	check "it translates all the same" translates
	check "it says that no errors can be sent yet" \
	    logged "no global IPv6 address on this host"
	check "it sends none" is_silent

	address add fd00::1 nodad
	check_speaks_from "a unique local address will do where there is no other" \
	    fd00::1
	address add 2001:db8:1::1 nodad
	check_speaks_from "errors come from the first global address" \
	    2001:db8:1::1
	check "the log has it" \
	    logged "icmp6 errors are sent from 2001:db8:1::1"

	address add 2001:db8:2::1 nodad
	check "a second one changes nothing" speaks_from 2001:db8:1::1
	address change 2001:db8:1::1 preferred_lft 0 valid_lft 3600
	check_speaks_from "another prefix: the old one is deprecated" \
	    2001:db8:2::1
	address del 2001:db8:1::1
	check "and gone" speaks_from 2001:db8:2::1

	in_ns "$gateway" sysctl -qw net.ipv6.conf.g0.accept_dad=1 \
	    net.ipv6.conf.g0.dad_transmits=600
	address add 2001:db8:3::1
	ip -n "$gateway" addr add 2001:db8:4::1/128 dev nat64 nodad
	address del 2001:db8:2::1
	check_speaks_from "neither a tentative one nor one of the tun is taken" \
	    fd00::1
	ip -n "$gateway" route add default via fe80::2 dev g1
	ip -n "$gateway" addr add 2001:db8:5::1/64 dev g1 nodad
	ip -n "$gateway" addr add 2001:db8:6::1/64 dev lo nodad
	check_speaks_from "of global ones, that of the default route's interface" \
	    2001:db8:5::1
	ip -n "$gateway" addr del 2001:db8:6::1/64 dev lo
	ip -n "$gateway" addr del 2001:db8:5::1/64 dev g1
	address del 2001:db8:3::1
	address del fd00::1
	check "the last one has gone: silence" wait_for 30 is_silent
	check "packets are translated as ever" translates
	stop "$nat64d"

	write_conf "address 2001:db8:9::9"
	check "nat64d starts with an address that is configured" start_nat64d
	address add 2001:db8:1::1 nodad
	check "it is kept whatever the host has" speaks_from 2001:db8:9::9
	address del 2001:db8:1::1
	stop "$nat64d"
}

# --- the interface ---

ip_link() { # word ...
	ip -n "$gateway" link set nat64 "$@"
}

set_sysctl() { # name=value
	in_ns "$gateway" sysctl -qw "$1"
}

route_gone() {
	logged 'nat64: the route to .* has gone, .*: leaving$'
}

# As a supervisor sees it.
ends_with() { # status
	local status
	wait_for 30 gone "$nat64d" || return 1
	wait "$nat64d"
	status=$?
	[ "$status" -eq "$1" ]
}

running() {
	translates && ! gone "$nat64d"
}

check_restart() {
	check "nat64d ends with status 1" ends_with 1
	check "a supervisor starts it anew" start_nat64d
	check "and it translates" wait_for 30 translates
}

test_down() {
	tap_round="down and up"
	write_conf
	check "nat64d starts" start_nat64d
	check "it translates" translates
	ip_link down
	check "down is logged" \
	    wait_for 30 logged 'nat64: is down, nothing is translated'
	ip_link up
	check "and up" wait_for 30 logged 'nat64: is up again'
	check "a route that has gone is logged" wait_for 30 route_gone
	check_restart

	tap_round="down and up at once"
	ip_link down
	ip_link up
	check "a route that has gone is logged" wait_for 30 route_gone
	check_restart
}

# A route of ours that goes ends the daemon.
check_gone() { # 4 or 6, prefix
	ip -n "$gateway" "-$1" route del "$2" dev nat64
	check "an IPv$1 one that has gone is logged" \
	    wait_for 30 logged "the route to ${2//./\\.} has gone"
	check_restart
}

# Routes that refuse, below ours, are what a unit makes (nat64d-unreachable).
test_down_unreachable() {
	tap_round="routes that refuse below"
	ip -n "$gateway" route add unreachable 192.0.2.0/24 metric 4294967295
	ip -n "$gateway" route add unreachable 2001:db8:8000::/96 \
	    metric 4294967295
	check_gone 4 192.0.2.0/24
	check_gone 6 2001:db8:8000::/96
	ip -n "$gateway" route del unreachable 192.0.2.0/24 metric 4294967295
	ip -n "$gateway" route del unreachable 2001:db8:8000::/96 \
	    metric 4294967295
}

test_routes() {
	tap_round="routes"
	ip -n "$gateway" route del 192.0.2.0/24 dev nat64
	ip -n "$gateway" route add 192.0.2.0/24 dev nat64
	check "one that is replaced is none that has gone" running
	ip -n "$gateway" route add 192.0.2.0/25 via 198.51.100.10
	check "a longer one of somebody else's is told of" wait_for 30 logged \
	    'packets to 192\.0\.2\.0 go out through g1, not to nat64'
	check "but is no loss" kill -0 "$nat64d"
	ip -n "$gateway" route del 192.0.2.0/25
	check_gone 4 192.0.2.0/24
	check_gone 6 2001:db8:8000::/96
}

# What the administrator routes is the administrator's to put back.
test_routes_of_others() {
	tap_round="routes no"
	stop "$nat64d"
	write_conf "routes no"
	check "nat64d starts" start_nat64d
	ip -n "$gateway" route add 192.0.2.0/24 dev nat64
	ip -n "$gateway" route add 2001:db8:8000::/96 dev nat64
	check "it translates" translates
	ip_link down
	check "down is logged" wait_for 30 logged 'nat64: is down'
	ip_link up
	check "and up" wait_for 30 logged 'nat64: is up again'
	ip -n "$gateway" route add 192.0.2.0/24 dev nat64
	ip -n "$gateway" route add 2001:db8:8000::/96 dev nat64
	check "it goes on when the routes are back" running
	stop "$nat64d"
}

test_removed() {
	tap_round="removed"
	write_conf
	check "nat64d starts" start_nat64d
	ip -n "$gateway" link del nat64
	check "that is logged" \
	    wait_for 30 logged 'nat64: the interface was removed'
	check_restart
	tap_round="moved to another namespace"
	ip_link netns "$client"
	check "that is logged" \
	    wait_for 30 logged 'nat64: the interface was removed'
	check_restart
	stop "$nat64d"
}

# As an administrator makes it, for us or for another program.
test_persistent() {
	tap_round="persistent"
	ip -n "$gateway" tuntap add nat64 mode tun
	ip_link mtu 1400 txqueuelen 100
	check "nat64d starts" start_nat64d
	check "it translates" translates
	ip_link down
	ip_link up
	check "a route that has gone is logged" wait_for 30 route_gone
	check_restart
	stop "$nat64d"
	ip -n "$gateway" tuntap del nat64 mode tun
}

# --- MTU ---

# What nat64d tells the server, whose packet of 1390 bytes gains 20.
too_big() { # bytes
	in_ns "$internet" ping -n -c 1 -W 1 -M "do" -s 1362 192.0.2.1 |
	    grep -E "mtu ?= ?$1\\)?\$"
}

test_mtu() {
	tap_round="MTU"
	write_conf "static icmp 192.0.2.1 to 2001:db8::10"
	check "nat64d starts" start_nat64d
	check_not "a packet fits" too_big 1380
	ip_link mtu 1400
	check "another MTU is logged" \
	    wait_for 30 logged 'nat64: MTU is 1400 now, was 1500'
	check "and goes for what is translated" too_big 1380
	ip_link mtu 1200
	check "one too small for IPv6 is logged, with the remedy" \
	    wait_for 30 logged \
	    'no IPv6 at an MTU of 1200: ip link set nat64 mtu 1280'
	ip_link mtu 1500
	check "and that IPv6 is back" \
	    wait_for 30 logged 'nat64: IPv6 is enabled again'
	check_restart
	stop "$nat64d"
}

# --- settings ---

test_ipv6_disabled() {
	tap_round="IPv6 disabled"
	write_conf
	check "nat64d starts" start_nat64d
	set_sysctl net.ipv6.conf.nat64.disable_ipv6=1
	check "that is logged with the setting" wait_for 30 logged \
	    'IPv6 is disabled: sysctl net.ipv6.conf.nat64.disable_ipv6=0$'
	check "nat64d goes on" kill -0 "$nat64d"
	set_sysctl net.ipv6.conf.nat64.disable_ipv6=0
	check "and that it is enabled again" \
	    wait_for 30 logged 'nat64: IPv6 is enabled again'
	check_restart
	stop "$nat64d"
}

test_forwarding() { # family setting remedy
	local off="this host does not forward $1: .*$2=1"
	tap_round="forwarding of $1"
	check "nat64d starts" start_nat64d
	set_sysctl "$2=0"
	check "off is logged with the setting" wait_for 30 logged "$off"
	check_not "nothing is translated" translates
	set_sysctl "$2=1"
	check "it is taken back" wait_for 30 logged "no longer: $off"
	check "without a start" wait_for 30 running
	stop "$nat64d"
}

need_root
start_lab
test_errors_follow_addresses
test_down
test_down_unreachable
test_routes
test_routes_of_others
test_removed
test_persistent
test_mtu
test_ipv6_disabled
write_conf
test_forwarding IPv4 net.ipv4.ip_forward
test_forwarding IPv6 net.ipv6.conf.all.forwarding
tap_done
