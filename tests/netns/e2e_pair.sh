#!/usr/bin/env bash
# The example of a pair, etc/examples/pair (tools/pair.sh): two gateways with
# keepalived, VRRP of both families, the role by its notify script, nat64ctl as
# its check, the sessions by a store. One of them dies under traffic.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/pair.sh"

# --- FTP ---

# Both nodes keep an event log.
keep_events() {
	local node
	for node in a b; do
		echo "log events to \"$dir/$node/events\"" \
		    >>"$dir/$node/nat64d.conf"
	done
}

# Who had the port of the idle connection, by the logs of both nodes.
whohad_idle() { # time
	"$BUILD/nat64d/ctl/nat64ctl" whohad "$idle" "$1" proto tcp \
	    "$dir/b/events" "$dir/a/events"
}

now() {
	date -u +%Y-%m-%dT%H:%M:%S.%3NZ
}

# A server that does not know EPSV: the numbers of its connections change.
start_ftp() {
	mkdir -p "$dir/ftp"
	echo 'alg ftp port 2101' >>"$dir/a/nat64d.conf"
	echo 'alg ftp port 2101' >>"$dir/b/nat64d.conf"
	start "$internet" ftp.log "$tools/ftp_server.py" "$server4" \
	    "$dir/ftp" 2101:no-epsv
	wait_for 30 tcp_listens "$internet" 2101
}

ftp_session() { # node
	ctl "$1" show sessions port 2101 | grep 'gateway$'
}

nothing_waits() {
	in_ns "$(node_ns a)" curl -sSf -m 5 --unix-socket "$dir/a/sock" \
	    http://localhost/v1/status | tr -d ' \n' | grep '"waiting":0[,}]'
}

# It is translated after the first copy, and idle then.
converse() {
	start "$client" words "$tools/ftp_words.py" "$server64" 2101 \
	    "@$dir/first" EPSV 'ALGS STATUS64' EPSV "@$dir/second" \
	    EPSV 'ALGS STATUS64'
	words=$!
	wait_for 60 test -e "$dir/first.said" &&
	    wait_for 60 ftp_session b || return
	touch "$dir/first"
	wait_for 60 test -e "$dir/second.said"
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
	idle=$(ctl a show sessions port 2222 | grep -o '192\.0\.2\.[0-9]*:[0-9]*')
	before=$(now)
	check "node b starts" start_node b || give_up
	check "with keepalived" start_keepalived b || give_up
	check "it has the session" wait_for 60 sessions_of b 1
	start_traffic 100MB 9M # ten seconds or more
	check "it gets those of a transfer and a stream" wait_for 60 \
	    sessions_of b 3
	check "a control connection of FTP whose numbers change" converse
	sleep 1 # its last segments and their copy
	check "all changes are told" wait_for 60 nothing_waits
	check "it may become the master" wait_for 60 ctl b role check
	check "at standby" is_role b standby
	check "node a is active" is_role a active
}

test_failure() {
	tap_round=failure
	kill_node a
	check "node b becomes active" wait_for 60 is_role b active
	check "the idle connection goes on" type_line after
	touch "$dir/second"
	check "the control connection goes on" wait "$words"
	check_equal "and is translated as before" "$(cat "$dir/words")" \
	    "229 216 229 229 216"
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
	check_match "who had a port is known by the logs of both" \
	    "$(whohad_idle "$before")" \
	    '^tcp \[2001:db8::10\]:[0-9]+ from [^ ]+, not ended in the log; aft'
	check_match "and who has it now, at node b" \
	    "$(whohad_idle "$(now)")" '^tcp \[2001:db8::10\]:[0-9]+ from '
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
start_servers
check "an FTP server runs" start_ftp || give_up
keep_events
head -c 100000000 /dev/urandom >"$dir/www/100MB"
test_start
test_standby
test_failure
test_return
test_switch
test_split
exec 9>&-
tap_done
