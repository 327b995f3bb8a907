#!/usr/bin/env bash
# nat64d from end to end: the traffic of an IPv6-only client, with the
# offloads of the tun device and without.
#
#	client ------- gateway ------------ router ------------ internet
#	2001:db8::10   2001:db8::1
#	               203.0.113.1   203.0.113.2  198.51.100.1   198.51.100.10
#	               nat64d                                    nginx, socat
#
# There is a Pref64::/n of every length; 3fff::/20 is for documentation
# (RFC 9637).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

router=$lab-router
prefixes=(
	3fff:32::/32
	3fff:40:4000::/40
	3fff:48:4848::/48
	3fff:56:5656:5600::/56
	3fff:64:6464:6464::/64
)

start_lab() {
	lab_create6
	add_router "$router"
	connect "$gateway" g1 "$router" r0
	connect "$router" r1 "$internet" i0
	link_up "$gateway" g1 203.0.113.1/24
	link_up "$router" r0 203.0.113.2/24
	link_up "$router" r1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24"
	ip -n "$gateway" route add 198.51.100.0/24 via 203.0.113.2
	ip -n "$router" route add 192.0.2.0/24 via 203.0.113.1
	ip -n "$internet" route add default via 198.51.100.1
	start_web
	start_udp_echo
	head -c 100000000 /dev/urandom >"$dir/www/100MB"
	head -c 1000000 /dev/urandom >"$dir/www/1MB"
}

ping_sizes() { # bytes of data ...
	local size
	for size in "$@"; do
		in_ns "$client" ping -n -c 2 -i 0.05 -W "$(secs 2)" -s "$size" \
		    "$server64" || return 1
	done
}

# 200 at a time, slow enough to be there together; the server sees them.
start_200() {
	in_ns "$client" curl -sSf -m "$(secs 60)" -Z --parallel-immediate \
	    --parallel-max 200 --limit-rate 400k -o "$dir/many/#1" \
	    "http://[$server64]/1MB?[1-200]" >"$dir/curl.log" 2>&1 &
	curl=$!
}

established() {
	in_ns "$internet" ss -Htn state established sport = :80
}

see_200() {
	[ "$(established | wc -l)" -ge 200 ]
}

