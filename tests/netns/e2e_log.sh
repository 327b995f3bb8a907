#!/usr/bin/env bash
# The event log shows which host had an IPv4 address and port at what time,
# across the end of bindings, rotation and a restart.
#
#	client -------------- gateway -------------- internet
#	2001:db8::10, ::20    nat64d, pool:          198.51.100.10
#	                      203.0.113.5:40123      replies with its peer
#
# The pool has one port, so that the two hosts use it one after the other.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

pool=203.0.113.5
port=40123

start_lab() {
	lab_create
	link_up "$client" c0 2001:db8::20/64
	mkdir "$dir/log"
	chown nobody "$dir/log"
	log=$dir/log/events
	cat >"$dir/who.py" <<-EOF
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("", 7777))
		while True:
		    data, peer = s.recvfrom(100)
		    s.sendto(b"%s:%d\n" % (peer[0].encode(), peer[1]), peer)
	EOF
	start "$internet" who.log python3 "$dir/who.py"
	wait_for 30 udp_listens "$internet" 7777
}

configure() { # statement ...
	cat >"$dir/nat64d.conf" <<-EOF
		prefix 2001:db8:8000::/96
		pool $pool port $port
		address $gateway6
		user nobody
		quarantine udp 0
		subscriber prefix-length 128
	EOF
	{
		fastpath_statement
		printf '%s\n' "$@"
	} >>"$dir/nat64d.conf"
}

now() {
	date -u +%Y-%m-%dT%H:%M:%S.%3NZ
}

# Whom the server sees when a host sends to it, or nothing.
seen() { # host
	echo hello | in_ns "$client" timeout "$(secs 3)" nc -u -W 1 -s "$1" \
	    -p 5000 "$server64" 7777 2>/dev/null
}

# Who had it, by all files of the log, in any order.
said() { # time
	sleep 0.1
	"$BUILD/nat64d/ctl/nat64ctl" whohad "$pool:$port" "$1" proto udp \
	    "$dir"/log/events* 2>&1
}

freed() {
	grep -q '^table udp .* bindings 0 ' <<<"$(nat64d_dump)"
}

logged() { # what
	grep -q -- "$1" "$log"
}

# Both hosts have the port, one after the other.
test_bindings() {
	local before first between second after
	before=$(now)
	check_equal "the first host gets the port" "$(seen 2001:db8::10)" \
	    "$pool:$port"
	first=$(now)
	kill -HUP "$nat64d"
	check "its binding ends" wait_for 30 freed
	between=$(now)
	check_equal "the second host gets the same port" \
	    "$(seen 2001:db8::20)" "$pool:$port"
	second=$(now)
	kill -HUP "$nat64d"
	check "its binding ends too" wait_for 30 freed
	after=$(now)
	# Shows: LOG-01
	check_match "the log names the first host" "$(said "$first")" \
	    '^udp \[2001:db8::10\]:5000 from [0-9TZ:.-]+ to [0-9TZ:.-]+$'
	# Shows: LOG-01
	check_match "and the second" "$(said "$second")" \
	    '^udp \[2001:db8::20\]:5000 from [0-9TZ:.-]+ to [0-9TZ:.-]+$'
	check_equal "in between it was free" "$(said "$between")" nobody
	check_match "afterwards as well" "$(said "$after")" '^nobody$'
	check_equal "and before" "$(said "$before")" nobody
	# Shows: CGN-13 LOG-02
	check_not "whom they talked to is not in it" \
	    grep -e "$server4" -e "$server64" -e session "$log"
}

# A host has the binding once it got an answer.
answered() { # host
	seen "$1" >"$dir/seen"
	[ -s "$dir/seen" ]
}

# As logrotate does it; the new file is made inside the sandbox.
test_rotation() {
	mv "$log" "$log.1"
	check "a host has a binding" wait_for 30 answered 2001:db8::10
	kill -USR2 "$nat64d"
	check "SIGUSR2 makes a new file" wait_for 30 test -e "$log"
	kill -HUP "$nat64d"
	check "which has what happens then" wait_for 30 logged binding-deleted
	check_match "and the old one what was before" \
	    "$(tail -n 1 "$log.1")" "event=binding-created"
	check_equal "both are the daemon's" \
	    "$(stat -c %U "$log" "$log.1" | sort -u)" nobody
}

