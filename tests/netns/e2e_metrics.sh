#!/usr/bin/env bash
# Metrics and checks of both daemons over HTTP, and three nat64d among which
# dns64d shares its answers out by their metrics.
#
#	client --- gateway (dns64d) --- t1, t2, t3 (nat64d each)
#	                           '--- internet (nsd)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

port=9464
translators=(1 2 3)

ns() { # number
	echo "$lab-t$1"
}

address() { # number
	echo "10.0.$1.2"
}

get() { # address:port path [argument of curl ...]
	local host=$1 path=$2
	shift 2
	in_ns "$gateway" curl -gsS -m "$(secs 5)" "$@" "http://$host$path"
}

code() { # address:port path [argument of curl ...]
	get "$@" -o "$dir/body" -w '%{http_code}'
}

promtool_accepts() { # address:port
	get "$1" /metrics | promtool check metrics
}

# Metrics that the manual does not name and that are no counter of the client.
unexplained() { # address:port program client
	"$3" show counters | awk '{ print $1 }' >"$dir/counters"
	get "$1" /metrics | sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' |
	    while read -r name; do
		grep -qw "$name" "$root/man/$2.conf.5" ||
		    sed "s/-/_/g; s/.*/$2_&_total/" "$dir/counters" |
		    grep -qx "$name" || echo "$name"
	    done
}

ctl1() {
	"$BUILD/nat64d/ctl/nat64ctl" -s "$dir/t1.sock" "$@"
}

ctld() {
	"$BUILD/dns64d/ctl/dns64ctl" -s "$dir/dns64d.sock" "$@"
}

create_lab() {
	local i
	lab_create
	start_nsd
	for i in "${translators[@]}"; do
		add_router "$(ns "$i")"
		connect "$gateway" "t$i" "$(ns "$i")" up0
		link_up "$gateway" "t$i" "10.0.$i.1/24"
		link_up "$(ns "$i")" up0 "$(address "$i")/24" \
		    "2001:db8:$i::2/64" fe80::2/64
	done
}

start_translator() { # number
	local i=$1
	cat >"$dir/t$i.conf" <<-CONF
		user nobody
		prefix 2001:db8:800$i::/96
		pool 192.0.2.$i
		log events none
		control "$dir/t$i.sock"
		metrics listen on $(address "$i") port $port
		metrics listen on ::1 port $port
		metrics listen on fe80::2%up0 port $port
	CONF
	start_nat64d_in "$(ns "$i")" "t$i" || return 1
	pids[i]=$started
}

start_balancer() {
	local i
	{
		cat <<-CONF
			user nobody
			listen on $dns6
			upstream $server4
			allow from ::/0
			balance round-robin
			control "$dir/dns64d.sock"
			metrics listen on 10.0.1.1 port 9465
		CONF
		for i in "${translators[@]}"; do
			printf 'prefix 2001:db8:800%d::/96 translator ' "$i"
			printf '"http://%s:%d/metrics" every 1s\n' \
			    "$(address "$i")" "$port"
		done
	} >"$dir/dns64d.conf"
	start_dns64d
}

# The translators of 30 answers, each with its number of answers.
answers() {
	local i
	for ((i = 0; i < 30; i++)); do
		in_ns "$client" dig +short "@$dns6" www.example.com AAAA
	done | sed -n 's/^2001:db8:800\([123]\)::.*/\1/p' | sort | uniq -c |
	    tr -s ' \n' ' '
}

all_answer() {
	[ "$(answers)" = " 10 1 10 2 10 3 " ]
}

# --- one nat64d ---

test_nat64d() {
	local at
	at=$(address 1):$port
	check "promtool accepts the metrics of nat64d" promtool_accepts "$at"
	check_equal "all of them are in the manual" \
	    "$(unexplained "$at" nat64d ctl1)" ""
	check_match "sessions" "$(get "$at" /metrics)" '^nat64d_sessions 0$'
	check_match "their limit" "$(get "$at" /metrics)" \
	    '^nat64d_sessions_max [1-9][0-9]*$'
	check_match "the pool" "$(get "$at" /metrics)" \
	    '^nat64d_pool_ports_available\{protocol="tcp"\} 64512$'
	check_match "drops by reason" "$(get "$at" /metrics)" \
	    '^nat64d_dropped_packets_total\{reason="no-binding"\} 0$'
	check_equal "it is healthy" "$(code "$at" /health)" 200
	check_equal "and ready" "$(code "$at" /ready)" 200
	check_equal "also over IPv6" "$(in_ns "$(ns 1)" curl -gsS \
	    -m "$(secs 5)" -o "$dir/body" -w '%{http_code}' \
	    "http://[::1]:$port/ready")" 200
	check_equal "and to link-local clients" \
	    "$(code "[fe80::2%25t1]:$port" /ready)" 200
	check_equal "HEAD has no body" "$(code "$at" /metrics -I)" 200
}

