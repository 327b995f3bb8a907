#!/usr/bin/env bash
# nat64ctl upgrade: one command hands over to the program that is installed
# now. When that refuses, the one that runs goes on, and the client says why.
# And a restart by a service manager, which keeps device and state meanwhile.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

installed=$dir
manager=

configure() { # statement ...
	write_nat64d_conf "pidfile \"$dir/run/nat64d.pid\"" \
	    "control \"$dir/run/nat64d.sock\"" "$@"
}

# As "make install" does: another file under the same name.
install_program() { # program
	install -m 755 "$1" "$installed/nat64d.new" &&
	    mv "$installed/nat64d.new" "$installed/nat64d"
}

ctl() { # word ...
	in_ns "$gateway" timeout "$(secs 90)" "$BUILD/nat64d/ctl/nat64ctl" \
	    -s "$dir/run/nat64d.sock" "$@"
}

# Sets said to what the client prints; succeeds if that is its status.
ctl_ends() { # status word ...
	local status=$1
	shift
	ctl "$@" >"$dir/said" 2>&1
	[ $? -eq "$status" ]
	status=$?
	said=$(cat "$dir/said")
	[ "$status" -eq 0 ] || echo "$said"
	return "$status"
}

is_daemon() { # pid
	[ "$(daemons)" = "$1" ]
}

pid_in_file() {
	cat "$dir/run/nat64d.pid"
}

# --- in the background ---

upgrades_under_traffic() {
	local old
	for _ in 1 2 3; do
		old=$(pid_in_file)
		check "upgrade" ctl_ends 0 upgrade
		check_match "it tells the old and the new one" "$said" \
		    "^upgraded from 1[^ ]*, pid $old, to 1[^ ]*, pid [0-9]+\$"
		check_match "and the sessions" "$said" \
		    '^5[1-9] bindings and 5[1-9] sessions go on$'
		check_not "the pid file names another one" \
		    [ "$(pid_in_file)" = "$old" ]
		check "the new one is alone" wait_for 30 is_daemon \
		    "$(pid_in_file)"
	done
}

test_background() {
	tap_round="in the background"
	configure
	check "nat64d starts" start_background "$installed/nat64d" \
	    "$dir/nat64d.conf" "$dir/run/nat64d.pid" || give_up
	begin_traffic
	upgrades_under_traffic
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/200MB" "$dir/fetched"
	end_stream
	check_privileges "$(pid_in_file)"
	check_equal "arguments do not pile up" "$(tr '\0' ' ' \
	    <"/proc/$(pid_in_file)/cmdline")" \
	    "$installed/nat64d -UU -f $dir/nat64d.conf "
}

# --- refusals ---

goes_on() {
	is_daemon "$old" && echo_works
}

