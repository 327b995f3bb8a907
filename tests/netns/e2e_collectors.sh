#!/usr/bin/env bash
# Events at collectors in the network: syslog and IPFIX, over UDP and TCP, read
# by tshark and by nfcapd. Collectors that are not there, end, or read nothing;
# and other ones after a reload.
#
#	client -------------- gateway -------------- internet
#	2001:db8::10          nat64d, pool:          198.51.100.10
#	                      203.0.113.5:40000-1    the collectors
#
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

file=events.json
# shellcheck source=tools/collectors.sh
. "$tools/collectors.sh"

# A collector of syslog; its output is in $dir/NAME.
start_sink() { # name udp|tcp port
	start "$internet" "$1" python3 "$tools/syslog_sink.py" "$2" "$server4" \
	    "$3"
	wait_for 30 "$2"_listens "$internet" "$3"
}

start_ipfix() {
	start_nfcapd
	start_stream
	start "$internet" tcpdump.log tcpdump -U --immediate-mode -i i0 \
	    -w "$dir/capture" udp port 4739 or tcp port 4740
	capture=$!
	wait_for 30 grep -q 'listening on' "$dir/tcpdump.log"
}

# The frames that tshark reads; it says nothing of a file that is not whole.
decode() {
	tshark -r "$dir/capture" -d udp.port==4739,cflow \
	    -d tcp.port==4740,cflow -Y cflow -T json --no-duplicate-keys \
	    >"$dir/decoded" 2>/dev/null
}

decoded_as_the_file() { # domain
	decode && as_the_file tshark "$dir/decoded" "$1"
}

# Natevent 18, subtype 3, two ports of UDP: RFC 8158, 4.6.8.2.
has_threshold() {
	tr -d ' \n' <"$dir/decoded" | grep -Eq "$(printf '"cflow.%s",?' \
	    'nat_event":"18' 'nat_threshold_event":"3' \
	    'addressport_mapping_highthreshold":"2' 'protocol":"17')"
}

# ICMP has no ports, which nfdump shows as type and code.
test_nfcapd() {
	check "nfcapd ends" stop "$nfcapd"
	TZ=UTC nfdump -R "$dir/nf" -o json >"$dir/flows" 2>"$dir/nfdump.err"
	collected nfdump "$dir/flows" | grep -v '^[0-9]* 1 ' >"$dir/found"
	grep -v '^[0-9]* 1 ' "$dir/expected" >"$dir/without-icmp"
	# Shows: LOG-01 LOG-02 LOG-04
	check "nfcapd has each event with all its fields" \
	    diff "$dir/found" "$dir/without-icmp"
	check_match "and the exhausted pool" "$(cat "$dir/flows")" \
	    '"nat_event_id" : "3"'
	check_match "and has missed nothing" "$(cat "$dir/nfcapd.log")" \
	    'Sequence Errors: 0, Bad Packets: 0'
}

test_formats() {
	start_sink udp.log udp 514
	start_sink tcp.sink tcp 601
	start_ipfix
	configure "log events to syslog udp $server4" \
	    "log events to syslog tcp $server4 port 601" \
	    "log events to ipfix udp $server4" \
	    "log events to ipfix tcp $server4 port 4740 domain 9"
	check "nat64d starts with four collectors" start_nat64d
	make_events
	check "the file has events of all kinds" [ \
	    "$(cut -d ' ' -f 1 "$dir/expected" | sort -u | xargs)" = \
	    "10 11 14 15 6 7" ]
	# Shows: LOG-01 LOG-02 LOG-04 LOG-40
	check "syslog over UDP has each event with all its words" \
	    wait_for 30 as_the_file syslog "$dir/udp.log"
	check "syslog over TCP has the same" \
	    wait_for 30 as_the_file syslog "$dir/tcp.sink"
	check_match "a refusal is a warning" "$(cat "$dir/udp.log")" \
	    '^<28>1 .* pool-exhausted \[nat64@32473 natevent="3"'
	check_match "the start is a message, too" \
	    "$(head -n 1 "$dir/udp.log")" '^<30>1 .* started \[nat64@32473\]$'
	# Shows: LOG-01 LOG-02 LOG-04
	check "tshark decodes IPFIX over UDP to the same events" \
	    wait_for 30 decoded_as_the_file 0
	check "and over TCP" wait_for 30 decoded_as_the_file 9
	# Shows: LOG-10
	check "the exhausted pool is in it" has decoded \
	    '"cflow.nat_event": "3"'
	# Shows: LOG-21
	check "and the threshold before, a number of ports" has_threshold
	check_match "the status has the collectors" "$(ctl status)" \
	    "^collector  ipfix tcp $server4:4740: [1-9][0-9]* events sent, 0 lost\$"
	check "nat64d ends" stop "$nat64d"
	check "which is a message" wait_for 30 has tcp.sink \
	    ' stopped \[nat64@32473\]$'
	test_nfcapd
	stop "$capture"
}

