#!/usr/bin/env bash
# What the administrator decides, seen from the hosts: what becomes of
# connections that a flush has ended, and who may use the translator.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

tool=$root/tests/netns/tools/late_segment.py

start_lab() {
	lab_create
	start "$internet" echo.log socat TCP4-LISTEN:7,fork,reuseaddr EXEC:cat
	wait_for 5 tcp_listens "$internet" 7
}

tcp_listens() { # namespace port
	[ -n "$(in_ns "$1" ss -Hltn sport = "$2")" ]
}

no_sessions() {
	grep -q '^table tcp .* bindings 0 sessions 0 ' <<<"$(nat64d_dump)"
}

# --- unknown-tcp ---

# What a host is told that goes on with a connection after a flush.
late_segment() { # bytes
	local pid
	rm -f "$dir/ready" "$dir/go"
	in_ns "$client" /usr/bin/python3 "$tool" "$server64" 7 "$1" \
	    "$dir/ready" "$dir/go" >"$dir/late" 2>&1 &
	pid=$!
	wait_for 10 test -e "$dir/ready"
	kill -HUP "$nat64d"
	wait_for 5 no_sessions
	touch "$dir/go"
	wait "$pid"
	cat "$dir/late"
}

test_unknown_tcp() {
	tap_round="unknown-tcp"
	write_nat64d_conf
	check "nat64d starts" start_nat64d || give_up
	check_equal "a connection that was flushed is met by silence" \
	    "$(late_segment 10)" silence
	stop "$nat64d"
	write_nat64d_conf "unknown-tcp reset"
	check "nat64d starts with unknown-tcp reset" start_nat64d || give_up
	check_equal "the connection is reset" "$(late_segment 10)" reset
	check_equal "also by a super-packet" "$(late_segment 30000)" reset
	check_match "which the dump counts" "$(nat64d_dump)" \
	    '^counter tcp-resets-sent +[1-9]'
	stop "$nat64d"
}

# --- allow from, deny from ---

ping_from() { # source
	in_ns "$client" ping -n -c 1 -W 2 -I "$1" "$server64"
}

# It is told why at once.
refused() { # source
	! ping_from "$1" >"$dir/refused" 2>&1 &&
	    grep -i 'administratively prohibited' "$dir/refused"
}

test_permits() {
	tap_round="allow and deny"
	ip -n "$client" addr add 2001:db8::bad dev c0 nodad
	write_nat64d_conf "deny from 2001:db8::bad"
	check "nat64d starts" start_nat64d || give_up
	check "a host that is not denied is served" ping_from 2001:db8::10
	check "one that is denied is refused" refused 2001:db8::bad
	check_match "which the dump counts" "$(nat64d_dump)" \
	    '^dropped denied +[1-9]'
	stop "$nat64d"
	write_nat64d_conf "allow from 2001:db8::bad"
	check "nat64d starts with an allow" start_nat64d || give_up
	check "the host is served" ping_from 2001:db8::bad
	check "others are refused" refused 2001:db8::10
	stop "$nat64d"
}

need_root
start_lab
test_unknown_tcp
test_permits
tap_done
