#!/usr/bin/env bash
# The networks that the host of dns64d is connected to change while it runs,
# and so do the clients that may ask.
#
#	client ------------ gateway
#	2001:db8::10        dns64d on 2001:db8::2
#	2001:db8:5::10      no address of these two networks at first, only
#	203.0.113.10        routes to them by way of the client
#
# The names are local ones of dns64d: no upstream is needed.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

new6=2001:db8:5::10
new4=203.0.113.10
gateway4=198.51.100.1

start_lab() {
	lab_begin
	add_ns "$client" "$gateway"
	connect "$client" c0 "$gateway" g0
	link_up "$client" c0 2001:db8::10/64 "$new6/128" "$new4/32"
	link_up "$gateway" g0 "$gateway6/64" "$dns6/64"
	link_up "$gateway" lo "$gateway4/32"
	ip -n "$client" route add default via "$gateway6"
	ip -n "$client" route add "$gateway4/32" via inet6 "$gateway6" \
	    dev c0 onlink
	ip -n "$gateway" route add 2001:db8:5::/64 via 2001:db8::10
	route_back4
}

# Goes with the last IPv4 address of the interface.
route_back4() {
	ip -n "$gateway" route replace 203.0.113.0/24 via inet6 2001:db8::10 \
	    dev g0 onlink
}

write_conf() { # statement ...
	{
		echo "listen on $dns6"
		echo "listen on $gateway4"
		echo "upstream 127.0.0.1 port 9"
		echo "prefix 2001:db8:8000::/96"
		echo "user nobody"
		echo "host near.example 192.0.2.7"
		printf '%s\n' "$@"
	} >"$dir/dns64d.conf"
}

logged() { # regex
	grep -Eq -- "$1" "$dir/dns64d.err"
}

start_daemon() { # [command that runs it ...]
	: >"$dir/dns64d.err"
	ip netns exec "$gateway" "$@" "$BUILD/dns64d/dns64d" -d \
	    -f "$dir/dns64d.conf" >"$dir/dns64d.out" 2>"$dir/dns64d.err" &
	dns64d=$!
	wait_for 30 logged ' running$' || {
		cat "$dir/dns64d.err"
		return 1
	}
}

ask_from() { # source server [dig's arguments ...]
	in_ns "$client" dig +tries=1 +time=5 -b "$1" "@$2" near.example A \
	    "${@:3}"
}

# All that is in the file of questions.
ask_often() { # source
	in_ns "$client" dig +tries=1 +time=5 +noall +comments -b "$1" \
	    "@$dns6" -f "$dir/questions" 2>&1
}

gets() { # status source [server [dig's arguments ...]]
	ask_from "$2" "${3:-$dns6}" "${@:4}" | grep -q "status: $1"
}

address() { # add|del|change address [word ...]
	local verb=$1 address=$2
	shift 2
	ip -n "$gateway" addr "$verb" "$address" dev g0 "$@"
}

# A second for the kernel and us, and one for a busy machine.
check_becomes() { # description status source [server]
	check "$1" wait_for 30 gets "$2" "$3" "${4:-$dns6}"
}

# A translator beyond a network that the host is not connected to yet. Without
# a way to it, it is down at once, and asked after 1, 2, 4, 8 ... seconds.
start_lonely() {
	cat >"$dir/lonely.conf" <<-EOF
		listen on 127.0.0.1
		upstream 127.0.0.1 port 9
		prefix 64:ff9b::/96 translator \
		    "http://[2001:db8:9::10]:8080/metrics" every 1
		user nobody
		workers 2
	EOF
	ip netns exec "$gateway" "$BUILD/dns64d/dns64d" -d \
	    -f "$dir/lonely.conf" >"$dir/lonely.out" 2>"$dir/lonely.err" &
	lonely=$!
	wait_for 30 grep -q ' running$' "$dir/lonely.err"
}

# The translator, in the network of the client.
start_translator() {
	ip -n "$client" addr add 2001:db8:9::10/64 dev c0 nodad
	start "$client" translator.log /usr/bin/python3 -c '
import sys, time
sys.path.insert(0, sys.argv[1])
from fake_translator import FakeTranslator
FakeTranslator("2001:db8:9::10", 8080)
time.sleep(3600)' "$root/tests/dns"
	wait_for 30 tcp_listens "$client" 8080
}