# The host of the second UDP binding, by any of the logs.
test_whohad() {
	local when
	when=$(awk '$1 == 10 && $2 == 17 && $4 == 5001 { print $NF }' \
	    "$dir/expected")
	for log in "log/$file" udp.log tcp.sink; do
		check_match "nat64ctl whohad reads $log" "$("$nat64ctl" whohad \
		    203.0.113.5:40001 "$when" proto udp "$dir/$log" 2>&1)" \
		    '^udp \[2001:db8::10\]:5001 from [0-9TZ:.-]+ to '
	done
}

warned() { # regex
	ctl status | grep -E -- "$1"
}

# Another event: those that were refused on the way are lost.
gets_events() { # file
	kill -HUP "$nat64d"
	send 5000
	has "$1" session-created
}

# Collectors that are not there hold nothing up.
test_gone() {
	configure "log events to syslog tcp $server4 port 601" \
	    "log events to syslog udp $server4 port 5140" \
	    "log events to ipfix tcp 192.0.2.99"
	ip -n "$gateway" route add 192.0.2.99 via "$server4"
	check "nat64d starts with collectors that are not there" start_nat64d
	send 5000
	check "the status says that UDP is refused" wait_for 30 warned \
	    "syslog udp $server4:5140: Connection refused"
	check "the log, too" wait_for 30 has nat64d.err \
	    "event log: syslog udp $server4:5140: Connection refused"
	start_sink again.log udp 5140
	check "it comes back, and gets events again" wait_for 60 \
	    gets_events again.log
	check "and the status is clear" wait_for 60 not_warned 5140
	check "translation did not wait" connect_tcp
}

not_warned() { # text
	! ctl status | grep 'event log' | grep -qF -- "$1"
}

# One more, one less; the file and the others go on.
test_reload() {
	start_sink new.log udp 5141
	configure "log events to syslog tcp $server4 port 601" \
	    "log events to syslog udp $server4 port 5141"
	check "a reload changes collectors" ctl reload
	kill -HUP "$nat64d"
	check "the new one gets events" wait_for 30 has new.log session-deleted
	check "the one that stays, too" wait_for 30 has tcp.sink session-deleted
	check_not "the status has no other" grep -F 5140 <<<"$(ctl status)"
	configure
	check "a reload to none" ctl reload
	check_not "the status has none" grep ^collector <<<"$(ctl status)"
	check "nat64d ends" stop "$nat64d"
	check "nat64d starts without collectors" start_nat64d
	configure "log events to syslog udp $server4 port 5141"
	check "the first one needs a restart" fails_with \
	    '"log events to syslog or ipfix ADDRESS" is none, and only a restart can change it' \
	    ctl reload
	check "nat64d ends" stop "$nat64d"
}

# The one that takes over sends for itself, with templates.
test_takeover() {
	local old
	rm -f "$dir"/nf/*
	start_ipfix
	configure "log events to ipfix udp $server4"
	check "nat64d starts" start_nat64d
	old=$nat64d
	send 6000
	ip netns exec "$gateway" "$BUILD/nat64d/nat64d" -d -U \
	    -f "$dir/nat64d.conf" >"$dir/heir.out" 2>"$dir/heir.err" &
	nat64d=$!
	check "another one takes over" wait_for 30 gone "$old"
	check "and runs" wait_for 30 has heir.err ' running$'
	kill -HUP "$nat64d"
	check "what it ends is in the file" wait_for 30 has "log/$file" \
	    address-released
	check "nat64d ends" stop "$nat64d"
	check "nfcapd ends" stop "$nfcapd"
	TZ=UTC nfdump -R "$dir/nf" -o json >"$dir/flows" 2>"$dir/nfdump.err"
	check_equal "and at the collector" \
	    "$(collected nfdump "$dir/flows" | cut -d ' ' -f 1 | xargs)" \
	    "14 10 6 7 11 15"
	stop "$capture"
}

need_root
start_lab
test_formats
test_whohad
test_gone
test_reload
file=takeover.json
test_takeover
tap_done
