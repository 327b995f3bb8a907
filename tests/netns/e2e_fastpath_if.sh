#!/usr/bin/env bash
# "fastpath on": packets go from interface to interface, past routing and
# firewall. The way of a packet is seen by its hop limit: one hop, or three by
# way of the tun.
#
#	client ------------- gateway ------------- internet
#	2001:db8::10    g0   nat64d   g1           198.51.100.10
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/fastpath.sh"

port=7778
source=40000
direct="there 63 back 63 class 0x48 bytes 16"
by_tun="there 61 back 61 class 0x48 bytes 16"

start_lab() {
	lab_create
	start_web "$internet"
	head -c 10000000 /dev/urandom >"$dir/www/10MB"
	start "$internet" hops.log python3 "$root/tests/netns/tools/hops.py" \
	    serve 0.0.0.0 "$port"
	wait_for 30 udp_listens "$internet" "$port"
}

write_conf() { # statement ...
	{
		echo "tun nat64"
		echo "user nobody"
		echo "prefix 2001:db8:8000::/96"
		echo "pool 192.0.2.0/24"
		echo "address $gateway6"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

# One datagram of the session and its answer, see hops.py.
ask() { # [hop limit [bytes]]
	in_ns "$client" python3 "$root/tests/netns/tools/hops.py" \
	    ask "$server64" "$port" "$source" "$@"
}

# The same in a frame with a VLAN tag.
ask_tagged() {
	in_ns "$client" python3 "$root/tests/netns/tools/hops.py" \
	    tagged "$server64" "$port" "$source" c0 2001:db8::10 \
	    "$(in_ns "$gateway" cat /sys/class/net/g0/address)"
}

says() { # what ask prints [its arguments]
	local expected=$1
	shift
	[ "$(ask "$@")" = "$expected" ]
}

# A session that nobody has used before is admitted after a few datagrams.
new_session() {
	source=$((source + 1))
}

# Echo requests of one session, all of which are answered by so many hops.
echo_comes() { # hop-limit bytes
	ping_as "$client" 77 5 "$server64" -s "$2" &&
	    [ "$(grep -cE " ttl=$1( |\$)" "$dir/ping")" -eq 5 ]
}

echo_is_direct() {
	check "echo messages are forwarded once after a few, both ways" \
	    wait_for 30 echo_comes 63 0
	check "with more bytes as well" echo_comes 63 1000
	check "those in fragments go by the tun" echo_comes 61 2000
	check "others do not wait for these" echo_comes 63 1000
}

start_fast() { # statement ...
	new_session
	write_conf "$@"
	start_nat64d
}

# Those of the session by way of the tun are four for each ask; Linux itself
# sends a few.
tun_packets() {
	ip -n "$gateway" -s -j link show nat64 |
	    grep -o '"packets":[0-9]*' | awk -F : '{ n += $2 } END { print n }'
}

test_direct() {
	local before
	check "nat64d starts with two interfaces" \
	    start_fast "fastpath yes" "fastpath on g0 g1" || give_up
	check "the log has the one" logged "fast path: on g0$"
	check "and the other" logged "fast path: on g1$"
	check_equal "the first datagram goes through nat64d" "$(ask)" "$by_tun"
	check "later ones are forwarded once, both ways" wait_for 30 \
	    says "$direct"
	before=$(tun_packets)
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		ask >"$dir/ask"
	done
	check "the tun carries none of them" \
	    test $(($(tun_packets) - before)) -lt 20
	echo_is_direct
	check "10 MB go up" put 10MB
	check "10 MB come down" fetch 10MB
	check_match "both are counted" "$(nat64d_dump | grep '^fast-path ')" \
	    'ipv6-bytes [0-9]{7,8} ipv4-packets [0-9]+ ipv4-bytes [0-9]{7,8} lost 0$'
}

# --- what is not for the program ---

test_hops() {
	check_match "at hop limit 1 the kernel answers" "$(ask 1)" \
	    "^refused 3 0 by 2001:db8::[12]\$"
	check_equal "the next router is one hop away" "$(ask 2)" \
	    "there 1 back 63 class 0x48 bytes 16"
	new_session
	check_equal "for a new session it is three hops" "$(ask 3)" \
	    "refused 3 0 by 2001:db8:8000::c633:6401"
	check "which is so for its first datagrams only" wait_for 30 \
	    says "$direct"
}

# The link is smaller than nat64d knows.
test_mtu() { # interface peer's namespace its interface MTU for the client
	ip -n "$gateway" link set "$1" mtu 1400
	ip -n "$2" link set "$3" mtu 1400
	check "10 MB go up through a smaller $1" put 10MB
	check "10 MB come down through a smaller $1" fetch 10MB
	check "datagrams that fit it go directly" wait_for 30 \
	    says "there 63 back 63 class 0x48 bytes 1300" 64 1300
	ip -n "$gateway" link set "$1" mtu 1500
	ip -n "$2" link set "$3" mtu 1500
}

test_pmtu() {
	test_mtu g0 "$client" c0
	ip -n "$gateway" link set g1 mtu 1400
	check_equal "a client is told the MTU of an IPv4 link" \
	    "$(ask 64 1440)" "refused 2 0 by 2001:db8:8000::c633:6401"
	ip -n "$gateway" link set g1 mtu 1500
	ip -n "$client" -6 route flush cache
	test_mtu g1 "$internet" i0
	ip -n "$client" -6 route flush cache
}

test_no_route() {
	check "it goes directly" wait_for 30 says "$direct"
	ip -n "$gateway" route add prohibit "$server4"
	check_equal "a route that refuses is respected, the sender told" \
	    "$(ask)" "refused 1 1 by 2001:db8:8000::c633:6401"
	ip -n "$gateway" route del prohibit "$server4"
	ip -n "$gateway" route add blackhole "$server4"
	check_equal "a blackhole is one" "$(ask)" "silence"
	ip -n "$gateway" route del blackhole "$server4"
	ip -n "$gateway" rule add from 192.0.2.0/24 iif nat64 blackhole
	check_equal "rules for packets of the tun apply" "$(ask)" "silence"
	ip -n "$gateway" rule del from 192.0.2.0/24 iif nat64 blackhole
	check_equal "without them it goes directly again" "$(ask)" "$direct"
	ip -n "$gateway" neigh flush dev g0
	ip -n "$gateway" neigh flush dev g1
	check_equal "neighbours are looked for" "$(ask)" "$direct"
}

translated() {
	nat64d_dump | grep '^fast-path '
}

# A frame that is not for us, seen because the interface hears everything.
test_other_host() {
	local before
	ip -n "$gateway" link set g0 promisc on
	ip -n "$client" neigh replace "$gateway6" dev c0 \
	    lladdr 02:00:00:00:00:01 nud permanent
	check_equal "frames for other hosts are not translated" "$(ask)" \
	    "silence"
	ip -n "$client" neigh del "$gateway6" dev c0
	ip -n "$gateway" link set g0 promisc off
	check_equal "those for us are" "$(ask)" "$direct"
	before=$(translated)
	ask_tagged >"$dir/tagged"
	check_equal "those of a VLAN below the interface are not" \
	    "$(translated)" "$before"
}

# --- the firewall ---

rules() { # hook rule
	in_ns "$gateway" nft -f - <<-RULES
		table inet t {
			chain c {
				type filter hook $1 priority 0
				$2
			}
		}
	RULES
}

netdev_rule() { # interface hook rule
	in_ns "$gateway" nft -f - <<-RULES
		table netdev t {
			chain c {
				type filter hook $2 device $1 priority 0
				$3
			}
		}
	RULES
}

no_rules() {
	in_ns "$gateway" nft flush ruleset
}

test_firewall() {
	local hook
	check "it goes directly" wait_for 30 says "$direct"
	for hook in prerouting forward postrouting; do
		rules "$hook" "meta l4proto udp drop"
		check_equal "$hook is passed by" "$(ask)" "$direct"
		new_session
		check_equal "but not by a new session" "$(ask)" "silence"
		no_rules
		check "which goes directly when it may" wait_for 30 \
		    says "$direct"
	done
	netdev_rule g0 ingress "ip6 nexthdr udp drop"
	check_equal "the ingress hook of the way in is passed by" "$(ask)" \
	    "$direct"
	no_rules
	netdev_rule g1 egress "ip protocol udp drop"
	check_equal "and the egress hook of the way out" "$(ask)" "$direct"
	no_rules
	in_ns "$gateway" tc qdisc add dev g1 root blackhole
	check_equal "the queueing discipline of the way out is not" \
	    "$(ask)" "silence"
	in_ns "$gateway" tc qdisc del dev g1 root
}

# Nobody waits for the acknowledgment of a FIN.
all_closed() {
	[ -z "$(in_ns "$internet" ss -Htn state fin-wait-1 sport = 80)" ]
}

ct_rules() {
	in_ns "$gateway" nft -f - <<-RULES
		table inet t {
			chain c {
				type filter hook forward priority 0
				ct state invalid drop
			}
		}
	RULES
}

# Connection tracking has not seen what went directly.
test_connection_tracking() {
	ct_rules 2>"$dir/nft" || {
		skip "connection tracking" "nftables has none here"
		return
	}
	in_ns "$gateway" sysctl -qw net.netfilter.nf_conntrack_tcp_be_liberal=1
	check "10 MB come down, seen in part by connection tracking" fetch 10MB
	check "and the connection ends, if that is liberal" wait_for 30 all_closed
	in_ns "$gateway" sysctl -qw net.netfilter.nf_conntrack_tcp_be_liberal=0
	no_rules
}

# --- interfaces ---

test_named_only() {
	stop "$nat64d"
	check "nat64d starts with one of them" \
	    start_fast "fastpath on g0"
	check "and a session with datagrams" says "$by_tun"
	check_equal "no packet goes from one that is named to another" \
	    "$(ask; ask; ask)" "$by_tun
$by_tun
$by_tun"
	stop "$nat64d"
	check "an interface that is missing is logged" \
	    start_fast "fastpath on g0 g1 missing0"
	check "and why" logged \
	    "fast path: not used on missing0: there is no such interface: "
	check "the others are used" wait_for 30 says "$direct"
	stop "$nat64d"
	write_conf "fastpath yes" "fastpath on g0 missing0"
	check_not "with \"fastpath yes\" it is an error" in_ns "$gateway" \
	    timeout "$(secs 5)" "$BUILD/nat64d/nat64d" -d -f "$dir/nat64d.conf"
}

has_vlans() {
	ip -n "$gateway" link add link g1 name probe type vlan id 7 &&
	    ip -n "$gateway" link del probe
}

vlan() {
	ip -n "$1" link add link "$2" name "$2.5" type vlan id 5
	link_up "$1" "$2.5" "$3"
}

test_vlan() {
	has_vlans 2>"$dir/vlan" || {
		skip "packets of a VLAN" "no VLANs here: $(cat "$dir/vlan")"
		return
	}
	ip -n "$gateway" addr flush dev g1
	ip -n "$internet" addr flush dev i0
	vlan "$gateway" g1 198.51.100.1/24
	vlan "$internet" i0 "$server4/24"
	ip -n "$internet" route add default via 198.51.100.1
	check "nat64d starts with a VLAN" start_fast "fastpath on g0 g1.5"
	check "packets of the VLAN go directly" wait_for 30 says "$direct"
	check "10 MB go up to the VLAN" put 10MB
	check "10 MB come down from the VLAN" fetch 10MB
	stop "$nat64d"
	check "nat64d starts with the interface below" \
	    start_fast "fastpath on g0 g1"
	check_equal "which has no say in packets with a tag" \
	    "$(ask; ask; ask)" "$by_tun
$by_tun
$by_tun"
	stop "$nat64d"
	ip -n "$gateway" link del g1.5
	ip -n "$internet" link del i0.5
}

test_no_header() {
	ip -n "$gateway" link del g1
	local link
	"$root/tests/netns/tools/tunlink.py" "$gateway" l0 "$internet" l1 \
	    >"$dir/tunlink" &
	link=$!
	wait_for 30 grep -q ready "$dir/tunlink"
	link_up "$gateway" l0 198.51.100.1/24
	link_up "$internet" l1 "$server4/24"
	ip -n "$internet" route replace default via 198.51.100.1
	check "nat64d starts with an interface without link-layer header" \
	    start_fast "fastpath on g0 l0"
	check "packets from and to it go directly" wait_for 30 says "$direct"
	check "10 MB go up to it" put 10MB
	check "10 MB come down from it" fetch 10MB
	stop "$nat64d"
	stop "$link"
}

connect_again() {
	connect "$gateway" g1 "$internet" i0
	link_up "$gateway" g1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24"
	ip -n "$internet" route replace default via 198.51.100.1
}

# --- packets that the kernel has summed up (CHECKSUM_COMPLETE) ---

# The kernel sums up the whole packet at the end of a tunnel whose checksum the
# other end has not left to the device.
tunnel() { # name namespace interface address gateway's-address interface
	in_ns "$2" ethtool -K "$3" tx off >"$dir/ethtool"
	ip -n "$2" addr add "$4/24" dev "$3"
	ip -n "$gateway" addr add "$5/24" dev "$6"
	ip -n "$2" link add "$1" type vxlan id 9 dstport 4789 udpcsum \
	    remote "$5" local "$4" dev "$3" &&
	    ip -n "$gateway" link add "$1" type vxlan id 9 dstport 4789 \
	        udpcsum remote "$4" local "$5" dev "$6"
}

no_tunnel() { # name namespace interface address gateway's-address interface
	ip -n "$2" link del "$1"
	ip -n "$gateway" link del "$1"
	ip -n "$2" addr del "$4/24" dev "$3"
	ip -n "$gateway" addr del "$5/24" dev "$6"
	[ "$LAB_WORLD" != unfinished ] ||
	    in_ns "$2" ethtool -K "$3" tx on >"$dir/ethtool"
}

test_summed6() {
	local t=(vx6 "$client" c0 10.64.0.1 10.64.0.2 g0)
	tunnel "${t[@]}" >"$dir/tunnel" 2>&1 || {
		skip "packets from a tunnel" "no VXLAN: $(cat "$dir/tunnel")"
		return
	}
	link_up "$client" vx6 2001:db8:e::10/64
	link_up "$gateway" vx6 2001:db8:e::1/64
	ip -n "$client" route add 2001:db8:8000::/96 via 2001:db8:e::1 dev vx6
	check "nat64d starts with a tunnel to IPv6" \
	    start_fast "fastpath on vx6 g1"
	check "datagrams from it arrive, and directly" wait_for 30 \
	    says "there 63 back 63 class 0x48 bytes 1000" 64 1000
	check "so do echo messages" wait_for 30 echo_comes 63 1000
	check "10 MB go up from it" put 10MB
	check "10 MB come down to it" fetch 10MB
	stop "$nat64d"
	no_tunnel "${t[@]}"
}

test_summed4() {
	local t=(vx4 "$internet" i0 10.65.0.1 10.65.0.2 g1)
	tunnel "${t[@]}" >"$dir/tunnel" 2>&1 || return
	ip -n "$internet" addr del "$server4/24" dev i0
	ip -n "$gateway" addr del 198.51.100.1/24 dev g1
	link_up "$internet" vx4 "$server4/24"
	link_up "$gateway" vx4 198.51.100.1/24
	ip -n "$internet" route replace default via 198.51.100.1 dev vx4
	check "nat64d starts with a tunnel to IPv4" \
	    start_fast "fastpath on g0 vx4"
	check "datagrams from it arrive, and directly" wait_for 30 \
	    says "there 63 back 63 class 0x48 bytes 1000" 64 1000
	check "so do echo messages" wait_for 30 echo_comes 63 1000
	check "10 MB go up to it" put 10MB
	check "10 MB come down from it" fetch 10MB
	stop "$nat64d"
	no_tunnel "${t[@]}"
	ip -n "$internet" addr add "$server4/24" dev i0
	ip -n "$gateway" addr add 198.51.100.1/24 dev g1
	ip -n "$internet" route replace default via 198.51.100.1 dev i0
}

test_comes_back() {
	check "nat64d starts with both again" start_fast "fastpath on g0 g1"
	check "it goes directly" wait_for 30 says "$direct"
	ip -n "$gateway" link del g1
	check "an interface that goes is logged" wait_for 30 \
	    logged "fast path: g1 has gone, and its program with it: "
	connect_again
	check "when it is back, the same session goes through the tun" \
	    wait_for 30 says "$by_tun"
	check_equal "to the other as well" "$(ask)" "$by_tun"
	stop "$nat64d"
	check "after a restart" start_fast "fastpath on g0 g1"
	check "it goes directly" wait_for 30 says "$direct"
}

is_refused() {
	[[ $(ask) == "refused 1 "* ]]
}

filters() {
	in_ns "$gateway" tc filter show dev g1 ingress
}

test_ends() {
	in_ns "$gateway" tc filter add dev g1 ingress protocol ip prio 7 \
	    u32 match ip protocol 47 0xff flowid 1:1
	check "filters of others are there" wait_for 30 says "$direct"
	kill -9 "$nat64d"
	wait "$nat64d" 2>/dev/null
	check "a killed nat64d translates nothing" wait_for 30 is_refused
	check "nat64d starts after that" start_fast "fastpath on g0 g1"
	check "it goes directly" wait_for 30 says "$direct"
	check_equal "its program replaces the old one" \
	    "$(filters | grep -c fast_enter)" 1
	stop "$nat64d"
	check_match "filters of others stay" "$(filters)" 'pref 7 u32'
}

need_root
start_lab
need_fastpath
test_direct
test_hops
test_pmtu
test_no_route
test_other_host
test_firewall
test_connection_tracking
test_named_only
test_vlan
test_no_header
connect_again
test_summed6
test_summed4
test_comes_back
test_ends
tap_done
