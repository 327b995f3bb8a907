#!/usr/bin/env bash
# Connections to IPv6-only hosts through their pool addresses: from another
# IPv6 client (hairpinning) and from the IPv4 Internet (static bindings).
#
#	client ---------- gateway ---------- internet
#	2001:db8::10        |  nat64d        198.51.100.10
#	                    |
#	                 server6      192.0.2.1 port 80 is its port 8080,
#	                 2001:db8:1::10
#	                 2001:db8:1::11    192.0.2.3 is some ports of it
#	                 2001:db8:2::10    192.0.2.2 is all of it
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

server6=$lab-server6
address6=2001:db8:1::10
range6=2001:db8:1::11
whole6=2001:db8:2::10
statics=(
	"static tcp 192.0.2.1 port 80 to $address6 port 8080"
	"static tcp 192.0.2.1 port 81 to $address6"
	"static udp 192.0.2.1 port 7777 to $address6"
	"static udp 192.0.2.1 port 9 to $address6"
	"static tcp 192.0.2.3 port 8000-8100 to $range6 port 8050-8150"
	"static 192.0.2.2 to $whole6"
)
# The same in the eyes of the client.
ports64=2001:db8:8000::c000:201
range64=2001:db8:8000::c000:203
whole64=2001:db8:8000::c000:202
pool64='^2001:db8:8000::c000:2[0-9a-f]{2}$'

start_lab() {
	lab_create
	add_ns "$server6"
	connect "$gateway" g2 "$server6" s0
	link_up "$gateway" g2 2001:db8:1::1/64
	link_up "$server6" s0 "$address6/64" "$range6/64" "$whole6/128"
	ip -n "$gateway" route add 2001:db8:2::/64 via "$address6"
	ip -n "$server6" route add default via 2001:db8:1::1
	start_web "$server6" "[::]:8080"
	start_udp_echo "$server6" "UDP6-RECVFROM:7777,bind=[$address6]"
	start_udp_echo
	head -c 10000000 /dev/urandom >"$dir/www/10MB"
}

# What a server of ours says who has asked.
peer() { # namespace URL
	in_ns "$1" curl -gsS -m 5 "$2/peer"
}

fetch4() { # file server
	in_ns "$internet" curl -gsSf -m 60 -o "$dir/fetched4" \
	    "http://$2/$1" && cmp "$dir/www/$1" "$dir/fetched4"
}

# Ends within a second, and because of the error message.
refused() { # namespace socat address
	! echo hello | in_ns "$1" timeout 1 socat -t 5 - "$2" \
	    2>"$dir/refused" && grep 'Connection refused' "$dir/refused"
}

ping6() { # address
	in_ns "$client" ping -n -c 2 -i 0.1 -W 2 "$1"
}

ping4() { # address bytes
	in_ns "$internet" ping -n -c 2 -i 0.1 -W 2 -s "$2" "$1"
}

# The server's port 5000 gets a mapping by asking somebody in the Internet;
# then it takes datagrams there from anybody.
open_port_5000() {
	echo hello | in_ns "$server6" timeout 5 nc -u -W 1 \
	    -s "$address6" -p 5000 "$server64" 7777 || return 1
	start "$server6" echo5000.log socat -b 65536 \
	    "UDP6-RECVFROM:5000,bind=[$address6],fork" EXEC:cat
	echo5000=$!
	wait_for 30 udp_listens "$server6" 5000
}

# The IPv4 address and port of the server's port 5000.
mapping_5000() {
	nat64d_dump | awk -v in6="[$address6]:5000" \
	    '$1 == "udp" && $2 == in6 { print $3 }'
}

