#!/usr/bin/env bash
# The example of a pair, etc/examples/pair, as it is but for its paths: two
# gateways with keepalived, VRRP of both families, the role by its notify
# script, nat64ctl as its check. One of them dies under traffic.
#
#	           lan (bridge)             wan (bridge)
#	client ------+---- node a ----+------ internet
#	fe80::64     |                |       198.51.100.10
#	is default   '---- node b ----'       pool via 198.51.100.1
#
# fe80::64, 2001:db8::1 and 198.51.100.1 belong to the master. The store is a
# host of its own, 198.51.100.9.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

example=$root/etc/examples/pair
switch=$lab-switch
advert=1 # seconds; a busy machine is to cause no change

node_ns() { # node
	echo "$lab-$1"
}

ctl() { # node word ...
	local node=$1
	shift
	in_ns "$(node_ns "$node")" timeout 60 "$BUILD/nat64d/ctl/nat64ctl" \
	    -s "$dir/$node/sock" "$@"
}

is_role() { # node role
	[ "$(ctl "$1" role)" = "$2" ]
}

# --- the lab ---

plug() { # namespace interface bridge
	ip link add "$2" netns "$1" type veth peer name "$1-$2" netns "$switch"
	ip -n "$switch" link set "$1-$2" master "$3" up
}

start_lab() {
	local bridge node
	lab_begin
	add_ns "$switch" "$client" "$internet"
	for bridge in lan wan; do
		ip -n "$switch" link add "$bridge" type bridge
		ip -n "$switch" link set "$bridge" up
	done
	in_ns "$internet" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip link add c0 netns "$client" type veth peer name c netns "$switch"
	ip link add i0 netns "$internet" type veth peer name i netns "$switch"
	ip -n "$switch" link set c master lan up
	ip -n "$switch" link set i master wan up
	link_up "$client" c0 2001:db8::10/64
	link_up "$internet" i0 "$server4/24"
	ip -n "$client" route add default via fe80::64 dev c0
	ip -n "$internet" route add 192.0.2.0/24 via 198.51.100.1
	add_node a 1 2
	add_node b 2 3
	start_store
}

# It holds the sessions while they go from one node to the other.
start_store() {
	ip -n "$internet" addr add 198.51.100.9/24 dev i0
	cp "$example/redis.conf" "$dir/redis.conf"
	start "$internet" redis.log redis-server "$dir/redis.conf" --dir "$dir"
	wait_for 30 tcp_listens "$internet" 6379
}

# Its interfaces, and the ends of them at the switch: ag0, ag1.
add_node() { # node number end-of-addresses
	local ns
	ns=$(node_ns "$1")
	add_router "$ns"
	ip link add lan0 netns "$ns" type veth peer name "$1g0" netns "$switch"
	ip link add wan0 netns "$ns" type veth peer name "$1g1" netns "$switch"
	ip -n "$switch" link set "$1g0" master lan up
	ip -n "$switch" link set "$1g1" master wan up
	link_up "$ns" lan0 "2001:db8::$3/64"
	link_up "$ns" wan0 "198.51.100.$3/24"
	mkdir -p "$dir/$1"
	chown nobody "$dir/$1"
	write_files "$1" "$2"
}

links() { # node up|down
	ip -n "$switch" link set "$1g0" "$2"
	ip -n "$switch" link set "$1g1" "$2"
}

# The files of the example, with the paths of the lab. keepalived runs no script
# below a directory that others can write to, as /tmp, if that is forbidden.
adapt() { # node file copy
	sed -E -e "s,/run/nat64d,$dir/$1,g" -e "s,/var/lib/nat64d,$dir/$1," \
	    -e "s,/etc/keepalived/,$dir/$1/,g" \
	    -e "s,/etc/nat64d,$dir/$1/nat64d,g" \
	    -e "s,/usr/bin/nat64ctl role check,$dir/$1/check," \
	    -e 's/ every 60$/ every 1/' -e '/enable_script_security/d' \
	    -e "s/advert_int .*/advert_int $advert/" "$example/$2" >"$3"
}

