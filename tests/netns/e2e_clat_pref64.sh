#!/usr/bin/env bash
# How a CLAT finds the Pref64 of its network, and follows it: by router
# advertisements (RFC 8781) and by DNS (RFC 7050), from a nat64d with two
# prefixes and a dns64d with one of them.
#
#	client --------------- gateway ---------------- internet
#	2001:db8::10       2001:db8::1, ::2           198.51.100.10
#	CLAT               NAT64, DNS64, ra.py
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

clat=
first=2001:db8:8000::/96
second=2001:db8:9000::/96

start_lab() {
	lab_create
	in_ns "$client" sysctl -qw net.ipv6.conf.all.forwarding=1 \
	    net.ipv6.conf.c0.accept_ra=2
	ip -n "$gateway" route add 2001:db8:464::/64 via 2001:db8::10
	start_web
	echo hello >"$dir/www/file"
}

start_clat() { # [IPv6 side of the map]
	cat >"$dir/clat.conf" <<-EOF
		mode clat
		tun clat
		map 192.0.0.1 to ${1:-2001:db8:464::1}
		user nobody
		control "$dir/clat.sock"
	EOF
	start_nat64d_in "$client" clat || return 1
	clat=$started
}

# When the interface has its link-local address.
advertise() { # PREFIX=SECONDS ...
	wait_for 30 in_ns "$gateway" "$tools/ra.py" g0 "$@"
}

# The last thing that it has said about a prefix.
uses() { # text
	grep ' pref64: ' "$dir/clat.err" | tail -n 1 | grep -F -- "$1"
}

fetched() {
	in_ns "$client" curl -sSf -m 5 -o "$dir/fetched" \
	    "http://$server4/file" && cmp "$dir/www/file" "$dir/fetched"
}

check_fetch() { # description
	check "$1" wait_for 30 fetched
}

unreachable() {
	! in_ns "$client" curl -sS -m 5 "http://$server4/" 2>"$dir/said" &&
	    in_ns "$client" "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/clat.sock" \
		show counters | grep -E '^ *no-pref64 +[1-9]'
}


test_no_prefix() {
	check "without a prefix IPv4 is unreachable" unreachable
}

test_router() {
	advertise "$first=600"
	check "a router's prefix is taken" wait_for 30 uses \
	    "$first is used, from a router"
	check_fetch "and used"
	advertise "$first=600" "$second=600"
	check_fetch "a second one beside it changes nothing"
	check "it is still the first" uses "$first is used"
	advertise "$first=0" "$second=600"
	check "it is replaced when the router withdraws it" wait_for 30 uses \
	    "$second is used, from a router"
	check_fetch "and the other one works"
	check "the control socket shows it" shows "$second"
}

shows() { # prefix
	in_ns "$client" "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/clat.sock" \
	    pref64 radvd | grep -F "nat64prefix $1 "
}

test_dns() {
	write_dns64d_conf
	start_dns64d || give_up
	advertise "$second=0"
	check "without a router's the resolver's prefix is taken" \
	    wait_for 30 uses "$first is used, from DNS"
	check_fetch "and used"
	advertise "$second=8"
	check "a router's comes first" wait_for 30 uses \
	    "$second is used, from a router"
	check "until its lifetime is over" wait_for 30 uses \
	    "$first is used, from DNS"
	check_fetch "when IPv4 works as before"
}

test_solicitation() {
	local ra
	stop "$clat"
	stop "$dns64d"
	start "$gateway" ra.log "$tools/ra.py" --answer g0 "$second=600"
	ra=$!
	wait_for 30 grep ready "$dir/ra.log" || give_up
	check "the CLAT starts again" start_clat || give_up
	check "it asks the routers" wait_for 30 uses \
	    "$second is used, from a router"
	check_fetch "and IPv4 works"
	stop "$ra"
}

# An address of the client's own network, which its neighbour asks for.
test_interface() {
	stop "$clat"
	ip -n "$gateway" route del 2001:db8:464::/64
	check "with \"map to interface\" it starts again" \
	    start_clat "interface c0" || give_up
	check "it takes an address of the network" \
	    grep -F 'of c0 is 2001:db8::464:0:0:10' "$dir/clat.err"
	advertise "$first=600"
	check_fetch "the neighbour finds it, and IPv4 works"
	ip -n "$client" addr add 2001:db8:77::10/64 dev c0 nodad
	ip -n "$client" addr del 2001:db8::10/64 dev c0
	check "it ends when the interface has another network" \
	    wait_for 30 gone "$clat"
	check "and says why" grep -F 'c0 has another network' "$dir/clat.err"
	check_not "without an address there it does not start" \
	    start_clat "interface lo"
	check "and says why" \
	    grep -F 'lo: map to interface: it has no global' "$dir/clat.err"
}

need_root
start_lab
write_nat64d_conf "prefix $second"
check "the NAT64 starts" start_nat64d || give_up
check "the CLAT starts without a prefix" start_clat || give_up
test_no_prefix
test_router
test_dns
test_solicitation
test_interface
tap_done
