# shellcheck shell=bash disable=SC2154 # those of lib.sh
# Tests of the units under a systemd; to be sourced after system.sh. That systemd
# is reached by inside(), its network is that of the gateway, and its files are
# below $sysroot.

confined= # yes: AppArmor has the daemons' profiles

journal() { # unit
	inside journalctl -q -o cat -u "$1"
}

# The interface needs no time to have another address.
configure() { # statement for nat64d ...
	{
		echo "prefix 2001:db8:8000::/96"
		echo "pool 192.0.2.0/28"
		echo "state \"/var/lib/nat64d/state\""
		echo "log events to \"/var/log/nat64d/events.log\""
		sed -n 's/^#\(dump .*\)/\1/p' "$root/etc/nat64d.conf"
		printf '%s\n' "$@"
	} >"$sysroot/etc/nat64d.conf"
	{
		echo "listen on $dns6"
		echo "upstream $server4"
		echo "prefix 2001:db8:8000::/96"
		sed -n 's/^#\(dump .*\)/\1/p' "$root/etc/dns64d.conf"
	} >"$sysroot/etc/dns64d.conf"
}

resolves() {
	[ "$(in_ns "$client" dig +short +tries=1 +timeout=2 "@$dns6" \
	    www.example.com AAAA)" = "$server64" ]
}

install_all() { # variable=value ...
	make -s -C "$root" BUILD="$BUILD" DESTDIR="$sysroot" PREFIX=/usr \
	    SYSCONFDIR=/etc RC= "$@" install
}

# What an installation here may have left.
forget_all() {
	rm -rf "$sysroot"/etc/{nat,dns}64d.conf \
	    "$sysroot"/var/{lib,log}/{nat,dns}64d \
	    "$sysroot"/etc/systemd/system/{nat,dns}64d.*.d
}

# --- tests ---

test_start() {
	check_not "without a configuration nat64d does not start" \
	    inside systemctl start nat64d
	check_match "and says why" "$(journal nat64d)" \
	    '/etc/nat64d.conf.*No such file'
	configure
	check "with one, nat64d starts" inside systemctl restart nat64d
	check "and dns64d" inside systemctl restart dns64d
	check "nat64d is running" wait_for 30 journal_says nat64d ' running$'
	check "with the fast path" journal_says nat64d 'fast path: used$'
	check "dns64d answers" wait_for 30 resolves
	check "nat64d translates" wait_for 30 fetch file
}

journal_says() { # unit regex
	journal "$1" | grep -E -- "$2"
}

check_confined() { # unit
	[ -z "$confined" ] ||
	    check_equal "AppArmor confines it" \
		"$(cat "/proc/$(main_pid "$1")/attr/current")" "$1 (enforce)"
}

check_rights() { # unit
	local pid
	pid=$(main_pid "$1")
	check_equal "$1 has the user of its unit" \
	    "$(inside ps -o user:20= -p "$pid")" "_$1"
	check_equal "and no capabilities" \
	    "$(inside sed -n '/^CapBnd/d; s/^Cap.*:\t0*//p' \
		"/proc/$pid/status" | tr -d '\n')" ""
	check_confined "$1"
	inside systemctl kill -s USR1 --kill-whom=main "$1"
	check "the dump of the example is written" wait_for 30 \
	    dump_is_whole "$sysroot/var/log/$1/dump"
}

# Of the host's files and sockets, dns64d has those that it needs.
check_view() {
	local root file
	root=/proc/$(main_pid dns64d)/root
	for file in run/systemd/private boot mnt; do
		check "the host has /$file" inside test -e "/$file"
		check_not "dns64d does not see it" inside test -e "$root/$file"
	done
}

dump_is_whole() { # file
	grep -q '^dump 20[0-9-]*T[0-9:]*Z [a-z0-9]* [0-9.]* pid ' "$1" &&
	    [ "$(tail -n 1 "$1")" = end ]
}