write_files() { # node number
	cat >"$dir/$1/check" <<-EOF
		#!/bin/sh
		exec "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/$1/sock" role check
	EOF
	adapt "$1" nat64d-role "$dir/$1/nat64d-role"
	chmod 755 "$dir/$1/nat64d-role" "$dir/$1/check"
	adapt "$1" "keepalived-$2.conf" "$dir/$1/keepalived.conf"
	adapt "$1" nat64d.conf "$dir/$1/nat64d.conf"
	printf '%s\n' "user nobody" "control \"$dir/$1/sock\"" \
	    "replicate node $2" >>"$dir/$1/nat64d.conf"
	adapt "$1" nat64d.secrets "$dir/$1/nat64d.secrets"
	chmod 600 "$dir/$1/nat64d.secrets"
}

start_node() { # node
	rm -f "$dir/$1/role"
	start "$(node_ns "$1")" "$1.log" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/$1/nat64d.conf"
	wait_for 30 ctl "$1" role || {
		cat "$dir/$1.log"
		return 1
	}
}

start_keepalived() { # node
	start "$(node_ns "$1")" "keepalived-$1.log" keepalived -n -l -P \
	    -f "$dir/$1/keepalived.conf" -p "$dir/$1/keepalived.pid" \
	    -r "$dir/$1/vrrp.pid"
	wait_for 30 test -s "$dir/$1/vrrp.pid"
}

# As a machine that loses its power.
kill_node() { # node
	local pid
	links "$1" down
	for pid in $(ip netns pids "$(node_ns "$1")"); do
		kill -9 "$pid" 2>/dev/null
	done
	wait_for 10 node_is_dead "$1"
	ip -n "$(node_ns "$1")" addr del fe80::64/64 dev lan0 2>/dev/null
	ip -n "$(node_ns "$1")" addr del 2001:db8::1/64 dev lan0 2>/dev/null
	ip -n "$(node_ns "$1")" addr del 198.51.100.1/24 dev wan0 2>/dev/null
	return 0
}

node_is_dead() { # node
	[ -z "$(ip netns pids "$(node_ns "$1")")" ]
}

# --- traffic ---

# An idle connection, as of ssh: it sends a line when it is told to.
start_idle() {
	start "$internet" lines.log socat TCP4-LISTEN:2222,fork EXEC:cat
	wait_for 10 tcp_listens "$internet" 2222
	mkfifo "$dir/idle"
	in_ns "$client" socat - "TCP6:[$server64]:2222" <"$dir/idle" \
	    >"$dir/idle.out" 2>"$dir/idle.log" &
	exec 9>"$dir/idle"
	type_line before
}

type_line() { # text
	echo "$1" >&9
	wait_for 60 grep -q "^$1$" "$dir/idle.out"
}

# 100 MB in ten seconds or more, and a stream like that of a call.
start_traffic() {
	in_ns "$client" curl -gsSf -m 120 --limit-rate 9M \
	    -o "$dir/fetched" "http://[$server64]/100MB" \
	    >"$dir/curl.log" 2>&1 &
	curl=$!
	wait_for 30 test -s "$dir/fetched"
	start_stream 50
}

start_stream() { # datagrams per second
	start "$client" stream.log "$tools/udp_stream.py" send "$server64" \
	    7000 "$1" 300 1 900
	stream=$!
}

stream_runs() { # node
	ctl "$1" show sessions proto udp | grep -F "$server4:7000"
}

stop_stream() {
	kill "$stream"
	wait "$stream"
	echo "# $(cat "$dir/stream.log")"
}

sessions_of() { # node number
	[ "$(in_ns "$(node_ns "$1")" curl -sS -m 5 --unix-socket \
	    "$dir/$1/sock" http://localhost/v1/status |
	    grep -o '"sessions": *[0-9]*' | sed 's/.*[: ]//;q')" -ge "$2" ]
}

echoes() {
	in_ns "$client" "$tools/udp_stream.py" send "$server64" 7000 20 0.5 |
	    grep ' back [1-9]'
}

# --- tests ---

test_start() {
	tap_round=start
	check "node a starts" start_node a || give_up
	check "at standby" is_role a standby
	check "keepalived starts" start_keepalived a || give_up
	check "node a becomes active" wait_for 60 is_role a active
	check "packets pass" wait_for 30 ping_works
	check_match "the client has the address of the master" \
	    "$(in_ns "$client" ip -6 neigh show fe80::64)" lladdr
}

