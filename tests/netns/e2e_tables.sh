#!/usr/bin/env bash
# The tables of nat64d over its control socket, with real traffic: lists with
# filters, lookups from either side, the end of sessions, static bindings.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nat64ctl=$BUILD/nat64d/ctl/nat64ctl

# Run nat64ctl; sets out, err and status.
n() { # argument ...
	out=$("$nat64ctl" -s "$dir/n/sock" "$@" 2>"$dir/ctl.err")
	status=$?
	err=$(cat "$dir/ctl.err")
}

http() { # path [argument of curl ...]
	local path=$1
	shift
	curl -sS -m 60 --unix-socket "$dir/n/sock" "$@" "http://localhost$path"
}

# How many rows a list of nat64ctl has, without its heading.
rows() { # argument ...
	n "$@"
	printf '%s\n' "$out" | sed 1d | grep -c .
}

# A number or text of the answer to a request, by a path of members.
member() { # path expression
	http "$1" | python3 -c "import json, sys
print(eval(sys.argv[1], {'o': json.load(sys.stdin)}))" "$2"
}

# UDP datagrams of the client's host: its ports first to last, each to the
# server's ports 1000 and following.
send_udp() { # address first last [ports of the server]
	in_ns "$client" python3 - "$server64" "$@" <<-'PY'
	import socket, sys
	server, address = sys.argv[1], sys.argv[2]
	first, last = int(sys.argv[3]), int(sys.argv[4])
	n = int(sys.argv[5]) if len(sys.argv) > 5 else 1
	for port in range(first, last + 1):
	    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	    s.bind((address, port))
	    for i in range(n):
	        s.sendto(b"x", (server, 1000 + i))
	    s.close()
	PY
}

has_sessions() { # number
	[ "$(rows show sessions)" -eq "$1" ]
}

begin() {
	lab_create
	ip -n "$client" address add 2001:db8::20/64 dev c0 nodad
	ip -n "$client" address add 2001:db8::30/64 dev c0 nodad
	# The server answers nothing: what is to be seen is what was sent.
	in_ns "$internet" iptables-nft -I OUTPUT -p icmp \
	    --icmp-type port-unreachable -j DROP 2>/dev/null
	write_nat64d_conf "control \"$dir/n/sock\"" "address 2001:db8::1"
	check "nat64d starts" start_nat64d || give_up
	send_udp 2001:db8::10 5000 5019
	send_udp 2001:db8::20 6000 6000 30
	send_udp 2001:db8::30 7000 7001
	in_ns "$client" ping -n -c 1 -W 2 "$server64" >"$dir/ping"
	check "53 sessions" wait_for 30 has_sessions 53
}

test_lists() {
	n show sessions
	check_match "a heading" "$out" '^PROTO HOST +POOL +PEER +LEFT'
	check_match "a session" "$out" \
	    '^udp +\[2001:db8::20\]:6000 +192\.0\.2\.[0-9]+:[0-9]+ +198\.51\.100\.[0-9]+:1029 +[0-9]+ - +host$'
	check_match "one of ICMP has no port of the peer" "$out" \
	    '^icmp .* 198\.51\.100\.[0-9]+ +[0-9]+ - +host$'
	check_equal "of one host" "$(rows show sessions host 2001:db8::20)" 30
	check_equal "with one port of it" \
	    "$(rows show sessions host '[2001:db8::10]:5003')" 1
	check_equal "with a port on either side" \
	    "$(rows show sessions port 1000)" 23
	check_equal "with a peer, by its IPv6 address" \
	    "$(rows show sessions peer "[$server64]:1000")" 23
	check_equal "with a peer, by a prefix" \
	    "$(rows show sessions peer 198.51.100.0/24)" 53
	check_equal "of a protocol" "$(rows show sessions proto icmp)" 1
	check_equal "in a state" \
	    "$(rows show sessions state established)" 0
	check_equal "both at once" \
	    "$(rows show sessions addr 2001:db8::20 port 1007)" 1
	check_equal "nothing matches" \
	    "$(rows show sessions addr 2001:db8:9::/48)" 0
	check_equal "the longest that are left" \
	    "$(rows show sessions --top 7 --sort lifetime)" 7
	check_equal "bindings" "$(rows show bindings proto udp)" 23
	n show bindings --top 1
	check_match "the binding with most sessions" "$out" \
	    '^udp +\[2001:db8::20\]:6000 +192\.0\.2\..* +30 dynamic-implicit$'
	n show subscribers --top 2
	check_equal "two subscribers, most sessions first" \
	    "$(printf '%s\n' "$out" | awk 'NR > 1 { print $1, $3 }' | xargs)" \
	    "2001:db8::20/128 30 2001:db8::10/128 20"
	n show subscribers --sort bindings --top 1
	check_match "or most bindings" "$out" '^2001:db8::10/128 '
	check_equal "who has an address of the pool" \
	    "$(rows show subscribers addr 192.0.2.0/24)" 3
	check_equal "addresses of the pool" "$(rows show pool)" 256
	check_equal "those in a prefix" "$(rows show pool addr 192.0.2.64/26)" 64
	n show pool --top 1 --sort udp
	check_match "the one with the fewest free ports" "$out" \
	    '^192\.0\.2\.[0-9]+ +64512 +6449[0-9] '
	n show pool addr 2001:db8::1
	check_match "the pool has IPv4 addresses" "$err" \
	    'an IPv4 address or prefix is needed'
	n show fragments
	check_match "fragments" "$out" '^datagrams +0$'
	check_equal "-j is JSON" \
	    "$("$nat64ctl" -j -s "$dir/n/sock" show sessions |
		python3 -c 'import json, sys
print(len(json.load(sys.stdin)["sessions"]))')" 53
}

