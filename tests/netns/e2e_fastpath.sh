#!/usr/bin/env bash
# Which packets nat64d's program in the kernel translates, and which nat64d
# itself, as its dump counts them.
#
#	client ------- near6 ------- gateway ------- near4 ------- internet
#	2001:db8::10                 nat64d                  198.51.100.10, .11
#
# Each packet is sent on purpose, by sockets that do what they are told.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/fastpath.sh"

near6=$lab-near6
near4=$lab-near4
prefixes=(
	3fff:32::/32
	3fff:40:4000::/40
	3fff:48:4848::/48
	3fff:56:5656:5600::/56
	3fff:64:6464:6464::/64
)
# The server in each of them.
embedded=(
	3fff:32:c633:640a::
	3fff:40:40c6:3364:a::
	3fff:48:4848:c633:64:a00::
	3fff:56:5656:56c6:33:640a::
	3fff:64:6464:6464:c6:3364:a00::
)

start_path6() {
	connect "$client" c0 "$near6" a0
	connect "$near6" a1 "$gateway" g0
	link_up "$client" c0 2001:db8::10/64
	link_up "$near6" a0 2001:db8::ffff/64
	link_up "$near6" a1 2001:db8:b::1/64
	link_up "$gateway" g0 2001:db8:b::2/64 "$gateway6/128"
	ip -n "$client" route add default via 2001:db8::ffff
	ip -n "$near6" route add default via 2001:db8:b::2
	ip -n "$gateway" route add 2001:db8::/64 via 2001:db8:b::1
}

start_path4() {
	connect "$gateway" g1 "$near4" d0
	connect "$near4" d1 "$internet" i0
	link_up "$gateway" g1 203.0.113.1/30
	link_up "$near4" d0 203.0.113.2/30
	link_up "$near4" d1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24" 198.51.100.11/24
	ip -n "$gateway" route add default via 203.0.113.2
	ip -n "$near4" route add default via 203.0.113.1
	ip -n "$internet" route add default via 198.51.100.1
}

start_lab() {
	lab_begin
	add_ns "$client" "$internet"
	add_router "$near6" "$gateway" "$near4"
	start_path6
	start_path4
}

start_talkers() {
	start_talker client "$client"
	start_talker other "$client"
	start_talker server "$internet"
}

# Links beyond the routers, and nothing learnt about them yet.
small_links() { # IPv6 IPv4
	ip -n "$client" link set c0 mtu "$1"
	ip -n "$near6" link set a0 mtu "$1"
	ip -n "$near4" link set d1 mtu "$2"
	ip -n "$internet" link set i0 mtu "$2"
	forget_mtus
}

forget_mtus() {
	ip -n "$client" -6 route flush cache
	ip -n "$internet" -4 route flush cache
}

test_plain_packets() {
	check "a UDP session begins" open_udp u "$server64" 7000
	check "it is on the fast path" is_fast 7000
	check "its datagrams are counted there, each way" \
	    takes 30 30 ask u 100 30
	check "and do not come to nat64d" takes_all ask u 1000 10
	check "empty ones neither" takes 5 5 ask u 0 5
	check "a TCP session begins" open_tcp t "$server64" 7001
	check "it is on the fast path" is_fast 7001
	check "its segments do not come to nat64d" takes_all ask t 1000 10
	check "large ones neither" takes_all ask t 100000 10
	check_match "the dump has the number of sessions" "$(nat64d_dump)" \
	    '^table fast-path sessions 2$'
	check_match "and nothing was lost" "$(nat64d_dump)" \
	    '^fast-path .* lost 0$'
}

# Sizes are those of the data; the server's answers have no DF.
test_echo() {
	local size mapped
	# The last acknowledgment of the connection before.
	wait_for 30 is_quiet
	check "a ping of two requests comes to nat64d" \
	    takes 0 0 ping_as "$client" 70 2 "$server64"
	check "one of more requests begins" open_echo 71 "$server64"
	check "it is on the fast path" is_fast_echo 71 "$server4"
	check "its messages are counted there" \
	    takes 10 10 ping_as "$client" 71 10 "$server64"
	check "and do not come to nat64d" \
	    takes_all ping_as "$client" 71 10 "$server64"
	for size in 0 1 1231 1232; do
		check "those of $size bytes neither" \
		    takes 3 3 ping_as "$client" 71 3 "$server64" -s "$size"
	done
	for size in 1233 1452; do
		check "of $size bytes the answers do, which have to be cut" \
		    takes 3 0 ping_as "$client" 71 3 "$server64" -s "$size"
	done
	check "fragments do" \
	    takes 0 0 ping_as "$client" 71 3 "$server64" -s 4000
	check "which others do not wait for" \
	    takes 3 3 ping_as "$client" 71 3 "$server64"
	check "a hop limit of 1 is told of by nat64d" \
	    takes 0 0 last_hop_of_echo
	mapped=$(echo_mapped 71)
	check "IPv4 asks on the same session" \
	    takes 5 5 ping_as "$internet" "${mapped#*:}" 5 "${mapped%:*}"
	check "another host of IPv4 does" ping_as "$internet" \
	    "${mapped#*:}" 20 "${mapped%:*}" -I 198.51.100.11
	check "its session is there, too" is_fast_echo 71 198.51.100.11
	check "its messages do not come to nat64d" takes 5 5 ping_as \
	    "$internet" "${mapped#*:}" 5 "${mapped%:*}" -I 198.51.100.11
	check "another identifier is another session" \
	    takes 0 0 ping_as "$client" 72 2 "$server64"
}