test_hairpin() {
	# Shows: HPN-01 HPN-04 HPN-08 TBL-04
	check "10 MB between two clients" fetch 10MB "$ports64"
	check "and back" put 10MB "$ports64"
	# Shows: HPN-02
	check_match "the server sees a pool address below the prefix" \
	    "$(peer "$client" "http://[$ports64]")" "$pool64"
	check_match "a range of ports is bound port by port" \
	    "$(peer "$client" "http://[$range64]:8030")" "$pool64"
	check_match "a whole address is bound as it is" \
	    "$(peer "$client" "http://[$whole64]:8080")" "$pool64"
	check "a datagram between two clients" udp_echo "$client" 500 \
	    "$ports64" 7777
	check "a datagram of 8 KB, in fragments" udp_echo "$client" 8000 \
	    "$ports64" 7777
	# Shows: HPN-03 HPN-07
	check_match "ping, the hop limit lowered once by nat64d" \
	    "$(ping6 "$whole64")" 'ttl=61 '
	# Shows: HPN-05
	check "a closed UDP port is refused at once" refused "$client" \
	    "UDP6:[$ports64]:9"
	check "a closed TCP port is refused at once" refused "$client" \
	    "TCP6:[$ports64]:81"
}

# The server's link is smaller than everything else.
test_hairpin_pmtu() {
	ip -n "$gateway" link set g2 mtu 1280
	check "path MTU discovery between two clients" put 10MB "$ports64"
	ip -n "$gateway" link set g2 mtu 1500
	ip -n "$client" -6 route flush cache
}

test_dynamic() {
	local at host port
	check "a client opens a port by asking outside" open_port_5000 ||
	    return
	at=$(mapping_5000)
	host=${at%:*} port=${at#*:}
	# Shows: TBL-06 CFG-11
	check "another client reaches it there" udp_echo "$client" 500 \
	    "2001:db8:8000::$host" "$port"
	check "and so does a host in the Internet" udp_echo "$internet" 500 \
	    "$host" "$port"
	stop "$echo5000"
}

test_static() {
	# Shows: TCP-04 XLT-08
	check "an IPv4 host gets 10 MB of an IPv6-only one" fetch4 10MB \
	    192.0.2.1
	# Shows: OUT-02
	check_equal "the server sees its address below the prefix" \
	    "$(peer "$internet" http://192.0.2.1)" "$server64"
	check "it sends a datagram" udp_echo "$internet" 500 192.0.2.1 7777
	check "it sends a datagram of 8 KB" udp_echo "$internet" 8000 \
	    192.0.2.1 7777
	check "it pings a whole address" ping4 192.0.2.2 56
	check "it pings a whole address, in fragments" ping4 192.0.2.2 4000
	# Shows: ICM-02c ICM-35
	check "a closed UDP port is refused at once" refused "$internet" \
	    UDP4:192.0.2.1:9
	check "a closed TCP port is refused at once" refused "$internet" \
	    TCP4:192.0.2.1:81
}

# A connection to an address where nobody is known: the answer has to wait,
# for that might be a simultaneous open (RFC 5382, REQ-4).
knock() {
	in_ns "$internet" curl -sS -o /dev/null -m 9 \
	    -w '%{time_total}\n' http://192.0.2.9/ >"$dir/knock" 2>&1 &
	knock=$!
}

test_unbound() {
	wait "$knock"
	# Shows: TCP-03 ERR-09 CFG-05
	check_match "a SYN to no binding is refused after 6 seconds" \
	    "$(tr '\n' ' ' <"$dir/knock")" \
	    "(refused|Couldn't connect).* [678]\."
	# Shows: SES-10 LIM-03
	check "a datagram to no binding is dropped" \
	    drops_increase no-binding send_datagram
}

send_datagram() {
	in_ns "$internet" nc -u -w 0 192.0.2.9 99 <<<hello
}

drops_increase() { # reason command
	local before
	before=$(dump_value "$(nat64d_dump)" "$1")
	"$2"
	wait_for 30 drops_above "$1" "$before"
}

drops_above() { # reason number
	[ "$(dump_value "$(nat64d_dump)" "$1")" -gt "$2" ]
}

need_root
start_lab
for offload in yes no; do
	tap_round="offload $offload"
	write_nat64d_conf "offload $offload" "${statics[@]}"
	check "nat64d starts" start_nat64d || give_up
	knock
	tap_round="between clients, offload $offload"
	test_hairpin
	test_hairpin_pmtu
	tap_round="without static binding, offload $offload"
	test_dynamic
	tap_round="from IPv4, offload $offload"
	test_static
	test_unbound
	stop "$nat64d"
done
tap_done
