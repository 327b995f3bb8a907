#!/usr/bin/env bash
# The control sockets of both daemons and their clients: what they show, who may
# use them, and clients that send too much or read nothing; and the same against
# their metrics, from the network.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nat64ctl=$BUILD/nat64d/ctl/nat64ctl
dns64ctl=$BUILD/dns64d/ctl/dns64ctl

# Run a client; sets out, err and status.
ctl() { # program argument ...
	out=$("$@" 2>"$dir/ctl.err")
	status=$?
	err=$(cat "$dir/ctl.err")
}

n() { # argument ...
	ctl "$nat64ctl" -s "$dir/n/sock" "$@"
}

d() { # argument ...
	ctl "$dns64ctl" -s "$dir/d/sock" "$@"
}

http() { # socket path [argument of curl ...]
	local socket=$1 path=$2
	shift 2
	curl -sS -m 20 --unix-socket "$socket" "$@" "http://localhost$path"
}

mode() { # path
	stat -c '%F %a %U %G' "$1"
}

begin() {
	lab_create
	start_nsd
	write_nat64d_conf "control \"$dir/n/sock\"" "address 2001:db8::1" \
	    "metrics listen on 198.51.100.1 port 9464"
	write_dns64d_conf "control \"$dir/d/sock\"" "workers 2" \
	    "metrics listen on 198.51.100.1 port 9465"
	check "nat64d starts" start_nat64d || give_up
	check "dns64d starts" start_dns64d || give_up
	check "ping works" ping_works
}

# --- what it shows ---

test_nat64ctl() {
	n status
	check_equal "status: done" "$status" 0
	check_match "status: the daemon" "$out" \
	    "^nat64d [0-9.]+, pid $nat64d, up .* since 20"
	check_match "status: sessions" "$out" '^sessions   1 of [0-9]+$'
	check_match "status: the pool" "$out" \
	    '^pool icmp +0 % in use: [0-9]+ of [0-9]+ ports available, 1 bin'
	n show counters
	# Shows: CGN-11
	check_match "counters" "$out" '^sessions-created +1$'
	check_match "and drops" "$out" '^no-binding +0$'
	n -j show counters
	check_match "-j prints JSON" "$out" '"sessions-created":1,'
	n show config
	# Shows: CGN-11
	check_equal "the configuration is that of -nv" "$out" \
	    "$("$BUILD/nat64d/nat64d" -nnv -f "$dir/nat64d.conf")"
	n log level debug
	check_equal "log level" "$out" "log level debug"
	in_ns "$internet" ping -n -c 1 -W 1 192.0.2.7 >"$dir/ping" 2>&1
	check "decisions about packets are logged now" wait_for 30 \
	    grep -q event=packet-dropped "$dir/nat64d.err"
	n log level info
	check_equal "and no longer" "$out" "log level info"
	: >"$dir/nat64d.err"
	in_ns "$internet" ping -n -c 1 -W 1 192.0.2.7 >"$dir/ping" 2>&1
	check_not "no more lines" grep event=packet "$dir/nat64d.err"
}

test_dns64ctl() {
	in_ns "$client" dig +short "@$dns6" www.example.com AAAA >"$dir/dig"
	d status
	check_match "dns64d: status" "$out" \
	    "^dns64d [0-9.]+, pid $dns64d, up .* since 20"
	check_match "dns64d: all workers" "$out" '; workers 2$'
	check_match "dns64d: answers" "$out" '^answers    [1-9][0-9]* synth'
	d show counters
	check_match "dns64d: counters" "$out" '^queries-udp +[1-9][0-9]*$'
	d show config
	check_equal "dns64d: the configuration is that of -nv" "$out" \
	    "$("$BUILD/dns64d/dns64d" -nnv -f "$dir/dns64d.conf")"
	d log level debug
	in_ns "$client" dig +short "@$dns6" www.example.com AAAA >"$dir/dig"
	check "dns64d: queries are logged now" wait_for 30 \
	    grep -q 'www\.example\.com' "$dir/dns64d.err"
	d log level info
}

test_wrong_use() {
	n statis
	check_equal "an unknown command is wrong use" "$status" 2
	check_match "and the nearest one is named" "$err" \
	    'did you mean "status"\?'
	n show conters
	check_match "also of the second word" "$err" \
	    'show: unknown "conters", did you mean "counters"\?'
	n log level
	check_match "a missing argument: usage" "$err" \
	    '^usage: nat64ctl log level err\|warn\|info\|debug$'
	n log level loud
	check_match "a wrong argument: what is possible" "$err" \
	    'unknown "loud": possible are: err, warn, info, debug'
	n status now
	check_equal "an argument too many" "$status" 2
	ctl "$nat64ctl" -s "$dir/nobody" status
	check_equal "no daemon" "$status" 3
	check_match "and what to look at" "$err" 'is nat64d running'
	ctl "$nat64ctl" -s "$dir/$(printf '%0120d' 0)" status
	check_equal "a path too long for a socket: no daemon, either" \
	    "$status" 3
	check_match "and why" "$err" 'path too long'
	ctl setpriv --reuid 12345 --clear-groups "$nat64ctl" \
	    -s "$dir/n/sock" status
	check_equal "another user may not" "$status" 3
	check_match "and is told why" "$err" 'Permission denied'
	check_match "unknown paths name the known" \
	    "$(http "$dir/n/sock" /v1/nothing)" '/v1/status'
	check_match "unknown parameters are refused" \
	    "$(http "$dir/n/sock" '/v1/status?x=1')" 'none is possible'
}

