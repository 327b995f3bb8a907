#!/usr/bin/env bash
# ICMP errors of routers that have no IPv4 address, as real programs see them:
# traceroute of hosts that have IPv4 only, through CLAT and NAT64; path MTU
# discovery; tshark. Drafts: ietf-v6ops-icmpext-xlat-v6only-source,
# ietf-intarea-extended-icmp-nodeid.
#
#	lan ---- client ---- r1 ---- r2 ---- r3 ---- gateway ---- core ---- internet
#	      CLAT        b1 2   c1  2  d1   2  e1   NAT64                  IPv4
#
# core passes IPv4 on and has IPv6 addresses only, so its kernel sends errors
# from 192.0.0.8 (RFC 7600, 4.8), too. Sources are checked strictly (rp_filter)
# wherever translated errors arrive. lan's first address has a mapping; its
# second one is translated to the client's by the kernel (nftables).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

lan=$lab-lan
core=$lab-core
r1=$lab-r1
r2=$lab-r2
r3=$lab-r3
clat=
capture=

# b, c, d, e: networks 2001:db8:b::/64 and so on; ::1 is on the client's side.
between() { # namespace namespace letter
	connect "$1" "${3}1" "$2" "${3}2"
	link_up "$1" "${3}1" "2001:db8:$3::1/64"
	link_up "$2" "${3}2" "2001:db8:$3::2/64"
	ip -n "$1" route add default via "2001:db8:$3::2"
	ip -n "$2" route add 2001:db8:464::/48 via "2001:db8:$3::1"
}

start_ipv4_side() {
	connect "$gateway" g1 "$core" k0
	connect "$core" k1 "$internet" i0
	link_up "$gateway" g1 2001:db8:10::1/64 198.51.100.1/32
	link_up "$core" k0 2001:db8:10::2/64
	link_up "$core" k1 2001:db8:11::1/64
	link_up "$internet" i0 2001:db8:11::2/64 "$server4/32"
	ip -n "$gateway" -4 route add default via inet6 2001:db8:10::2
	ip -n "$core" route add 192.0.2.0/24 via inet6 2001:db8:10::1
	ip -n "$core" route add 198.51.100.1 via inet6 2001:db8:10::1
	ip -n "$core" route add "$server4" via inet6 2001:db8:11::2
	ip -n "$internet" -4 route add default via inet6 2001:db8:11::1
}

start_lab() {
	lab_begin
	add_ns "$lan" "$internet"
	add_router "$client" "$r1" "$r2" "$r3" "$gateway" "$core"
	in_ns "$lan" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
	    net.ipv4.conf.all.rp_filter=1
	in_ns "$client" sysctl -qw net.ipv4.conf.all.rp_filter=1 \
	    net.ipv4.conf.default.rp_filter=1
	connect "$lan" l0 "$client" l1
	link_up "$lan" l0 192.168.1.10/24 192.168.9.10/24
	link_up "$client" l1 192.168.1.1/24 192.168.9.1/24
	ip -n "$lan" route add default via 192.168.1.1
	between "$client" "$r1" b
	between "$r1" "$r2" c
	between "$r2" "$r3" d
	between "$r3" "$gateway" e
	start_ipv4_side
	in_ns "$client" nft 'table ip nat { chain out {
		type nat hook postrouting priority 100;
		ip saddr 192.168.9.0/24 oifname "clat" masquerade
	}
	}'
	start_web
	head -c 3000000 /dev/urandom >"$dir/www/3MB"
}

start_clat() {
	cp "$root/etc/examples/clat/nat64d.conf" "$dir/clat.example"
	cat >"$dir/clat.conf" <<-EOT
		include "clat.example"
		map 192.168.1.0/24 to 2001:db8:464:1::/64
		user nobody
		control "$dir/clat.sock"
	EOT
	ip netns exec "$client" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/clat.conf" >"$dir/clat.out" 2>"$dir/clat.err" &
	clat=$!
	wait_for 30 grep -q ' running$' "$dir/clat.err" || {
		cat "$dir/clat.err"
		return 1
	}
}

# --- traceroute ---

# Hops as "address<object>", one word each.
hops() { # namespace source traceroute's option ...
	in_ns "$1" timeout 60 traceroute -4 -n -e -q 1 -w 5,0,0 -m 12 \
	    -s "$2" "${@:3}" "$server4" | tee "$dir/hops" |
	    awk 'NR > 1 { print $2 ($3 ~ /^</ ? $3 : "") }' | tr '\n' ' '
}

# What traceroute prints of a Node Identification object with the address
# 2001:db8:LETTER::LAST.
object() { # letter last
	echo "192.0.0.8<5/4:00020000,20010db8,000${1}0000,00000000,0000000$2>"
}

# From the CLAT on: its host's kernel, the routers, the NAT64's kernel and
# itself, and what is behind.
path_of() { # hop ...
	printf '%s ' "$@" "$(object b 1)" "$(object b 2)" "$(object c 2)" \
	    "$(object d 2)" "$(object e 2)" "$(object 0 1)" 198.51.100.1 \
	    192.0.0.8 "$server4"
}

