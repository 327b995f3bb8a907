#!/usr/bin/env bash
# 464XLAT (RFC 6877) from end to end: programs that know IPv4 only, on a host
# that has IPv6 only and in a network behind it, reach the IPv4 Internet through
# two nat64d, a stateless one ("mode clat") and a stateful one.
#
#	lan ------ client -------- near ---------- gateway ------ internet
#	   l0   c1        c0     a0    a1        g0       g1   i0
#	192.168.1.10   2001:db8::10              NAT64         198.51.100.10
#	IPv4 only      CLAT           IPv6 only
#
# The client's 192.0.0.1 is 2001:db8:464::1 there, and 192.168.1.0/24 is
# 2001:db8:464:1::/64 (RFC 7757): both are routed to it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

near=$lab-near
lan=$lab-lan
clat=

start_lab() {
	lab_begin
	add_ns "$internet" "$lan"
	add_router "$client" "$near" "$gateway"
	in_ns "$internet" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	in_ns "$lan" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	connect "$lan" l0 "$client" c1
	connect "$client" c0 "$near" a0
	connect "$near" a1 "$gateway" g0
	connect "$gateway" g1 "$internet" i0
	link_up "$lan" l0 192.168.1.10/24
	link_up "$client" c1 192.168.1.1/24
	link_up "$client" c0 2001:db8::10/64
	link_up "$near" a0 2001:db8::ffff/64
	link_up "$near" a1 2001:db8:a::1/64
	link_up "$gateway" g0 2001:db8:a::2/64 "$gateway6/128"
	link_up "$gateway" g1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24"
	ip -n "$lan" route add default via 192.168.1.1
	ip -n "$client" route add default via 2001:db8::ffff
	ip -n "$near" route add default via 2001:db8:a::2
	ip -n "$near" route add 2001:db8:464::/63 via 2001:db8::10
	ip -n "$gateway" route add 2001:db8::/64 via 2001:db8:a::1
	ip -n "$gateway" route add 2001:db8:464::/63 via 2001:db8:a::1
	ip -n "$internet" route add default via 198.51.100.1
	start_web
	start_udp_echo
	head -c 50000000 /dev/urandom >"$dir/www/50MB"
	head -c 3000000 /dev/urandom >"$dir/www/3MB"
}

# The example, with what only a lab needs.
write_clat_conf() { # statement ...
	cp "$root/etc/examples/clat/nat64d.conf" "$dir/clat.example"
	{
		echo 'include "clat.example"'
		echo "user nobody"
		echo "control \"$dir/clat.sock\""
		printf '%s\n' "$@"
		fastpath_statement
	} >"$dir/clat.conf"
}

start_clat() {
	start_nat64d_in "$client" clat || return 1
	clat=$started
}

clat_counter() { # name
	in_ns "$client" "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/clat.sock" \
	    show counters | awk -v name="$1" '$1 == name { print $2 }'
}

get() { # namespace file
	rm -f "$dir/fetched"
	in_ns "$1" curl -sSf -m 60 -o "$dir/fetched" "http://$server4/$2" &&
	    cmp "$dir/www/$2" "$dir/fetched"
}

send() { # namespace file
	rm -f "$dir/www/put"
	in_ns "$1" curl -sSf -m 60 -T "$dir/www/$2" "http://$server4/put" &&
	    cmp "$dir/www/$2" "$dir/www/put"
}

pings() { # namespace bytes of data ...
	local ns=$1 size
	shift
	for size in "$@"; do
		in_ns "$ns" ping -4 -n -c 2 -i 0.05 -W 5 -s "$size" \
		    "$server4" || return 1
	done
}

peer_is_of_the_pool() { # namespace
	in_ns "$1" curl -sS -m 10 "http://$server4/peer" | tee "$dir/peer" |
	    grep '^192\.0\.2\.'
}

refused_tcp() { # namespace
	! in_ns "$1" curl -sS -m 5 "http://$server4:81/" 2>"$dir/refused" &&
	    grep 'Connection refused\|Couldn.t connect' "$dir/refused"
}

refused_udp() { # namespace
	! echo hello | in_ns "$1" timeout 5 socat -t 5 - \
	    "UDP4:$server4:9" 2>"$dir/refused" &&
	    grep 'Connection refused' "$dir/refused"
}

route_mtu() { # namespace
	ip -n "$1" -4 route get "$server4" | grep -o 'mtu [0-9]*'
}

test_host() { # who namespace
	local who=$1 ns=$2
	check "$who: ping is answered up to the MTU" \
	    pings "$ns" 0 8 56 1200 1444
	check "$who: and in fragments" pings "$ns" 1500 4000 16000
	check "$who: the server sees an address of the NAT64" \
	    peer_is_of_the_pool "$ns"
	check "$who: 50 MB come down whole" get "$ns" 50MB
	check "$who: and go up" send "$ns" 50MB
	check "$who: UDP is answered" udp_echo "$ns" 1200 "$server4" 7777
	check "$who: in fragments, too" udp_echo "$ns" 8000 "$server4" 7777
	check "$who: a closed port is known at once, of TCP" \
	    refused_tcp "$ns"
	check "$who: of UDP" refused_udp "$ns"
}

