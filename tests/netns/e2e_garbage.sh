#!/usr/bin/env bash
# Malformed packets through the real device, from both sides, and more flows
# than the tables can hold: nat64d counts them, serves other clients, and its
# memory does not grow. Each test runs with and without the offloads of the tun
# device.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

tool=$root/tests/netns/tools/garbage.py
pool4=192.0.2.7
prefix64=3fff:64:6464:6464::/64
max_growth=65536 # KB, of all that follows

start_lab() {
	lab_create
	start_web
	head -c 10000000 /dev/urandom >"$dir/www/10MB"
	mac6=$(link_address g0)
	mac4=$(link_address g1)
}

link_address() { # interface of the gateway
	ip -n "$gateway" -br link show "$1" | awk '{ print $3 }'
}

garbage6() { # kind [destination [source [number]]]
	in_ns "$client" /usr/bin/python3 "$tool" "$1" c0 "$mac6" \
	    "${3:-2001:db8::66/64}" "${2:-$server64}" "${4:-1}"
}

garbage4() { # kind [number]
	in_ns "$internet" /usr/bin/python3 "$tool" "$1" i0 "$mac4" \
	    "$server4/24" "$pool4" "${2:-1}"
}

resident() {
	awk '$1 == "VmHWM:" { print $2 }' "/proc/$nat64d/status"
}

moved() { # reason before
	[ "$(dump_value "$(nat64d_dump)" "$1")" -gt "$2" ]
}

# Packets of a kind are dropped for a reason.
dropped() { # reason command ...
	local reason=$1 before
	shift
	before=$(dump_value "$(nat64d_dump)" "$reason")
	"$@" && wait_for 30 moved "$reason" "$before"
}

still_works() {
	in_ns "$client" ping -n -c 2 -i 0.1 -W 2 "$server64" &&
	    fetch 10MB && put 10MB
}

test_kinds6() {
	tap_round="from IPv6, offload $offload"
	check "unknown protocols" dropped unknown-protocol garbage6 protocols
	# Shows: FLT-12 FLT-13
	check "transport headers cut short" dropped bad-l4-header \
	    garbage6 short
	# Shows: CSM-11
	check "UDP without a checksum" dropped udp6-zero-checksum \
	    garbage6 unsummed
	check "a hop limit used up" dropped ttl-expired garbage6 expired
	# Shows: XLT-30
	check "extension headers without end" dropped \
	    bad-extension-headers garbage6 extensions
	check "routing headers" dropped routing-header garbage6 routes
	# Shows: ICM-08
	check "ICMP types of no meaning" dropped icmp-type garbage6 messages
	# Shows: ICM-37 ICM-53 TUP-06
	check "errors that quote nonsense" dropped icmp-bad-inner \
	    garbage6 errors
	# Shows: ICM-50
	check "errors with a wrong checksum" dropped icmp-bad-checksum \
	    garbage6 badsums
	# Shows: FRG-30
	check "fragments over each other" dropped fragment-overlap \
	    garbage6 overlaps
	check "fragments of impossible size" dropped fragment-bad \
	    garbage6 impossible
	# Shows: FRG-11
	check "fragments without a header" dropped fragment-tiny \
	    garbage6 tiny
	# Shows: FRG-40
	check "fragments without a beginning" dropped fragment-limit \
	    garbage6 endless "$server64" 2001:db8:f000::1/64 5000
	# Shows: FLT-01
	check "a source inside the prefix" dropped source-in-pref64 \
	    garbage6 echoes "$server64" 2001:db8:8000::c633:6409/128
	# Shows: ADR-22
	check "the way to 127.0.0.1" dropped martian-ipv4 \
	    garbage6 echoes 2001:db8:8000::7f00:1
	check "the way to 255.255.255.255" dropped martian-ipv4 \
	    garbage6 echoes 2001:db8:8000::ffff:ffff
	# Shows: ADR-06
	check "octet 8 of an address not zero" dropped bad-u-octet \
	    garbage6 echoes 3fff:64:6464:6464:1c6:3364:a00::
	check "a pool address without a binding" dropped no-binding \
	    garbage6 echoes 2001:db8:8000::c000:207
}

