#!/usr/bin/env bash
# Attacks on shared resources: sessions, ports, fragments and ICMP errors. A
# well-behaved client must not be affected by any of them.
#
#	2001:db8::10, the client		198.51.100.10, the server
#	2001:db8::66, of the same /64		198.51.100.66, a stranger
#	2001:db8:f000::/56, a customer		203.0.113.0/24, many strangers
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

tool=$root/tests/netns/tools/garbage.py
pool=192.0.2.7
customer=2001:db8:f000::1/56

start_lab() {
	lab_create
	start_web "$internet"
	start_udp_echo "$internet"
	mac6=$(link_address g0)
	mac4=$(link_address g1)
}

link_address() { # interface of the gateway
	ip -n "$gateway" -br link show "$1" | awk '{ print $3 }'
}

attack6() { # kind number [source]
	in_ns "$client" /usr/bin/python3 "$tool" "$1" c0 "$mac6" \
	    "${3:-$customer}" "$server64" "$2"
}

attack4() { # kind number [source]
	in_ns "$internet" /usr/bin/python3 "$tool" "$1" i0 "$mac4" \
	    "${3:-198.51.100.66/32}" "$pool" "$2"
}

# A translator with the defaults but for these statements.
begin() { # statement ...
	{
		echo "tun nat64 mtu 1500"
		echo "prefix 2001:db8:8000::/96"
		echo "address $gateway6"
		echo "user nobody"
		fastpath_statement
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
	cp "$root/etc/nat64d.carrier.conf" "$dir"
	check "nat64d starts" start_nat64d || give_up
}

end() {
	stop "$nat64d"
}

value() { # name in the dump
	dump_value "$(nat64d_dump)" "$1"
}

# So many datagrams that come back, each from another port.
talks() { # number
	local i
	for ((i = 0; i < $1; i++)); do
		udp_echo "$client" 100 "$server64" 7777 || return 1
	done
}

over() { # name in the dump, value
	[ "$(value "$1")" -gt "$2" ]
}

# Attack until a counter says that it came through: a loaded machine loses
# packets on the way.
reached() { # name in the dump, value, command ...
	local i
	for ((i = 0; i < 10; i++)); do
		"${@:3}" || return 1
		! over "$1" "$2" || return 0
	done
	return 1
}

# So many new connections, one after the other.
connects() { # number
	local i
	for ((i = 0; i < $1; i++)); do
		in_ns "$client" curl -gsSf -m 2 -o "$dir/peer" \
		    "http://[$server64]/peer" || return 1
	done
}

# 9,000 SYNs filled the 8,192 sessions that a subscriber of a carrier may
# have.
test_stranger() {
	tap_round="a stranger and three ports"
	begin 'include "nat64d.carrier.conf"' "pool $pool" \
	    "static tcp $pool port 5000-5002 to 2001:db8::10 port 5000-5002"
	check "9000 SYNs arrive, each is a session" \
	    reached sessions-created 8900 attack4 knocks 9000
	check "the client connects all the same" connects 20
	check_equal "and nobody was refused" "$(value subscriber-limit)" 0
	end
}

# The same by a server that the client has visited.
test_visited() {
	tap_round="a visited server, filter address-dependent"
	begin 'include "nat64d.carrier.conf"' "pool $pool" \
	    "filter address-dependent" \
	    "static udp $pool port 5000-5002 to 2001:db8::10 port 5000-5002"
	check "9000 datagrams of others are filtered" \
	    reached filtered 8900 attack4 datagrams 9000
	check "the client visits the server" visit
	check "9000 datagrams of the server arrive, each is a session" \
	    reached sessions-created 8900 attack4 datagrams 9000 "$server4/32"
	check "the client connects all the same" connects 20
	check_equal "and nobody was refused" "$(value subscriber-limit)" 0
	end
}

visit() {
	local port
	for port in 5000 5001 5002; do
		echo hello | in_ns "$client" timeout 2 nc -u -W 1 -p "$port" \
		    "$server64" 7777
	done
	over sessions-created 2
}

# Some 260 bindings with 4,096 sessions each filled the table.
test_table() {
	tap_round="many strangers and a small table"
	begin "pool $pool" "limit sessions 2000" \
	    "static udp $pool port 5000-5002 to 2001:db8::10 port 5000-5002"
	check "new sessions take the place of old ones" \
	    reached sessions-evicted 1000 attack4 datagrams 20000 203.0.113.0/24
	check "the client connects all the same" connects 20
	check_equal "and nobody was refused" "$(value session-limit)" 0
	end
}

# Sessions that IPv4 hosts opened give way where the table is full.
test_full() {
	tap_round="strangers have all of the table"
	begin "pool $pool" "limit sessions 1000" "limit inbound-sessions 1000" \
	    "static udp $pool port 5000-5002 to 2001:db8::10 port 5000-5002"
	check "10000 datagrams arrive" attack4 datagrams 10000 203.0.113.0/24
	check "the client connects all the same" connects 20
	end
}

# A /56 took all ports of an address in 4 s.
test_customer() {
	tap_round="a customer with a /56"
	begin "pool $pool port 1024-9023"
	check "it opens what it can and is refused" \
	    reached subscriber-limit 100 attack6 flows 12000
	check "the client talks all the same" talks 10
	check "the log names statement and customer" wait_for 30 logged \
	    'quota-exceeded .* statement="fair-share" subscriber=2001:db8:f000::/56 '
	end
	tap_round="a customer with a /56, the carrier's settings"
	begin 'include "nat64d.carrier.conf"' "pool $pool port 1024-9023"
	check "it opens what it can" attack6 flows 12000
	check "the log names statement and customer" wait_for 30 logged \
	    'statement="limit subscriber [a-z-]*" subscriber=2001:db8:f000::/56 '
	check "the client talks all the same" talks 10
	end
}

test_neighbour() {
	tap_round="a host of the same /64"
	begin "pool $pool port 1024-9023"
	check "it opens what it can and is refused" \
	    reached subscriber-limit 100 attack6 flows 12000 2001:db8::66/128
	check "the client talks all the same" talks 10
	check "the log names statement and host" wait_for 30 logged \
	    'statement="fair-share" subscriber=2001:db8::66/128 '
	end
}

# Of a school everybody was refused after 1,219 quick connections, and all
# came from one of sixteen addresses.
test_school() {
	tap_round="a school with one /64"
	begin "pool 192.0.2.0/28"
	check "250 hosts open 5000 flows at once" attack6 flows 5000 \
	    2001:db8:7::1/64
	check_equal "nobody is refused" "$(value subscriber-limit)" 0
	check "most of sixteen addresses are used" many_addresses
	check "the client talks as well" talks 10
	end
}

many_addresses() {
	[ "$(nat64d_dump | grep '^udp ' | grep -o '192\.0\.2\.[0-9]*' |
	    sort -u | wc -l)" -gt 12 ]
}

# Attacks that last for as long as they are looked at.
lasting6() { # kind
	start "$client" attack.log /usr/bin/python3 "$tool" "$1" c0 "$mac6" \
	    "$customer" "$server64" 10000000
	attack=$!
}

lasting4() { # kind
	start "$internet" attack.log /usr/bin/python3 "$tool" "$1" i0 \
	    "$mac4" 203.0.113.0/24 "$pool" 10000000
	attack=$!
}

cut_datagrams() {
	udp_echo "$client" 4000 "$server64" 7777
}

test_fragments() {
	tap_round="fragments without a beginning"
	begin "pool $pool"
	check "the echo service answers" wait_for 30 cut_datagrams
	lasting4 crumbs
	check "from IPv4: they fill their side" wait_for 30 over \
	    fragment-limit 100
	check "the client's datagrams pass in fragments" wait_for 30 \
	    cut_datagrams
	stop "$attack"
	lasting6 crumbs
	check "from IPv6 as well" wait_for 30 over fragment-limit 5000
	check "the client's datagrams pass in fragments" wait_for 30 \
	    cut_datagrams
	stop "$attack"
	end
}

# The client is told of a small MTU.
told_too_big() {
	ip -n "$client" -6 route flush cache
	in_ns "$client" ping -n -M "do" -c 1 -W 1 -s 1452 "$server64" \
	    2>&1 | grep -i 'too big: mtu=1420\|too long, mtu[:=] *1420'
}

test_errors() {
	tap_round="hop limits used up"
	begin "pool $pool" "mtu ipv4 1400"
	lasting6 hopless
	check "errors are limited" wait_for 30 over icmp-errors-limited 1000
	check "a packet too big is told of" wait_for 30 told_too_big
	check "the client sees the translator in a trace" wait_for 30 traced
	stop "$attack"
	end
}

traced() {
	in_ns "$client" ping -n -c 1 -W 1 -t 2 "$server64" |
	    grep "^From $gateway6 .*[Tt]ime exceeded"
}

need_root
start_lab
test_stranger
test_visited
test_table
test_full
test_customer
test_neighbour
test_school
test_fragments
test_errors
tap_done
