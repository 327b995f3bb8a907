#!/usr/bin/env bash
# nat64d as a process: signals, exit, background, privileges, device and routes,
# and every condition that prevents a start.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

program=$BUILD/nat64d/nat64d
static="static tcp 192.0.2.1 port 80 to 2001:db8::10 port 8080"

start_lab() {
	lab_create
	start_web
	start_web "$client" "[2001:db8::10]:8080"
	head -c 50000000 /dev/urandom >"$dir/www/50MB"
	head -c 1000000 /dev/urandom >"$dir/www/1MB"
	# Where a daemon without rights may write.
	mkdir "$dir/dump"
	chown nobody "$dir/dump"
	# And from where it can be run.
	mkdir "$dir/bin"
	cp "$program" "$dir/bin"
	program=$dir/bin/nat64d
}

device() { # interface
	ip -n "$gateway" link show "$1"
}

no_device() { # interface
	! device "$1"
}

routed() { # interface
	ip -n "$gateway" -6 route show 2001:db8:8000::/96 | grep "dev $1" &&
	    ip -n "$gateway" -4 route show 192.0.2.0/24 | grep "dev $1"
}

no_routes() {
	[ -z "$(ip -n "$gateway" -6 route show 2001:db8:8000::/96)" ] &&
	    [ -z "$(ip -n "$gateway" -4 route show 192.0.2.0/24)" ]
}

# Without its rights nat64d cannot remove the routes of a device that stays:
# they are dead, and revive with its next start.
no_live_routes() {
	! { ip -n "$gateway" -6 route show 2001:db8:8000::/96 &&
	    ip -n "$gateway" -4 route show 192.0.2.0/24; } |
	    grep -v linkdown
}

# A host in the Internet reaches the client through the static binding.
static_works() {
	[ "$(in_ns "$internet" curl -sS -m "$(secs 5)" \
	    http://192.0.2.1/peer)" = "$server64" ]
}

alive() { # pid
	kill -0 "$1"
}

# Nothing is left of a daemon that has ended.
left_nothing() {
	no_device nat64 && no_routes && [ -z "$(ip netns pids "$gateway")" ]
}

# --- signals ---

slow_transfer() {
	in_ns "$client" curl -gsSf -m "$(secs 60)" --limit-rate 4M \
	    -o "$dir/fetched" "http://[$server64]/50MB" &
	curl=$!
	wait_for 30 test -s "$dir/fetched"
}

transfer_good() {
	wait "$curl" && cmp "$dir/www/50MB" "$dir/fetched"
}

# Every dump ends properly, and the transfer is still there at the last.
dump_often() {
	local i
	for ((i = 0; i < 10; i++)); do
		dump=$(nat64d_dump) || return 1
	done
	kill -0 "$curl"
}

# The table of one binding and its session, below the counters.
test_usr1() {
	local dump binding session
	binding='^tcp +\[2001:db8::10\]:[0-9]+ +192\.0\.2\.[0-9]+:[0-9]+ +1$'
	session=" +to +\\[$server64\\]:80 +$server4:80 +[0-9]+ s ESTABLISHED"
	check "a transfer begins" slow_transfer
	check "SIGUSR1 prints the table, again and again" dump_often
	check_match "with the counters" "$dump" \
	    '^counter ipv4-packets-in +[1-9][0-9]*$'
	# Shows: FLT-06
	check_match "and the reasons of drops" "$dump" \
	    '^dropped multicast-or-link-local-ipv6 +[1-9][0-9]*$'
	check_match "and the bindings" "$dump" "$binding"
	check_match "and their sessions" "$dump" "$session"
	check_match "and the static bindings" "$dump" \
	    '^tcp +\[2001:db8::10\]:8080 +192\.0\.2\.1:80 +0 static$'
	check "the transfer is whole" transfer_good
}

flushed() {
	grep -q '^table tcp .* bindings 1 sessions 0 ' <<<"$(nat64d_dump)"
}

test_hup() {
	kill -HUP "$nat64d"
	# Shows: TBL-04
	check "SIGHUP leaves nothing but the static binding" \
	    wait_for 30 flushed
	check "which works" static_works
	check "new sessions are made" ping_works
}

test_end() { # signal
	kill "-$1" "$nat64d"
	check "SIG$1 ends it with status 0" wait "$nat64d"
	check "and leaves nothing" left_nothing
}

test_signals() {
	tap_round="signals"
	write_nat64d_conf "$static"
	check "nat64d starts" start_nat64d || give_up
	check "its device has its routes" routed nat64
	check_privileges "$nat64d"
	test_usr1
	test_hup
	test_end TERM
	check "nat64d starts again" start_nat64d
	test_end INT
}

