#!/usr/bin/env bash
# A new nat64d takes over from one that runs: no packet is lost, and when
# anything fails, the one that runs goes on.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

program=$BUILD/nat64d/nat64d

configure() { # statement ...
	write_nat64d_conf "pidfile \"$dir/run/nat64d.pid\"" \
	    "control \"$dir/run/nat64d.sock\"" "$@"
}

err=$dir/nat64d.err # what the one that runs has logged

logged() { # regex
	grep -aEq -- "$1" "$err"
}

# A nat64d that takes over from none.
begin_nat64d() {
	err=$dir/nat64d.err
	start_nat64d
}

heirs=0

# In place of the one that runs; sets nat64d to the new one's pid.
take_over() { # option ...
	local old=$nat64d
	heirs=$((heirs + 1))
	err=$dir/heir$heirs.err
	ip netns exec "$gateway" "$program" -U "$@" -f "$dir/nat64d.conf" \
	    >"$dir/nat64d.out" 2>"$err" &
	nat64d=$!
	wait_for 30 logged ' running$' && wait_for 5 gone "$old" || {
		cat "$err"
		return 1
	}
}

# One after the other takes over while packets flow.
test_no_loss() { # fastpath
	tap_round="fastpath $1"
	configure "fastpath $1" "metrics listen on 127.0.0.1 port 9464" \
	    "metrics listen on ::1 port 9464"
	check "nat64d starts" begin_nat64d || give_up
	begin_traffic
	for _ in 1 2 3; do
		check "a new one takes over" take_over -d
		check_match "with the sessions" "$(cat "$err")" \
		    'taken over: 5[1-9] bindings and 5[1-9] sessions go on$'
		sleep 0.7
	done
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/200MB" "$dir/fetched"
	end_stream
	check_equal "one process is left" "$(daemons)" "$nat64d"
	check_privileges "$nat64d"
	check "the control socket is served" in_ns "$gateway" curl -sS -m 5 \
	    --unix-socket "$dir/run/nat64d.sock" http://localhost/v1/version
	check "the metrics are served" in_ns "$gateway" curl -sSf -m 5 \
	    http://127.0.0.1:9464/metrics "http://[::1]:9464/metrics"
	check_equal "at the sockets that there were" "$(in_ns "$gateway" \
	    ss -Hltn sport = 9464 | wc -l)" 2
	configure "fastpath $1" "metrics listen on ::1 port 9464" \
	    "metrics listen on ::1 port 9465"
	check "a new one takes over with other metrics" take_over -d
	check_equal "and leaves no other socket open" "$(in_ns "$gateway" \
	    ss -Hltn '( sport = 9464 or sport = 9465 )' | wc -l)" 2
	stop "$nat64d"
	check_not "and removed at the end" test -e "$dir/run/nat64d.sock"
	check_not "with the device" ip -n "$gateway" link show nat64
}

# --- in the background ---

is_daemon() {
	[ "$(cat "$dir/run/nat64d.pid")" = "$(daemons)" ]
}

test_background() {
	tap_round="in the background"
	configure
	check "nat64d starts" start_background "$program" \
	    "$dir/nat64d.conf" "$dir/run/nat64d.pid"
	old=$daemon
	check "one in the foreground cannot take over" refuses \
	    'has a pid file: start without -d' -U -d
	check "a new one takes over" in_ns "$gateway" timeout 10 "$program" \
	    -U -f "$dir/nat64d.conf"
	check "the old one ends" wait_for 30 gone "$old"
	check "the pid file names the new one" wait_for 30 is_daemon
	check "which works" echo_works
	check "another one is refused" refuses 'already running, pid [0-9]+$'
	kill "$(daemons)"
	check "it ends" wait_for 30 no_daemon
	check_not "and removes the pid file" test -e "$dir/run/nat64d.pid"
}

no_daemon() {
	[ -z "$(daemons)" ]
}

# --- failures ---

refuses() { # regex option ...
	local regex=$1
	shift
	! in_ns "$gateway" timeout 10 "$program" "$@" \
	    -f "$dir/nat64d.conf" >"$dir/refusal" 2>&1
	cat "$dir/refusal"
	grep -Eq -- "$regex" "$dir/refusal"
}

goes_on() { # regex
	wait_for 30 logged "not handed over to another process: $1" &&
	    echo_works && [ "$(daemons)" = "$nat64d" ]
}

# Listen as a new process does, and do what is not right.
upgrade() { # what
	in_ns "$gateway" "$tools/wrong_heir.py" "$dir/run/nat64d.sock" "$1"
}

test_failures() {
	tap_round="failures"
	configure
	check "nobody to take over from" refuses \
	    'nat64d.sock: No such file or directory: does nat64d run' -U -d
	begin_nat64d
	check "a new one that goes away" upgrade leave
	check "the old one goes on" goes_on 'it has ended before'
	: >"$err"
	check "one that goes away with half of the state" upgrade leave-late
	check "the old one goes on" goes_on 'it has ended|.*reset|.*pipe'
	: >"$err"
	check "one that says something else" upgrade nonsense
	check "the old one goes on" goes_on 'it does not follow'
	: >"$err"
	check "one that takes everything and says nothing" upgrade silent
	check "the old one goes on" goes_on '.* timed out'
	check "one of another user is refused" upgrade other-user
	check "no name is an upgrade, which nobody here can watch" upgrade no-name
	check "nobody there is refused" upgrade nobody
	write_nat64d_conf "control \"$dir/run/nat64d.sock\"" "tun other"
	check "another device is refused" refuses \
	    'its name cannot be changed without a restart' -U -d
	check "the old one goes on" echo_works
	write_nat64d_conf "control no"
	check "no control socket is refused" refuses 'needs the control' \
	    -U -d
	stop "$nat64d"
}

need_root
stream_lab
test_no_loss no
test_no_loss auto
test_background
test_failures
tap_done
