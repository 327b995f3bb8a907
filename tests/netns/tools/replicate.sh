# shellcheck shell=bash disable=SC2154,SC2034 # those of lib.sh; pids
# An active node and its standby in the gateway, and a real store; for the
# end-to-end tests of replication, to be sourced after lib.sh.

nat64ctl=$BUILD/nat64d/ctl/nat64ctl
sock=
store=$server4 # its address

start_lab() {
	lab_create
	command -v redis-server >/dev/null || skip_all "no redis-server"
	mkdir "$dir/redis" "$dir/run"
	chown nobody "$dir/run"
	sock=$dir/run/sock
	printf 'key %s\n' 00112233445566778899aabbccddeeff >"$dir/secrets"
	chmod 600 "$dir/secrets"
	start "$internet" echo.log "$tools/udp_stream.py" echo "$server4" 7000
	wait_for 30 udp_listens "$internet" 7000
	# A datagram of each of so many ports, the first of which is given, and an
	# echo of each.
	cat >"$dir/open.py" <<-'END'
		import socket, sys
		addr, first, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		for i in range(n):
		    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
		        s.settimeout(30)
		        s.bind(("::", first + i))
		        s.connect((addr, 7000))
		        for attempt in range(5):
		            s.send(b"x")
		            try:
		                s.recv(10)
		                break
		            except TimeoutError:
		                pass
		        else:
		            sys.exit("no answer")
	END
	cat >"$dir/mappings.py" <<-'END'
		import json, sys
		rows = json.load(sys.stdin)["sessions"]
		for r in rows:
		    del r["lifetime"], r["fast-path"]
		print(*sorted(json.dumps(r, sort_keys=True) for r in rows),
		      sep="\n")
	END
}

configure() {
	write_nat64d_conf "replicate to redis://$server4:6379" \
	    "replicate key \"$dir/secrets\"" "replicate node 1" \
	    "replicate after 1s" "control \"$sock\"" \
	    "metrics listen on 127.0.0.1 port 9464" \
	    "limit subscriber sessions 0" "limit binding-sessions 0"
}

# redis: its pid. It is empty whenever it starts.
start_redis() { # option ...
	ip netns exec "$internet" redis-server --bind "$store" --port 6379 \
	    --save "" --dir "$dir/redis" --protected-mode no \
	    --maxmemory-policy noeviction "$@" >"$dir/redis.log" 2>&1 &
	redis=$!
	wait_for 30 redis_answers
}

stop_redis() {
	kill -9 "$redis"
	wait "$redis" 2>/dev/null
}

cli() { # argument ...
	in_ns "$internet" redis-cli -h "$store" "$@" 2>/dev/null
}

redis_answers() {
	cli ping | grep -qE 'PONG|NOAUTH'
}

# Sessions of the newest epoch in the store.
stored() { # argument-of-redis-cli ...
	local key
	key=$(cli "$@" --scan --pattern 'nat64:nat64:1:*:state' |
	    sort -t: -k4n | tail -n 1)
	values_of "${key:-none}" "$@"
}

# Those of a hash, without its mark.
values_of() { # key argument-of-redis-cli ...
	local key=$1 n mark
	shift
	n=$(cli "$@" hlen "$key")
	mark=$(cli "$@" hexists "$key" head)
	echo $((n - mark))
}

stored_is() { # number argument-of-redis-cli ...
	local n=$1
	shift
	[ "$(stored "$@")" = "$n" ]
}

sessions() {
	in_ns "$gateway" "$nat64ctl" -s "$sock" status |
	    awk '$1 == "sessions" { print $2 }'
}

metric() { # name
	in_ns "$gateway" curl -gsS http://127.0.0.1:9464/metrics |
	    awk -v name="nat64d_replication_$1" '$1 == name { print $2 }'
}

metric_is() { # name value
	[ "$(metric "$1")" = "$2" ]
}

# Sessions that are counted have a port each that no other one has had.
next_port=20000

open_sessions() { # number
	local first=$next_port
	next_port=$((next_port + $1))
	in_ns "$client" python3 "$dir/open.py" "$server64" "$first" "$1"
}

# --- a standby ---

start_standby() { # [number of the node]
	cat >"$dir/standby.conf" <<-END
		tun nat64b
		routes no
		pidfile "$dir/run/standby.pid"
		control "$dir/run/standby"
		role standby
		replicate node ${1:-2}
		metrics listen on 127.0.0.1 port 9465
	END
	grep -vE '^(replicate node|metrics|control)' "$dir/nat64d.conf" \
	    >"$dir/common.conf"
	sed -i '1i include "common.conf"' "$dir/standby.conf"
	start_nat64d_in "$gateway" standby || return 1
	standby=$started
}

standby_ctl() { # command ...
	in_ns "$gateway" "$nat64ctl" -s "$dir/run/standby" "$@"
}

standby_logged() { # regex
	grep -E -- "$1" "$dir/standby.err"
}

standby_metric() { # name
	in_ns "$gateway" curl -gsS http://127.0.0.1:9465/metrics |
	    awk -v name="nat64d_replication_$1" '$1 == name { print $2 }'
}

standby_has() { # number of sessions
	[ "$(standby_ctl status | awk '$1 == "sessions" { print $2 }')" = "$1" ]
}

# Who has which port to speak to whom.
mappings() { # socket
	in_ns "$gateway" "$nat64ctl" -s "$1" -j show sessions |
	    python3 "$dir/mappings.py"
}

same_mappings() {
	local found
	found=$(mappings "$sock") && [ "$found" = "$(mappings \
	    "$dir/run/standby")" ]
}

key_of() { # kind
	cli --scan --pattern "nat64:nat64:1:*:$1" | sort -t: -k4n |
	    tail -n 1
}
