#!/usr/bin/env bash
# Path MTU discovery through nat64d: a link in the middle of the IPv4 or of
# the IPv6 path is smaller than those at its ends.
#
#	client ----- near6 ----- far6 ----- gateway ----- near4 ----- far4
#	      c0   a0     a1   b0    b1   g0       g1   d0     d1   e0   |
#	2001:db8::10  2001:db8:   2001:db8:  203.0.113.0/30  203.0.113. e1
#	              a::/64      b::/64     nat64d          4/30        |
#	                                                                 i0
#	               small IPv6: a1-b0             small IPv4: d1-e0 internet
#	                                                    198.51.100.10
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

near6=$lab-near6
far6=$lab-far6
near4=$lab-near4
far4=$lab-far4

start_path6() {
	connect "$client" c0 "$near6" a0
	connect "$near6" a1 "$far6" b0
	connect "$far6" b1 "$gateway" g0
	link_up "$client" c0 2001:db8::10/64
	link_up "$near6" a0 2001:db8::ffff/64
	link_up "$near6" a1 2001:db8:a::1/64
	link_up "$far6" b0 2001:db8:a::2/64
	link_up "$far6" b1 2001:db8:b::1/64
	link_up "$gateway" g0 2001:db8:b::2/64 "$gateway6/128"
	ip -n "$client" route add default via 2001:db8::ffff
	ip -n "$near6" route add default via 2001:db8:a::2
	ip -n "$far6" route add default via 2001:db8:b::2
	ip -n "$far6" route add 2001:db8::/64 via 2001:db8:a::1
	ip -n "$gateway" route add 2001:db8::/64 via 2001:db8:b::1
	ip -n "$gateway" route add 2001:db8:a::/64 via 2001:db8:b::1
}

start_path4() {
	connect "$gateway" g1 "$near4" d0
	connect "$near4" d1 "$far4" e0
	connect "$far4" e1 "$internet" i0
	link_up "$gateway" g1 203.0.113.1/30
	link_up "$near4" d0 203.0.113.2/30
	link_up "$near4" d1 203.0.113.5/30
	link_up "$far4" e0 203.0.113.6/30
	link_up "$far4" e1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24"
	ip -n "$gateway" route add default via 203.0.113.2
	ip -n "$near4" route add default via 203.0.113.1
	ip -n "$near4" route add 198.51.100.0/24 via 203.0.113.6
	ip -n "$far4" route add default via 203.0.113.5
	ip -n "$internet" route add default via 198.51.100.1
}

start_lab() {
	lab_begin
	add_ns "$client" "$internet"
	add_router "$near6" "$far6" "$gateway" "$near4" "$far4"
	start_path6
	start_path4
	start_web
	start_udp_echo
	head -c 10000000 /dev/urandom >"$dir/www/10MB"
}

# The sizes of the two links in the middle, nothing learnt about them yet.
small_links() { # IPv6 IPv4
	ip -n "$near6" link set a1 mtu "$1"
	ip -n "$far6" link set b0 mtu "$1"
	ip -n "$near4" link set d1 mtu "$2"
	ip -n "$far4" link set e0 mtu "$2"
	ip -n "$client" -6 route flush cache
	ip -n "$internet" -4 route flush cache
}

# What the ends have learnt about the path, in their caches.
client_mtu() {
	ip -n "$client" -6 route get "$server64" | grep -o 'mtu [0-9]*'
}

server_mtu() {
	ip -n "$internet" -4 route show cache |
	    grep -A 1 '^192\.0\.2\.' | grep -o 'mtu [0-9]*' | sort -u
}

# The client tells ping the path MTU, and the second try keeps to it.
ping_too_big() { # MTU
	in_ns "$client" ping -n -M "do" -c 2 -i 0.1 -W 1 -s 1452 "$server64" \
	    >"$dir/ping" 2>&1
	grep -i "too big: mtu=$1\|too long, mtu[:=] *$1" "$dir/ping" || {
		cat "$dir/ping"
		return 1
	}
}

# As much data as fits an MTU, for the client.
ping_mtu() { # MTU
	in_ns "$client" ping -n -M "do" -c 2 -i 0.1 -W 2 -s $(($1 - 48)) \
	    "$server64"
}

ping_cut() { # bytes of data
	in_ns "$client" ping -n -M dont -c 2 -i 0.1 -W 2 -s "$1" "$server64"
}

# Whoever asks on a port gets $dir/answer. The ports differ in what they tell
# the kernel of DF: 7000 never, 7002 always, and no fragments either.
start_answers() {
	local df
	for df in 0 2; do
		start "$internet" "answers$df.log" socat -b 65536 \
		    "UDP4-RECVFROM:700$df,fork,mtudiscover=$df" \
		    SYSTEM:"read question; cat $dir/answer"
	done
	wait_for 30 udp_listens "$internet" 7000
	wait_for 30 udp_listens "$internet" 7002
}