# A start that waits for its configuration, from a pipe, gets a signal.
signalled_early() { # signal
	: >"$dir/nat64d.err"
	ip netns exec "$gateway" "$program" -d -f "$dir/early" \
	    >"$dir/nat64d.out" 2>"$dir/nat64d.err" &
	nat64d=$!
	wait_for 30 waits_for_pipe && kill -"$1" "$nat64d" &&
	    timeout "$(secs 5)" tee "$dir/early" <"$dir/nat64d.conf" \
		>/dev/null &&
	    wait_for 30 grep -q ' running$' "$dir/nat64d.err"
}

waits_for_pipe() {
	[ "$(cat "/proc/$nat64d/comm")" = nat64d ] &&
	    grep -q '^State:.S' "/proc/$nat64d/status"
}

test_early_signals() {
	tap_round="a signal during the start"
	write_nat64d_conf
	mkfifo "$dir/early"
	check "SIGHUP does not end nat64d" signalled_early HUP
	check "and is obeyed when it runs" wait_for 30 grep -q ' flushed$' \
	    "$dir/nat64d.err"
	stop "$nat64d"
	check "SIGUSR1 does not end nat64d" signalled_early USR1
	check "and is obeyed when it runs" wait_for 30 dump_complete 0
	stop "$nat64d"
	check "SIGUSR2 does not end nat64d" signalled_early USR2
	check "which works" ping_works
	stop "$nat64d"
}

# The signal comes again and again while it ends.
signalled_late() { # signal
	local sender
	start_nat64d || return
	while kill -"$1" "$nat64d"; do :; done 2>/dev/null &
	sender=$!
	stop "$nat64d" || return
	wait "$sender"
}

test_late_signals() {
	local signal
	tap_round="a signal during the end"
	write_nat64d_conf
	for signal in HUP USR1 USR2; do
		check "SIG$signal changes nothing" signalled_late "$signal"
	done
}

# --- standard output ---

# Start with standard output going to a file descriptor.
start_to() { # descriptor, or - for none
	: >"$dir/nat64d.err"
	ip netns exec "$gateway" "$program" -d -f "$dir/nat64d.conf" \
	    1>&"$1" 2>"$dir/nat64d.err" &
	nat64d=$!
	wait_for 30 grep ' running$' "$dir/nat64d.err"
}

survives_usr1() {
	kill -USR1 "$nat64d" && ping_works && kill -USR1 "$nat64d" &&
	    ping_works && alive "$nat64d"
}

# A pipe whose reader has gone.
test_broken_pipe() {
	local pipe
	tap_round="standard output is a pipe that nobody reads"
	write_nat64d_conf "$static"
	mkfifo "$dir/pipe"
	exec {pipe}<>"$dir/pipe"
	start_to "$pipe"
	exec {pipe}>&-
	check "SIGUSR1 does not end it" survives_usr1
	stop "$nat64d"
}

test_no_stdout() {
	tap_round="standard output is closed"
	check "nat64d starts" start_to -
	check "SIGUSR1 does not end it" survives_usr1
	stop "$nat64d"
}

# A reader who takes his time: the dump, some megabytes, waits for him, and
# packets do not. He opens the pipe himself; descriptors that share one
# opening share O_NONBLOCK as well.
test_slow_reader() {
	local pipe
	tap_round="standard output is read slowly"
	write_nat64d_conf "static 192.0.2.2 to 2001:db8:1::10"
	exec {pipe}<>"$dir/pipe"
	start_to "$pipe"
	kill -USR1 "$nat64d"
	check "packets pass while a dump waits" ping_works
	check "the dump comes to its end" timeout "$(secs 20)" \
	    sed -n '/^end$/q' "$dir/pipe"
	stop "$nat64d"
	exec {pipe}>&-
}

# --- background ---

daemonise() {
	start_background "$program" "$dir/nat64d.conf" \
	    "$dir/run/nat64d.pid" && nat64d=$daemon
}

second_refused() {
	! in_ns "$gateway" timeout "$(secs 10)" "$program" \
	    -f "$dir/nat64d.conf" 2>"$dir/second" && [ "$(cat "$dir/second")" = \
	    "nat64d: already running, pid $nat64d" ]
}

dumped() {
	[ "$(tail -n 1 "$dir/dump/nat64d" 2>/dev/null)" = end ]
}

