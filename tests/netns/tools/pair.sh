# shellcheck shell=bash disable=SC2154,SC2034 # those of lib.sh; curl
# A pair of nodes as in etc/examples/pair, for its end-to-end test and its demo;
# to be sourced after lib.sh. The files of the example are used as they are but
# for their paths and the time between two advertisements of VRRP.
#
#	           lan (bridge)             wan (bridge)
#	client ------+---- node a ----+------ internet
#	fe80::64     |                |       198.51.100.10
#	is default   '---- node b ----'       pool via 198.51.100.1
#
# fe80::64, 2001:db8::1 and 198.51.100.1 belong to the master. The store is a
# host of its own, 198.51.100.9.

example=$root/etc/examples/pair
switch=$lab-switch
advert=${advert:-1} # seconds; a busy machine is to cause no change

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

# The files of the example, with the paths of the lab. keepalived finds nat64ctl
# by PATH; it runs no script below a directory that others can write to, as
# /tmp, if that is forbidden.
adapt() { # node file copy
	sed -E -e "s,/run/nat64d,$dir/$1,g" -e "s,/var/lib/nat64d,$dir/$1," \
	    -e "s,/etc/keepalived/,$dir/$1/,g" \
	    -e "s,/etc/nat64d,$dir/$1/nat64d,g" \
	    -e 's/ every 60$/ every 1/' -e '/enable_script_security/d' \
	    -e "s/advert_int .*/advert_int $advert/" "$example/$2" >"$3"
}

write_files() { # node number
	mkdir "$dir/$1/bin"
	cat >"$dir/$1/bin/nat64ctl" <<-EOF
		#!/bin/sh
		exec "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/$1/sock" "\$@"
	EOF
	adapt "$1" nat64d-role "$dir/$1/nat64d-role"
	chmod 755 "$dir/$1/nat64d-role" "$dir/$1/bin/nat64ctl"
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
	start "$(node_ns "$1")" "keepalived-$1.log" \
	    env PATH="$dir/$1/bin:$PATH" keepalived -n -l -P \
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
		wait "$pid" 2>/dev/null # so that the shell does not tell
	done
	wait_for 30 node_is_dead "$1"
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
	wait_for 30 tcp_listens "$internet" 2222
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

# A transfer, and a stream like that of a call.
start_traffic() { # file bytes-per-second
	in_ns "$client" curl -gsSf -m 120 --limit-rate "$2" \
	    -o "$dir/fetched" "http://[$server64]/$1" \
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

# A web server, and what sends datagrams back.
start_servers() {
	start_web
	start "$internet" echo.log "$tools/udp_stream.py" echo "$server4" 7000
	wait_for 30 udp_listens "$internet" 7000
}