answer() { # port bytes
	head -c "$2" /dev/urandom >"$dir/answer"
	echo "please" | in_ns "$client" timeout 1 nc -u -W 1 "$server64" \
	    "$1" >"$dir/answered"
	cmp "$dir/answer" "$dir/answered"
}

tcp_both_ways() {
	fetch 10MB && put 10MB
}

test_small_ipv4() {
	tap_round="IPv4 link of 1400, offload $1"
	small_links 1500 1400
	# Shows: ICM-20d ICM-24
	check "a client learns the MTU of an IPv4 link" ping_too_big 1420
	check "and what fits comes through" ping_mtu 1420
	check "fragments of a client come through" ping_cut 4000
	small_links 1500 1400
	check "10 MB go up whole" put 10MB
	check_equal "the client knows the path MTU" "$(client_mtu)" "mtu 1420"
	check "10 MB come down whole" fetch 10MB
	check "datagrams of 8 KB come through both ways" \
	    udp_echo "$client" 8000 "$server64" 7777
}

# What an IPv4 MTU below 1260 would ask of IPv6 is done by fragments.
test_tiny_ipv4() {
	tap_round="IPv4 link of 1000, offload $1"
	small_links 1500 1000
	# Shows: ICM-24 XLT-25
	check "no client is told less than 1280" ping_too_big 1280
	check "1280 bytes come through in fragments" ping_mtu 1280
	check "10 MB come through both ways" tcp_both_ways
}

test_small_ipv6() {
	tap_round="IPv6 link of 1280, offload $1"
	small_links 1280 1500
	# Shows: ICM-05 ICM-35
	check "10 MB come down whole" fetch 10MB
	check_equal "the server knows the path MTU" "$(server_mtu)" "mtu 1260"
	check "10 MB go up whole" put 10MB
	check "fragments of a client come through" ping_cut 4000
	check "datagrams of 8 KB come through both ways" \
	    udp_echo "$client" 8000 "$server64" 7777
}

test_df() {
	tap_round="datagrams of the server, offload $1"
	small_links 1280 1500
	# Shows: XLT-11
	check "one without DF that makes 1280 bytes comes through" \
	    answer 7000 1232
	# Shows: XLT-10 XLT-12
	check "one without DF that makes more is cut for any IPv6 link" \
	    answer 7000 1472
	check_not "one with DF is too big for the IPv6 link" answer 7002 1400
	check_equal "which the server learns" "$(server_mtu)" "mtu 1260"
	check "one with DF that makes 1280 bytes comes through" \
	    answer 7002 1232
	small_links 1500 1500
	# Shows: XLT-13 ERR-03
	check_not "one with DF does not fit when it grows by 20 bytes" \
	    answer 7002 1472
	check_equal "nat64d says so to the server" "$(server_mtu)" "mtu 1480"
	check "one with DF that makes 1500 bytes comes through" \
	    answer 7002 1452
}

both_small() {
	tap_round="both links small, offload $1"
	small_links 1280 1400
	check "10 MB come through both ways" tcp_both_ways
	small_links 1400 1280
	check "and with the other one smaller" tcp_both_ways
	small_links 1500 1500
}

# The MTU of the IPv4 side is known to nat64d: it says so itself.
test_configured() { # MTU the client sees
	# Shows: CFG-09 XLT-33 ERR-12
	check "nat64d itself says that a packet is too big" ping_too_big "$1"
	# Shows: XLT-34
	check "1280 bytes come through" ping_mtu 1280
	# Shows: GSO-21
	check "10 MB come through both ways" tcp_both_ways
}

start_with() { # statement ...
	write_nat64d_conf "$@"
	start_nat64d
}

need_root
start_lab
start_answers
for offload in yes no; do
	tap_round="offload $offload"
	check "nat64d starts" start_with "offload $offload" ||
	    give_up
	test_small_ipv4 "$offload"
	test_tiny_ipv4 "$offload"
	test_small_ipv6 "$offload"
	test_df "$offload"
	both_small "$offload"
	stop "$nat64d"
	for mtu in 1400:1420 1000:1280; do
		tap_round="IPv4 MTU of ${mtu%:*}, offload $offload"
		check "nat64d starts" start_with "offload $offload" \
		    "mtu ipv4 ${mtu%:*}" || give_up
		ip -n "$client" -6 route flush cache
		test_configured "${mtu#*:}"
		stop "$nat64d"
	done
done
tap_done
