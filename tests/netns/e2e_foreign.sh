#!/usr/bin/env bash
# nat64d between interfaces that are not veth: their packets have complete
# checksums, arrive one by one, or are larger or smaller than usual.
#
#	client ------- site ===== uplink ===== gateway ------- internet
#	2001:db8::10   TAYGA,     WireGuard    nat64d   link4  198.51.100.10
#	192.168.2.10   the CLAT   a VLAN                or
#	               of 464XLAT a bridge              WireGuard
#
# All uplinks are there at once; routes choose one.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

site=$lab-site
wg6=wg$$s # between site and gateway
wg4=wg$$i # between gateway and internet

# --- the lab ---

# The two ends of a WireGuard tunnel, an interface of that name in each
# namespace. The name of the control socket is that of the interface, for the
# whole machine, so that the ends are called NAMEa and NAMEb.
tunnel() { # name UDP-port namespace address namespace address
	local end
	for end in a b; do
		(umask 077 && wg genkey >"$dir/$1$end.key")
		wg pubkey <"$dir/$1$end.key" >"$dir/$1$end.pub"
	done
	tunnel_end "$1" "$2" a "$3" "$4" b "$6"
	tunnel_end "$1" "$2" b "$5" "$6" a "$4"
}

# The addresses are those of the link below.
tunnel_end() { # name port end namespace address other-end its-address
	local interface=$1$3
	start "$4" "$interface.log" wireguard-go -f "$interface"
	wait_for 30 in_ns "$4" wg show "$interface" || return 1
	in_ns "$4" wg set "$interface" private-key "$dir/$interface.key" \
	    listen-port "$2" peer "$(cat "$dir/$1$6.pub")" \
	    endpoint "$7:$2" allowed-ips ::/0,0.0.0.0/0
	ip -n "$4" link set "$interface" up mtu 1420
}

# Not every kernel has VLANs; the interface below takes its place then.
add_vlan() { # namespace interface name
	vlan="a VLAN"
	ip -n "$1" link add "$3" link "$2" type vlan id 64 2>"$dir/vlan" || {
		vlan="no VLANs in this kernel, a link"
		ip -n "$1" link set "$2" down
		ip -n "$1" link set "$2" name "$3"
	}
	ip -n "$1" link set "$3" mtu 1492
}

start_uplinks() {
	connect "$site" u0 "$gateway" u1
	link_up "$site" u0 10.64.0.1/24
	link_up "$gateway" u1 10.64.0.2/24
	tunnel "$wg6" 51820 "$site" 10.64.0.1 "$gateway" 10.64.0.2

	connect "$site" t0 "$gateway" t1
	link_up "$site" t0
	link_up "$gateway" t1
	add_vlan "$site" t0 v0
	add_vlan "$gateway" t1 v1
	link_up "$site" v0 2001:db8:b::2/64
	link_up "$gateway" v1 2001:db8:b::1/64

	connect "$site" p0 "$gateway" p1
	ip -n "$gateway" link add br0 type bridge
	ip -n "$gateway" link set p1 master br0
	link_up "$site" p0 2001:db8:c::2/64
	link_up "$gateway" p1
	link_up "$gateway" br0 2001:db8:c::1/64 "$gateway6/128"
}

start_internet() {
	connect "$gateway" g1 "$internet" i0
	link_up "$gateway" g1 203.0.113.1/24
	link_up "$internet" i0 203.0.113.2/24
	ip -n "$internet" addr add "$server4/32" dev lo
	tunnel "$wg4" 51821 "$gateway" 203.0.113.1 "$internet" 203.0.113.2
}

# An IPv4-only host at the site is known outside as 2001:db8:d::10.
start_clat() {
	cat >"$dir/clat.conf" <<-EOT
		tun-device clat
		ipv4-addr 192.168.255.1
		ipv6-addr 2001:db8:d::1
		prefix 2001:db8:8000::/96
		map 192.168.2.10 2001:db8:d::10
		data-dir $dir
	EOT
	in_ns "$site" tayga -c "$dir/clat.conf" --mktun >"$dir/mktun"
	ip -n "$site" link set clat up
	ip -n "$site" route add 198.51.100.0/24 dev clat
	ip -n "$site" route add 2001:db8:d::/64 dev clat
	start "$site" clat.log tayga -c "$dir/clat.conf" -d
}

