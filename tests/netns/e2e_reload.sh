#!/usr/bin/env bash
# Other configurations while nat64d runs: a transfer and UDP flows go on through
# a hundred of them without a lost packet, and what is not allowed any more
# ends.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nat64ctl=$BUILD/nat64d/ctl/nat64ctl

# Run nat64ctl; sets out and status.
ctl() { # argument ...
	out=$("$nat64ctl" -s "$dir/n/sock" "$@" 2>&1)
	status=$?
}

configure() { # statement ...
	write_nat64d_conf "control \"$dir/n/sock\"" "log events bindings" \
	    "log events to \"$dir/events\"" "icmp-errors off" "$@"
}

start_lab() {
	lab_create
	start_web
	head -c 300000000 /dev/urandom >"$dir/www/300MB"
	start "$internet" echo.log "$tools/udp_stream.py" echo "$server4" 7000
	wait_for 30 udp_listens "$internet" 7000
	touch "$dir/events"
	chown nobody "$dir/events"
}

# --- a hundred reloads ---

# Statements that keep what the traffic needs, and change all around it.
other_conf() { # number
	case $(($1 % 4)) in
	0) configure ;;
	1) configure "prefix 2001:db8:9::/96" "timeout udp 200s" \
	       "limit sessions 5000" "exclude 203.0.113.0/24" ;;
	2) configure "static tcp 192.0.2.9 port 80 to 2001:db8::99 port 80" \
	       "deny from 2001:db8:77::/48" "filter udp address-dependent" ;;
	3) configure "pool 203.0.113.64/28" "tos 0" "mtu ipv4 1400" \
	       "log level warn" ;;
	esac
}

reload_often() {
	local i
	for ((i = 1; i <= 100; i++)); do
		other_conf "$i"
		ctl reload
		[ "$status" -eq 0 ] || { echo "$i: $out"; return 1; }
	done
}

test_hundred() { # fastpath
	tap_round="fastpath $1"
	fastpath=$1 configure
	check "nat64d starts" start_nat64d || give_up
	# The routes of what comes and goes; it has no privilege to make them.
	ip -n "$gateway" -6 route add 2001:db8:9::/96 dev nat64
	ip -n "$gateway" route add 203.0.113.64/28 dev nat64
	in_ns "$client" curl -gsSf -m "$(secs 120)" --limit-rate 20M \
	    -o "$dir/fetched" "http://[$server64]/300MB" >"$dir/curl.log" 2>&1 &
	curl=$!
	start "$client" stream.log "$tools/udp_stream.py" send "$server64" \
	    7000 1000 60 100 200
	stream=$!
	wait_for 30 test -s "$dir/fetched"
	check "a hundred reloads" reload_often
	kill -TERM "$(pgrep -f "udp_stream.py send $server64" -P "$stream" || echo "$stream")"
	wait "$stream"
	echo "# $(cat "$dir/stream.log")"
	read -r _ sent _ back _ <"$dir/stream.log"
	check_match "datagrams were sent" "$sent" '^[1-9][0-9]{2,}$'
	check_equal "and each came back" "$back" "$sent"
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/300MB" "$dir/fetched"
	stop "$nat64d"
	check "nobody of us is left" wait_for 30 ns_is_empty "$gateway"
}

ns_is_empty() {
	[ -z "$(ip netns pids "$1")" ]
}

# --- what ends, and what is refused ---

flow_works() {
	in_ns "$client" timeout "$(secs 3)" "$tools/udp_stream.py" send \
	    "$server64" 7000 50 0.3 1 >"$dir/flow" &&
	    awk '{ exit !($2 > 0 && $2 == $4) }' "$dir/flow"
}

test_removed_address() {
	configure "pool 192.0.2.0/24"
	write_pools 192.0.2.7
	check "nat64d starts" start_nat64d || give_up
	check "a flow works" flow_works
	check "its binding is logged" wait_for 30 \
	    grep -q 'event=binding-created.*192\.0\.2\.7' "$dir/events"
	ip -n "$gateway" route add 203.0.113.80/32 dev nat64
	write_pools 203.0.113.80
	ctl reload
	check_equal "another pool is used" "$out" "reloaded"
	check "the end of the binding is logged" wait_for 30 \
	    grep -q 'event=binding-deleted.*192\.0\.2\.7' "$dir/events"
	check "a flow works" flow_works
	check "from the new address" wait_for 30 \
	    grep -q 'event=binding-created.*203\.0\.113\.80' "$dir/events"
}

# No other pool than these.
write_pools() { # address ...
	configure
	grep -v '^pool' "$root/etc/nat64d.conf" >"$dir/nat64d.example"
	printf 'pool %s\n' "$@" >>"$dir/nat64d.conf"
}

refused() { # description regex
	check_equal "$1: refused" "$status" 1
	check_match "$1: why" "$out" "$2"
	check_equal "$1: the old one stays" \
	    "$("$nat64ctl" -s "$dir/n/sock" show config)" "$before"
	check "$1: a flow works" flow_works
}

test_refused() {
	before=$("$nat64ctl" -s "$dir/n/sock" show config)
	echo "timeout udp nonsense" >>"$dir/nat64d.conf"
	ctl reload
	refused "a wrong file" "nat64d\.conf:[0-9]+: "
	write_pools 203.0.113.80
	echo "tun tun77" >>"$dir/nat64d.conf"
	ctl reload
	refused "another interface" \
	    '"tun" is nat64, and only a restart can change it to tun77'
	write_pools 203.0.113.80 203.0.113.90
	ctl reload
	refused "a pool without a route" \
	    'ip route add 203\.0\.113\.90/32 dev nat64'
	write_pools 203.0.113.80
	echo "user games" >>"$dir/nat64d.conf"
	ctl reload --check
	refused "a check" '"user" is nobody, .* to games'
	rm "$dir/nat64d.conf"
	ctl reload
	refused "no file" 'No such file'
	write_pools 203.0.113.80
	ctl reload --confirm 0
	refused "no time to confirm" 'from 1 to 86400'
}

timeout_is() { # seconds
	"$nat64ctl" -s "$dir/n/sock" show config | grep -qx "timeout udp $1"
}

test_check() {
	write_pools 203.0.113.80
	echo "timeout udp 444s" >>"$dir/nat64d.conf"
	ctl reload --check
	check_equal "a check says that it can be used" "$out" \
	    "the configuration can be used"
	check_not "and does not use it" timeout_is 444
}

test_confirm() {
	ctl confirm
	check_equal "nothing is to be confirmed" "$status" 1
	ctl reload --confirm 1
	check_equal "with a time to confirm" "$out" "reloaded"
	check "it is used" timeout_is 444
	check "and goes back" wait_for 30 logged "not confirmed"
	check "to what was before" wait_for 30 timeout_is 300
	check "a flow works" flow_works
	ctl reload --confirm 60
	ctl reload
	check_match "meanwhile no other reload" "$out" \
	    "waits for its confirmation"
	ctl confirm
	check_equal "it is confirmed" "$out" "confirmed"
	ctl reload
	check_equal "the next one is possible" "$out" "reloaded"
	check "the new one stays" timeout_is 444
	stop "$nat64d"
}

need_root
start_lab
test_hundred auto
test_hundred no
tap_round=
test_removed_address
test_refused
test_check
test_confirm
tap_done
