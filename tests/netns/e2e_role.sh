#!/usr/bin/env bash
# The roles of a pair, one node of it: what it does at standby, how it changes
# its role, what keeps it, and what others see of it. A change by the control
# socket or the file loses no packet of a transfer as long as packets come.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

port=9464

configure() { # statement ...
	write_nat64d_conf "control \"$dir/run/nat64d.sock\"" \
	    "pidfile \"$dir/run/nat64d.pid\"" \
	    "metrics listen on 127.0.0.1 port $port" "$@"
}

ctl() { # word ...
	in_ns "$gateway" timeout 60 "$BUILD/nat64d/ctl/nat64ctl" \
	    -s "$dir/run/nat64d.sock" "$@"
}

is_role() { # role
	[ "$(ctl role)" = "$1" ]
}

answers() { # path status
	[ "$(in_ns "$gateway" curl -sS -m 10 -o "$dir/answer" \
	    -w '%{http_code}' "http://127.0.0.1:$port$1")" = "$2" ]
}

metric() { # name
	in_ns "$gateway" curl -sS -m 10 "http://127.0.0.1:$port/metrics" |
	    awk -v name="$1" '$1 == name { print $2 }'
}

# Is the metric at least that?
reaches() { # name value
	[ "$(metric "$1")" -ge "$2" ]
}

start_daemon() {
	start_nat64d && wait_for 30 ctl role
}

restart() {
	stop "$nat64d"
	start_daemon
}

translates() {
	in_ns "$client" ping -n -c 1 -W 1 "$server64" || ping_works
}

translates_nothing() {
	! in_ns "$client" ping -n -c 1 -W 1 "$server64"
}

# --- tests ---

test_standby() {
	tap_round=standby
	configure "role standby"
	check "nat64d starts" start_daemon || give_up
	check "says so" is_role standby
	check "and in its log" logged 'role: standby$'
	check "translates nothing" translates_nothing
	check "counts that" wait_for 30 reaches \
	    'nat64d_dropped_packets_total{reason="standby"}' 1
	check_equal "sends no error" \
	    "$(metric nat64d_icmp6_errors_sent_total)" 0
	check_not "nor to a closed port" in_ns "$client" timeout 2 \
	    nc -w 1 "$server64" 9
	check_equal "sends no error then" \
	    "$(metric nat64d_icmp6_errors_sent_total)" 0
	check "is healthy" answers /health 200
	check "is not ready" answers /ready 503
	check_match "and says why" "$(cat "$dir/answer")" '^standby: '
	check_equal "takes no new sessions" "$(metric nat64d_up)" 0
	check_equal "the metrics have its role" \
	    "$(metric 'nat64d_role{role="standby"}')" 1
	check_match "status has its role" "$(ctl status)" \
	    '^role       standby$'
	check "may become the master" ctl role check
}

test_activation() {
	tap_round=activation
	check "role active" ctl role active
	check "says so" is_role active
	check "in its log" logged 'role: active, was standby: by the control'
	check "translates" translates
	check "is ready" answers /ready 200
	check_equal "takes new sessions" "$(metric nat64d_up)" 1
	check "active again changes nothing" ctl role active
	check "is active" is_role active
}

# A machine that lets the sender wait for a second makes an end of the packets.
paused() {
	awk '{ exit !($6 > 800) }' "$dir/stream.log"
}

all_came_back() {
	awk '{ exit !($2 > 100 && $2 == $4) }' "$dir/stream.log" || paused
}

# Packets come until the end: they are translated as long as they do.
test_leaving() {
	tap_round=leaving
	begin_stream
	check "role standby" ctl role standby
	check "it leaves" is_role leaving
	check_match "is not ready" "$(answers /ready 503 &&
	    cat "$dir/answer")" '^leaving: '
	check_not "may not be the master any more" ctl role check
	sleep 1.5 # more than it waits without packets
	is_role leaving && still=yes || still=no
	kill "$stream"
	wait "$stream"
	echo "# $(cat "$dir/stream.log")"
	check "it still leaves while packets come" [ "$(
	    paused && echo yes || echo "$still")" = yes ]
	check "no datagram is lost" all_came_back
	check "then it is at standby" wait_for 60 is_role standby
	check "translates nothing" translates_nothing
	check_equal "no session is in the fast path" \
	    "$(metric nat64d_fastpath_flows | grep . || echo 0)" 0
	check "its sessions are there" has_sessions 50
	check "active in one step" ctl role active
	check "translates" translates
	check "with them" has_sessions 51
	check "leaves again" ctl role standby
	check "and stays when told so" ctl role active
	check "is active" is_role active
	check "translates still" translates
}