test_traceroute() {
	local lan_path
	check_equal "a program of the CLAT's host sees each IPv6 router" \
	    "$(hops "$client" 192.0.0.1)" "$(path_of 192.0.0.8)"
	check_equal "with ICMP, too" \
	    "$(hops "$client" 192.0.0.1 -I)" "$(path_of 192.0.0.8)"
	lan_path=$(path_of 192.168.1.1 192.0.0.8)
	check_equal "a host behind it that has a mapping" \
	    "$(hops "$lan" 192.168.1.10)" "$lan_path"
	check_equal "and one behind the kernel's NAT" \
	    "$(hops "$lan" 192.168.9.10)" "${lan_path/192.168.1.1/192.168.9.1}"
}

# --- tshark ---

start_capture() { # namespace interface
	start "$1" capture.log tcpdump -U --immediate-mode -i "$2" \
	    -w "$dir/capture" icmp
	capture=$!
	wait_for 30 grep -q 'listening on' "$dir/capture.log"
}

# Errors in the capture: source, type, code, and of the extension the validity
# of its checksum (1), the class and type of the object, and its bytes.
decoded() {
	tshark -r "$dir/capture" -Y 'icmp.type in {3, 11}' -T fields \
	    -E separator=, -E occurrence=f -e ip.src -e icmp.type -e icmp.code \
	    -e icmp.ext.checksum.status -e icmp.ext.class -e icmp.ext.ctype \
	    -e icmp.ext.data 2>"$dir/tshark.err"
}

has_decoded() { # regex
	decoded | tr -d ' ' | tee "$dir/decoded" | grep -E -- "$1"
}

# The whole structure at the end of an error of the largest size, where neither
# tcpdump nor tshark 4.0 looks for it: they expect it behind 128 bytes. Address
# 2001:db8:c::2.
tells_r2() {
	local node=20010db8000c00000000000000000002
	tcpdump -nx -r "$dir/capture" 2>/dev/null |
	    sed 's/^.*IP .*/:/;s/0x[0-9a-f]*://' | tr -d ' \t\n' | tr : '\n' |
	    grep -E "^45000240.*2000ad1a0018050400020000$node\$"
}

test_pmtu() {
	ip -n "$r2" link set d1 mtu 1340
	ip -n "$r3" link set d2 mtu 1340
	start_capture "$client" clat
	check "with a small link between IPv6 routers 3 MB go up" \
	    in_ns "$client" curl -sSf -m 60 -T "$dir/www/3MB" \
	    "http://$server4/put"
	check "and are the same" cmp "$dir/www/3MB" "$dir/www/put"
	check_match "the path MTU is known" \
	    "$(ip -n "$client" -4 route get "$server4")" 'mtu 1320 '
	check "and who told: an error of 576 bytes" wait_for 30 tells_r2
	stop "$capture"
	ip -n "$r2" link set d1 mtu 1500
	ip -n "$r3" link set d2 mtu 1500
}

# --- with state: towards the Internet ---

# The server's datagram to a host that a router cannot reach.
provoke() {
	echo hello | in_ns "$internet" timeout 5 nc -u -W 1 -w 1 192.0.2.9 9999
	true
}

seen_outside() { # regex
	provoke
	has_decoded "$1"
}

write_conf() { # statement ...
	write_nat64d_conf \
	    "control \"$dir/nat64.sock\"" \
	    "static udp 192.0.2.9 port 9999 to 2001:db8:464:9::1 port 9999" \
	    "$@"
}

test_stateful() {
	ip -n "$r3" route add unreachable 2001:db8:464:9::/64
	start_capture "$internet" i0
	check "by default the Internet is not told which router it was" \
	    wait_for 30 seen_outside '^192\.0\.2\.9,3,1,,,,$'
	check_not "in any" has_decoded ,5,4,
	write_conf "node-id yes"
	check "nat64d reads its configuration again" in_ns "$gateway" \
	    "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/nat64.sock" reload
	check "with node-id yes it is, and the source is the same" \
	    wait_for 30 seen_outside \
	    '^192\.0\.2\.9,3,1,1,5,4,0002000020010db8000e0+1$'
	stop "$capture"
}

# RFC 7600, 4.8, seen from IPv6: 192.0.0.8 in the prefix.
test_dummy_from_outside() {
	ip -n "$r1" addr add 2001:db8:464:a::1/128 dev lo
	check_match "an IPv6 host sees the router that has no IPv4 address" \
	    "$(in_ns "$r1" timeout 60 traceroute -6 -n -q 1 -w 5,0,0 -m 9 \
		-s 2001:db8:464:a::1 "$server64" | awk '{ print $2 }' |
		tr '\n' ' ')" \
	    " 2001:db8:8000::c000:8 $server64 $"
}

note() { # namespace statement ...
	printf '%s\n' "pool 192.0.2.0/24" "user nobody" "${@:2}" >"$dir/n.conf"
	in_ns "$1" "$BUILD/nat64d/nat64d" -n -f "$dir/n.conf" 2>&1 |
	    grep 'note: .*wkp-1918'
}

test_note() {
	check "-n says that the default of wkp-non-global will change" \
	    note "$core" "prefix 64:ff9b::/96"
	check_not "not where it is decided" \
	    note "$core" "prefix 64:ff9b::/96" "wkp-non-global drop"
	check_not "and not of another prefix" \
	    note "$core" "prefix 2001:db8:8000::/96"
}

need_root
start_lab
write_conf
check "the NAT64 starts" start_nat64d || give_up
check "the CLAT starts" start_clat || give_up
test_traceroute
test_pmtu
test_stateful
test_dummy_from_outside
test_note
stop "$clat"
tap_done
