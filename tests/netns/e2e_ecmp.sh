#!/usr/bin/env bash
# etc/examples/fleet-ecmp: three translators behind one prefix. The router
# chooses one by the source of a packet, and answers find back by the pools:
# with BIRD and multipath routes, then with a resilient group of next hops.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
example=$root/etc/examples/fleet-ecmp
. "$(dirname "$0")/tools/fleet.sh"

# The next hops of the prefix at the router, as numbers of translators.
hops() {
	ip -n "$gateway" -6 route show 2001:db8:8000::/96 |
	    grep -o 'dev t[0-9]' | grep -o '[0-9]$' | sort | tr -d '\n'
}

are() { # next hops
	[ "$(hops)" = "$1" ]
}

# "SOURCE ADDRESS" for each client, by three connections, or more addresses.
ask() {
	in_ns "$client" "$peers" ask "$server64" 21,20,443 "${sources[@]}"
}

# Of the lines of ask, those that do not have just one address of a pool.
odd() { # file
	grep -vE '^[0-9a-f:]+ 192\.0\.2\.[0-9]+$' "$1"
}

# The translators in use, by their pools of 64 addresses.
in_use() { # file
	sed 's/.*\.//' "$1" | awk '{ print int($1 / 64) + 1 }' | sort -u |
	    tr -d '\n'
}

# Lines of clients of a translator, or of the others.
of() { # number file
	awk -F. -v n="$1" 'int($NF / 64) + 1 == n' "$2"
}

of_others() { # number file
	awk -F. -v n="$1" 'int($NF / 64) + 1 != n' "$2"
}

# --- BIRD ---

test_bird() {
	tap_round=BIRD
	start_fleet
	check "the prefix has three next hops" wait_for 60 are 123 || give_up
	ask >"$dir/before"
	check_equal "second connections come from the address of the first" \
	    "$(odd "$dir/before")" "" || give_up
	check_equal "all translators have clients" "$(in_use "$dir/before")" 123
	ask >"$dir/again"
	check "each client keeps its translator" cmp "$dir/before" "$dir/again"
}

# The kernel cuts its hash anew: how many clients of the others move depends on
# the order of its next hops.
test_bird_leaves() {
	kill_translator 1
	check "a dead nat64d is left out" wait_for 60 are 23
	check "with its pool" wait_for 60 pools_are 2
	ask >"$dir/during"
	check_equal "all clients are served" "$(odd "$dir/during")" "" || give_up
	check_equal "by the two others" "$(in_use "$dir/during")" 23
	of_others 1 "$dir/before" >"$dir/others"
	echo "# $(changed "$dir/others" "$dir/during") of" \
	    "$(wc -l <"$dir/others") clients of the others moved"
	check "it starts again" start_translator 1
	check "and is a next hop again" wait_for 60 are 123
	check "with its pool" wait_for 60 pools_are 3
	ask >"$dir/after"
	check_equal "all clients are served again" "$(odd "$dir/after")" ""
	check_equal "by all translators" "$(in_use "$dir/after")" 123
}

# By BFD: its link stays up, and the sessions of BGP would last for minutes.
test_bird_freezes() {
	check "one that freezes is left out" freeze_until 2 are 13
	cat "$dir/frozen"
	check "with its pool" wait_for 60 pools_are 2
	ask >"$dir/during"
	check_equal "all clients are served" "$(odd "$dir/during")" "" || give_up
	check_equal "by the two others" "$(in_use "$dir/during")" 13
	thaw 2
	check "it goes on and is a next hop again" wait_for 60 are 123
	check "with its pool" wait_for 60 pools_are 3
}

# --- a resilient group ---

# The sessions of BIRD for the prefix are removed, as the example says.
without_prefix() {
	awk '/^protocol bgp t[0-9]_6/ { skip = 1 }
	    !skip { print }
	    /^}/ { skip = 0 }' "$example/bird-router.conf"
}

has_resilient() {
	ip -n "$gateway" nexthop add id 99 via 2001:db8:ff01::2 dev t1 &&
	    ip -n "$gateway" nexthop add id 98 group 99 type resilient \
		buckets 8 && ip -n "$gateway" nexthop flush
}

hops_are() { # those of the group
	ip -n "$gateway" nexthop show id 64 | grep " group $1 type resilient"
}

test_resilient() {
	tap_round="resilient group"
	without_prefix >"$dir/bird-router.conf"
	stop "${birds[3]}"
	check "BIRD starts for the pools" start_bird "$gateway" router2 \
	    "$dir/bird-router.conf"
	check "each pool has its next hop" wait_for 60 pools_are 3
	start "$gateway" nexthops.log sh "$example/nexthops.sh"
	nexthops=$!
	check "the script makes the group" wait_for 60 hops_are 1/2/3
	ask >"$dir/before"
	check_equal "second connections come from the address of the first" \
	    "$(odd "$dir/before")" ""
	check_equal "all translators have clients" "$(in_use "$dir/before")" 123
}

test_resilient_leaves() {
	check "all clients have a connection" hold "$server64" \
	    "${sources[@]}"
	kill_translator 2
	check "a dead nat64d is left out" wait_for 60 hops_are 1/3
	of_others 2 "$dir/before" >"$dir/others"
	release "$(wc -l <"$dir/others")"
	check_equal "connections of the others' clients go on" \
	    "$(changed "$dir/others" "$dir/held")" 0
	check_equal "those of its own do not" \
	    "$(of 2 "$dir/held" | wc -l)" 0
	ask >"$dir/during"
	check_equal "all clients are served" "$(odd "$dir/during")" "" || give_up
	check_equal "and none of the others' has moved" \
	    "$(changed "$dir/others" "$dir/during")" 0
}

# Buckets that are in use stay where they are.
test_resilient_returns() {
	check "all clients have a connection" hold "$server64" \
	    "${sources[@]}"
	check "it starts again" start_translator 2
	check "and is in the group again" wait_for 60 hops_are 1/2/3
	release "${#sources[@]}"
	check_equal "which ends no connection" \
	    "$(changed "$dir/during" "$dir/held")" 0
	stop "$nexthops"
}

need_root
for program in bird python3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
fleet_create
add_sources 2001:db8:0:c00::{1..60}
# As the example says.
in_ns "$gateway" sysctl -qw net.ipv6.fib_multipath_hash_policy=3 \
    net.ipv6.fib_multipath_hash_fields=1
test_bird
test_bird_leaves
test_bird_freezes
if has_resilient >"$dir/resilient" 2>&1; then
	test_resilient
	test_resilient_leaves
	test_resilient_returns
else
	skip "a resilient group" "$(tail -n 1 "$dir/resilient")"
fi
tap_done