# Node b copies what there is when it starts, and what comes later.
test_standby() {
	tap_round=standby
	check "an idle connection" start_idle
	check "node a has its session" wait_for 30 sessions_of a 1
	check "node b starts" start_node b || give_up
	check "with keepalived" start_keepalived b || give_up
	check "it has the session" wait_for 60 sessions_of b 1
	start_traffic
	check "it gets those of a transfer and a stream" wait_for 60 \
	    sessions_of b 3
	check "it may become the master" wait_for 60 ctl b role check
	check "at standby" is_role b standby
	check "node a is active" is_role a active
}

test_failure() {
	tap_round=failure
	kill_node a
	check "node b becomes active" wait_for 60 is_role b active
	check "the idle connection goes on" type_line after
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/100MB" "$dir/fetched"
	check "so does the stream" echoes
	stop_stream
}

# The node that comes back stays at standby, although its priority is higher.
test_return() {
	tap_round="return"
	start_stream 500
	check "a stream runs" wait_for 30 stream_runs b
	links a up
	rm "$dir/a/vrrp.pid"
	check "node a starts" start_node a || give_up
	check "with keepalived" start_keepalived a || give_up
	check "it copies the stream" wait_for 60 stream_runs a
	check "it may become the master" wait_for 60 ctl a role check
	sleep 2 # of several advertisements
	check "it is at standby" is_role a standby
	check "node b stays active" is_role b active
	check "packets pass" ping_works
}

has_addresses() { # node
	[ -n "$(ip -n "$(node_ns "$1")" addr show to 198.51.100.1)" ] &&
	    [ -n "$(ip -n "$(node_ns "$1")" addr show to fe80::64)" ]
}

# A machine that lets the sender wait for a second makes an end of the packets,
# which is what node b waits for.
all_came_back() {
	awk '{ exit !(($2 > 10 && $2 == $4) || $6 > 800) }' "$dir/stream.log"
}

# First the node that leaves, then the one that comes, then VRRP: its check
# fails on a node that leaves.
test_switch() {
	tap_round="planned switch"
	check "node b is to leave" ctl b role standby
	check "node a is to be active" ctl a role active
	check "node a gets the addresses" wait_for 60 has_addresses a
	check "node b is at standby" wait_for 60 is_role b standby
	check_equal "its log is fine" "$(grep -c 'packets still come' \
	    "$dir/b.log")" 0
	check "node a is active" is_role a active
	sleep 1
	stop_stream
	check "no datagram was lost" all_came_back
	check "node b may be the master again" ctl b role check
	check_not "it does not have the addresses" has_addresses b
}

# Nodes that do not hear each other are both active; nothing worse happens, and
# it ends by itself.
test_split() {
	tap_round="both active"
	ip -n "$switch" link set bg0 type bridge_slave isolated on
	ip -n "$switch" link set ag0 type bridge_slave isolated on
	ip -n "$switch" link set bg1 type bridge_slave isolated on
	ip -n "$switch" link set ag1 type bridge_slave isolated on
	check "both are active" wait_for 60 is_role b active
	check "node a is still active" is_role a active
	check "packets pass" wait_for 60 ping_works
	for port in ag0 bg0 ag1 bg1; do
		ip -n "$switch" link set "$port" type bridge_slave isolated off
	done
	check "one of them goes to standby" wait_for 90 one_is_active
	check "packets pass" wait_for 60 ping_works
}

one_is_active() {
	{ is_role a active && is_role b standby; } ||
	    { is_role b active && is_role a standby; }
}

need_root
command -v keepalived >/dev/null || skip_all "keepalived is not installed"
command -v redis-server >/dev/null || skip_all "redis-server is not installed"
start_lab
start_web
head -c 100000000 /dev/urandom >"$dir/www/100MB"
start "$internet" echo.log "$tools/udp_stream.py" echo "$server4" 7000
wait_for 10 udp_listens "$internet" 7000
test_start
test_standby
test_failure
test_return
test_switch
test_split
exec 9>&-
tap_done
