#!/usr/bin/env bash
# What happens in nat64d, as it happens: nat64ctl monitor and nat64ctl drops,
# also for clients that read slowly or not at all.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nat64ctl=$BUILD/nat64d/ctl/nat64ctl

# Run nat64ctl in the background; its output is in $dir/NAME.
follow() { # name argument ...
	local name=$1
	shift
	"$nat64ctl" -s "$dir/n/sock" "$@" >"$dir/$name" 2>&1 &
	follower=$!
}

# UDP datagrams of the client to that many ports of the server.
send_udp() { # source-port number
	in_ns "$client" python3 - "$server64" "$@" <<-'PY'
	import socket, sys
	s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
	s.bind(("2001:db8::10", int(sys.argv[2])))
	for i in range(int(sys.argv[3])):
	    s.sendto(b"x", (sys.argv[1], 1000 + i))
	PY
}

# Datagrams to an address of the pool that nobody has.
knock() { # number
	in_ns "$internet" python3 - "$1" <<-'PY'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for i in range(int(sys.argv[1])):
	    s.sendto(b"knock %d" % i, ("192.0.2.77", 1000 + i % 60000))
	PY
}

knocked() { # file
	knock 1
	sleep 0.1
	grep -q no-binding "$1"
}

# From the client, to an IPv4 address that no host can have.
knocked6() { # file
	in_ns "$client" python3 -c 'import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.sendto(b"knock", ("2001:db8:8000::127.0.0.1", 1000))'
	sleep 0.1
	grep -q martian-ipv4 "$1"
}

opened() { # file
	port=$((port + 1))
	send_udp "$port" 1
	sleep 0.1
	grep -q session-created "$1"
}

begin() {
	lab_create
	write_nat64d_conf "control \"$dir/n/sock\"" "address 2001:db8::1"
	check "nat64d starts" start_nat64d || give_up
	port=5000
}

test_monitor() {
	follow monitor monitor
	check "a new session is seen" wait_for 30 opened "$dir/monitor"
	check_match "when, what and whose" "$(cat "$dir/monitor")" \
	    '^20[^ ]+Z session-created transport-protocol udp internal-src-address 2001:db8::10 internal-src-port 50[0-9]+ external-src-address 192\.0\.2\.'
	check_match "and its binding" "$(cat "$dir/monitor")" \
	    'Z binding-created transport-protocol udp'
	"$nat64ctl" -s "$dir/n/sock" kill 2001:db8::10 >"$dir/kill"
	check "its end is seen" wait_for 30 grep -q session-deleted \
	    "$dir/monitor"
	kill "$follower"
	wait "$follower" 2>/dev/null
	follow monitor -j monitor
	check "as JSON" wait_for 30 opened "$dir/monitor"
	check "each line is an object" python3 -c 'import json, sys
for line in open(sys.argv[1]):
    o = json.loads(line)
    assert o["time"].startswith("20") and "event" in o' "$dir/monitor"
	kill "$follower"
	wait "$follower" 2>/dev/null
}