test_reload() {
	configure "timeout udp 200"
	check "nat64d is reloaded" inside systemctl reload nat64d
	check_match "it has what is new" "$(inside nat64ctl show config)" \
	    '^timeout udp 200'
	configure "pool 192.0.2.16/28"
	check_not "what needs a privilege is refused" \
	    inside systemctl reload nat64d
	check_match "the journal says what to do" "$(journal nat64d)" \
	    'no route to 192.0.2.16/28 .* or use "nat64ctl upgrade"$'
	check "nat64ctl upgrade" inside nat64ctl upgrade
	check "nat64d has the new pool and its route" test -n \
	    "$(ip -n "$gateway" route show 192.0.2.16/28 dev nat64)"
	configure "pool 192.0.2.300/28"
	check_not "a wrong configuration is refused" \
	    inside systemctl reload nat64d
	check_match "the journal says where" "$(journal nat64d)" \
	    '/etc/nat64d.conf:6: .*192.0.2.300'
	check "nat64d goes on" fetch file
	configure
	check "dns64d is reloaded" inside systemctl reload dns64d
	check "it answers" wait_for 30 resolves
}

events() { # event
	grep " event=$1" "$sysroot/var/log/nat64d/events.log"
}

test_logrotate() {
	check "events are logged" wait_for 30 events binding-created
	check "logrotate" inside logrotate -f \
	    /usr/share/examples/ecdysis/nat64d.logrotate
	check_not "the log is moved" events binding-created
	check "and nat64d writes another one" wait_for 30 fetched_and_logged
}

fetched_and_logged() {
	fetch file && events binding-created
}

# A connection with a request that has no answer yet.
talk() { # line
	echo "$1" >&"${talker[1]}" && read -r -t 20 said <&"${talker[0]}" &&
	    [ "$said" = "$1" ]
}

interface_number() {
	ip -n "$gateway" -o link show nat64 | cut -d: -f1
}

is_another() { # pid [unit]
	local unit=${2:-nat64d} pid
	pid=$(main_pid "$unit")
	is_active "$unit" && [ "$pid" != "$1" ] && [ "$pid" != 0 ]
}

test_restart() {
	local before
	start "$internet" echo.log socat TCP4-LISTEN:7777,fork,reuseaddr \
	    EXEC:cat
	wait_for 30 tcp_listens "$internet" 7777
	coproc talker { in_ns "$client" nc "$server64" 7777; }
	check "a connection" talk before
	before=$(main_pid nat64d)
	interface=$(interface_number)
	check "nat64d is started again" inside systemctl restart nat64d
	check "it is another process" is_another "$before"
	check_equal "systemd has kept the interface" "$(interface_number)" \
	    "$interface"
	check "and the state" journal_says nat64d \
	    'state: of the last process: [1-9][0-9]* bindings'
	check "the connection goes on" talk after
	before=$(main_pid nat64d)
	check "nat64ctl upgrade" inside nat64ctl upgrade
	check "systemd follows the new process" wait_for 30 \
	    is_another "$before"
	check "the connection goes on, still" talk again
	inside kill -9 "$(main_pid nat64d)" "$(main_pid dns64d)"
	check "killed, nat64d starts by itself" wait_for 30 fetch file
	check "and dns64d" wait_for 30 resolves
	# shellcheck disable=SC2154 # set by coproc
	kill "$talker_PID" 2>/dev/null
}

# A process that stands still is replaced.
test_watchdog() {
	local unit before
	for unit in nat64d dns64d; do
		mkdir "$sysroot/etc/systemd/system/$unit.service.d"
		printf '[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\n' \
		    >"$sysroot/etc/systemd/system/$unit.service.d/lab.conf"
	done
	inside systemctl daemon-reload
	check "a short watchdog" inside systemctl restart nat64d dns64d
	for unit in nat64d dns64d; do
		before=$(main_pid "$unit")
		inside kill -STOP "$before"
		check "$unit stands still, and is replaced" wait_for 60 \
		    is_another "$before" "$unit"
		check "because its watchdog was over" \
		    journal_says "$unit" 'Watchdog timeout'
	done
	check "nat64d translates" wait_for 30 fetch file
	check "dns64d answers" wait_for 30 resolves
}

