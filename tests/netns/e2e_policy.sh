#!/usr/bin/env bash
# Settings of the administrator and their effect on hosts: connections that a
# flush has ended, hosts that may use the translator, the errors that hosts get
# while it does not run, and pools for some clients only.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

tool=$root/tests/netns/tools/late_segment.py

start_lab() {
	lab_create
	start "$internet" echo.log socat TCP4-LISTEN:7,fork,reuseaddr EXEC:cat
	wait_for 30 tcp_listens "$internet" 7
}

no_sessions() {
	grep -q '^table tcp .* bindings 0 sessions 0 ' <<<"$(nat64d_dump)"
}

# --- unknown-tcp ---

# What a host is told that goes on with a connection after a flush.
late_segment() { # bytes
	local pid
	rm -f "$dir/ready" "$dir/go"
	in_ns "$client" /usr/bin/python3 "$tool" "$server64" 7 "$1" \
	    "$dir/ready" "$dir/go" >"$dir/late" 2>&1 &
	pid=$!
	wait_for 30 test -e "$dir/ready"
	kill -HUP "$nat64d"
	wait_for 30 no_sessions
	touch "$dir/go"
	wait "$pid"
	cat "$dir/late"
}

test_unknown_tcp() {
	tap_round="unknown-tcp"
	write_nat64d_conf
	check "nat64d starts" start_nat64d || give_up
	check_equal "a connection that was flushed is met by silence" \
	    "$(late_segment 10)" silence
	stop "$nat64d"
	write_nat64d_conf "unknown-tcp reset"
	check "nat64d starts with unknown-tcp reset" start_nat64d || give_up
	check_equal "the connection is reset" "$(late_segment 10)" reset
	check_equal "also by a super-packet" "$(late_segment 30000)" reset
	check_match "which the dump counts" "$(nat64d_dump)" \
	    '^counter tcp-resets-sent +[1-9]'
	stop "$nat64d"
}

# --- allow from, deny from ---

ping_from() { # source
	in_ns "$client" ping -n -c 1 -W 2 -I "$1" "$server64"
}

# It is told why at once.
refused() { # source
	! ping_from "$1" >"$dir/refused" 2>&1 &&
	    grep -i 'administratively prohibited' "$dir/refused"
}

test_permits() {
	tap_round="allow and deny"
	ip -n "$client" addr add 2001:db8::bad dev c0 nodad
	write_nat64d_conf "deny from 2001:db8::bad"
	check "nat64d starts" start_nat64d || give_up
	check "a host that is not denied is served" ping_from 2001:db8::10
	check "one that is denied is refused" refused 2001:db8::bad
	check_match "which the dump counts" "$(nat64d_dump)" \
	    '^dropped denied +[1-9]'
	stop "$nat64d"
	write_nat64d_conf "allow from 2001:db8::bad"
	check "nat64d starts with an allow" start_nat64d || give_up
	check "the host is served" ping_from 2001:db8::bad
	check "others are refused" refused 2001:db8::10
	stop "$nat64d"
}

# --- pools of clients ---

# The IPv4 address that a server sees of a client.
seen_as() { # source
	in_ns "$client" curl -gsS -m 5 --interface "$1" \
	    "http://[$server64]/peer"
}

test_clients() {
	tap_round="pool for"
	start_web
	ip -n "$client" addr add 2001:db8:5::1/128 dev c0 nodad
	ip -n "$gateway" -6 route add 2001:db8:5::/48 via 2001:db8::10
	write_nat64d_conf "pool 203.0.113.7 for 2001:db8:5::/48"
	check "nat64d starts" start_nat64d || give_up
	check_equal "a client has the pool that is for it" \
	    "$(seen_as 2001:db8:5::1)" 203.0.113.7
	check_match "others have the others" "$(seen_as 2001:db8::10)" \
	    '^192\.0\.2\.'
	stop "$nat64d"
}

# --- when nat64d does not run ---

# To the gateway's default route, which is the client, which sends it back.
ping_lost() { # address
	in_ns "$client" ping -n -c 1 -W 10 "$1" >"$dir/lost" 2>&1
	cat "$dir/lost"
}

ping4_lost() { # address
	in_ns "$internet" ping -n -c 1 -W 10 "$1" >"$dir/lost" 2>&1
	cat "$dir/lost"
}

# The script as it is installed.
unreachable() { # add file | remove
	sed "s,@SBINDIR@,$BUILD/nat64d,;s,@SYSCONFDIR@,$dir," \
	    "$root/etc/nat64d-unreachable" >"$dir/unreachable"
	in_ns "$gateway" sh "$dir/unreachable" "$@"
}

our_routes() {
	ip -n "$gateway" -6 route show proto 64
	ip -n "$gateway" -4 route show proto 64
}

# Packets that the gateway passes on, of either family.
forwarded() {
	in_ns "$gateway" awk '
		$1 == "Ip6OutForwDatagrams" { n += $2 }
		END { print n }' /proc/net/snmp6
}

start_loop() {
	in_ns "$client" sysctl -qw net.ipv6.conf.all.forwarding=1
	ip -n "$gateway" -6 route add default via 2001:db8::10
	ip -n "$gateway" -4 route add default via "$server4"
	in_ns "$internet" sysctl -qw net.ipv4.ip_forward=1
}

test_stopped() {
	local before
	tap_round="when nat64d does not run"
	write_nat64d_conf "pool 203.0.113.1-203.0.113.2"
	start_loop
	before=$(forwarded)
	check_match "without the routes a packet goes round" \
	    "$(ping_lost "$server64")" 'Time exceeded'
	check "many times" test $(($(forwarded) - before)) -ge 20
	check "the script makes them" unreachable add "$dir/nat64d.conf"
	check_equal "for prefix and pool" "$(our_routes | wc -l)" 4
	before=$(forwarded)
	check_match "and the host is told at once" \
	    "$(ping_lost "$server64")" 'Destination unreachable'
	check_equal "without a loop" "$(forwarded)" "$before"
	check_match "IPv4 hosts are told, too" "$(ping4_lost 203.0.113.2)" \
	    'Destination Host Unreachable'
	check "nat64d starts beside them" start_nat64d || give_up
	check_not "and finds nothing wrong" grep -i unreachable \
	    "$dir/nat64d.err"
	check "it translates" ping_from 2001:db8::10
	stop "$nat64d"
	check_match "it stops, and hosts are told so" \
	    "$(ping_lost "$server64")" 'Destination unreachable'
	write_nat64d_conf
	check "another configuration" unreachable add "$dir/nat64d.conf"
	check_equal "has its own routes" "$(our_routes | wc -l)" 2
	check "the script removes them" unreachable remove
	check_equal "all" "$(our_routes)" ""
	check "and again" unreachable remove
	check_not "a bad file makes none" unreachable add "$dir/nosuch.conf"
}

need_root
start_lab
test_unknown_tcp
test_permits
test_clients
test_stopped
tap_done