all_200_good() {
	local file n=0
	wait "$curl" || {
		tr '\r' '\n' <"$dir/curl.log"
		return 1
	}
	for file in "$dir"/many/*; do
		cmp "$dir/www/1MB" "$file" || return 1
		n=$((n + 1))
	done
	[ "$n" -eq 200 ]
}

# The addresses that the server sees in its connections.
peers() {
	established | awk '{ sub(":[0-9]*$", "", $4); print $4 }' | sort -u
}

# A counter of the client's kernel: what it had to cut and to put together.
fragments() { # namespace counter
	in_ns "$1" nstat -asz "$2" | awk -v name="$2" '$1 == name { print $2 }'
}

big_udp_was_cut() {
	[ "$(fragments "$client" Ip6FragCreates)" -gt "$cut6" ] &&
	    [ "$(fragments "$client" Ip6ReasmOKs)" -gt "$whole6" ] &&
	    [ "$(fragments "$internet" IpFragCreates)" -gt "$cut4" ] &&
	    [ "$(fragments "$internet" IpReasmOKs)" -gt "$whole4" ]
}

# Without 0,0 it waits ten times as long as for the hop before and no longer,
# which is three milliseconds here.
trace() { # option of traceroute ...
	in_ns "$client" timeout "$(secs 20)" traceroute -6 -n -q 1 -w 2,0,0 \
	    -m 8 "$@" "$server64"
}

# The gateway twice: once its kernel, once nat64d; then its IPv4 side, the
# router and the server by their translated addresses.
check_trace() { # description trace
	check_match "$1" "$(tr '\n' ' ' <<<"$2")" \
	    "1  2001:db8::[12] .* 2  2001:db8::1 .* \
3  2001:db8:8000::cb00:7101 .* 4  2001:db8:8000::cb00:7102 .* 5  $server64 "
}

# Ends within a second, and because of the error message.
udp_refused() {
	! echo hello | in_ns "$client" timeout "$(secs 1)" socat -t 5 - \
	    "UDP6:[$server64]:9" 2>"$dir/refused" &&
	    grep 'Connection refused' "$dir/refused"
}

tcp_refused() {
	! in_ns "$client" curl -gsS -m "$(secs 1)" "http://[$server64]:81/" \
	    2>"$dir/refused" && grep 'Connection refused\|Couldn.t connect' \
	    "$dir/refused"
}

reaches() { # server
	in_ns "$client" ping -n -c 1 -W "$(secs 2)" "$1" &&
	    fetch 1MB "$1"
}

bytes_per_packet() { # dump
	echo $(($(dump_value "$1" ipv4-bytes-in) / \
	    $(dump_value "$1" ipv4-packets-in)))
}

test_ping() {
	# Shows: ICM-01 ICM-10 OUT-03 SES-60 CSM-03
	check "ping is answered, empty and up to the MTU" \
	    ping_sizes 0 8 56 1200 1232 1452
	# Shows: FRG-16
	check "ping is answered in fragments" ping_sizes 1453 4000 16000
}

test_tcp() {
	local dump size
	# Shows: XLT-08 XLT-29 OUT-01 OUT-02
	check "100 MB come down whole" fetch 100MB
	dump=$(nat64d_dump)
	size=$(bytes_per_packet "$dump")
	# Shows: GSO-01 GSO-10 GSO-12b GSO-13
	check "segments travel together where the interfaces join them" \
	    test "$offload-$((size > 1500))" = "$together"
	check "100 MB go up whole" put 100MB
	mkdir -p "$dir/many"
	start_200
	check "200 connections are open at a time" wait_for 30 see_200
	# Shows: ALC-01 CGN-02
	check_match "they come from one address of the pool" "$(peers)" \
	    '^(\[::ffff:)?192\.0\.2\.[0-9]+\]?$'
	check_equal "and from one only" "$(peers | wc -l)" 1
	check "200 parallel transfers are whole" all_200_good
	rm -rf "$dir/many"
}

# As many as that, in bursts that the path has room for; prints how many came.
udp_volley() { # datagrams bytes
	start "$internet" volley.out timeout "$(secs 20)" python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
s.bind(("", 7778))
s.settimeout(30)
n = 0
try:
    while n < int(sys.argv[1]):
        n += len(s.recv(65536)) == int(sys.argv[2])
except TimeoutError:
    pass
print(n)' "$1" "$2"
	local receiver=$!
	wait_for 30 udp_listens "$internet" 7778
	in_ns "$client" python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in range(int(sys.argv[1])):
    s.sendto(bytes(int(sys.argv[2])), (sys.argv[3], 7778))
    if i % 50 == 49:
        time.sleep(0.002)' "$1" "$2" "$server64"
	wait "$receiver"
	cat "$dir/volley.out"
}

test_udp() {
	check_equal "2000 datagrams of 1000 bytes arrive" \
	    "$(udp_volley 2000 1000)" 2000
	# Shows: SES-01 SES-12 CSM-01
	check "a datagram and its answer" udp_echo "$client" 500 \
	    "$server64" 7777
	cut6=$(fragments "$client" Ip6FragCreates)
	whole6=$(fragments "$client" Ip6ReasmOKs)
	cut4=$(fragments "$internet" IpFragCreates)
	whole4=$(fragments "$internet" IpReasmOKs)
	# Shows: FRG-10 FRG-20 FRG-21 XLT-26
	check "a datagram of 8 KB in fragments, there and back" \
	    udp_echo "$client" 8000 "$server64" 7777
	check "both ends did cut and put together" big_udp_was_cut
}

test_errors() {
	# Shows: ICM-21 ICM-30 ICM-31 XLT-27 ERR-15
	check_trace "traceroute with echo sees the IPv4 routers" \
	    "$(trace -I)"
	# Shows: ICM-20c ICM-32 ICM-33
	check_trace "traceroute with UDP sees the IPv4 routers" \
	    "$(trace -U -p 33434)"
	check "a closed UDP port is refused at once" udp_refused
	check "a closed TCP port is refused at once" tcp_refused
}

test_prefixes() {
	# Shows: ADR-01 ADR-02 ADR-03 ADR-08 ADR-10
	check "ping and TCP with a /32" reaches 3fff:32:c633:640a::
	check "ping and TCP with a /40" reaches 3fff:40:40c6:3364:a::
	check "ping and TCP with a /48" reaches 3fff:48:4848:c633:64:a00::
	check "ping and TCP with a /56" reaches 3fff:56:5656:56c6:33:640a::
	check "ping and TCP with a /64" reaches 3fff:64:6464:6464:c6:3364:a00::
	# Shows: ADR-04
	check "the suffix of an address is ignored" \
	    ping_suffix 3fff:32:c633:640a::1
}

# The answer comes from the address without the suffix, which ping notices.
ping_suffix() { # address
	in_ns "$client" ping -n -c 1 -W "$(secs 2)" "$1" |
	    grep "from 3fff:32:c633:640a::"
}

need_root
start_lab
for offload in yes no; do
	tap_round="offload $offload"
	together=$offload-0
	case $offload-$LAB_WORLD in
	yes-unfinished | yes-joined) together=yes-1 ;;
	esac
	write_nat64d_conf "offload $offload" "${prefixes[@]/#/prefix }"
	check "nat64d starts" start_nat64d || give_up
	test_ping
	test_tcp
	test_udp
	test_errors
	test_prefixes
	# Shows: TUN-07
	check_equal "no packet was lost on the way to the device" \
	    "$(dump_value "$(nat64d_dump)" device)" 0
	check "nat64d leaves with status 0" stop "$nat64d"
done
tap_done