# systemd has the sockets, and dns64d not even the capability for their port. It
# begins with the first query.
test_sockets() {
	local systemd=$sysroot/etc/systemd/system
	mkdir "$systemd/dns64d.socket.d"
	printf '%s\n' '[Socket]' ListenDatagram= "ListenDatagram=[$dns6]:53" \
	    "ListenStream=[$dns6]:53" >"$systemd/dns64d.socket.d/listen.conf"
	printf '%s\n' '[Service]' AmbientCapabilities= \
	    CapabilityBoundingSet= >"$systemd/dns64d.service.d/lab.conf"
	inside systemctl daemon-reload
	check "dns64d is stopped" inside systemctl stop dns64d
	check "its sockets are started" inside systemctl start dns64d.socket
	check_not "which does not start dns64d" is_active dns64d
	check "a query starts it, and is answered" wait_for 30 resolves
	check "it runs" is_active dns64d
	check_equal "without any capability" "$(inside sed -n \
	    's/^Cap\(Bnd\|Prm\|Eff\|Amb\):\t0*//p' \
	    "/proc/$(main_pid dns64d)/status" | tr -d '\n')" ""
	check_confined dns64d
	ask_often &
	local asker=$!
	wait_for 30 test -s "$dir/answers"
	check "dns64d is started again" inside systemctl restart dns64d
	check "and once more" inside systemctl restart dns64d
	touch "$dir/enough"
	wait "$asker"
	echo "# $(sort "$dir/answers" | uniq -c | xargs)"
	check_equal "each query was answered, at the first time" \
	    "$(sort -u "$dir/answers")" "$server64"
	check_equal "over TCP, too" "$(in_ns "$client" dig +short +tcp \
	    "@$dns6" www.example.com AAAA)" "$server64"
	check "the sockets are stopped" \
	    inside systemctl stop dns64d.socket dns64d
}

# One query after the other, each of which is sent once.
ask_often() {
	until [ -e "$dir/enough" ]; do
		in_ns "$client" dig +short +tries=1 +timeout=30 "@$dns6" \
		    www.example.com AAAA >>"$dir/answers"
	done
}

# The system's logger, here that of systemd, keeps the events.
test_journal() {
	local when port
	configure
	sed -i 's/^log events to .*/log events to syslog/' \
	    "$sysroot/etc/nat64d.conf"
	check "nat64d is started with the logger" \
	    inside systemctl restart nat64d
	check "it translates" wait_for 30 fetch file
	check "the journal has events" wait_for 30 journal_says nat64d \
	    ' event=binding-created natevent=10 proto=tcp '
	journal nat64d | grep 'binding-created .* proto=tcp' | tail -n 1 \
	    >"$dir/event"
	when=$(sed 's/.*time=\([^ ]*\) .*/\1/' "$dir/event")
	port=$(sed 's/.* addr4=\([^ ]*\) port4=\([0-9]*\).*/\1:\2/' \
	    "$dir/event")
	check_match "whohad reads it from there" "$(inside sh -c \
	    "journalctl -q -u nat64d | nat64ctl whohad $port $when -" 2>&1)" \
	    '^tcp \[2001:db8::10\]:'
	check_match "and as JSON of systemd" "$(inside sh -c \
	    "journalctl -q -o json -u nat64d |
	    nat64ctl whohad $port $when -" 2>&1)" '^tcp \[2001:db8::10\]:'
	check_match "newest first, too" "$(inside sh -c \
	    "journalctl -q -r -u nat64d | nat64ctl whohad $port $when -" \
	    2>&1)" '^tcp \[2001:db8::10\]:'
}

# The daemons that run there, and their helpers.
daemons_there() {
	local pid
	for pid in $(ip netns pids "$gateway"); do
		cat "/proc/$pid/comm" 2>/dev/null
	done | grep -x '[nd][an][ts]64d'
}

test_stop() {
	check "both are stopped" inside systemctl stop nat64d dns64d
	check_not "the interface is gone" ip -n "$gateway" link show nat64
	check_match "unreachable routes stay" \
	    "$(ip -n "$gateway" -6 route show proto 64)" 2001:db8:8000::/96
	check_equal "no process is left" "$(daemons_there)" ""
}

test_units() {
	check "systemd-sysusers makes the users" inside systemd-sysusers
	test_start
	check_rights nat64d
	check_rights dns64d
	check_view
	test_reload
	test_logrotate
	test_restart
	test_watchdog
	test_sockets
	test_journal
	test_stop
}
