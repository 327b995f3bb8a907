#!/usr/bin/env bash
# The store of a pair (redis-server) that is not as it should be: far away, or
# losing what it was given.
#
#	client -------------- gateway -------------- internet
#	2001:db8::10          nat64d, a standby      198.51.100.10
#	                                             redis-server, UDP echo
#
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/replicate.sh"

# --- a long way ---

# What the store has is at the standby three seconds later.
test_slow() {
	local before
	start_redis
	start "$internet" delay.log "$tools/delay.py" "$server4" 6390 6379 \
	    0.2 3
	delay=$!
	wait_for 30 tcp_listens "$internet" 6390
	configure
	sed -i "s,$server4:6379,$server4:6390," "$dir/nat64d.conf"
	start_nat64d || give_up
	start_standby || give_up
	check "the store is reached by a long way" wait_for 60 metric_is \
	    complete 1
	open_sessions 10
	check "a standby gets sessions by it" wait_for 60 standby_has 10
	check "and is fit" wait_for 90 standby_ctl role check
	open_sessions 15
	before=$(mappings "$sock")
	check "the store has new sessions" wait_for 60 stored_is 25
	kill -9 "$nat64d"
	wait "$nat64d" 2>/dev/null
	check "the node dies, and the standby is active" standby_ctl role active
	check "what was on its way comes all the same" wait_for 60 \
	    standby_has 25
	check_equal "as it was" "$(mappings "$dir/run/standby")" "$before"
	check "and is told" wait_for 60 standby_logged \
	    '[0-9]+ changes of node 1 came after this node was active'
	check "and in the metrics" eval \
	    '[ "$(standby_metric late_changes_total)" -ge 15 ]'
	check "it is published by this node" wait_for 60 stored_by_2_is 25
	stop "$standby"
	kill "$delay"
	wait "$delay" 2>/dev/null
	stop_redis
}

stored_by_2_is() { # number
	[ "$(values_of "$(cli --scan --pattern 'nat64:nat64:2:*:state' |
	    sort -t: -k4n | tail -n 1)")" = "$1" ]
}

# --- it drops what it was given ---

many_sessions() {
	in_ns "$client" python3 - "$server64" <<-'END'
		import socket, sys, time
		s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		for port in range(1, 20001):
		    try:
		        s.sendto(b"x", (sys.argv[1], port))
		    except OSError:
		        pass
		    if port % 50 == 0:
		        time.sleep(0.002)
	END
}

dropped_times() { # number
	[ "$(metric drops_total)" -ge "$1" ]
}

warnings_of_drops() {
	logged 'has dropped sessions: everything is written again.*noeviction' |
	    wc -l
}

test_dropped() {
	local n
	start_redis
	configure
	start_nat64d || give_up
	start_standby || give_up
	open_sessions 20
	check "a standby has the sessions" wait_for 60 standby_has 20
	cli del "$(key_of state)" >/dev/null
	check "a hash that is gone is noticed" wait_for 60 dropped_times 1
	check "and written again" wait_for 60 stored_is 20
	check_equal "with one warning" "$(warnings_of_drops)" 1
	check_match "the role warns of it" "$(in_ns "$gateway" "$nat64ctl" \
	    -s "$sock" role 2>&1)" 'warning: .*maxmemory-policy noeviction'
	check_match "so does the status" "$(in_ns "$gateway" "$nat64ctl" \
	    -s "$sock" status)" 'has dropped sessions'
	cli flushall >/dev/null
	check "so is a store that was flushed" wait_for 60 dropped_times 2
	check "and written again" wait_for 60 stored_is 20
	check "the standby has kept all" standby_has 20
	open_sessions 5
	check "and follows" wait_for 60 standby_has 25
	cli del "$(key_of log)" >/dev/null
	check "so is a stream that is gone" wait_for 60 dropped_times 3
	check "and all is written again" wait_for 60 metric_is complete 1
	open_sessions 5
	check "the standby follows that" wait_for 60 standby_has 30
	stop "$standby"
	stop "$nat64d"
	stop_redis
	start_redis --maxmemory 4mb --maxmemory-policy allkeys-lru
	start_nat64d || give_up
	wait_for 60 metric_is complete 1
	many_sessions
	check "a store that drops what is too much is noticed" wait_for 60 \
	    dropped_times 1
	check_equal "with one warning" "$(warnings_of_drops)" 1
	cli config set maxmemory 0 >/dev/null
	n=$(sessions)
	check "with more memory it gets all $n" wait_for 180 stored_is "$n"
	check "and is complete" wait_for 60 metric_is complete 1
	stop "$nat64d"
	stop_redis
}

# --- two nodes have one number ---

test_same_number() {
	start_redis
	configure
	start_nat64d || give_up
	start_standby 1 || give_up
	open_sessions 10
	wait_for 60 standby_has 10
	standby_ctl role active >/dev/null
	check "the first node tells that another one has its number" \
	    wait_for 60 logged "another node 1 is active, .*replicate node"
	check "and so does the second one" wait_for 60 standby_logged \
	    "another node 1 is active, .*replicate node"
	check "the sessions of both are as they were" eval \
	    '[ "$(sessions)" = 10 ] && standby_has 10'
	stop "$standby"
	check "the first one goes on alone" wait_for 60 metric_is rival 0
	stop "$nat64d"
	stop_redis
}

need_root
start_lab
test_slow
test_dropped
test_same_number
tap_done
