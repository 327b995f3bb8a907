#!/usr/bin/env bash
# How long sessions last whose packets only nat64d's program in the kernel
# sees, and what becomes of the program when nat64d ends, starts, starts
# twice, or may not load it.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/fastpath.sh"

start_lab() {
	lab_create
	start_web
	head -c 100000000 /dev/urandom >"$dir/www/100MB"
	head -c 1000000 /dev/urandom >"$dir/www/1MB"
}

start_talkers() {
	start_talker client "$client"
	start_talker server "$internet"
}

start_with() { # statement ...
	write_nat64d_conf "$@"
	start_nat64d
}

used() {
	grep 'fast path: used$' "$dir/nat64d.err"
}

now_ms() {
	date +%s%3N
}

# --- lifetimes: all of UDP and of established TCP are 10 seconds ---

short_lives=("timeout udp 10 override" "timeout tcp established 10 override"
	"timeout tcp closing 10 override")

probed() {
	[ "$(dump_value "$(nat64d_dump)" tcp-probes)" -ge 1 ]
}

# One packet each way from time to time, for longer than the lifetime.
use_for_a_while() { # seconds command ...
	local end=$((SECONDS + $1))
	shift
	while [ "$SECONDS" -lt "$end" ]; do
		"$@" || return 1
		sleep 0.5
	done
}

ask_both() {
	ask busy 100 1 && ask busyt 100 1
}

# Not before, and then within what the wheel, the dump and a busy machine need.
check_age() { # a time before its last packet, one after it
	local now
	now=$(now_ms)
	check "ten seconds after its last packet ($((now - $2)) ms)" \
	    test $((now - $1)) -ge 10000 -a $((now - $2)) -le 13000
}

four_sessions() {
	open_udp busy "$server64" 7000 && open_tcp busyt "$server64" 7001 &&
	    open_tcp idlet "$server64" 7003 && earliest=$(now_ms) &&
	    open_udp idle "$server64" 7002 && latest=$(now_ms)
}

test_lifetimes() {
	local earliest latest
	check "nat64d starts with short timeouts" \
	    start_with "fastpath yes" "${short_lives[@]}" || give_up
	start_talkers
	check "sessions begin" four_sessions
	check "all are on the fast path" is_fast '700.'
	check "some are used" use_for_a_while 6 ask_both
	check "the idle one is there for a while" is_fast 7002
	check "and ends" wait_for 30 is_gone 7002
	check_age "$earliest" "$latest"
	check "those that are used stay where they are" \
	    takes_both use_for_a_while 8 ask_both
	check "still" is_fast '700[01]'
	check "an idle connection is probed" wait_for 30 probed
	check "and still works" ask idlet 100 20
	check_match "no probe was outside the window" \
	    "$(in_ns "$client" nft list chain inet filter input)" \
	    'invalid counter packets 0 '
	check "it is on the fast path again" is_fast 7003
	earliest=$(now_ms)
	check "one is used for the last time" ask busy 100 1
	latest=$(now_ms)
	check "it ends" wait_for 30 is_gone 7000
	check_age "$earliest" "$latest"
	stop_talkers
	stop "$nat64d"
}

# It goes well, the program has translated, and the session's packets each way.
takes_both() { # command ...
	count_packets "$@" && [ "$n6" -ge 10 ] && [ "$n4" -ge 10 ]
}

two_sessions() {
	open_udp from6 "$server64" 7000 && earliest=$(now_ms) &&
	    open_udp from4 "$server64" 7001 && latest=$(now_ms)
}

test_inbound_refresh() {
	local earliest latest
	tap_round="inbound-refresh no"
	check "nat64d starts" start_with "fastpath yes" "inbound-refresh no" \
	    "${short_lives[@]}" || give_up
	start_talkers
	check "sessions begin" two_sessions
	check "they are on the fast path" is_fast '700[01]'
	check "one is used by IPv6, the other one by IPv4" \
	    use_for_a_while 7 both_sides
	check "packets of IPv4 come by the fast path" \
	    takes 0 1 gets client from4 100 server
	check "but do not keep the session" wait_for 30 is_gone 7001
	check_age "$earliest" "$latest"
	check "those of IPv6 do" is_fast 7000
	stop_talkers
	stop "$nat64d"
	tap_round=
}