test_lookup() {
	local pool
	pool=$(member '/v1/bindings?host=2001:db8::20' \
	    '"%s:%d" % (o["bindings"][0]["external-src-address"],
	    o["bindings"][0]["external-src-port"])')
	n lookup "$pool" udp
	check_equal "who holds an IPv4 address and port" "$out" \
	    "udp   $pool is [2001:db8::20]:6000 of subscriber 2001:db8::20/128, 30 sessions, dynamic-implicit"
	n lookup '[2001:db8::20]:6000' udp
	check_match "and from the other side" "$out" "^udp   $pool is "
	n lookup "$pool"
	check_match "the other protocols" "$out" '^tcp   not bound: free$'
	n lookup '[2001:db8::20]:6001'
	check_equal "nobody" "$out" "not bound"
	n lookup 192.0.2.77:0 tcp
	check_match "port 0" "$out" 'not bound: outside'
	n lookup "$server4:80"
	check_equal "an address that no host has is refused" "$status" 1
	check_match "with what to do" "$err" 'show sessions peer ADDRESS'
	n lookup 192.0.2.77
	check_match "without a port" "$err" 'one address with its port'
}

test_wrong() {
	n show sessions proto sctp
	check_equal "an unknown protocol is wrong use" "$status" 2
	n show sessions state open
	check_match "an unknown state" "$err" \
	    'possible are v6-init, v4-init, established'
	n show sessions addr 2001:db8::1/64
	check_match "host bits" "$err" 'addr: "2001:db8::1/64" has host bits set'
	n show sessions host 2001:db8::1 port 70000
	check_match "a port" "$err" 'is no port from 0 to 65535'
	n show subscribers --sort size
	check_match "an unknown key" "$err" \
	    'possible are sessions, bindings, tcp, udp, icmp'
	n show bindings --top 0
	check_match "how many" "$err" 'is no number from 1 to 10000'
	check_match "an unknown parameter" "$(http '/v1/fragments?x=1')" \
	    'none is possible'
	check_equal "reading changes nothing" \
	    "$(http /v1/flush -o /dev/null -w '%{http_code}')" 405
}

test_end() {
	n kill '[2001:db8::20]:6000' "$server4:1007"
	check_equal "one session" "$out" "1 sessions ended"
	check_equal "and no other one" \
	    "$(rows show sessions host 2001:db8::20)" 29
	n kill 2001:db8::20
	check_equal "all of a host" "$out" "29 sessions ended"
	check_equal "and of no other" "$(rows show sessions)" 23
	check_equal "its binding has gone" \
	    "$(rows show bindings host 2001:db8::20)" 0
	n flush proto udp port 5000
	check_equal "by a filter" "$out" "1 sessions ended"
	check "it is in the log" grep -q '1 sessions ended by an operator' \
	    "$dir/nat64d.err"
	send_udp 2001:db8::20 6000 6000
	check "the host may go on" wait_for 30 has_sessions 23
	n flush
	check_equal "all" "$out" "23 sessions ended"
	check "none is left" wait_for 30 has_sessions 0
}

tcp_in() { # port
	in_ns "$internet" timeout 5 python3 -c "import socket, sys
s = socket.create_connection(('192.0.2.50', int(sys.argv[1])), 3)
print(s.recv(9).decode())" "$1"
}

# A server on the client's host, until the connections have come.
serve() {
	in_ns "$client" python3 - >"$dir/serve" 2>&1 <<-'PY' &
	import socket
	s = socket.socket(socket.AF_INET6)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind(("2001:db8::10", 80))
	s.listen()
	print("ready", flush=True)
	while True:
	    c, _ = s.accept()
	    c.send(b"welcome")
	    c.close()
	PY
	server=$!
	wait_for 30 grep -q ready "$dir/serve"
}