test_daemon() {
	tap_round="in the background"
	write_nat64d_conf "pidfile \"$dir/run/nat64d.pid\"" \
	    "dump \"$dir/dump/nat64d\""
	check "nat64d starts and comes back" daemonise || give_up
	check_match "the number in the pid file is its own" \
	    "$(ip netns pids "$gateway")" "^$nat64d$"
	check_equal "which is a line, for who reads several" \
	    "$(wc -l <"$dir/run/nat64d.pid")" 1
	check "its device has its routes" routed nat64
	check "it translates" ping_works
	check_privileges "$nat64d"
	kill -USR1 "$nat64d"
	check "SIGUSR1 writes the table to a file" wait_for 30 dumped
	check_equal "which others cannot read" \
	    "$(stat -c '%U %a' "$dir/dump/nat64d")" "nobody 640"
	rm "$dir/dump/nat64d"
	kill -USR1 "$nat64d"
	check "and does so again" wait_for 30 dumped
	check "a second one is refused" second_refused
	check "and the first one goes on" ping_works
	kill "$nat64d"
	check "SIGTERM ends it" wait_for 30 gone "$nat64d"
	check "and leaves nothing" left_nothing
	check_not "nor the pid file" test -e "$dir/run/nat64d.pid"
	check "it can be started again" daemonise
	kill "$nat64d"
	wait_for 30 gone "$nat64d"
	write_nat64d_conf "pidfile \"$dir/run/nat64d.pid\"" "tun g0"
	check "a start that fails" refuses '^nat64d: g0: ' "$program" \
	    -f "$dir/nat64d.conf"
	check_not "leaves no pid file" test -e "$dir/run/nat64d.pid"
}

# Where the pid file is in a directory of root's, it cannot be removed.
test_foreign_directory() {
	tap_round="a pid file among those of others"
	write_nat64d_conf "pidfile \"$dir/nat64d.pid\""
	check "nat64d starts" start_background "$program" "$dir/nat64d.conf" \
	    "$dir/nat64d.pid"
	kill "$daemon"
	check "SIGTERM ends it" wait_for 30 gone "$daemon"
	check_not "no number is left in the pid file" test -s \
	    "$dir/nat64d.pid"
}

# --- device and routes ---

test_name() {
	tap_round="a name for the device"
	write_nat64d_conf "tun my-nat64 mtu 1400"
	check "nat64d starts" start_nat64d
	check "the device has that name and its routes" routed my-nat64
	check_match "and its MTU" "$(device my-nat64)" 'mtu 1400 '
	check "it works" ping_works
	stop "$nat64d"
	check "it vanishes" no_device my-nat64
}

test_persistent() {
	tap_round="a persistent device"
	ip -n "$gateway" tuntap add dev tun7 mode tun
	write_nat64d_conf "tun tun7"
	check "nat64d starts" start_nat64d
	check "the device has its routes" routed tun7
	check "it works" ping_works
	stop "$nat64d"
	check "the device stays" device tun7
	check "without routes that are alive" no_live_routes
	check "nat64d takes it again" start_nat64d
	check "and it works again" ping_works
	stop "$nat64d"
	ip -n "$gateway" link del tun7
}

test_no_routes() {
	tap_round="routes no"
	write_nat64d_conf "routes no"
	check "nat64d starts" start_nat64d
	check "the device is up" grep -q 'state UNKNOWN\|,UP' \
	    <<<"$(device nat64)"
	check "it has no routes" no_routes
	ip -n "$gateway" route add 2001:db8:8000::/96 dev nat64
	ip -n "$gateway" route add 192.0.2.0/24 dev nat64
	check "it works when others make them" ping_works
	stop "$nat64d"
}

# --- refusals ---

# Run a command that has to fail, for a reason, without having done a thing.
refuses() { # regex command ...
	local regex=$1 status
	shift
	in_ns "$gateway" timeout "$(secs 5)" "$@" </dev/null \
	    >"$dir/refusal" 2>&1
	status=$?
	cat "$dir/refusal"
	[ "$status" -eq 1 ] && grep -Eq -- "$regex" "$dir/refusal" &&
	    left_nothing
}

refuses_conf() { # regex statement ...
	local regex=$1
	shift
	write_nat64d_conf "$@"
	refuses "$regex" "$program" -d -f "$dir/nat64d.conf"
}

# What the start refuses is refused by -n, and not by -nn.
test_start_and_check() { # description regex statement ...
	check "$1" refuses_conf "${@:2}"
	check "$1: -n says so" refuses "$2" "$program" -n -f \
	    "$dir/nat64d.conf"
	check "$1: not the file's mistake" in_ns "$gateway" "$program" -nn \
	    -f "$dir/nat64d.conf"
}