test_refusals() {
	tap_round="refusals"
	old=$(pid_in_file)
	check "--check" ctl_ends 0 upgrade --check
	check_match "it says that it is possible" "$said" \
	    '^the installed program can take over: now 1[^ ]*, then 1'
	check "nothing has changed" goes_on

	echo "prefix 2001:db8::/97" >>"$dir/nat64d.conf"
	echo "poool 192.0.2.0/24" >>"$dir/nat64d.conf"
	for how in upgrade "upgrade --check"; do
		# shellcheck disable=SC2086 # words
		check "$how with errors in the file" ctl_ends 1 $how
		check_match "names the line" "$said" \
		    'this process goes on: .*/nat64d.conf:[0-9]*: '
		check_match "and those of all errors" "$said" \
		    '^[^ ]*/nat64d.conf:[0-9]*: .*poool'
		check "the old one goes on" goes_on
	done
	configure "tun other"
	check "another device is refused" ctl_ends 1 upgrade
	check_match "with the reason" "$said" 'cannot be changed without'
	check "the old one goes on" goes_on
	configure

	# A new process would not know that there is something to take back.
	configure "timeout udp 200"
	check "a reload that is not confirmed" ctl_ends 0 reload --confirm 600
	check "is in the way" ctl_ends 1 upgrade
	check_match "as the client says" "$said" 'waits for its confirmation$'
	check_not "of a take-over as well" in_ns "$gateway" \
	    timeout "$(secs 30)" "$BUILD/nat64d/nat64d" -U -f "$dir/nat64d.conf"
	check "the old one goes on" goes_on
	check "it is confirmed" ctl_ends 0 confirm
	check "nothing is in the way" ctl_ends 0 upgrade --check
	configure

	rm "$installed/nat64d"
	check "no program" ctl_ends 1 upgrade
	check_match "is said" "$said" \
	    "/nat64d: cannot be started: No such file or directory$"
	check "the old one goes on" goes_on
	printf '#!/bin/sh\nexit 0\n' >"$dir/broken"
	install_program "$dir/broken"
	for how in upgrade "upgrade --check"; do
		# shellcheck disable=SC2086 # words
		check "$how: a program that ends at once" ctl_ends 1 $how
		check_match "is said" "$said" 'ended without a message'
		check "the old one goes on" goes_on
	done
	printf '#!/bin/sh\nkill -9 $$\n' >"$dir/broken"
	install_program "$dir/broken"
	check "a program that crashes" ctl_ends 1 upgrade
	check "the old one goes on" goes_on
	# More than a pipe and our memory for it hold.
	printf '#!/bin/sh\nhead -c 1000000 /dev/zero | tr "\\0" x >&3\n' \
	    >"$dir/broken"
	install_program "$dir/broken"
	check "a program that talks without end" ctl_ends 1 upgrade
	check "the old one goes on" goes_on
	# It waits until the second one was refused.
	mkfifo "$dir/go"
	printf '#!/bin/sh\n: >"%s"\nread -r _ <"%s"\n' "$dir/waits" \
	    "$dir/go" >"$dir/broken"
	install_program "$dir/broken"
	ctl upgrade >"$dir/first" 2>&1 &
	first=$!
	check "a new process that waits" wait_for 30 test -e "$dir/waits"
	check "a second upgrade at the same time" ctl_ends 1 upgrade
	check_match "is refused" "$said" 'another process is taking over$'
	echo >"$dir/go"
	check_not "the first one fails" wait "$first"
	check "the old one goes on" goes_on
	install_program "$BUILD/nat64d/nat64d"
	check "in the end, upgrade works" ctl_ends 0 upgrade
	kill "$(pid_in_file)"
	check "nat64d ends" wait_for 30 is_daemon ""
	check_not "and removes the pid file" test -e "$dir/run/nat64d.pid"
	check "without a daemon" ctl_ends 3 upgrade
}

# --- in the foreground ---

test_foreground() {
	tap_round="in the foreground"
	configure
	check "nat64d starts" start_nat64d
	for how in upgrade "upgrade --check"; do
		# shellcheck disable=SC2086 # words
		check "$how" ctl_ends 1 $how
		check_match "is refused: nobody would watch the new one" \
		    "$said" 'runs in the foreground, .* start "nat64d -U -d"'
	done
	stop "$nat64d"
}

process_1() {
	for pid in $(daemons); do
		grep -q '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" && return
	done
	return 1
}

# Process 1 of a container, whose end is that of the container.
test_container() {
	tap_round="container"
	configure
	start "$gateway" nat64d.err unshare --pid --fork \
	    "$installed/nat64d" -d -f "$dir/nat64d.conf"
	container=$!
	check "nat64d is process 1" wait_for 30 process_1
	check "it runs" wait_for 30 logged ' running$'
	check "upgrade" ctl_ends 1 upgrade
	check_match "is refused" "$said" 'container ends: start a container of'
	# unshare(1) only waits.
	kill "$(daemons)"
	wait "$container"
}

# --- under a service manager ---

told() { # regex
	grep -Eq -- "$1" "$dir/manager.log"
}

start_manager() { # descriptors
	: >"$dir/manager.log"
	start "$gateway" nat64d.err "$tools/manager.py" "$lab-manager" \
	    "$dir/manager.log" "$1" "$installed/nat64d" -d \
	    -f "$dir/nat64d.conf"
	manager=$!
	wait_for 30 told '^[0-9]+ READY=1 STATUS=running$' || {
		cat "$dir/nat64d.err" "$dir/manager.log"
		return 1
	}
}

stop_manager() {
	stop "$manager"
	wait_for 30 is_daemon ""
}

