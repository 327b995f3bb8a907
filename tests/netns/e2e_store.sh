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
	[ "$(cli hlen "$(cli --scan --pattern 'nat64:nat64:2:*:state' |
	    sort -t: -k4n | tail -n 1)")" = "$1" ]
}

need_root
start_lab
test_slow
tap_done