start_lab() {
	lab_begin
	add_ns "$client" "$internet"
	add_router "$site" "$gateway"
	connect "$client" c0 "$site" s0
	link_up "$client" c0 2001:db8::10/64 192.168.2.10/24
	link_up "$site" s0 2001:db8::ffff/64 192.168.2.1/24
	ip -n "$client" route add default via 2001:db8::ffff
	ip -n "$client" route add 198.51.100.0/24 via 192.168.2.1
	start_uplinks
	start_internet
	start_clat
	start_web
	start_echo
	head -c 5000000 /dev/urandom >"$dir/www/5MB"
}

# Choose the way between the site and the gateway; nothing learnt about it.
use_uplink() { # route's end at the site, and at the gateway
	local prefix
	# shellcheck disable=SC2086 # words
	ip -n "$site" -6 route replace default $1
	for prefix in 2001:db8::/64 2001:db8:d::/64; do
		# shellcheck disable=SC2086 # words
		ip -n "$gateway" -6 route replace "$prefix" $2
	done
	forget
}

# The way between the gateway and the server.
use_link4() { # route's end at the gateway, and at the server
	# shellcheck disable=SC2086 # words
	ip -n "$gateway" route replace "$server4" $1
	# shellcheck disable=SC2086 # words
	ip -n "$internet" route replace 192.0.2.0/24 $2 src "$server4"
	forget
}

forget() {
	ip -n "$client" -6 route flush cache
	ip -n "$client" -4 route flush cache
	ip -n "$internet" -4 route flush cache
}

use_wireguard() {
	use_uplink "dev ${wg6}a" "dev ${wg6}b"
}

use_vlan() {
	use_uplink "via 2001:db8:b::1" "via 2001:db8:b::2"
}

use_bridge() {
	use_uplink "via 2001:db8:c::1" "via 2001:db8:c::2"
}

use_veth4() {
	use_link4 "via 203.0.113.2" "via 203.0.113.1"
}

use_wireguard4() {
	use_link4 "dev ${wg4}a" "dev ${wg4}b"
}

# --- traffic ---

# Datagrams must not be lost in the sockets of the test, where one of 1000 bytes
# counts as 4 KiB when the kernel had to move it to make room for the header of
# the other family (bpf_skb_change_proto() without headroom, as from a local
# socket). SO_RCVBUFFORCE is 33; it may exceed net.core.rmem_max.
start_echo() {
	cat >"$dir/echo.py" <<-EOT
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, 33, 1 << 20)
		s.bind(("", 7778))
		while True:
		    s.sendto(*s.recvfrom(65536))
	EOT
	cat >"$dir/volley.py" <<-EOT
		import socket, sys
		host, total, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		family = socket.AF_INET6 if ":" in host else socket.AF_INET
		s = socket.socket(family, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, 33, 1 << 20)
		s.settimeout(2)
		came = set()
		try:
		    for first in range(0, total, 50):
		        for i in range(first, first + 50):
		            s.sendto(b"%08d" % i + bytes(size - 8), (host, 7778))
		        while len(came) < first + 50:
		            data = s.recv(65536)
		            if len(data) == size:
		                came.add(data)
		except TimeoutError:
		    pass
		print(len(came))
	EOT
	start "$internet" echo.log python3 "$dir/echo.py"
	wait_for 30 udp_listens "$internet" 7778
}

# Datagrams in bursts, which can be joined, and each one's answer: how many.
volley() { # host datagrams bytes
	in_ns "$client" timeout 20 python3 "$dir/volley.py" "$@"
}

works() { # host
	in_ns "$client" ping -n -c 1 -W 1 "$1"
}

down() { # host
	rm -f "$dir/fetched"
	in_ns "$client" curl -gsSf -m 20 -o "$dir/fetched" \
	    "http://$1/5MB" && cmp "$dir/www/5MB" "$dir/fetched"
}

up() { # host
	rm -f "$dir/www/put"
	in_ns "$client" curl -gsSf -m 20 -T "$dir/www/5MB" \
	    "http://$1/put" && cmp "$dir/www/5MB" "$dir/www/put"
}

# The first packet that is too big is answered; what fits passes.
ping_too_big() { # host bytes MTU
	in_ns "$client" ping -n -M "do" -c 2 -i 0.1 -W 1 -s "$2" "$1" \
	    >"$dir/ping" 2>&1
	grep -i "too big: mtu=$3\|too long, mtu[:=] *$3\|needed (mtu = $3)" \
	    "$dir/ping" || {
		cat "$dir/ping"
		return 1
	}
}