test_manager() {
	tap_round="service manager"
	configure
	check "nat64d starts, and says so" start_manager 0 || give_up
	old=$(daemons)
	begin_stream
	check "upgrade" ctl_ends 0 upgrade
	new=$(sed -n 's/.*, to .* pid //p' <<<"$said")
	check "the old one names the new one" wait_for 30 told \
	    "^$old MAINPID=$new\$"
	check "which says that it is ready" wait_for 30 told \
	    "^$new READY=1 STATUS=running\$"
	check_not "nobody else has said anything" told refused
	check "the old one has ended" wait_for 30 is_daemon "$new"
	check "the manager still runs, and starts no other" [ "$(grep -c \
	    started "$dir/manager.log")" -eq 1 ]
	check "the log goes where it went" grep -q 'taken over: 5[0-9] bind' \
	    "$dir/nat64d.err"
	end_stream
	stop_manager
	check "the new one says that it leaves" told "^$new STOPPING=1\$"
	check_not "no device is left" ip -n "$gateway" link show nat64
}

# --- the file descriptor store ---

device() { # name
	ip -n "$gateway" -o link show "$1" | cut -d: -f1
}

is_ready() { # but not this pid
	local pid
	pid=$(daemons)
	[[ $pid =~ ^[0-9]+$ ]] && [ "$pid" != "$1" ] &&
	    told "^$pid READY=1 STATUS=running\$"
}

# As "systemctl restart".
restart() {
	local old
	old=$(daemons)
	kill -HUP "$manager"
	wait_for 30 is_ready "$old" || {
		cat "$dir/manager.log" "$dir/nat64d.err"
		return 1
	}
}

# How the event log says that processes began.
beginnings() {
	grep -Eo 'event=(started|resumed)' "$dir/run/events" | xargs
}

test_restart() {
	tap_round="restart"
	configure "log events to \"$dir/run/events\""
	check "nat64d starts" start_manager 4 || give_up
	device=$(device nat64)
	check "it gives its device to the manager" told ' FDSTORE=1 FDNAME=tun$'
	check "and its state" told ' FDSTORE=1 FDNAME=state$'
	begin_traffic
	for _ in 1 2; do
		check "restart" restart
		check_match "with the sessions" "$(cat "$dir/nat64d.err")" \
		    'last process: 5[1-9] bindings and 5[1-9] sessions of .*on$'
		check_equal "and the same device" "$(device nat64)" "$device"
	done
	check_equal "the event log says that bindings go on" "$(beginnings)" \
	    "event=started event=resumed event=resumed"
	check "upgrade" ctl_ends 0 upgrade
	check "restart after that" restart
	check_equal "with the same device" "$(device nat64)" "$device"
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/200MB" "$dir/fetched"
	end_stream
	check "the sessions of the datagrams are there" has_sessions 50

	old=$(daemons)
	kill -9 "$old"
	check "it is started again after kill -9" wait_for 30 is_ready "$old"
	check_equal "with the same device" "$(device nat64)" "$device"
	check "and no old state" ctl_ends 0 status
	check_match "is found" "$said" '^sessions   0 of'
	check "it works" echo_works

	old=$(daemons)
	ip -n "$gateway" link del nat64
	check "the device is removed" wait_for 30 is_ready "$old"
	check_not "there is another one" [ "$(device nat64)" = "$device" ]
	check "it works" echo_works

	configure "tun other"
	check "restart with another device" restart
	check "it is there" ip -n "$gateway" link show other
	check "the first one is not" wait_for 30 no_device nat64
	check "it works" echo_works
	stop_manager
	check "at the end no device is left" wait_for 30 no_device other
}

# --- dns64d ---

test_dns64d() {
	tap_round="dns64d"
	write_dns64d_conf "control \"$dir/run/dns64d.sock\""
	: >"$dir/manager.log"
	start "$gateway" dns64d.err "$tools/manager.py" "$lab-manager" \
	    "$dir/manager.log" 0 "$BUILD/dns64d/dns64d" -d \
	    -f "$dir/dns64d.conf"
	manager=$!
	check "dns64d says when it is ready" wait_for 30 told \
	    '^[0-9]+ READY=1 STATUS=running$'
	main=$(sed -n 's/ started$//p' "$dir/manager.log")
	kill -HUP "$main"
	check "and that it reloads" wait_for 30 told \
	    "^$main RELOADING=1 MONOTONIC_USEC=[0-9]+\$"
	check "and when it has" wait_for 30 told "^$main READY=1\$"
	stop "$manager"
	check "and that it leaves" told "^$main STOPPING=1\$"
}

no_device() { # name
	! ip -n "$gateway" link show "$1"
}

need_root
stream_lab
installed=$dir/sbin
mkdir "$installed"
install_program "$BUILD/nat64d/nat64d"
test_background
test_refusals
test_foreground
test_container
test_manager
test_restart
test_dns64d
tap_done
