#!/usr/bin/env bash
# The home router of etc/examples with PPPoE, by pppd on both ends: an MTU of
# 1492, and another address, on another interface of the same name, each time
# that the session is dialled.
#
#	client ------- gateway ------- isp ----------- internet
#	2001:db8::80   wan0, ppp0      pppoe-server    8.8.8.8
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

isp=$lab-isp
server=8.8.8.8
target=64:ff9b::808:808
example=$root/etc/examples/home-router
dialler=

start_lab() {
	lab_begin
	add_ns "$client" "$internet"
	add_router "$gateway" "$isp"
	connect "$client" c0 "$gateway" lan0
	connect "$gateway" wan0 "$isp" s0
	connect "$isp" s1 "$internet" i0
	link_up "$client" c0 2001:db8::80/64
	link_up "$gateway" lan0 "$gateway6/64"
	ip -n "$gateway" link set wan0 up
	ip -n "$isp" link set s0 up
	link_up "$isp" s1 8.8.8.1/24
	link_up "$internet" i0 "$server/24"
	ip -n "$client" route add default via "$gateway6"
	ip -n "$internet" route add default via 8.8.8.1
}

# Sessions get the one address and the other by turns.
start_isp() {
	echo "noauth nodefaultroute mtu 1492 mru 1492 ip-up-script /bin/true
	    ip-down-script /bin/true" >"$dir/isp.options"
	start "$isp" isp.log pppoe-server -F -I s0 -L 10.64.64.1 \
	    -R 203.0.113.2 -N 2 -O "$dir/isp.options"
}

dial() {
	start "$gateway" pppd.log pppd file "$example/ppp-provider" \
	    nodetach holdoff 1 ip-up-script /bin/true \
	    ip-down-script /bin/true
	dialler=$!
	wait_for 60 has_address
}

address() {
	ip -n "$gateway" -4 -o addr show dev ppp0 2>/dev/null |
	    sed -n 's/.* inet \([0-9.]*\) .*/\1/p'
}

has_address() {
	[ -n "$(address)" ]
}

has_another() { # address
	has_address && [ "$(address)" != "$1" ]
}

# Does the web server see this address?
peer_is() { # address
	[ "$(in_ns "$client" curl -gsS -m "$(secs 5)" \
	    "http://[$target]/peer")" = "$1" ]
}

peer_is_ours() {
	peer_is "$(address)"
}

# The static binding of the example leads to the client.
is_reached() {
	[ "$(in_ns "$internet" curl -sS -m "$(secs 5)" \
	    "http://$(address):8080/peer")" = \
	    "64:ff9b::$(printf '%x%02x:%x%02x' 8 8 8 8)" ]
}

test_session() {
	check "TCP comes from the address of ppp0" wait_for 30 peer_is_ours
	check "a large file is fetched" fetch 1MB "$target"
	check "and put" put 1MB "$target"
	check "a datagram of 1400 bytes and its answer" \
	    udp_echo "$client" 1400 "$target" 7777
	check "one that has to be fragmented" \
	    udp_echo "$client" 3000 "$target" 7777
	check "a host in the LAN is reached by the static binding" \
	    wait_for 30 is_reached
}

need_root
for program in pppd pppoe-server nft; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
modprobe -qa ppp_async pppoe 2>/dev/null
[ -c /dev/ppp ] || skip_all "the kernel has no PPP (/dev/ppp)"
start_lab
start_isp
head -c 1000000 /dev/urandom >"$dir/1MB"
start_web "$internet" "$server:80" || give_up
mv "$dir/1MB" "$dir/www"
start_web "$client" "[2001:db8::80]:80" || give_up
start_udp_echo
check "the router dials" dial || {
	sed 's/^/# /' "$dir/pppd.log" "$dir/isp.log"
	give_up
}
check_match "its MTU is 1492" "$(ip -n "$gateway" link show dev ppp0)" \
    'mtu 1492'
in_ns "$gateway" nft -f "$example/nftables.conf"
install -d -o 65534 -g 65534 "$dir/state"
{
	sed "s/^#static/static/; s,/var/lib/nat64d/,$dir/state/," \
	    "$example/nat64d.conf"
	echo "user nobody"
	fastpath_statement
} >"$dir/nat64d.conf"
check "nat64d starts" start_nat64d || give_up
tap_round="first session"
test_session
before=$(address)
kill -HUP "$dialler"
tap_round="next session"
check "another address, when it has dialled again" \
    wait_for 60 has_another "$before" || sed 's/^/# /' "$dir/pppd.log"
test_session
stop "$nat64d"
tap_done
