#!/usr/bin/env bash
# A home router with a point-to-point link (PPP) to its provider: one address
# without a network, an MTU of 1492, and a first hop that has only a private
# address. The Pref64::/n is the well-known prefix.
#
#	client ---------- gateway ------------- isp ----------- internet
#	2001:db8::10      g1 203.0.113.2,       10.64.64.1      8.8.8.8
#	                  then 203.0.113.77     8.8.8.1
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

isp=$lab-isp
hop=10.64.64.1
server=8.8.8.8
target=64:ff9b::$server
ours=$gateway6

start_lab() {
	lab_begin
	add_ns "$client" "$internet"
	add_router "$gateway" "$isp"
	connect "$client" c0 "$gateway" g0
	connect "$gateway" g1 "$isp" s0
	connect "$isp" s1 "$internet" i0
	link_up "$client" c0 2001:db8::10/64
	link_up "$gateway" g0 "$gateway6/64"
	ip -n "$gateway" link set g1 mtu 1492 up
	ip -n "$isp" link set s0 mtu 1492 up
	link_up "$isp" s1 8.8.8.1/24
	link_up "$internet" i0 "$server/24"
	ip -n "$client" route add default via "$gateway6"
	ip -n "$internet" route add default via 8.8.8.1
	in_ns "$gateway" sysctl -qw net.ipv4.conf.all.rp_filter=1
}

# The provider gives an address.
address() { # address
	ip -n "$gateway" addr flush dev g1 scope global
	ip -n "$gateway" addr add "$1" peer "$hop" dev g1
	ip -n "$gateway" route replace default via "$hop"
	ip -n "$isp" addr add "$hop" peer "$1" dev s0
}

peer_is() { # address
	[ "$(in_ns "$client" curl -gsS -m 2 "http://[$target]/peer")" = "$1" ]
}

# The hops of a traceroute, without their times.
hops() { # address
	in_ns "$client" traceroute -6 -n -q 1 -w 2,0,0 -m 6 "$1" |
	    awk 'NR > 1 { print $2 }'
}

test_address() {
	check "a connection comes from the address" \
	    wait_for 30 peer_is 203.0.113.2
	check "a ping returns" \
	    in_ns "$client" ping -n -c 2 -i 0.1 -W 2 "$target"
	address 203.0.113.77
	check "and from the next one, when that changes" \
	    wait_for 30 peer_is 203.0.113.77
}

# A private router may not be embedded: we speak for it, never the target.
test_private_hop() {
	local seen
	seen=$(hops "$target")
	check_equal "a traceroute ends at the target" \
	    "$(tail -n 1 <<<"$seen")" 64:ff9b::808:808
	check_equal "and every hop before is ours" \
	    "$(sed '$d' <<<"$seen" | sort -u)" "$ours"
	check_equal "to a dead host, no hop has its address" \
	    "$(hops 64:ff9b::8.8.8.77 | grep -c '64:ff9b::808:84d')" 0
}

# Shows: ICM-30 ADR-21
need_root
start_lab
address 203.0.113.2
start_web "$internet" "$server:80" || give_up
{
	echo "tun nat64"
	echo "user nobody"
	fastpath_statement
	echo "pool interface g1 port 40000-59999"
} >"$dir/nat64d.conf"
check "nat64d starts" start_nat64d || give_up
test_address
test_private_hop
stop "$nat64d"
tap_done