test_only_reads() {
	local at method
	at=$(address 1):$port
	for method in POST PUT DELETE PATCH; do
		check_match "$method changes nothing" \
		    "$(code "$at" /metrics -X "$method")" '^(405|501)$'
	done
	check_equal "the control socket is not there" \
	    "$(code "$at" /v1/status)" 404
	check_equal "a foreign name in Host" \
	    "$(code "$at" /metrics -H 'Host: evil.example.com')" 403
	check_equal "a page of another site" "$(code "$at" /metrics \
	    -H 'Origin: http://evil.example.com')" 403
	check_equal "an image in another page" "$(code "$at" /metrics \
	    -H 'Sec-Fetch-Site: cross-site')" 403
	check "an address in use is named" fails_with " in use" \
	    in_ns "$(ns 1)" timeout "$(secs 10)" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/second.conf"
}

test_not_ready() {
	cat >"$dir/none.conf" <<-CONF
		user nobody
		prefix 2001:db8:9000::/96
		pool interface none0 port 40000-49999
		tun none
		routes no
		log events none
		control no
		metrics listen on 198.51.100.1 port $port
	CONF
	check "nat64d starts with a pool that has no address" \
	    start_nat64d_in "$gateway" none
	local pid=$started
	check_equal "without a pool it is healthy" \
	    "$(code "198.51.100.1:$port" /health)" 200
	check_equal "but not ready" "$(code "198.51.100.1:$port" /ready)" 503
	check_match "and says why" "$(cat "$dir/body")" 'no IPv4 address'
	check_match "and nat64d_up is 0" \
	    "$(get "198.51.100.1:$port" /metrics)" '^nat64d_up 0$'
	stop "$pid"
}

# --- three of them, and dns64d ---

test_balance() {
	local killed now
	check "answers go to all three" wait_for 30 all_answer
	kill -9 "${pids[2]}"
	killed=${EPOCHREALTIME/./}
	wait "${pids[2]}" 2>/dev/null
	wait_for 30 grep -q "${address2}.*: down" "$dir/dns64d.err"
	now=${EPOCHREALTIME/./}
	check "a killed one is avoided (after $(((now - killed) / 1000)) ms)" \
	    test $((now - killed)) -lt 5000000
	check_equal "answers go to the others" "$(answers)" " 15 1 15 3 "
	check "it starts again" start_translator 2
	check "answers go to all three again" wait_for 60 all_answer
}

test_dns64d() {
	local at=10.0.1.1:9465
	check "promtool accepts the metrics of dns64d" promtool_accepts "$at"
	check_equal "all of them are in the manual, too" \
	    "$(unexplained "$at" dns64d ctld)" ""
	check_match "queries" "$(get "$at" /metrics)" \
	    '^dns64d_queries_udp_total [1-9][0-9]*$'
	check_match "upstreams" "$(get "$at" /metrics)" \
	    "^dns64d_upstream_up\\{upstream=\"$server4:53\"\\} 1\$"
	check_equal "dns64d is healthy" "$(code "$at" /health)" 200
	check_equal "and ready" "$(code "$at" /ready)" 200
	stop "$nsd"
	check "without its upstream it is not ready" wait_for 30 not_ready "$at"
	check_equal "but healthy" "$(code "$at" /health)" 200
	check_match "status warns" "$("$BUILD/dns64d/ctl/dns64ctl" \
	    -s "$dir/dns64d.sock" status)" \
	    "^warning    upstream $server4:53 does not answer"
}

not_ready() { # address:port
	in_ns "$client" dig +tries=1 +timeout=1 "@$dns6" "$RANDOM.example.com"
	[ "$(code "$1" /ready)" = 503 ]
}

need_root
pids=()
address2=$(address 2)
create_lab
for i in "${translators[@]}"; do
	check "nat64d $i starts" start_translator "$i" || give_up
done
sed 's/^control .*/control no/;s/8001/8009/;$a tun second' "$dir/t1.conf" \
    >"$dir/second.conf"
check "dns64d starts" start_balancer || give_up
test_nat64d
test_only_reads
test_not_ready
test_balance
test_dns64d
tap_done