ping_fits() { # host bytes
	in_ns "$client" ping -n -M "do" -c 2 -i 0.1 -W 2 -s "$2" "$1"
}

server_mtu() {
	ip -n "$internet" -4 route show cache |
	    grep -A 1 '^192\.0\.2\.' | grep -o 'mtu [0-9]*' | sort -u
}

to_url() { # host
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

bulk() { # host
	check "5 MB come down whole" down "$(to_url "$1")"
	check "5 MB go up whole" up "$(to_url "$1")"
	check_equal "500 datagrams of 1000 bytes are answered" \
	    "$(volley "$1" 500 1000)" 500
}

# The client's packets of 1500 bytes are larger than the uplink, and so may
# be those of the server.
narrow() { # client's MTU [server's]
	wait_for 30 works "$server64"
	bulk "$server64"
	[ "$#" -eq 1 ] || check_equal "the server has learnt an MTU of $2" \
	    "$(server_mtu)" "mtu $2"
	check "the client learns an MTU of $1" ping_too_big "$server64" \
	    1452 "$1"
	check "and what fits passes" ping_fits "$server64" $(($1 - 48))
}

test_wireguard() {
	tap_round="WireGuard to the clients, MTU 1420"
	use_wireguard
	narrow 1420 1400
	tap_round="WireGuard on both sides"
	use_wireguard4
	narrow 1420
	tap_round="WireGuard to the server"
	use_bridge
	narrow 1440
	use_veth4
}

test_vlan() {
	tap_round="$vlan, MTU 1492"
	use_vlan
	narrow 1492 1472
}

test_bridge() {
	tap_round="a bridge, MTU 1500"
	use_bridge
	check "ping fits" ping_fits "$server64" 1452
	bulk "$server64"
}

# IPv4 of the client all the way, IPv6 in between (RFC 6877).
test_clat() {
	tap_round="464XLAT, MTU 1500"
	use_bridge
	wait_for 30 works "$server4"
	check "ping is answered" works "$server4"
	bulk "$server4"
	tap_round="464XLAT over WireGuard"
	use_wireguard
	bulk "$server4"
	forget
	check "the CLAT tells that IPv6 needs room" ping_too_big "$server4" \
	    1472 1480
	check "the client learns an IPv4 MTU of 1400" ping_too_big \
	    "$server4" 1452 1400
	# Larger answers come without DF, so that IPv6 carries them in
	# fragments of 1280 bytes (RFC 7915, 4), and TAYGA takes no ICMP
	# in fragments.
	check "and what fits passes" ping_fits "$server4" 1200
}

large_links() { # MTU
	ip -n "$client" link set c0 mtu "$1"
	ip -n "$site" link set s0 mtu "$1"
	ip -n "$site" link set p0 mtu "$1"
	ip -n "$gateway" link set p1 mtu "$1"
	ip -n "$gateway" link set br0 mtu "$1"
	ip -n "$gateway" link set g1 mtu "$1"
	ip -n "$internet" link set i0 mtu "$1"
}

test_large() {
	tap_round="MTU 9000"
	large_links 9000
	use_bridge
	check "ping of 9000 bytes is answered" ping_fits "$server64" 8952
	bulk "$server64"
	tap_round="MTU 9000, and WireGuard between"
	use_wireguard
	check "the client learns the MTU" ping_too_big "$server64" 8952 1420
	bulk "$server64"
}

start_with_mtu() { # MTU
	write_nat64d_conf
	sed -i "s/^tun nat64 mtu .*/tun nat64 mtu $1/" "$dir/nat64d.example"
	start_nat64d
}

# Nothing was refused by the device, or came in a state that is not allowed.
ended_well() {
	local dump
	dump=$(nat64d_dump)
	check_equal "the device took all packets" \
	    "$(dump_value "$dump" device)" 0
	check_equal "and handed over none that it contradicts" \
	    "$(dump_value "$dump" bad-offload)" 0
	check "nat64d leaves with status 0" stop "$nat64d"
}

need_root
start_lab
use_veth4
check "nat64d starts" start_with_mtu 1500 || give_up
test_wireguard
test_vlan
test_bridge
test_clat
tap_round="MTU up to 1500"
ended_well
check "nat64d starts" start_with_mtu 9000 || give_up
test_large
ended_well
tap_done