# The port is taken: the other host is refused, and that is said once.
test_trouble() {
	local i
	check "a host takes it" wait_for 30 answered 2001:db8::10
	for i in 1 2; do
		seen 2001:db8::20 >>"$dir/refused.$i"
	done
	check_equal "who comes second gets no answer" \
	    "$(cat "$dir"/refused.*)" ""
	# Shows: LOG-10 CGN-12
	check_equal "an exhausted pool is one line in the ordinary log" \
	    "$(grep -c 'event=pool-exhausted natevent=3 pool=default' \
	    "$dir/nat64d.err")" 1
	check_equal "who came first is served" "$(seen 2001:db8::10)" \
	    "$pool:$port"
}

test_end() {
	local alive
	alive=$(now)
	check "nat64d leaves with status 0" stop "$nat64d"
	check_match "the end is the last line" "$(tail -n 1 "$log")" \
	    "event=stopped"
	check "nat64d starts again" start_nat64d
	check_match "who had the port when it ended is known" \
	    "$(said "$alive")" '^udp \[2001:db8::10\]:5000 from '
	check_match "and that nobody has it any more" "$(said "$(now)")" \
	    '^nobody$'
	check "nat64d ends" stop "$nat64d"
}

test_sessions() {
	configure "log events sessions addresses" "log destination yes" \
	    "log events to \"$log\""
	check "nat64d starts with other events" start_nat64d
	seen 2001:db8::10 >"$dir/seen"
	# Shows: LOG-02 CGN-13
	check "the session is logged with its peer" wait_for 30 logged \
	    "event=session-created .* peer4=$server4 peerport=7777"
	# Shows: LOG-04
	check "the address of the subscriber is logged" wait_for 30 logged \
	    "event=address-bound natevent=14 subscriber=2001:db8::10/128 addr4=$pool"
	kill -HUP "$nat64d"
	# Shows: LOG-04
	check "and that it has none any more" wait_for 30 logged \
	    "event=address-released natevent=15 subscriber=2001:db8::10/128"
	check "nat64d ends" stop "$nat64d"
}

# A directory that is root's: the file is made before rights are given up.
test_ownership() {
	mkdir "$dir/root"
	configure "log events to \"$dir/root/events\""
	check "nat64d starts with a directory of root" start_nat64d
	check_equal "the file is the daemon's" \
	    "$(stat -c %U:%a "$dir/root/events")" nobody:640
	check "nat64d ends" stop "$nat64d"
	check_match "and has written it" "$(cat "$dir/root/events")" stopped
	configure "log events to \"$dir/new/events\""
	check "nat64d starts where no directory is" start_nat64d
	check_equal "which it makes for the daemon" \
	    "$(stat -c %U:%a "$dir/new")" nobody:755
	check "nat64d ends" stop "$nat64d"
	check_match "and has written the file" "$(cat "$dir/new/events")" \
	    stopped
	configure "log events to \"$dir/no/such/events\""
	check_not "two directories that do not exist are an error" \
	    in_ns "$gateway" timeout "$(secs 10)" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/nat64d.conf"
}

# After a restart no host gets a port that another one may have used.
test_restart() {
	configure "quarantine restart $(secs 3)"
	check "nat64d starts with ports at rest" start_nat64d
	# Shows: CGN-09
	check_equal "no port is given out yet" "$(seen 2001:db8::10)" ""
	sleep "$(secs 3)"
	# Shows: CGN-09
	check_equal "but after a while" "$(seen 2001:db8::10)" "$pool:$port"
	check "nat64d ends" stop "$nat64d"
}

# With its state kept, a binding goes on over a restart, and the log says so.
test_state() {
	local between
	log=$dir/log/events.state
	configure "log events to \"$log\"" "state \"$dir/log/state\""
	check "nat64d starts with its state kept" start_nat64d
	seen 2001:db8::10 >"$dir/seen"
	check "the log has the binding" wait_for 30 logged binding-created
	check "nat64d ends" stop "$nat64d"
	check "nat64d starts again" start_nat64d
	check "the log has the restart" wait_for 30 \
	    sh -c "[ \$(grep -c event=resumed '$log') -eq 2 ]"
	between=$(now)
	check_match "whether the binding goes on is not known yet" \
	    "$(said "$between")" \
	    '^udp \[2001:db8::10\]:5000 from .* after a restart or change at .* may not'
	kill -HUP "$nat64d"
	check "its end is in the log" wait_for 30 logged binding-deleted
	check_match "and now it is known that it went on" \
	    "$(said "$between")" \
	    '^udp \[2001:db8::10\]:5000 from [0-9TZ:.-]+ to [0-9TZ:.-]+$'
	check "nat64d ends" stop "$nat64d"
}