lonely_statistics() {
	kill -USR1 "$lonely"
	sleep 0.1
	grep '^translator' "$dir/lonely.out" | tail -n 2
}

# Both workers have been without an answer so often.
was_lost() { # times
	[ "$(lonely_statistics | awk -v n="$1" '$NF >= n' | wc -l)" -eq 2 ]
}

translator_is_up() {
	[ "$(lonely_statistics | grep -c '/96 up ')" -eq 2 ]
}

test_translator_is_asked_when_the_network_changes() {
	check "a translator in no connected network is down" \
	    wait_for 30 was_lost 5
	address add 2001:db8:9::1/64 nodad
	check "it is up soon after its network has come" \
	    wait_for 5 translator_is_up
	stop "$lonely"
}

test_networks_come_and_go() {
	check "a client of a connected network is answered" \
	    gets NOERROR 2001:db8::10
	check "one of another network is refused" gets REFUSED "$new6"

	address add 2001:db8:5::1/64 nodad
	check_becomes "its network appears on an interface: it is answered" \
	    NOERROR "$new6"
	check "over TCP as well" gets NOERROR "$new6" "$dns6" +tcp
	check "the log names the network" \
	    logged 'connected network 2001:db8:5::/64: new'

	address del 2001:db8:5::1/64
	check_becomes "the network is withdrawn: it is refused" \
	    REFUSED "$new6"
	check "over TCP as well" gets REFUSED "$new6" "$dns6" +tcp
	check "the log has it" \
	    logged 'connected network 2001:db8:5::/64: gone'
	check "others are answered as before" gets NOERROR 2001:db8::10
}

test_ipv4() {
	check "an IPv4 client of no connected network is refused" \
	    gets REFUSED "$new4" "$gateway4"
	address add 203.0.113.1/24
	check_becomes "its network appears: it is answered" \
	    NOERROR "$new4" "$gateway4"
	address del 203.0.113.1/24
	route_back4
	check_becomes "the network is withdrawn: it is refused" \
	    REFUSED "$new4" "$gateway4"
}

test_addresses_of_all_states() {
	in_ns "$gateway" sysctl -qw net.ipv6.conf.g0.accept_dad=1 \
	    net.ipv6.conf.g0.dad_transmits=20
	address add 2001:db8:5::1/64
	check_becomes "the network of a tentative address is served" \
	    NOERROR "$new6"
	check_match "while that is tentative" \
	    "$(ip -n "$gateway" addr show dev g0)" '2001:db8:5::1/64 .*tentative'
	address del 2001:db8:5::1/64
	check_becomes "and no more when that goes" REFUSED "$new6"

	address add 2001:db8:5::1/64 nodad valid_lft 4 preferred_lft 0
	check_becomes "that of a deprecated address is served" \
	    NOERROR "$new6"
	check_match "while that is deprecated" \
	    "$(ip -n "$gateway" addr show dev g0)" '2001:db8:5::1/64 .*deprecated'
	check "until its lifetime is over" wait_for 30 gets REFUSED "$new6"

	address add 2001:db8:5::1/64 nodad
	address add 2001:db8:5::2/64 nodad
	check_becomes "two addresses are one network" NOERROR "$new6"
	address del 2001:db8:5::1/64
	address add 2001:db8:6::1/64 nodad
	wait_for 30 logged 'connected network 2001:db8:6::/64: new'
	check "which stays until the last of them goes" gets NOERROR "$new6"
	address del 2001:db8:5::2/64
	check_becomes "but no longer" REFUSED "$new6"
}

# Who asks all the time while networks come and go is always answered.
test_no_question_is_lost() {
	local pid i
	for i in {1..1500}; do
		echo "near.example A"
	done >"$dir/questions"
	ask_often 2001:db8::10 >"$dir/answers" &
	pid=$!
	for ((i = 0; i < 200; i++)); do
		gone "$pid" && break
		address add "2001:db8:7:$i::1/64" nodad
		sleep 0.12
		address del "2001:db8:7:$i::1/64"
	done
	wait "$pid"
	check_equal "no question is lost while networks change" \
	    "$(grep -c 'status: NOERROR' "$dir/answers")" 1500
	check "and they did" logged 'connected network 2001:db8:7:1::/64: new'
}

