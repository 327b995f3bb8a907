#!/usr/bin/env bash
# Packets in the middle of a session that the fast path leaves to nat64d: those
# that are to be fragmented, and super-packets in a tunnel, longer than their
# header can say, or lists of packets. All bytes have to arrive, in their order.
#
#	client ------------- gateway ------------- internet
#	2001:db8::10    g0   nat64d   g1           198.51.100.10
#	fd00::1, 10.0.0.1 ======= VXLAN ======== fd00::2, 10.0.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/fastpath.sh"

links=("$client c0" "$gateway g0" "$gateway g1" "$internet i0")

# Each end of the tunnel sends from one port, so it is one session.
tunnel_end() { # namespace interface remote local address4 address6 [option ...]
	local ns=$1 below=$2 remote=$3 local=$4 address4=$5 address6=$6
	shift 6
	ip -n "$ns" link add vx0 type vxlan id 7 remote "$remote" \
	    local "$local" dev "$below" dstport 4789 srcport 4789 4790 "$@" ||
	    return 1
	in_ns "$ns" sysctl -qw net.ipv6.conf.vx0.disable_ipv6=0
	link_up "$ns" vx0 "$address4/24" "$address6/64"
	ip -n "$ns" link set vx0 mtu 1400
}

start_lab() {
	lab_create
	start_web
	head -c 5000000 /dev/urandom >"$dir/www/5MB"
	head -c 20000000 /dev/urandom >"$dir/www/20MB"
	start "$internet" volley.log python3 \
	    "$root/tests/netns/tools/volley.py" echo 7778
	wait_for 30 udp_listens "$internet" 7778
}

# Not every kernel has VXLAN.
start_tunnel() {
	tunnel_end "$client" c0 "$server64" 2001:db8::10 10.0.0.1 fd00::1 &&
	    tunnel_end "$internet" i0 192.0.2.1 "$server4" 10.0.0.2 fd00::2 \
	    df set udpcsum
}

start_with() { # statement ...
	write_nat64d_conf "static udp 192.0.2.1 port 4789 to 2001:db8::10" "$@"
	start_nat64d
}

# --- a tunnel ---

carries() { # from to address [option of the listener]
	local listener rc
	rm -f "$dir/carried"
	start "$2" carry.log socat -u "TCP-LISTEN:82,reuseaddr${4:-}" \
	    "OPEN:$dir/carried,creat"
	listener=$!
	wait_for 30 tcp_listens "$2" 82
	in_ns "$1" timeout 30 socat -u "OPEN:$dir/www/5MB" "TCP:$3:82"
	rc=$?
	[ "$rc" -ne 0 ] || wait "$listener"
	stop "$listener"
	return "$rc"
}

carries_whole() { # from to address [option]
	carries "$@" && cmp "$dir/www/5MB" "$dir/carried"
}

test_tunnel() {
	check "IPv4 goes up in a tunnel" \
	    carries_whole "$client" "$internet" 10.0.0.2
	check "IPv6 does" \
	    carries_whole "$client" "$internet" "[fd00::2]" ,pf=ip6
	check "IPv4 comes down in a tunnel" \
	    carries_whole "$internet" "$client" 10.0.0.1
	check "IPv6 does" \
	    carries_whole "$internet" "$client" "[fd00::1]" ,pf=ip6
}

# --- fragments ---

volley() { # bytes [bytes]; sets late
	in_ns "$client" python3 "$root/tests/netns/tools/volley.py" send \
	    "$server64" 7778 300 "$@" >"$dir/volley"
	cat "$dir/volley"
	read -r _ whole _ wrong _ late <"$dir/volley"
	[ "$whole $wrong" = "300 0" ]
}

in_order() { # command ...
	"$@" && [ "$late" -eq 0 ]
}

# Those of 1400 bytes come back as fragments: without DF 1280 is the limit.
# Those of 2000 bytes are fragments both ways.
test_fragmented() {
	check "small datagrams do not overtake fragmented ones" \
	    wait_for 30 in_order volley 1400 104
	check "or those that come in fragments" \
	    wait_for 30 in_order volley 2000 104
}

# --- BIG TCP ---

let_be_big() {
	local link
	for link in "${links[@]}"; do
		# shellcheck disable=SC2086 # words
		set -- $link
		in_ns "$1" "$root/tests/netns/tools/big_tcp.py" "$2" 200000 ||
		    return 1
	done
}

# Larger packets than 64 KiB of a family come to the gateway.
sees_big() { # interface family command ...
	local interface=$1 family=$2 capture
	shift 2
	start "$gateway" big.log timeout 60 tcpdump -n -i "$interface" -c 1 \
	    "$family and greater 66000"
	capture=$!
	wait_for 30 grep -q "listening on" "$dir/big.log"
	wait_for 30 repeats "$capture" "$@"
	stop "$capture"
	grep -E "^1 packets? captured" "$dir/big.log"
}

# It goes well, and the process has ended.
repeats() { # pid command ...
	local pid=$1
	shift
	"$@" && gone "$pid"
}

test_big() {
	check "20 MB come down in packets above 64 KiB" \
	    sees_big g1 ip fetch 20MB
	check "20 MB go up in packets above 64 KiB" sees_big g0 ip6 put 20MB
	check_match "nothing was lost in the fast path" \
	    "$(nat64d_dump; echo none)" '^fast-path .* lost 0$|^none$'
}

# --- lists ---

# How many packets have joined others on the way in.
joined() {
	in_ns "$gateway" cat /proc/net/snmp6 | awk '
		$1 == "Ip6InNoECTPkts" { n += $2 }
		$1 == "Ip6InReceives" { n -= $2 }
		END { print n }'
}

# Each datagram of a list is counted, by the program or by nat64d.
comes_in_lists() {
	local before
	before=$(joined)
	count_packets volley 1000 || return 1
	[ $((n6 + s6)) -ge 300 ] && [ $((n4 + s4)) -ge 300 ] || return 2
	[ "$(joined)" -le "$before" ] || lists_seen=1
}

comes_whole() {
	local i
	lists_seen=
	for ((i = 0; i < 20 && !lists_seen; i++)); do
		comes_in_lists || return 1
	done
	[ -n "$lists_seen" ]
}

test_lists() {
	check "each datagram of a list is translated" comes_whole
	check "5 MB come down in lists" fetch 5MB
	check "5 MB go up in lists" put 5MB
}

# --- the rounds ---

rounds() { # test
	check "nat64d starts" start_with || give_up
	"$1"
	stop "$nat64d"
	[ "$LAB_FASTPATH" != no ] || return 0
	tap_round="between interfaces"
	check "nat64d starts" start_with "fastpath on g0 g1" || give_up
	"$1"
	stop "$nat64d"
	tap_round=
}

become_listed() {
	local link
	LAB_WORLD=listed
	for link in "${links[@]}"; do
		# shellcheck disable=SC2086 # words
		world $link
	done
}

need_root
start_lab
if start_tunnel >"$dir/tunnel" 2>&1; then
	rounds test_tunnel
else
	skip "a tunnel" "no VXLAN here: $(cat "$dir/tunnel")"
fi
rounds test_fragmented
# In other worlds none is larger; and the lists are a world of their own.
if [ "$LAB_WORLD" = unfinished ]; then
	if let_be_big 2>"$dir/big"; then
		rounds test_big
	else
		skip "packets above 64 KiB" "$(cat "$dir/big")"
	fi
	become_listed
	rounds test_lists
fi
tap_done