test_drops() {
	follow drops drops
	check "a dropped packet is seen" wait_for 30 knocked "$dir/drops"
	check_match "with its reason and addresses" "$(cat "$dir/drops")" \
	    'packet-dropped reason no-binding protocol 17 src 198\.51\.100\.'
	kill "$follower"
	wait "$follower" 2>/dev/null
	"$nat64ctl" -s "$dir/n/sock" drops --pcap "$dir/drops.pcapng" &
	follower=$!
	check "the same as a capture" wait_for 30 knocked "$dir/drops.pcapng"
	check "with those from IPv6" wait_for 30 knocked6 "$dir/drops.pcapng"
	kill "$follower"
	wait "$follower" 2>/dev/null
	check_match "tcpdump reads it" \
	    "$(tcpdump -n -r "$dir/drops.pcapng" 2>&1)" \
	    'IP 198\.51\.100\.[0-9]+\.[0-9]+ > 192\.0\.2\.77\.1000: UDP'
	tshark -r "$dir/drops.pcapng" -T fields -e frame.comment \
	    -e frame.protocols >"$dir/tshark" 2>"$dir/tshark.err"
	check_match "tshark the reason, and what is in the packet" \
	    "$(cat "$dir/tshark")" '^no-binding	raw:ip:udp:data$'
	check_match "also of IPv6" "$(cat "$dir/tshark")" \
	    '^martian-ipv4	raw:ipv6:udp:data$'
	check_equal "and finds nothing wrong" \
	    "$(tshark -r "$dir/drops.pcapng" -Y _ws.malformed 2>/dev/null)" ""
	check "an unknown file is wrong use" test "$(
		"$nat64ctl" -s "$dir/n/sock" drops --pcap /nowhere/x \
		    2>"$dir/err"
		echo $?
	)" = 2
	follow full drops --pcap /dev/full
	check "a full disk ends it" wait_for 30 knocked_and_ended
	wait "$follower"
	check_equal "with an error" "$?" 1
	check_match "that says so" "$(cat "$dir/full")" 'No space left'
}

knocked_and_ended() {
	knock 1
	sleep 0.1
	! kill -0 "$follower" 2>/dev/null
}

# A client that stops reading loses packets, is told how many, and holds up
# nobody.
test_slow() {
	mkfifo "$dir/go"
	python3 - "$dir/n/sock" "$dir/go" >"$dir/slow" <<-'PY' &
	import json, socket, sys
	s = socket.socket(socket.AF_UNIX)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
	s.connect(sys.argv[1])
	s.send(b"GET /v1/drops?format=json HTTP/1.1\r\nHost: x\r\n\r\n")
	s.recv(20, socket.MSG_PEEK)
	print("ready", flush=True)
	open(sys.argv[2]).read()
	f = s.makefile("rb")
	for line in f:
	    if line.startswith(b"{"):
	        o = json.loads(line)
	        if "lost-before" in o:
	            print("lost", o["lost-before"], flush=True)
	PY
	local slow=$!
	check "a client follows" wait_for 30 grep -q ready "$dir/slow"
	knock 6000
	check "packets pass" in_ns "$client" ping -n -c 1 -W 2 "$server64"
	: >"$dir/go"
	check "what it has lost is said" wait_for 30 lost_is_said
	kill "$slow"
	wait "$slow" 2>/dev/null
	check "and it is forgotten" in_ns "$client" ping -n -c 1 -W 2 \
	    "$server64"
}

# Whoever reads fast gets no more than the rate, and is told of the rest: no
# packet is missing without a word.
test_rate() {
	local begin followed
	begin=$(dropped)
	follow rate drops --pcap "$dir/rate.pcapng"
	check "a client follows" wait_for 30 knocked "$dir/rate.pcapng"
	followed=$(dropped)
	knock 5000
	check "what is missing is said" wait_for 30 missing_is_said
	check "and it is exact" wait_for 30 all_told "$begin" "$followed"
	kill "$follower"
	wait "$follower" 2>/dev/null
}

dropped() {
	"$nat64ctl" -j -s "$dir/n/sock" status | python3 -c 'import json, sys
print(json.load(sys.stdin)["dropped"]["packets"])'
}

# Packets and those that are said to be missing: as many as nat64d counts, since
# some time while the client began. "no-binding; 17 packets before it ..."
all_told() { # count-before count-after
	tshark -r "$dir/rate.pcapng" -T fields -e frame.comment \
	    2>/dev/null | awk -v least=$(($(dropped) - $2)) \
	    -v most=$(($(dropped) - $1)) '
		{ n += 1 + $2 }
		END { print NR, n; exit !(n >= least && n <= most && NR < n) }'
}

missing_is_said() {
	knock 1
	sleep 0.1
	grep -aq 'packets before it are missing' "$dir/rate.pcapng"
}

lost_is_said() {
	knock 1
	sleep 0.1
	grep -Eq 'lost [1-9]' "$dir/slow"
}

need_root
begin
test_monitor
test_drops
test_rate
test_slow
tap_done