both_sides() {
	gets server from6 100 client && gets client from4 100 server
}

# --- signals ---

start_transfer() {
	in_ns "$client" curl -gsS -m "$(secs 60)" --limit-rate 5M \
	    -o "$dir/fetched" "http://[$server64]/100MB" >"$dir/transfer" 2>&1 &
	transfer=$!
	wait_for 30 is_fast 80
}

no_sessions() {
	grep '^table fast-path sessions 0$' <<<"$(nat64d_dump)"
}

# Both ends of the transfer go on sending, the session is nobody's.
nothing_passes() {
	sleep 0.3
	! gone "$transfer"
}

test_hup() {
	tap_round="SIGHUP"
	check "nat64d starts" start_with "fastpath yes" || give_up
	start_talkers
	check "a UDP session begins" open_udp u "$server64" 7000
	check "a transfer is on the fast path" start_transfer
	kill -HUP "$nat64d"
	check "all sessions leave it" wait_for 30 no_sessions
	check "the program translates no packet more" takes 0 0 nothing_passes
	check "neither of UDP" takes 0 0 is_silent client u 100 server
	stop "$transfer"
	check "new sessions are there again" open_udp v "$server64" 7001
	check "they are" is_fast 7001
	check "with their packets" takes 10 10 ask v 100 10
	check "files come whole" fetch 1MB
	stop_talkers
	stop "$nat64d"
	tap_round=
}

# --- the end of the daemon ---

filters() { # device
	in_ns "$gateway" tc filter show dev "$1" egress | grep -c ' handle 0x'
}

# As long as a process has it open, a device takes packets.
hold_device() {
	start "$gateway" holder.log /usr/bin/python3 -c '
import fcntl, struct, sys, time
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"nat64", 0x5001))
print("held", flush=True)
time.sleep(3600)'
	holder=$!
	wait_for 30 grep held "$dir/holder.log"
}

# What is sent has to be lost, not translated.
both_silent() { # socket
	is_silent server "$1" 100 client && is_silent client "$1" 100 server
}

seen_by_server() {
	in_ns "$internet" nstat -asz UdpInDatagrams |
	    awk '$1 == "UdpInDatagrams" { print $2 }'
}

test_kill() {
	local before
	tap_round="kill -9"
	ip -n "$gateway" tuntap add dev nat64 mode tun
	check "nat64d starts on a persistent device" \
	    start_with "fastpath yes" || give_up
	check_equal "there is one filter" "$(filters nat64)" 1
	start_talkers
	check "a session begins" open_udp u "$server64" 7000
	check "it is on the fast path" is_fast 7000
	kill -9 "$nat64d"
	wait "$nat64d" 2>/dev/null
	before=$(seen_by_server)
	check "its packets are lost when nat64d is killed" both_silent u
	check "also when another program has the device" hold_device
	check "as before" both_silent u
	check_equal "the server has seen none" "$(seen_by_server)" "$before"
	stop "$holder"
	check "nat64d starts again" start_nat64d || give_up
	check_equal "there is one filter" "$(filters nat64)" 1
	check "what the earlier one knew is not there" no_sessions
	check "IPv4 reaches nobody" takes 0 0 is_silent client u 100 server
	check "a session begins" open_udp v "$server64" 7001
	check "its packets are counted" takes 10 10 ask v 100 10
	stop_talkers
	stop "$nat64d"
	check "nat64d starts for the third time" start_nat64d || give_up
	check_equal "there is one filter" "$(filters nat64)" 1
	stop "$nat64d"
	ip -n "$gateway" link del nat64
	tap_round=
}

# --- two of them ---

