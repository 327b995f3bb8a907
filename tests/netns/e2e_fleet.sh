#!/usr/bin/env bash
# etc/examples/fleet: three translators with a prefix and a pool each, which
# announce them by BIRD, and dns64d, which gives each network of clients one of
# them. One is drained, one dies, one freezes, and all come back.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
example=$root/etc/examples/fleet
. "$(dirname "$0")/tools/fleet.sh"

ctl() { # number argument ...
	"$BUILD/nat64d/ctl/nat64ctl" -s "$dir/t$1/sock" "${@:2}"
}

translators() {
	"$BUILD/dns64d/ctl/dns64ctl" -s "$dir/dns64d.sock" show translators
}

state_is() { # number state
	translators | grep "^2001:db8:640$1::/96 .* $2 "
}

# What clients of a translator get by their name's address is served by it: all
# three connections of each come from its pool.
served() { # number file
	local mine
	mapfile -t mine < <(clients_of "$1" "$2")
	[ "${#mine[@]}" -gt 0 ] || return 1
	in_ns "$client" "$peers" ask "2001:db8:640$1::c633:640a" 21,20,443 \
	    "${mine[@]}" >"$dir/served"
	cat "$dir/served"
	! grep -vE '^[0-9a-f:]+ 192\.0\.2\.[0-9]+$' "$dir/served" &&
	    awk -F. -v n="$1" 'int($NF / 64) + 1 != n { exit 1 }' \
		"$dir/served"
}

all_served() { # file
	local i
	for i in "${numbers[@]}"; do
		served "$i" "$1" || return 1
	done
}

prefixes_are() { # numbers with routes
	[ "$(ip -n "$gateway" -6 route show |
	    sed -n 's/^2001:db8:640\([1-3]\)::\/96 .*/\1/p' | sort |
	    tr -d '\n')" = "$1" ]
}

# The clients are where they were, when dns64d has seen what it needs for that.
as_before() {
	everyone >"$dir/now"
	cmp "$dir/before" "$dir/now"
}

test_spread() {
	tap_round=three
	# shellcheck disable=SC2119 # where it listens is as ever
	start_nsd
	start_fleet
	check "each prefix has a route" wait_for 60 prefixes_are 123 || give_up
	check "dns64d starts" start_resolver || give_up
	for i in "${numbers[@]}"; do
		check "dns64d knows translator $i" wait_for 60 state_is "$i" up
	done
	everyone >"$dir/before"
	echo "# clients: $(cut -d' ' -f2 "$dir/before" | sort | uniq -c |
	    tr -s ' \n' ' ')"
	check "each client is served by its translator" \
	    all_served "$dir/before" || give_up
	check_equal "the third has twice the share of the first" \
	    "$(translators | awk 'NR > 1 { printf "%s ", $5 }')" "25 25 50 "
}

test_drain() {
	local mine
	tap_round=drain
	mapfile -t mine < <(clients_of 2 "$dir/before")
	check "its clients have connections" \
	    hold 2001:db8:6402::c633:640a "${mine[@]}"
	check "it drains" ctl 2 drain
	check_match "and is not ready" "$(in_ns "$gateway" curl -gsS -m 10 \
	    'http://[2001:db8:ff02::2]:9464/ready')" draining
	check "dns64d sees it" wait_for 60 state_is 2 draining
	everyone >"$dir/during"
	check_equal "nobody gets it" "$(clients_of 2 "$dir/during")" ""
	clients_without 2 "$dir/before" >"$dir/others"
	check_equal "clients of the others stay" \
	    "$(changed "$dir/others" "$dir/during")" 0
	release "${#mine[@]}"
	check_equal "connections go on" "$(grep -c lost "$dir/held")" 0
	check "and what is cached still works" served 2 "$dir/before"
	check "the drain ends" ctl 2 undrain
	check "dns64d sees it" wait_for 60 state_is 2 up
	check "clients are where they were" wait_for 60 as_before
}

test_dies() {
	tap_round="one dies"
	kill_translator 1
	check "dns64d sees it" wait_for 60 state_is 1 down
	check "its prefix has no route" wait_for 60 prefixes_are 23
	everyone >"$dir/during"
	check_equal "nobody gets it" "$(clients_of 1 "$dir/during")" ""
	clients_without 1 "$dir/before" >"$dir/others"
	check_equal "clients of the others stay" \
	    "$(changed "$dir/others" "$dir/during")" 0
	check "all are served by the second" served 2 "$dir/during"
	check "and by the third" served 3 "$dir/during"
	check "it starts again" start_translator 1
	check "its prefix has a route" wait_for 60 prefixes_are 123
	check "its pool, too" wait_for 60 pools_are 3
	check "dns64d sees it" wait_for 90 state_is 1 up
	check "clients are where they were" wait_for 60 as_before
	check "and served" all_served "$dir/before"
}

# By BFD: its link stays up, and the sessions of BGP would last for minutes.
test_freezes() {
	tap_round="one freezes"
	check "its prefix has no route" freeze_until 3 prefixes_are 12
	cat "$dir/frozen"
	check "nor has its pool" wait_for 60 pools_are 2
	thaw 3
	check "its prefix has a route again" wait_for 60 prefixes_are 123
	check "its pool, too" wait_for 60 pools_are 3
	check "dns64d sees it" wait_for 90 state_is 3 up
	check "clients are where they were" wait_for 60 as_before
	check "and served" all_served "$dir/before"
}

test_reload() {
	tap_round=reload
	kill -HUP "$dns64d"
	check "dns64d reads its configuration again" \
	    wait_for 30 grep -q 'reload: done' "$dir/dns64d.err"
	check "clients are where they were" wait_for 60 as_before
}

need_root
for program in bird python3 radvd; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
fleet_create
for i in {1..24}; do
	add_sources "2001:db8:0:c$(printf %02x "$i")::1"
done
check "radvd takes its configuration" radvd -c -C "$example/radvd.conf"
test_spread
test_drain
test_dies
test_freezes
test_reload
tap_done