# A disk without room for the output.
test_full_disk() {
	local words
	for words in help -V status 'show config' '-j show counters' \
	    'show sessions' '-j show sessions'; do
		# shellcheck disable=SC2086 # several words
		"$nat64ctl" -s "$dir/n/sock" $words >/dev/full 2>"$dir/ctl.err"
		check_equal "$words: no room is an error" "$?" 1
		check_match "$words: and says so" "$(cat "$dir/ctl.err")" \
		    '^nat64ctl: .*No space left on device$'
	done
}

# --- bad clients ---

memory() { # pid
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

# Connections that send half a request, or nothing.
test_connections() {
	local before sock=$1 pid=$2 name=$3
	before=$(memory "$pid")
	: >"$dir/held"
	python3 - "$sock" >"$dir/held" <<-'PY' &
	import socket, sys, time
	held = []
	for i in range(1000):
	    s = socket.socket(socket.AF_UNIX)
	    s.settimeout(2)
	    try:
	        s.connect(sys.argv[1])
	        if i % 2:
	            s.send(b"GET /v1/status HTTP/1.1\r\nHo")
	    except OSError:
	        pass
	    held.append(s)
	print("ready", flush=True)
	time.sleep(60)
	PY
	local holder=$!
	wait_for 30 grep -q ready "$dir/held"
	check "$name: answers beside 1000 connections" wait_for 30 http \
	    "$sock" /v1/status
	check "$name: works meanwhile" "$4"
	kill "$holder"
	wait "$holder" 2>/dev/null
	check_equal "$name: said once" \
	    "$(grep -c 'closing idle ones' "$dir/$name.err")" 1
	head -c 1073741824 /dev/zero | http "$sock" '/v1/log?level=info' \
	    -X POST -H 'Transfer-Encoding: chunked' -T - -o "$dir/body" \
	    -w '%{http_code}' >"$dir/code" 2>"$dir/curl.err"
	check_match "$name: a body of 1 GB is refused" "$(cat "$dir/code")" \
	    '413|000'
	check "$name: memory is bounded" test "$(memory "$pid")" -lt \
	    $((before + 20000))
}

# From the network: whatever is sent to the metrics changes nothing, and who
# sends too much, too little or reads nothing is in nobody's way.
web() { # port path [argument of curl ...]
	local at=198.51.100.1:$1 path=$2
	shift 2
	in_ns "$internet" curl -gsS -m 20 "$@" "http://$at$path"
}

answers_web() { # port
	[ "$(web "$1" /health)" = ok ]
}

# Paths of the control socket, by its own list.
control_paths() { # socket
	http "$1" /v1/nothing | grep -Eo '/v1/[a-z]+' | grep -v nothing
}

test_no_way_in() { # port socket name
	local method path found=
	for path in $(control_paths "$2") /reload /flush; do
		for method in GET POST DELETE PUT; do
			found="$found $(web "$1" "$path?all=1" -X "$method" \
			    -d '{}' -o "$dir/body" -w '%{http_code}')"
		done
	done
	check_equal "$3: no path of the control socket is in the network" \
	    "$(tr ' ' '\n' <<<"$found" | sort -u | xargs)" "404 501"
	check_equal "$3: a name that is not ours is refused" "$(web "$1" \
	    /metrics -H 'Host: rebound.example' -o "$dir/body" \
	    -w '%{http_code}')" 403
	check_equal "$3: so is a page of another site" "$(web "$1" \
	    /metrics -H 'Origin: http://rebound.example' -o "$dir/body" \
	    -w '%{http_code}')" 403
}

test_bad_web_clients() { # port pid name works socket
	local before
	before=$(memory "$2")
	in_ns "$internet" python3 - "$1" >"$dir/held" <<-'PY' &
	import socket, sys, time
	held = []
	for i in range(1000):
	    s = socket.socket()
	    s.setblocking(False)
	    try:
	        s.connect(("198.51.100.1", int(sys.argv[1])))
	    except BlockingIOError:
	        pass
	    held.append(s)
	time.sleep(0.5)
	for i, s in enumerate(held):
	    try:
	        if i % 3 == 1:
	            s.send(b"GET /metrics HTTP/1.1\r\nHo")
	        elif i % 3 == 2:
	            s.send(b"POST /metrics HTTP/1.1\r\nHost: 198.51.100.1\r\n"
	                b"Content-Length: 1073741824\r\n\r\n" + b"x" * 1000)
	    except OSError:
	        pass
	print("ready", flush=True)
	time.sleep(60)
	PY
	local holder=$!
	wait_for 30 grep -q ready "$dir/held"
	check "$3: metrics beside 1000 connections" wait_for 30 answers_web "$1"
	check "$3: works meanwhile" "$4"
	check "$3: the control socket, too" http "$5" /v1/status
	kill "$holder"
	wait "$holder" 2>/dev/null
	check "$3: metrics afterwards" wait_for 30 answers_web "$1"
	check "$3: memory is bounded" test "$(memory "$2")" -lt \
	    $((before + 20000))
	check_match "$3: all to a client that sends no more" \
	    "$(printf 'GET /metrics HTTP/1.1\r\nHost: 198.51.100.1\r\n\r\n' |
		in_ns "$internet" timeout 20 nc -N 198.51.100.1 "$1")" \
	    "^$3_[a-z_]+(_total|_max)?(\{.*\})? [0-9]+\$"
}