start_second() {
	{
		echo "tun second"
		echo "prefix 2001:db8:8001::/96"
		echo "pool 203.0.113.0/24"
		echo "user nobody"
		echo "fastpath yes"
	} >"$dir/second.conf"
	start_nat64d_in "$gateway" second || return 1
	second=$started
}

# The same ports of the same hosts, by another prefix.
test_two() {
	tap_round="two instances"
	check "nat64d starts" start_with "fastpath yes" || give_up
	check "and another one on another device" start_second || give_up
	start_talkers
	check "a session of the first one begins" \
	    open_udp a "$server64" 7000
	check "and one of the other" \
	    open_udp b 2001:db8:8001::c633:640a 7001
	check "the first one counts its own packets" takes 10 10 ask a 100 10
	check "and not those of the other" takes 0 0 ask b 100 10
	check "nor does that need it" test "$s6 $s4" = "0 0"
	kill -9 "$second"
	wait "$second" 2>/dev/null
	check_not "that one is killed" ask b 100 1
	check "the first one goes on" takes 10 10 ask a 100 10
	check "a third one starts in its place" start_second || give_up
	stop "$nat64d"
	check "its own end leaves the other one alone" \
	    open_udp c 2001:db8:8001::c633:640a 7002
	stop_talkers
	stop "$second"
	tap_round=
}

# --- rights ---

without_bpf=(setpriv --bounding-set
    "-all,+net_admin,+setuid,+setgid,+chown,+dac_override")

refuses_by() { # command ...
	in_ns "$gateway" timeout "$(secs 5)" "$@" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/nat64d.conf" >"$dir/refusal" 2>&1
	[ $? -eq 1 ] && grep 'start as root or with CAP_BPF' "$dir/refusal"
}

test_rights() {
	tap_round="without CAP_BPF"
	write_nat64d_conf "fastpath yes"
	check "fastpath yes refuses to start, and says why" \
	    refuses_by "${without_bpf[@]}"
	check_not "without leaving its device" \
	    ip -n "$gateway" link show nat64
	write_nat64d_conf "fastpath auto"
	check "fastpath auto starts" start_nat64d "${without_bpf[@]}"
	check "and says why it is not used" grep \
	    'fast path: not used: .*CAP_BPF' "$dir/nat64d.err"
	check "it translates" fetch 1MB
	check_not "the dump has no line of it" \
	    grep '^fast-path' <<<"$(nat64d_dump)"
	stop "$nat64d"
	tap_round="an old kernel"
	check "fastpath auto starts" start_nat64d /usr/bin/python3 \
	    "$root/tests/netns/tools/refuse_call.py" bpf-lookup
	check "and says why it is not used" grep \
	    'fast path: not used: .*Linux 5.19' "$dir/nat64d.err"
	check_not "it keeps nothing of it" holds_maps "$nat64d"
	check "it translates" fetch 1MB
	stop "$nat64d"
	tap_round="fastpath no"
	check "nat64d starts" start_with "fastpath no"
	check_not "it does not speak of it" grep 'fast path' "$dir/nat64d.err"
	check_equal "there is no filter" "$(filters nat64)" 0
	check "it translates" fetch 1MB
	stop "$nat64d"
	tap_round="the sandbox"
	check "nat64d starts" start_with "fastpath auto"
	check "and says that it is used" used
	check_privileges "$nat64d"
	check "it has its tables" holds_maps "$nat64d"
	start_talkers
	check "sessions come" open_udp u "$server64" 7000
	check "to the fast path" is_fast 7000
	check "and connections" open_tcp t "$server64" 7001
	check "go" resets
	check "from it" is_slow 7001
	stop_talkers
	check "nat64d leaves with status 0" stop "$nat64d"
	tap_round=
}

holds_maps() { # pid
	readlink "/proc/$1/fd"/* | grep bpf-map
}

resets() {
	talks client "reset t" && [ "$(talk server "receive t 1")" = ECONNRESET ]
}

need_root
start_lab
need_fastpath
drop_invalid || skip_all "nftables does not follow connections here"
test_lifetimes
test_inbound_refresh
test_hup
test_kill
test_two
test_rights
tap_done
