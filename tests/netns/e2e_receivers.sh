#!/usr/bin/env bash
# Programs of others that keep the events: rsyslog with the configuration of
# etc/examples, over UDP and TCP, and with Debian's own for local messages;
# ipfixDump of libfixbuf for what is sent over TCP; an nfcapd that comes late. And
# "nat64ctl whohad" with what they have written, also when it is rotated and
# compressed.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

file=events.json
# shellcheck source=tools/collectors.sh
. "$tools/collectors.sh"

start_rsyslog() { # name configuration
	start "$internet" "$1.out" rsyslogd -n -f "$2" -i "$dir/$1.pid"
	rsyslog=$!
}

# The example as it is, but for the directory.
start_example() {
	sed "s,/var/log/nat64d/,$dir/," \
	    "$root/etc/examples/collectors/rsyslog.conf" >"$dir/rsyslog.conf"
	start_rsyslog rsyslog "$dir/rsyslog.conf"
	wait_for 30 udp_listens "$internet" 514
	wait_for 30 tcp_listens "$internet" 601
}

# Each event came by both ways, with all its words.
has_each_twice() {
	collected syslog "$dir/events.log" | sort | uniq -c |
	    awk '{ print $1; sub(/^ *[0-9]+ /, ""); print }' >"$dir/found"
	sort "$dir/expected" | awk '{ print 2; print }' | diff - "$dir/found"
}

# The second UDP binding, which began then.
port=203.0.113.5:40001

begin_of_second() {
	awk '$1 == 10 && $2 == 17 && $4 == 5001 { print $NF }' "$dir/expected"
}

whohad() { # file ...
	"$nat64ctl" whohad "$port" "$when" proto udp "$@" 2>&1
}

check_whohad() { # description file ...
	check_match "whohad: $1" "$(whohad "${@:2}")" \
	    '^udp \[2001:db8::10\]:5001 from [0-9TZ:.-]+ to [0-9TZ:.-]+'
}

test_network() {
	start_example
	start_stream
	configure "log events to syslog udp $server4" \
	    "log events to syslog tcp $server4 port 601" \
	    "log events to ipfix tcp $server4 port 4740 domain 9"
	check "nat64d starts" start_nat64d
	make_events
	# Shows: LOG-40
	check "rsyslog has each event from UDP and TCP with all its words" \
	    wait_for 30 has_each_twice
	# Shows: LOG-01 LOG-02 LOG-04
	check "libfixbuf decodes IPFIX over TCP to the same events" \
	    wait_for 30 decoded_as_the_file
	check_equal "and finds no error" "$(cat "$dir/why")" ""
	stop "$rsyslog"
	start_example
	send 5003
	check "rsyslog is restarted, and gets what comes then" wait_for 60 \
	    has_twice 'port6="5003"'
	check "nat64d ends" stop "$nat64d"
	stop "$rsyslog"
}

decoded_as_the_file() {
	TZ=UTC ipfixDump -i "$dir/stream" >"$dir/decoded" 2>"$dir/why" &&
	    as_the_file fixbuf "$dir/decoded"
}

has_twice() { # text
	[ "$(grep -c "binding-created .*$1" "$dir/events.log")" -ge 2 ]
}

# What logrotate(8) makes of it, and others.
test_compressed() {
	local program
	when=$(begin_of_second)
	check_whohad "what rsyslog has written" "$dir/events.log"
	for program in gzip xz bzip2 zstd; do
		$program -c <"$dir/events.log" >"$dir/events.log.$program"
		check_whohad "compressed by $program" \
		    "$dir/events.log.$program"
	done
	head -n 3 "$dir/events.log" | gzip >"$dir/events.log.2.gz"
	tail -n +4 "$dir/events.log" >"$dir/events.log.1"
	check_whohad "rotated in the middle" "$dir"/events.log.[12]*
	check_whohad "by a pipe" <(zcat "$dir/events.log.gzip")
	head -c 100 "$dir/events.log.gzip" >"$dir/damaged"
	check "a damaged file is an error" \
	    fails_with "damaged: gzip found an error" whohad "$dir/damaged"
	check "so is a program that is not there" \
	    fails_with "events.log.xz: xz, which decompresses it: No such" \
	    without_programs whohad "$dir/events.log.xz"
}

without_programs() { # command ...
	local PATH=/nonexistent
	"$@"
}

# A collector that knows no template gets them within the time.
test_late() {
	configure "log events to ipfix udp $server4 templates every 1"
	check "nat64d starts" start_nat64d
	send 6000
	start_nfcapd -t 2
	check "a collector that comes late has events" wait_for 60 \
	    late_has_events
	check "nat64d ends" stop "$nat64d"
	stop "$nfcapd"
}

late_has_events() {
	in_ns "$client" ping -c 1 -W 1 "$server64" >"$dir/ping"
	kill -HUP "$nat64d"
	TZ=UTC nfdump -R "$dir/nf" -o json >"$dir/flows" 2>"$dir/nfdump.err" &&
	    collected nfdump "$dir/flows" | grep '^10 1 '
}

# Messages for the local logger, in the format that Debian's rsyslog.conf has.
test_local() {
	mkdir -p "$dir/dev/net"
	cat >"$dir/local.conf" <<-EOF
		module(load="imuxsock" SysSock.Use="off")
		input(type="imuxsock" Socket="$dir/dev/log")
		module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
		daemon.* $dir/daemon.log
	EOF
	start_rsyslog local "$dir/local.conf"
	wait_for 30 test -S "$dir/dev/log"
	configure "log events to syslog"
	sed -i '/log events to .*json/d' "$dir/nat64d.conf"
	check "nat64d starts with the local logger" start_with_logger
	send 5001
	check "the logger has the event" wait_for 30 has daemon.log \
	    'nat64d\[[0-9]+\]: .*event=binding-created .*port6=5001 '
	when=$(sed -n 's/.* time=\([^ ]*\) event=binding-created .*/\1/p' \
	    "$dir/daemon.log" | head -n 1)
	port=203.0.113.5:$(sed -n \
	    's/.*binding-created.*port6=5001.* port4=\([0-9]*\).*/\1/p' \
	    "$dir/daemon.log" | head -n 1)
	kill -HUP "$nat64d"
	wait_for 30 has daemon.log event=binding-deleted
	check_whohad "the file of the local logger" "$dir/daemon.log"
	check "nat64d ends" stop "$nat64d"
	stop "$rsyslog"
}

# With a /dev that has the logger's socket.
start_with_logger() {
	mknod -m 666 "$dir/dev/null" c 1 3
	mknod -m 666 "$dir/dev/random" c 1 8
	mknod -m 666 "$dir/dev/urandom" c 1 9
	mknod -m 666 "$dir/dev/net/tun" c 10 200
	: >"$dir/nat64d.err"
	start "$gateway" nat64d.err unshare -m sh -ec '
		mount --bind "$1/dev" /dev
		exec "$2" -d -f "$1/nat64d.conf"' - "$dir" \
	    "$BUILD/nat64d/nat64d"
	nat64d=$!
	wait_for 30 grep -q ' running$' "$dir/nat64d.err"
}

need_root
for program in rsyslogd ipfixDump nfcapd zstd xz bzip2; do
	command -v $program >/dev/null || skip_all "no $program"
done
start_lab
test_network
test_compressed
test_late
test_local
tap_done