dns_works() {
	[ "$(in_ns "$client" dig +short "@$dns6" dual.example.com AAAA)" = \
	    2001:db8::1 ]
}

# --- start and end ---

test_socket() {
	check_equal "the socket is for the user" "$(mode "$dir/n/sock")" \
	    "socket 600 nobody nogroup"
	check_equal "the same for dns64d" "$(mode "$dir/d/sock")" \
	    "socket 600 nobody nogroup"
	sed "s/^tun .*//;\$a tun other" "$dir/nat64d.conf" >"$dir/second.conf"
	check "a second daemon does not take it" fails_with \
	    "another process listens there" in_ns "$gateway" timeout 10 \
	    "$BUILD/nat64d/nat64d" -d -f "$dir/second.conf"
	n status
	check_equal "and it is still there" "$status" 0
	kill -9 "$nat64d"
	wait "$nat64d" 2>/dev/null
	check "it stays behind when nat64d is killed" test -S "$dir/n/sock"
	n status
	check_equal "and nobody answers" "$status" 3
	check "nat64d starts again" start_nat64d
	n status
	check_equal "with a new socket" "$status" 0
	stop "$nat64d"
	check_not "which is removed at the end" test -e "$dir/n/sock"
	stop "$dns64d"
	check_not "as that of dns64d is" test -e "$dir/d/sock"
}

test_configurations() {
	write_nat64d_conf "control \"$dir/n/sock\" group adm"
	check "with a group" start_nat64d
	check_equal "the group may use it" "$(mode "$dir/n/sock")" \
	    "socket 660 nobody adm"
	ctl setpriv --reuid 12345 --regid adm --clear-groups "$nat64ctl" \
	    -s "$dir/n/sock" status
	check_equal "and does" "$status" 0
	stop "$nat64d"

	write_nat64d_conf "control no"
	check "without a socket" start_nat64d
	check_not "there is none" test -e "$dir/n/sock"
	stop "$nat64d"

	write_nat64d_conf "control \"$dir/n/sock\" group nonsense"
	check "an unknown group" fails_with "no such group: nonsense" \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
	touch "$dir/file"
	write_nat64d_conf "control \"$dir/file\""
	check "a path that is something else" fails_with "is no socket" \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
	write_nat64d_conf "control \"$dir/a/b/c/sock\""
	check "a directory that cannot be made" fails_with \
	    "directory is missing" in_ns "$gateway" "$BUILD/nat64d/nat64d" \
	    -n -f "$dir/nat64d.conf"
}

# As root in a container, with the few capabilities that the manual names.
start_as_limited_root() {
	start_nat64d setpriv --no-new-privs \
	    --bounding-set -all,+net_admin,+setuid,+setgid,+chown
}

# Without CAP_DAC_OVERRIDE, and with the default path.
test_limited_root() {
	local i
	for i in first second; do
		write_nat64d_conf
		check "with few capabilities: $i start" start_as_limited_root
		ctl "$nat64ctl" status
		check_equal "there is the default socket" "$status" 0
		stop "$nat64d"
	done
}

need_root
begin
test_nat64ctl
test_dns64ctl
test_wrong_use
test_full_disk
test_connections "$dir/n/sock" "$nat64d" nat64d ping_works
test_connections "$dir/d/sock" "$dns64d" dns64d dns_works
test_no_way_in 9464 "$dir/n/sock" nat64d
test_no_way_in 9465 "$dir/d/sock" dns64d
test_bad_web_clients 9464 "$nat64d" nat64d ping_works "$dir/n/sock"
test_bad_web_clients 9465 "$dns64d" dns64d dns_works "$dir/d/sock"
test_socket
test_configurations
test_limited_root
tap_done
