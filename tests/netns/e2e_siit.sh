#!/usr/bin/env bash
# A network of servers that have IPv6 only, and their IPv4 clients (RFC 7755):
# nat64d with "mode siit" at the border, without state.
#
#	client ------------- gateway ------------ internet
#	servers              mode siit            clients
#	2001:db8::10 = 192.0.2.1                  198.51.100.10
#	2001:db8::11 = 192.0.2.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/fastpath.sh"

start_lab() {
	lab_create
	ip -n "$client" addr add 2001:db8::11/64 dev c0 nodad
	start_web "$client" "[2001:db8::10]:80"
	start_udp_echo "$client" "UDP6-RECVFROM:7777,bind=[2001:db8::10]"
	head -c 20000000 /dev/urandom >"$dir/www/20MB"
	cat >"$dir/nat64d.conf" <<-EOF
		mode siit
		prefix 2001:db8:8000::/96
		map 192.0.2.1 to 2001:db8::10
		map 192.0.2.2 to 2001:db8::11
		address 192.0.2.254
		user nobody
		control no
		$(fastpath_statement)
	EOF
}

peer() { # namespace curl argument ...
	in_ns "$1" curl -gsS -m 10 "${@:2}"
}

get() { # namespace curl argument ...
	rm -f "$dir/fetched"
	in_ns "$1" curl -gsSf -m 60 -o "$dir/fetched" "${@:2}" &&
	    cmp "$dir/www/20MB" "$dir/fetched"
}

pings() { # namespace address
	in_ns "$1" ping -n -c 2 -i 0.05 -W 5 "$2" &&
	    in_ns "$1" ping -n -c 1 -W 5 -s 4000 "$2"
}

path() { # namespace address
	in_ns "$1" timeout 20 traceroute -n -q 1 -w 2,0,0 -m 6 "$2" |
	    awk 'NR > 1 { print $2 }' | tr '\n' ' '
}

test_clients() {
	check "a server answers ping of IPv4 clients" \
	    pings "$internet" 192.0.2.1
	check "20 MB come whole" get "$internet" http://192.0.2.1/20MB
	check_equal "the server sees the client's own address" \
	    "$(peer "$internet" http://192.0.2.1/peer)" "2001:db8:8000::c633:640a"
	check "UDP is answered, in fragments, too" \
	    udp_echo "$internet" 5000 192.0.2.1 7777
	check_match "a client's traceroute shows the translator and the server" \
	    "$(path "$internet" 192.0.2.1)" \
	    '^198.51.100.1 192.0.2.254 .*192.0.2.1 $'
	check "a server reaches IPv4 hosts" pings "$client" "$server64"
}

# RFC 7757, 4.2.2
test_hairpin() {
	local seen=2001:db8:8000::c000:201
	check "a server calls another one by its IPv4 address" \
	    get "$client" --interface 2001:db8::11 "http://[$seen]/20MB"
	check_equal "which sees the caller's" "$(peer "$client" \
	    --interface 2001:db8::11 "http://[$seen]/peer")" \
	    "2001:db8:8000::c000:202"
}

takes_large() { # command ...; nat64d sees none of its packets
	count_packets "$@" && [ "$s6 $s4" = "0 0" ] && [ $((n6 + n4)) -gt 300 ]
}

leaves_large() { # command ...; nat64d sees all of them
	count_packets "$@" && [ "$n6 $n4" = "0 0" ] && [ $((s6 + s4)) -gt 300 ]
}

# Where it is used. Up to now pings, fragments, traceroute and hairpins came.
test_fast_path() {
	if ! logged 'fast path: used'; then
		check "nat64d translates all of 20 MB" \
		    leaves_large get "$internet" http://192.0.2.1/20MB
		return
	fi
	check "the fast path translates all of 20 MB" \
	    takes_large get "$internet" http://192.0.2.1/20MB
	check "but no hairpin" leaves_large get "$client" \
	    --interface 2001:db8::11 "http://[2001:db8:8000::c000:201]/20MB"
	check_equal "and has lost nothing" \
	    "$(fast_value "$(nat64d_dump)" lost)" 0
}

need_root
start_lab
check "nat64d starts" start_nat64d || give_up
test_clients
test_hairpin
test_fast_path
stop "$nat64d"
tap_done
