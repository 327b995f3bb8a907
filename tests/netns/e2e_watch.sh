#!/usr/bin/env bash
# The network of the host changes while nat64d runs: addresses come and go,
# its interface goes down, its settings change.
#
#	client ------------ gateway ----------- internet
#	2001:db8::10        nat64d              198.51.100.10
#	        via fe80::1 on g0   g1 198.51.100.1/24
#
# The gateway has no other IPv6 address at first, and needs none to forward.
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
		echo "prefix 2001:db8:8000::/96"
		echo "pool 192.0.2.0/24"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

logged() { # regex
	grep -E -- "$1" "$dir/nat64d.err"
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
	check "$1" wait_for 10 speaks_from "$2"
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
	check "the last one has gone: silence" wait_for 10 is_silent
	check "packets are translated as ever" translates
	stop "$nat64d"

	write_conf "address 2001:db8:9::9"
	check "nat64d starts with an address that is configured" start_nat64d
	address add 2001:db8:1::1 nodad
	check "it is kept whatever the host has" speaks_from 2001:db8:9::9
	address del 2001:db8:1::1
	stop "$nat64d"
}

need_root
start_lab
test_errors_follow_addresses
tap_done