# Two routers, and it is 1 when it comes to the tun device.
last_hop_of_echo() {
	in_ns "$client" ping -n -c 1 -W "$(secs 10)" -e 71 -t 3 "$server64" \
	    >"$dir/ping"
	grep 'Time exceeded: Hop limit' "$dir/ping"
}

# A whole connection: the handshake, a segment each way, the end.
short_connection() {
	talks server "listen s $server4 7002" &&
	    talks client "tcp c $server64 7002" && talks server "accept c s" &&
	    ask c 100 1 && talks client "shut c" &&
	    [ "$(talk server "receive c 1")" = closed ] &&
	    talks server "close c" "close s" && talks client "close c"
}

shuts_down() {
	talks client "shut t" && [ "$(talk server "receive t 1")" = closed ]
}

resets() {
	talks client "reset r" && [ "$(talk server "receive r 1")" = ECONNRESET ]
}

test_ends_of_tcp() {
	check "a short connection never is there" takes 0 0 short_connection
	check "a FIN comes to nat64d" takes 0 0 shuts_down
	check "and takes the session back" is_slow 7001
	check "what follows is translated by nat64d" \
	    takes 0 0 gets client t 1000 server
	check "another connection is on the fast path" \
	    open_tcp r "$server64" 7003
	check "a RST comes to nat64d" takes 0 0 resets
	check "and takes the session back" is_slow 7003
}

test_odd_udp() {
	check "fragments from IPv6 come to nat64d" \
	    takes 0 0 gets server u 4000 client
	check "fragments from IPv4 do" takes 0 0 gets client u 4000 server
	check "IPv4 options do" talks server "option u 0 4 hex:01010101"
	check "and are left out" takes 0 0 gets client u 100 server
	talk server "option u 0 4 hex:" >/dev/null
	check "IPv6 extension headers do" \
	    talks client "option u 41 59 hex:0000010400000000"
	check "and are left out" takes 0 0 gets server u 100 client
	talk client "option u 41 59 hex:" >/dev/null
	check "no UDP checksum from IPv4: nat64d" \
	    talks server "option u 1 11 1"
	check "computes it" takes 0 0 gets client u 100 server
	talk server "option u 1 11 0" >/dev/null
	check "no UDP checksum from IPv6: nat64d" \
	    talks client "option u 17 101 1"
	check "drops the datagram" takes 0 0 is_silent server u 100 client
	talk client "option u 17 101 0" >/dev/null
	check "all that leaves the session where it is" is_fast 7000
	check "with its plain packets" takes 5 5 ask u 100 5
}

# Between two sockets of the client, by a static binding.
open_hairpin() {
	talks client "bound h :: 7005" &&
	    talks other "udp h 2001:db8:8000::c000:201 7005" &&
	    ask_of other client h 100 20
}

# The last hop: 2 is 1 when it comes to the tun device.
is_told_last_hop() { # name socket option-of-the-hop-limit option-of-errors
	talks "$1" "option $2 $4" "option $2 $3 2" &&
	    is_told EHOSTUNREACH "$1" "$2" 100 &&
	    talks "$1" "option $2 $3 64"
}

test_other_packets() {
	check "a hairpin works" open_hairpin
	check "and is never there" is_slow 7005
	check "however long it lasts" takes 0 0 \
	    ask_of other client h 100 20
	check "a hop limit of 1 is told of by nat64d" takes 0 0 \
	    is_told_last_hop client u "41 16" "$ip6_recverr"
	check "a TTL of 1 is" takes 0 0 \
	    is_told_last_hop server u "0 2" "$ip_recverr"
	check_match "traceroute sees the last hop before the server" \
	    "$(in_ns "$client" traceroute -6 -n -q 1 -w 2,0,0 -m 8 \
	        -U -p 7000 "$server64" | tr '\n' ' ')" \
	    "5  2001:db8:8000::cb00:7102 .* 6  $server64 "
	check "plain packets are on the fast path still" \
	    takes 5 5 ask u 100 5
}