test_drain() {
	tap_round=drain
	check "drain" ctl drain
	check_equal "says so" "$(ctl role)" "active, draining"
	check "is not ready" answers /ready 503
	check_match "says why" "$(cat "$dir/answer")" '^draining: '
	check_equal "has a metric" "$(metric nat64d_draining)" 1
	check_equal "still takes sessions" "$(metric nat64d_up)" 1
	check "translates" translates
	check "may be the master of its pair" ctl role check
	check "undrain" ctl undrain
	check "is ready" answers /ready 200
	check_equal "the metric has ended" "$(metric nat64d_draining)" 0
}

writes_role() { # text role
	echo "$1" >"$dir/role.new"
	mv "$dir/role.new" "$dir/run/role"
	wait_for 60 is_role "$2"
}

overwrites_role() { # text role
	echo "$1" >"$dir/run/role"
	wait_for 60 is_role "$2"
}

test_file() {
	tap_round="role file"
	stop "$nat64d"
	rm -rf "$dir/run"
	configure "role standby" "role file \"$dir/run/role\""
	check "nat64d starts without the file" start_daemon || give_up
	check "at standby" is_role standby
	check "the file says active" overwrites_role active active
	check_match "the log names it" "$(logged 'was standby: by')" "$dir/run"
	check "it is replaced by standby" writes_role standby standby
	check "the same again does not disturb" overwrites_role standby standby
	check "the control socket is free to change it" ctl role active
	check "and the file, written again" writes_role standby standby
	check "another word changes nothing" overwrites_role MASTER standby
	check "and is logged" wait_for 30 logged 'says neither "active" nor'
	check "an empty file changes nothing" truncate -s 0 "$dir/run/role"
	check "what follows counts" overwrites_role active active
	check "it is read at a start" restart
	check "nat64d is active" is_role active
	check "translates" translates
	check "it is removed" rm "$dir/run/role"
	check "that changes nothing" is_role active
}

test_kept() {
	tap_round="kept"
	stop "$nat64d"
	configure "role standby" "state \"$dir/run/state\""
	check "nat64d starts in the background" start_background \
	    "$BUILD/nat64d/nat64d" "$dir/nat64d.conf" "$dir/run/nat64d.pid" ||
	    give_up
	check "role active" ctl role active
	check "drain" ctl drain
	check "a reload" ctl reload
	check_equal "keeps both" "$(ctl role)" "active, draining"
	check "an upgrade" ctl upgrade
	check_equal "keeps both" "$(ctl role)" "active, draining"
	check "undrain" ctl undrain
	check "role standby" ctl role standby
	check "it is at standby" wait_for 60 is_role standby
	check "an upgrade" ctl upgrade
	check "keeps it" is_role standby
	nat64d=$(cat "$dir/run/nat64d.pid")
}

# A state file cannot know who has become active meanwhile.
test_restarts() {
	tap_round="restarts"
	check "role active" ctl role active
	kill "$nat64d"
	wait_for 30 gone "$nat64d"
	check "a start with a state file" start_daemon
	check "is at standby as configured" is_role standby
	stop "$nat64d"
	configure "state \"$dir/run/state\""
	check "a start with \"role active\"" start_daemon
	check "stays at standby if it was so" is_role standby
	check "role active" ctl role active
	check "and a start" restart
	check "is active as configured" is_role active
}

need_root
stream_lab
test_standby
test_activation
test_leaving
test_drain
test_file
test_kept
test_restarts
tap_done