test_rules_decide_first() {
	address add 2001:db8:5::1/64 nodad
	write_conf "workers 2" "deny from 2001:db8:5::/64"
	check "dns64d starts with a rule against a connected network" \
	    start_daemon
	check "the rule decides" gets REFUSED "$new6"
	address del 2001:db8:5::1/64
	check_becomes "and still does when the network is withdrawn" REFUSED "$new6"
	stop "$dns64d"
	write_conf "allow from 2001:db8:5::/64"
	check "dns64d starts with a rule for another network" start_daemon
	check "the rule decides" gets NOERROR "$new6"
	stop "$dns64d"
}

# As clients of so many networks, who need no answer.
ask_from_everywhere() { # how many
	in_ns "$client" /usr/bin/python3 - "$dns6" "$1" <<-'EOF'
		import random, socket, sys
		IPV6_FREEBIND = 78
		query = bytes.fromhex("123401000001000000000000"
		                      "046e656172076578616d706c6500"
		                      "00010001")
		for i in range(int(sys.argv[2])):
		    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
		        s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
		        s.bind((f"2001:db8:f{random.randrange(4096):03x}:{i:x}::1", 0))
		        s.sendto(query, (sys.argv[1], 53))
	EOF
}

refused_are() { # at least
	kill -USR1 "$dns64d"
	sleep 0.1
	[ "$(awk '$1 == "refused" { n = $2 } END { print n }' \
	    "$dir/dns64d.out")" -ge "$1" ]
}

refused_lines() {
	grep -c ' refused: ' "$dir/dns64d.err"
}

# More lines than that have come, in the time of a line that comes too early.
has_more_lines() { # than
	[ "$(refused_lines)" -gt "$1" ]
}

test_refused_networks_are_logged() {
	local i
	write_conf "workers 2" "deny from 203.0.113.0/24"
	check "dns64d starts" start_daemon
	for i in {1..100}; do
		echo "near.example A"
	done >"$dir/questions"
	check "a client that a rule denies is refused" \
	    gets REFUSED "$new4" "$gateway4"
	ask_often "$new6" >"$dir/answers"
	check_equal "a network that nothing allows is refused" \
	    "$(grep -c 'status: REFUSED' "$dir/answers")" 100
	check "and logged with the statement that would allow it" \
	    wait_for 30 logged 'refused: 2001:db8:5::/64 is .*to answer it: '\
'allow from 2001:db8:5::/64$'
	check_equal "in one line" "$(refused_lines)" 1
	ask_often "$new6" >"$dir/answers"
	check_not "a hundred queries more are no second one" \
	    wait_for 1 has_more_lines 1
	ask_from_everywhere 3000
	check "those of thousands of networks are refused" \
	    wait_for 30 refused_are 3200
	check_not "and no line either" wait_for 1 has_more_lines 1
	check_not "who is denied by a rule is not logged" \
	    logged 'refused: 203\.0\.113'
	stop "$dns64d"
}

host_gets() { # status
	in_ns "$gateway" dig +tries=1 +time=5 -b ::1 "@$dns6" near.example A |
	    grep -q "status: $1"
}

test_without_netlink() {
	write_conf "allow from 2001:db8:5::/64"
	check "dns64d starts where there is no netlink" start_daemon \
	    /usr/bin/python3 "$root/tests/netns/tools/refuse_call.py" \
	    netlink
	check "says what it does not know" \
	    logged 'connected networks: .*[Nn]ot supported.*allow'
	check "answers whom a statement allows" gets NOERROR "$new6"
	check "and the host itself" host_gets NOERROR
	check "but nobody else" gets REFUSED 2001:db8::10
	stop "$dns64d"
}

need_root
start_lab
write_conf "workers 2"
start_translator
check "dns64d starts" start_daemon || give_up
start_lonely
test_networks_come_and_go
test_ipv4
test_addresses_of_all_states
test_no_question_is_lost
check_not "all that without a reload" logged 'reload'
stop "$dns64d"
test_rules_decide_first
test_refused_networks_are_logged
test_without_netlink
test_translator_is_asked_when_the_network_changes
tap_done