test_refusals() {
	tap_round="refusals"
	test_start_and_check "a user that does not exist" \
	    '^(nat64d: )?user nosuchuser: no such user or group: .*65534' \
	    "user nosuchuser"
	test_start_and_check "a user with the rights of root" \
	    '^(nat64d: )?user root: .*"user 65534"' "user root"
	test_start_and_check "an event log without its directory" \
	    "event log: $dir/no/such: no such directory: install -d" \
	    "log events to \"$dir/no/such/events\""
	mkdir "$dir/closed"
	chmod 700 "$dir/closed"
	test_start_and_check "an event log where its user may not go" \
	    "event log: $dir/closed: user id [0-9]+ may not make" \
	    "log events to \"$dir/closed/events\""
	write_nat64d_conf "dump \"$dir/closed/dump\"" \
	    "pidfile \"$dir/nat64d.pid\""
	check "a dump where its user may not write" refuses \
	    "dump: $dir/closed: user id [0-9]+ may not make files" \
	    "$program" -f "$dir/nat64d.conf"
	check "and -n says so" refuses "dump: $dir/closed" "$program" -n \
	    -f "$dir/nat64d.conf"
	check "and in the foreground" refuses "dump: $dir/closed" \
	    "$program" -d -f "$dir/nat64d.conf"
	write_nat64d_conf "pidfile \"$dir/no/such/pid\""
	check "a pid file without its directory" refuses \
	    "pid file: $dir/no/such: no such directory: .*-d" \
	    "$program" -f "$dir/nat64d.conf"
	check "and -n says so" refuses "pid file: $dir/no/such" "$program" \
	    -n -f "$dir/nat64d.conf"
	check "but not for a start in the foreground" in_ns "$gateway" \
	    "$program" -dn -f "$dir/nat64d.conf"
	check "an interface that is no tun device" refuses_conf \
	    '^nat64d: g0: ' "tun g0"
	write_nat64d_conf
	check "not root" refuses '^nat64d: .*(not permitted|denied)$' \
	    setpriv --reuid=nobody --regid=nogroup --clear-groups \
	    "$program" -d -f "$dir/nat64d.conf"
	check "a file that does not exist" refuses \
	    'nosuch.conf: .*No such file' "$program" -d -f "$dir/nosuch.conf"
	check "an option that does not exist" refuses '^usage: nat64d ' \
	    "$program" -x
	check "an error in the file, with its line" refuses_conf \
	    '/nat64d\.conf:4: .*"tunn"' "tun a" "tunn b"
	check "all errors in the file" refuses_conf \
	    '/nat64d\.conf:5: ' "prefix 2001:db8:1::/95" "pool 2001:db8::/64" \
	    "timeout udp 1"
}

# Somebody else is at the other end of the device.
test_busy() {
	tap_round="refusals"
	write_nat64d_conf
	start_nat64d
	check "a device that is in use" busy
	check "whose user is not disturbed" ping_works
	stop "$nat64d"
}

busy() {
	! in_ns "$gateway" timeout "$(secs 5)" "$program" -d \
	    -f "$dir/nat64d.conf" >"$dir/refusal" 2>&1 && grep -i 'busy' "$dir/refusal"
}

# --- the configuration alone ---

prints_itself() {
	"$program" -nv -f "$dir/nat64d.conf" >"$dir/canonical" &&
	    "$program" -nv -f "$dir/canonical" | cmp "$dir/canonical"
}

test_check_only() {
	tap_round="-n"
	write_nat64d_conf "$static"
	check "a good file" in_ns "$gateway" "$program" -n -f \
	    "$dir/nat64d.conf"
	check "printed, and what was printed again" prints_itself
	check_match "with the defaults" "$(cat "$dir/canonical")" \
	    '^timeout udp 300$'
	check "as a user without rights" setpriv --reuid=nobody \
	    --regid=nogroup --clear-groups "$program" -n -f \
	    "$dir/nat64d.conf"
	write_nat64d_conf "pool"
	check "a bad file" refuses '/nat64d\.conf:3: ' "$program" -n -f \
	    "$dir/nat64d.conf"
	check "nothing was started" left_nothing
}

need_root
start_lab
test_signals
test_early_signals
test_late_signals
test_broken_pipe
test_no_stdout
test_slow_reader
test_daemon
test_foreign_directory
test_name
test_persistent
test_no_routes
test_refusals
test_busy
test_check_only
tap_done