# Who has it now, by the configuration and the log.
who() { # address:port
	"$BUILD/nat64d/ctl/nat64ctl" whohad "$1" "$(now)" \
	    -f "$dir/who.conf" "$log" 2>/dev/null
}

# What is not logged is in the configuration; no daemon is needed.
test_configuration() {
	cat >"$dir/who.conf" <<-EOF
		pool 192.0.2.0/31 blocks of 1024 deterministic for 2001:db8::/50
		subscriber prefix-length 56
		pool 192.0.2.9
		static tcp 192.0.2.9 port 8000-8010 to 2001:db8:1::5 port 80-90
	EOF
	check_equal "a static binding is found in the configuration" \
	    "$(who 192.0.2.9:8003)" \
	    "tcp [2001:db8:1::5]:83, by the configuration"
	check_match "ports by computation, too" "$(who 192.0.2.0:1024)" \
	    '^subscriber 2001:db8:[0-9a-f:]*/56, ports 1024-2047, by the conf'
	check_equal "and others are nobody's" "$(who 192.0.2.9:9000)" nobody
}

# Who had port 40123 at a time, by the log alone.
had() { # time
	"$BUILD/nat64d/ctl/nat64ctl" whohad "$pool:$port" "$1" "$log" 2>&1
}

reload_plans() {
	"$BUILD/nat64d/ctl/nat64ctl" -s "$dir/log/control" reload
}

plans() { # number [event]
	[ "$(grep -c "event=deterministic-${2:-ports}" "$log")" -eq "$1" ]
}

configure_plan() { # ports of a block [statement ...]
	configure "${@:2}"
	sed -i "s,^pool .*,pool $pool blocks of $1 deterministic for $(
	    )2001:db8::/123," "$dir/nat64d.conf"
}

# The log tells what deterministic ports were computed from, at each time.
test_plans() {
	local first second third
	local to=("log events blocks" "log events to \"$log\""
		"control \"$dir/log/control\"")
	rm -f "$log"
	configure_plan 2000 "${to[@]}"
	check "nat64d starts with deterministic ports" start_nat64d
	check "the log has their configuration" wait_for 30 plans 1
	first=$(now)
	sleep 0.1
	configure_plan 1900 "${to[@]}"
	check "another one, by a reload" reload_plans
	check "the log has it" wait_for 30 plans 2
	check "the first one has ended" plans 1 ended
	sleep 0.1
	second=$(now)
	sleep 0.1
	check "a reload without a change" reload_plans
	kill -USR2 "$nat64d"
	check "it is told to the file of the next day" wait_for 30 plans 3
	check "nothing has ended meanwhile" plans 1 ended
	check "nat64d ends" stop "$nat64d"
	configure_plan 1800 "${to[@]}"
	check "another one, by a restart" start_nat64d
	check "the log has it" wait_for 30 plans 4
	sleep 0.1
	third=$(now)
	check "nat64d ends" stop "$nat64d"
	check_match "the log alone says who had a port at first" \
	    "$(had "$first")" \
	    '^subscriber 2001:db8::13/128, ports 39024-41023 from .* to '
	check_match "then" "$(had "$second")" \
	    '^subscriber 2001:db8::14/128, ports 39024-40923 from .* to '
	check_match "and at last" "$(had "$third")" \
	    '^subscriber 2001:db8::15/128, ports 38824-40623 from '
	configure_plan 2000 "log events none"
	check "nat64d starts with no event log" start_nat64d
	check "its own log tells the configuration, with the time" logged_plan
	check "nat64d ends" stop "$nat64d"
}

logged_plan() {
	grep -Eq 'time=[0-9-]+T[0-9:.]+Z event=deterministic-ports clients=' \
	    "$dir/nat64d.err"
}

# Datagrams to a port that is nobody's, from the internet.
send_stray() { # number
	in_ns "$internet" python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 5353))