# The CLAT, its kernel, then three without IPv4: near, the gateway's kernel and
# its NAT64 stand behind the dummy address (RFC 7600, 4.8).
test_traceroute() { # namespace
	local path
	path=$(in_ns "$client" timeout 20 traceroute -4 -n -q 1 -w 2,0,0 \
	    -m 9 "$@" "$server4" | awk 'NR > 1 { print $2 }' | tr '\n' ' ')
	check_match "traceroute $* shows the path" "$path" \
	    "^192.0.0.8 (192.0.0.[18] )+198.51.100.1 $server4 \$"
}

# A link of the IPv6 network is small.
test_pmtu() {
	ip -n "$near" link set a1 mtu 1340
	ip -n "$gateway" link set g0 mtu 1340
	check "with a small IPv6 link 3 MB go up" send "$client" 3MB
	check_equal "the path MTU is that of the link less 20" \
	    "$(route_mtu "$client")" "mtu 1320"
	check "and come down" get "$client" 3MB
	check "the LAN, too" send "$lan" 3MB
	ip -n "$near" link set a1 mtu 1500
	ip -n "$gateway" link set g0 mtu 1500
	ip -n "$client" -4 route flush cache
	ip -n "$lan" -4 route flush cache
}

goes_by() { # interface
	ip -n "$client" -4 route get "$server4" | grep " dev $1 "
}

test_routes() {
	check_match "the MTU of IPv4 is less by 28" "$(route_mtu "$client")" \
	    "mtu 1472"
	ip -n "$client" addr add 203.0.113.2/24 dev c0
	ip -n "$client" route add default via 203.0.113.1 metric 2000
	check "a native IPv4 default route is preferred" goes_by c0
	ip -n "$client" route del default via 203.0.113.1
	ip -n "$client" addr del 203.0.113.2/24 dev c0
	check "without it the translation is used again" goes_by clat
}

unmapped() {
	ip -n "$lan" addr add 192.168.77.1/32 dev l0
	ip -n "$client" route add 192.168.77.1 dev c1
	! in_ns "$lan" ping -4 -n -c 1 -W 5 -I 192.168.77.1 "$server4" \
	    >"$dir/unmapped" && grep 'Packet filtered' "$dir/unmapped"
}

test_others() {
	local before
	check "a host without a mapping is told that it is not served" unmapped
	check_match "and counted" "$(clat_counter unmapped-ipv4)" '^[1-9]'
	before=$(clat_counter unmapped-ipv6)
	in_ns "$near" ping -6 -n -c 1 -W 1 2001:db8:464::1 >"$dir/ping6"
	check "what is not from the prefix is dropped and counted" \
	    test "$(clat_counter unmapped-ipv6)" -gt "${before:-0}"
}

ctl() { # word ...
	in_ns "$client" "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/clat.sock" "$@"
}

test_control() {
	check_match "the mappings are shown" "$(ctl show maps)" \
	    '^192.168.1.0/24 +2001:db8:464:1::/64$'
	check_equal "what a mapped address is" "$(ctl translate 192.168.1.10)" \
	    "192.168.1.10 is 2001:db8:464:1:a00::, by a map"
	check_equal "and back" "$(ctl translate 2001:db8:464:1:a00::)" \
	    "2001:db8:464:1:a00:: is 192.168.1.10, by a map"
	check_equal "what an address of the Internet is" \
	    "$(ctl translate "$server4")" \
	    "$server4 is 2001:db8:8000::c633:640a, by a prefix"
	check_equal "what is on neither side" "$(ctl translate 2001:db8::1)" \
	    "2001:db8::1 has no counterpart"
}

# Packets that the program has translated, and those that the CLAT itself has.
ways() {
	ctl status | awk '/^fast path / { n = $(NF - 1) } END { print n + 0 }'
	echo $(($(clat_counter ipv6-packets-in) +
	    $(clat_counter ipv4-packets-in)))
}

# Sets fast and slow to the packets of each way of a command, which succeeds.
count_ways() { # command ...
	local before after
	readarray -t before <<<"$(ways)"
	"$@" || return 1
	readarray -t after <<<"$(ways)"
	fast=$((after[0] - before[0])) slow=$((after[1] - before[1]))
	echo "fast path: $fast packets, nat64d: $slow"
}

# The kernel sends a few of its own to the interface.
takes_large() { # command ...
	count_ways "$@" && [ "$fast" -gt 500 ] && [ "$slow" -lt 10 ]
}

leaves_large() { # command ...
	count_ways "$@" && [ "$fast" -eq 0 ] && [ "$slow" -gt 500 ]
}

# The interface is part of a host here, and of a router.
test_fast_path() {
	local how=takes_large ns
	grep 'fast path: used' "$dir/clat.err" || how=leaves_large
	for ns in "$client" "$lan"; do
		check "50 MB down: $how" "$how" get "$ns" 50MB
		check "and up" "$how" send "$ns" 50MB
	done
}

test_end() {
	stop "$clat"
	check_not "the end removes the interface" \
	    ip -n "$client" link show clat
	check_not "and the route" ip -n "$client" -4 route get "$server4"
}

need_root
start_lab
write_nat64d_conf
check "the NAT64 starts" start_nat64d || give_up
write_clat_conf "map 192.168.1.0/24 to 2001:db8:464:1::/64"
check "the CLAT starts" start_clat || give_up
check_not "it has nothing to complain about" \
    grep -E 'sysctl|cannot|does not|no route|drops|refused' "$dir/clat.err"
test_host "host" "$client"
test_host "LAN" "$lan"
test_fast_path
test_traceroute
test_traceroute -I
test_routes
test_pmtu
test_others
test_control
test_end
tap_done