# The server says whether with DF: 0 never, 2 always. Whoever gets an error is
# told which.
test_too_big() {
	talks server "option u 0 10 2" >/dev/null
	check "a datagram that just fits is on the fast path" \
	    takes 0 1 gets client u 1452 server
	check "one with DF that would not is told of by nat64d" \
	    takes 0 0 is_told EMSGSIZE server u 1453
	talks server "option u 0 10 0" >/dev/null
	check "without DF one of 1280 bytes is on the fast path" \
	    takes 0 1 gets client u 1232 server
	check "and a larger one is cut by nat64d" \
	    takes 0 0 gets client u 1233 server
	check "what follows is there again when some time has passed" \
	    wait_for 30 takes 0 1 gets client u 100 server
	forget_mtus
}

# Errors about packets that only the program has seen.
test_errors() {
	talks client "option u 41 23 2" >/dev/null # DF, as it were
	talks server "option u 0 10 2" >/dev/null
	small_links 1500 1300
	check "a router beyond says that a datagram is too big: IPv6 is told" \
	    takes 1 0 is_told EMSGSIZE client u 1400
	check_match "the MTU of that router, 20 bytes more" \
	    "$(ip -n "$client" -6 route get "$server64")" 'mtu 1320 '
	check "a smaller one passes" takes 1 0 gets server u 1272 client
	small_links 1300 1500
	check "one on the other side does: IPv4 is told" \
	    takes 0 1 is_told EMSGSIZE server u 1400
	check_match "the MTU of that router, 20 bytes less" \
	    "$(ip -n "$internet" route show cache)" 'mtu 1280'
	check "a smaller one passes" takes 0 1 gets client u 1252 server
	small_links 1500 1500
	check "another session begins" open_udp e "$server64" 7006
	talks server "close e" >/dev/null
	check "its port is closed: IPv6 is told" takes 1 0 \
	    is_told ECONNREFUSED client e 100
	check "another session begins" open_udp f "$server64" 7007
	talks client "close f" >/dev/null
	check "its port is closed: IPv4 is told" takes 0 1 \
	    is_told ECONNREFUSED server f 100
}

tun_mtu() { # MTU
	ip -n "$gateway" link set nat64 mtu "$1" &&
	    wait_for 30 grep "MTU is $1 now" "$dir/nat64d.err"
}

test_mtu_change() {
	check "a datagram of the MTU is on the fast path" \
	    takes 0 1 gets client u 1452 server
	check "the MTU of the device becomes smaller" tun_mtu 1400
	check "the program follows" takes 0 0 is_told EMSGSIZE server u 1353
	forget_mtus
	check "what fits is still there" takes 0 1 gets client u 1352 server
	check "it becomes larger again" tun_mtu 1500
	forget_mtus
	check "the program follows" takes 0 1 gets client u 1452 server
}

test_prefixes() {
	local i
	for i in "${!embedded[@]}"; do
		check "a session in ${prefixes[i]} begins" \
		    open_udp "p$i" "${embedded[i]}" "710$i"
	done
	for i in "${!embedded[@]}"; do
		check "with ${prefixes[i]}, too, the program translates" \
		    takes 10 10 ask "p$i" 200 10
	done
	check "all of them are there" is_fast '710.'
}

# None of these may disturb the next round.
no_connections() {
	[ -z "$(in_ns "$internet" ss -Htn exclude time-wait)" ]
}

start_with() { # statement ...
	write_nat64d_conf "fastpath yes" "$@"
	start_nat64d
}

test_all() { # statement ...
	check "nat64d starts" start_with "$@" "${prefixes[@]/#/prefix }" \
	    "timeout udp $(secs 300)" \
	    "static udp 192.0.2.1 port 7005 to 2001:db8::10" || give_up
	check "and says that it has a fast path" \
	    grep 'fast path: used$' "$dir/nat64d.err"
	test_plain_packets
	test_echo
	test_ends_of_tcp
	test_odd_udp
	test_other_packets
	test_too_big
	test_errors
	test_mtu_change
	test_prefixes
	stop_talkers
	check "no connection is left" wait_for 30 no_connections
	stop "$nat64d"
}

need_root
start_lab
need_fastpath
for offload in yes no; do
	tap_round="offload $offload"
	start_talkers
	test_all "offload $offload"
done
tap_done
