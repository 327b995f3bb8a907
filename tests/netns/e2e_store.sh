#!/usr/bin/env bash
# The store of a pair (redis-server) that is not as it should be: far away, or
# losing what it was given; two nodes with one number; and a store that is
# reached by TLS.
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

# --- by TLS ---

# The files of the example, with the addresses and paths of the lab.
start_tls() { # namespace node|store
	sed -e "s,198.51.100.9,$server4," -e "s,/etc/stunnel/,$dir/," \
	    -e '/^set[ug]id/d' "$root/etc/examples/pair/stunnel-$2.conf" \
	    >"$dir/stunnel-$2.conf"
	ip netns exec "$1" stunnel4 "$dir/stunnel-$2.conf" \
	    >"$dir/stunnel-$2.log" 2>&1 &
	tls=$!
}

# What a file says, without comments and empty lines.
statements() {
	grep -v -e '^;' -e '^$'
}

test_tls() {
	local node server
	command -v stunnel4 >/dev/null || {
		skip "the store is reached by TLS" "no stunnel4"
		return
	}
	check_equal "the manual has the file of the example" \
	    "$(sed -n '/^foreground = yes/,/^\.Ed/p' "$root/man/nat64d.8" |
	        statements | grep -v '^\.Ed')" \
	    "$(statements <"$root/etc/examples/pair/stunnel-node.conf")"
	store=127.0.0.1
	start_redis
	sed "s/:0*\$/:$(openssl rand -hex 32)/" \
	    "$root/etc/examples/pair/stunnel.psk" >"$dir/nat64-store.psk"
	chmod 600 "$dir/nat64-store.psk"
	start_tls "$internet" store
	server=$tls
	start_tls "$gateway" node
	node=$tls
	wait_for 30 tcp_listens "$internet" 6380
	wait_for 30 tcp_listens "$gateway" 6379
	configure
	sed -i "s,$server4:6379,127.0.0.1:6379," "$dir/nat64d.conf"
	start_nat64d || give_up
	start_standby || give_up
	open_sessions 10
	check "the store has all sessions by TLS" wait_for 60 stored_is 10
	check "and so has the standby" wait_for 60 standby_has 10
	check_not "without TLS nobody is answered" eval \
	    'in_ns "$gateway" timeout 10 redis-cli -h "$server4" -p 6380 \
	        ping 2>&1 | grep PONG'
	check_not "nor at the port of the store" eval \
	    'in_ns "$gateway" timeout 10 redis-cli -h "$server4" -p 6379 \
	        ping 2>&1 | grep PONG'
	kill -9 "$node"
	wait "$node" 2>/dev/null
	check "a tunnel that is killed is missed" wait_for 60 metric_is \
	    store_reached 0
	open_sessions 5
	start_tls "$gateway" node
	node=$tls
	check "all is copied when it is there again" wait_for 60 stored_is 15
	check "and followed" wait_for 60 standby_has 15
	kill -9 "$server"
	wait "$server" 2>/dev/null
	check "so is one that is killed at the store" wait_for 60 metric_is \
	    store_reached 0
	open_sessions 5
	start_tls "$internet" store
	server=$tls
	check "and all is copied again" wait_for 60 stored_is 20
	check "and followed" wait_for 60 standby_has 20
	kill -9 "$node"
	wait "$node" 2>/dev/null
	openssl rand -hex 32 | sed 's/^/nat64:/' >"$dir/nat64-store.psk"
	start_tls "$gateway" node
	node=$tls
	check "a node with another key is refused" wait_for 60 grep \
	    SSL_accept "$dir/stunnel-store.log"
	check "and has no store" metric_is store_reached 0
	stop "$standby"
	stop "$nat64d"
	stop "$node"
	stop "$server"
	stop_redis
	store=$server4
}

need_root
start_lab
test_slow
test_dropped
test_same_number
test_tls
tap_done