for i in range($1):
    s.sendto(b'x', ('$pool', 9))"
}

said_in_log() { # what
	grep -q -- "$1" "$dir/nat64d.err"
}

# What is decided, and why, is said to who asks for it and to nobody else.
test_debug() {
	local stray dropped
	stray="event=packet-dropped reason=no-binding proto=17 src=$server4 dst=$pool sport=5353 dport=9"
	configure "log events bindings" "log events to \"$log\""
	check "nat64d starts without debugging" start_nat64d
	seen 2001:db8::10 >"$dir/seen"
	send_stray 1
	check "nat64d ends" stop "$nat64d"
	check_not "no packet is in the log" grep event= "$dir/nat64d.err"

	configure "log events bindings" "log events to \"$log\"" \
	    "log level debug"
	check "nat64d starts with log level debug" start_nat64d
	seen 2001:db8::10 >"$dir/seen"
	check "a new session is in the log" wait_for 30 said_in_log \
	    "event=session-created .* addr6=2001:db8::10 .* peer4=$server4"
	check_not "a binding is not, since the event log has it" \
	    said_in_log event=binding-created
	send_stray 1
	check "a packet without binding is, with the reason" wait_for 30 \
	    said_in_log "$stray"
	seen 2001:db8::20 >"$dir/seen"
	check "a host that gets no port is" wait_for 30 said_in_log \
	    "event=packet-dropped reason=pool-exhausted .*src=2001:db8::20 "
	check "the limit it met is" said_in_log \
	    "event=pool-exhausted natevent=3 pool=default proto=udp"
	check "the error it gets is" said_in_log \
	    "event=icmp-sent icmp-type=1 icmp-code=3 to=2001:db8::20"
	send_stray 2000
	check "of a flood the number of lines left out is said" wait_for 30 \
	    said_in_log 'debug: [0-9]* lines left out'
	dropped=$(dump_value "$(nat64d_dump)" no-binding)
	check "nat64d ends" stop "$nat64d"
	check_equal "lines that were written and left out are all of it" \
	    "$(awk '/reason=no-binding/ { n++ }
	    /lines left out$/ { n += $(NF - 3) }
	    END { print n + 0 }' "$dir/nat64d.err")" "$dropped"
	check "and what was written is few" [ \
	    "$(grep -c "$stray" "$dir/nat64d.err")" -lt "$dropped" ]
}

thaw() {
	fsfreeze -u "$dir/fs"
}

# A file system that is frozen, as while a snapshot of a machine is made, and
# writes nothing until it is thawed.
test_frozen() {
	local i
	if ! { head -c 16M /dev/zero >"$dir/image" &&
	    mkfs.ext4 -q "$dir/image" && mkdir "$dir/fs" &&
	    mount -o loop "$dir/image" "$dir/fs"; } >"$dir/mount.log" 2>&1; then
		skip "a frozen file system" "$(tail -n 1 "$dir/mount.log")"
		return
	fi
	lab_mounts+=("$dir/fs")
	chown nobody "$dir/fs"
	log=$dir/fs/events
	configure "log events bindings" "log events to \"$log\""
	check "nat64d starts with a file system of its own" start_nat64d
	check_equal "it translates" "$(seen 2001:db8::10)" "$pool:$port"
	check "the log has it" wait_for 30 logged binding-created
	fsfreeze -f "$dir/fs"
	kill -HUP "$nat64d"
	check "frozen, bindings end" wait_for 30 freed
	for i in 1 2 3; do
		check_equal "and it translates, $i" "$(seen 2001:db8::20)" \
		    "$pool:$port"
	done
	kill -USR2 "$nat64d"
	check_equal "also when the log is to be opened again" \
	    "$(seen 2001:db8::20)" "$pool:$port"
	check "thawed" thaw
	check "the log has what happened meanwhile" wait_for 30 logged \
	    'binding-created .*addr6=2001:db8::20 '
	check "nat64d ends" stop "$nat64d"
	umount "$dir/fs"
}

need_root
start_lab
configure "log events to \"$log\""
check "nat64d starts" start_nat64d
test_bindings
test_rotation
test_trouble
test_end
test_sessions
test_ownership
test_restart
test_state
test_configuration
test_plans
test_debug
test_frozen
tap_done