test_kinds4() {
	tap_round="from IPv4, offload $offload"
	check "unknown protocols" dropped unknown-protocol garbage4 protocols
	check "transport headers cut short" dropped bad-l4-header \
	    garbage4 short
	check "a TTL used up" dropped ttl-expired garbage4 expired
	# Shows: ICM-10b
	check "ICMP types of no meaning" dropped icmp-type garbage4 messages
	check "errors that quote nonsense" dropped icmp-bad-inner \
	    garbage4 errors
	check "errors with a wrong checksum" dropped icmp-bad-checksum \
	    garbage4 badsums
	# Shows: FRG-31
	check "fragments over each other" dropped fragment-overlap \
	    garbage4 overlaps
	check "fragments of impossible size" dropped fragment-bad \
	    garbage4 impossible
	check "fragments without a header" dropped fragment-tiny \
	    garbage4 tiny
	check "fragments without a beginning" dropped fragment-limit \
	    garbage4 endless 5000
	# Shows: SES-10 SES-62
	check "packets to nobody" dropped no-binding garbage4 echoes
	# Shows: TCP-08 LIM-04
	check "SYNs to nobody" dropped syn-limit garbage4 opens 200
}

test_noise() {
	tap_round="random bytes, offload $offload"
	check "20000 packets from IPv6" garbage6 noise "$server64" \
	    2001:db8::66/64 10000
	check "20000 packets from IPv4" garbage4 noise 10000
	# Shows: FRG-12
	check "fragments that wait for nothing go" wait_for 30 no_fragments
}

no_fragments() {
	grep -q '^table fragments datagrams 0 bytes 0$' <<<"$(nat64d_dump)"
}

# A transfer that began before the flood and ends after it.
slow_transfer() {
	in_ns "$client" curl -gsSf -m 30 --limit-rate 4M \
	    -o "$dir/fetched" "http://[$server64]/10MB" &
	curl=$!
	wait_for 30 test -s "$dir/fetched"
}

transfer_good() {
	wait "$curl" && cmp "$dir/www/10MB" "$dir/fetched"
}

# By an ICMPv6 error of code 3.
unreachable() {
	in_ns "$client" ping -n -c 1 -W 1 "$server64" |
	    grep 'Address unreachable'
}

test_full_table() {
	tap_round="more flows than there is room for, offload $offload"
	check "a transfer begins" slow_transfer
	# Shows: LIM-01 SES-02 CGN-12
	check "flows of many hosts are refused" dropped session-limit \
	    garbage6 flows "$server64" 2001:db8:f000::1/56 3000
	# Shows: ERR-06
	check "a new flow is told so" wait_for 30 unreachable
	check "no more than the limit are there" at_limit
	check "the transfer goes on and is whole" transfer_good
	kill -HUP "$nat64d"
	check "there is room again after a flush" wait_for 30 still_works
	# Shows: LIM-02
	check "flows of one host are refused" dropped subscriber-limit \
	    garbage6 flows "$server64" 2001:db8:e::1/128 3000
	check "others are not" still_works
}

at_limit() {
	[ "$(nat64d_dump | awk '/^table .* sessions / { n += $6 }
	    END { print n }')" -eq 2000 ]
}

all_kinds() {
	local before
	tap_round="offload $offload"
	write_nat64d_conf "prefix $prefix64" "limit sessions 2000" \
	    "fair-share no" "limit subscriber sessions 1000" \
	    "offload $offload"
	check "nat64d starts" start_nat64d || give_up
	check "it works" still_works
	before=$(resident)
	test_kinds6
	test_kinds4
	test_noise
	tap_round="after all that, offload $offload"
	kill -HUP "$nat64d"
	check "it works" wait_for 30 still_works
	test_full_table
	tap_round="offload $offload"
	if sanitized; then
		skip "its memory is bounded" "sanitizers need much"
	else
		# Shows: LIM-07
		check "its memory is bounded" \
		    test $(($(resident) - before)) -lt "$max_growth"
	fi
	check "it leaves with status 0" stop "$nat64d"
}

need_root
start_lab
for offload in yes no; do
	all_kinds
done
tap_done