test_static() {
	local at='[2001:db8::10]:80' pool
	serve
	check_not "no way in" tcp_in 8080
	n static add tcp "$at" 192.0.2.50:8080
	check_equal "added" "$out" "static binding added"
	check_equal "the way in" "$(tcp_in 8080)" welcome
	n lookup 192.0.2.50:8080 tcp
	check_match "it is static" "$out" ', static$'
	n static add tcp "$at" 192.0.2.50:8081
	check_equal "a host port that is bound is refused" "$status" 1
	check_match "and says to what" "$err" \
	    '\[2001:db8::10\]:80 and 192\.0\.2\.50:8080 are bound to each other statically'
	n static add tcp "$at" 198.51.100.7:80
	check_match "not in the pool" "$err" 'this address is not in the pool'
	n static add tcp '[2001:db8:8000::1]:80' 192.0.2.50:81
	check_match "no host" "$err" 'outside of the prefixes'
	n static delete tcp "$at" 192.0.2.50:8080
	check_equal "deleted" "$out" "static binding deleted"
	n static delete tcp "$at" 192.0.2.50:8080
	check_match "deleted twice" "$err" 'there is no such static binding'
	n flush
	check_not "no way in any more" tcp_in 8080

	send_udp 2001:db8::10 5353 5353
	pool=$(member '/v1/bindings?host=[2001:db8::10]:5353' \
	    'o["bindings"][0]["external-src-address"]')
	n static add udp '[2001:db8::10]:5353' "$pool:53"
	check_match "traffic is in the way" "$err" '--force ends that'
	n static add udp '[2001:db8::10]:5353' "$pool:53" --force
	check_equal "unless it is forced" "$status" 0
	kill "$server"
	wait "$server" 2>/dev/null
}

test_pref64() {
	n pref64 radvd
	check_match "radvd" "$out" '^nat64prefix 2001:db8:8000::/96 \{$'
	n pref64 networkd
	check_match "networkd" "$out" '^Prefix=2001:db8:8000::/96$'
	n pref64 bird
	check_match "bird" "$out" \
	    '^custom option type 38 value hex:07:08:20:01:0d:b8:80:00(:00){6};$'
	n pref64 odhcpd
	check_match "odhcpd" "$out" "option ra_pref64 '2001:db8:8000::/96'"
}

# The paths that can be read, by the daemon's own list, without streams.
readable() {
	local path
	for path in $(http /v1/nothing | grep -Eo '/v1/[a-z]+'); do
		case $path in
		/v1/nothing | /v1/monitor | /v1/drops) continue ;;
		esac
		[ "$(http "$path" -o /dev/null -w '%{http_code}')" = 200 ] &&
		    echo "$path"
	done
}

# The members of all answers about the state are in the manual.
test_manual() {
	local path
	for path in $(readable) '/v1/lookup?addr=192.0.2.1:9' \
	    '/v1/lookup?addr=[2001:db8::10]:5000'; do
		check "members of $path are in the manual" explained "$path"
	done
}

explained() { # path
	http "$1" | /usr/bin/python3 "$root/tests/netns/tools/explained.py" \
	    "$root/man/nat64ctl.8"
}

# A client that reads nothing of a long list holds up nobody.
test_lazy_reader() {
	send_udp 2001:db8::10 20000 20999 20
	check "10000 sessions or more" wait_for 30 has_at_least 10000
	python3 - "$dir/n/sock" >"$dir/lazy" <<-'PY' &
	import socket, sys, time
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	s.send(b"GET /v1/sessions HTTP/1.1\r\nHost: x\r\n\r\n")
	print("ready", flush=True)
	time.sleep(60)
	PY
	local lazy=$!
	wait_for 30 grep -q ready "$dir/lazy"
	check_equal "another client reads all" \
	    "$(member /v1/sessions 'len(o["sessions"]) >= 10000')" True
	check "one that ends its half of the connection, too" all_by_nc
	check "and packets pass" in_ns "$client" ping -n -c 3 -i 0.1 -W 2 \
	    "$server64"
	kill "$lazy"
	wait "$lazy" 2>/dev/null
}

# Sessions stand on a line each; a chunk may end inside of one.
all_by_nc() {
	printf 'GET /v1/sessions HTTP/1.0\r\n\r\n' |
	    timeout 60 nc -N -U "$dir/n/sock" >"$dir/nc"
	tail -n 1 "$dir/nc" | grep -x ']}' &&
	    [ "$(grep -c external-src-port "$dir/nc")" -ge 10000 ]
}

has_at_least() { # number
	[ "$(member /v1/status 'o["sessions"]')" -ge "$1" ]
}

need_root
begin
test_lists
test_lookup
test_manual
test_wrong
test_end
test_static
test_pref64
test_lazy_reader
tap_done
