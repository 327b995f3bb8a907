#!/usr/bin/env bash
# etc/examples/fleet-pairs: two pairs of translators with keepalived, a store
# and BIRD, and dns64d, which asks both nodes of each. A node dies, the nat64d
# of a node dies, a pair dies, and a pair is drained and switched, under a
# transfer, connections and queries.
#
#	                      ,-- 1a, 1b --.
#	clients --- gateway --+            +--- (gateway) --- internet
#	            BIRD      '-- 2a, 2b --'                  store
#	            dns64d       BIRD, nat64d, keepalived
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
example=$root/etc/examples/fleet-pairs
. "$(dirname "$0")/tools/fleet.sh"

nodes=(1a 1b 2a 2b)
declare -A nat64ds

# --- the lab ---

# The number of a node in its pair.
number_of() { # node
	case $1 in
	?a) echo 1 ;;
	?b) echo 2 ;;
	esac
}

other_of() { # node
	tr ab ba <<<"$1"
}

ctl() { # node word ...
	in_ns "$(ns "$1")" timeout 60 "$BUILD/nat64d/ctl/nat64ctl" \
	    -s "$dir/$1/sock" "${@:2}"
}

is_role() { # node role
	[ "$(ctl "$1" role)" = "$2" ]
}

# The links of a pair meet in a bridge at the gateway, with one more, so that the
# interface stays up when both nodes die.
pairs_create() {
	local pair node
	lab_create
	for pair in 1 2; do
		ip -n "$gateway" link add "t$pair" type bridge
		ip -n "$gateway" link add "more$pair" type veth \
		    peer name "end$pair"
		ip -n "$gateway" link set "more$pair" master "t$pair" up
		ip -n "$gateway" link set "end$pair" up
		link_up "$gateway" "t$pair" "2001:db8:ff0$pair::1/64" \
		    "10.64.$pair.1/29"
	done
	for node in "${nodes[@]}"; do
		add_node "$node" "${node%[ab]}" "$(number_of "$node")"
	done
	ip -n "$gateway" -6 route add 2001:db8:0:c00::/56 via 2001:db8::10
	ip -n "$internet" addr add 198.51.100.9/24 dev i0
	cp "$root/etc/examples/pair/redis.conf" "$dir/redis.conf"
	cp "$root/etc/examples/pair/nat64d.secrets" "$dir/nat64d.secrets"
	chmod 600 "$dir/nat64d.secrets"
	start "$internet" redis.log redis-server "$dir/redis.conf" --dir "$dir"
	start "$internet" server.log "$peers" serve "$server4" 21 20 443
	wait_for 30 tcp_listens "$internet" 6379 &&
	    wait_for 30 tcp_listens "$internet" 443
}

add_node() { # node pair number
	local space
	space=$(ns "$1")
	add_router "$space"
	ip link add "$1" netns "$gateway" type veth peer name eth0 \
	    netns "$space"
	ip -n "$gateway" link set "$1" master "t$2" up
	link_up "$space" eth0 "2001:db8:ff0$2::$(($3 + 1))/64" \
	    "10.64.$2.$(($3 + 1))/29"
	ip -n "$space" route add default via "10.64.$2.1"
	ip -n "$space" -6 route add default via "2001:db8:ff0$2::1"
	mkdir "$dir/$1"
	chown nobody "$dir/$1"
	write_files "$@"
}

# The files of the example with the lines that it says, the paths of the lab,
# and adverts so rare that a busy machine causes no change. keepalived finds
# nat64ctl by PATH; it runs no script below a directory that others can write
# to, as /tmp, if that is forbidden.
write_files() { # node pair number
	local home=$dir/$1
	sed -e "s/^name = .*/name = \"pair$2\"/" \
	    -e "s/^pref64 = .*/pref64 = \"2001:db8:640$2::\/96\"/" \
	    -e "s/^node = .*/node = \"$3\"/" \
	    -e "s/^address = .*/address = \"2001:db8:ff0$2::$(($3 + 1))\"/" \
	    -e "s,/run/nat64d,$home,; s,/etc/nat64d.s,$dir/nat64d.s," \
	    "$example/nat64d.conf" >"$home.conf"
	[ "$2" = 1 ] || sed -i 's,192.0.2.0/25,192.0.2.128/25,' "$home.conf"
	printf '%s\n' "user nobody" "control \"$home/sock\"" >>"$home.conf"
	fastpath_statement >>"$home.conf"
	sed -e "s/ff01/ff0$2/; s/10\.64\.1\./10.64.$2./" \
	    -e "s,/etc/keepalived/,$home/,; /enable_script_security/d" \
	    -e "s/advert_int .*/advert_int 0.5/" "$example/keepalived.conf" \
	    >"$home/keepalived.conf"
	sed -e "s/ff01/ff0$2/; s/10\.64\.1\./10.64.$2./" \
	    "$example/bird.conf" >"$home/bird.conf"
	sed "s,/run/nat64d,$home,g" "$root/etc/examples/pair/nat64d-role" \
	    >"$home/nat64d-role"
	mkdir "$home/bin"
	printf '#!/bin/sh\nexec "%s" -s "%s" "$@"\n' \
	    "$BUILD/nat64d/ctl/nat64ctl" "$home/sock" >"$home/bin/nat64ctl"
	chmod 755 "$home/nat64d-role" "$home/bin/nat64ctl"
}

start_translator_of() { # node
	rm -f "$dir/$1/role"
	start_nat64d_in "$(ns "$1")" "$1" || return 1
	nat64ds[$1]=$started
}

start_keepalived() { # node
	rm -f "$dir/$1/vrrp.pid"
	start "$(ns "$1")" "keepalived-$1.log" \
	    env PATH="$dir/$1/bin:$PATH" keepalived -n -l -P \
	    -f "$dir/$1/keepalived.conf" -p "$dir/$1/keepalived.pid" \
	    -r "$dir/$1/vrrp.pid"
	wait_for 30 test -s "$dir/$1/vrrp.pid"
}

start_node() { # node
	rm -f "$dir/bird-$1.sock"
	start_translator_of "$1" &&
	    start_bird "$(ns "$1")" "$1" "$dir/$1/bird.conf" &&
	    start_keepalived "$1"
}

# As a machine that loses its power.
kill_node() { # node
	local pid
	ip -n "$gateway" link set "$1" down
	for pid in $(ip netns pids "$(ns "$1")"); do
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null # so that the shell does not tell
	done
	wait_for 30 eval "[ -z \"\$(ip netns pids $(ns "$1"))\" ]"
}

# What a machine that starts has not.
plug_in() { # node
	local address
	for address in fe80::64/64 "2001:db8:ff0${1%[ab]}::4/64" \
	    "10.64.${1%[ab]}.4/29"; do
		ip -n "$(ns "$1")" addr del "$address" dev eth0 2>/dev/null
	done
	ip -n "$gateway" link set "$1" up
}

# --- what is seen ---

translators() {
	"$BUILD/dns64d/ctl/dns64ctl" -s "$dir/dns64d.sock" show translators
}

# Columns: prefix, URL, state, ..., other node, its state.
pair_is() { # pair node state state-of-other
	translators | grep -E "^2001:db8:640$1::/96 +$(url "$2") +$3 .* $4\$"
}

url() { # node
	echo "http://\[2001:db8:ff0${1%[ab]}::$(($(number_of "$1") +
	    1))\]:9464/metrics"
}

# What clients of a pair get by their name's address is served by it.
served() { # pair file
	local mine
	mapfile -t mine < <(clients_of "$1" "$2")
	[ "${#mine[@]}" -gt 0 ] || return 1
	in_ns "$client" "$peers" ask "2001:db8:640$1::c633:640a" 21,20,443 \
	    "${mine[@]}" >"$dir/served"
	cat "$dir/served"
	! grep -vE '^[0-9a-f:]+ 192\.0\.2\.[0-9]+$' "$dir/served" &&
	    awk -F. -v n="$1" 'int($NF / 128) + 1 != n { exit 1 }' \
		"$dir/served"
}

as_before() {
	everyone >"$dir/now"
	cmp "$dir/before" "$dir/now"
}

# Pairs with routes to their prefix, and to their pool.
routes_are() { # pairs
	[ "$(ip -n "$gateway" -6 route show |
	    sed -n 's/^2001:db8:640\([12]\)::\/96 .*/\1/p' | sort |
	    tr -d '\n')" = "$1" ] &&
	    [ "$(ip -n "$gateway" route show | grep -c '^192\.0\.2\.')" = \
		"${#1}" ]
}

# What a pair's clients do: connections, a transfer, and all the time queries.
begin_traffic_of() { # pair
	mapfile -t mine < <(clients_of "$1" "$dir/before")
	check "its clients have connections" \
	    hold "2001:db8:640$1::c633:640a" "${mine[@]}"
	rm -f "$dir/fetched"
	in_ns "$client" curl -gsSf -m 120 --limit-rate 12M \
	    --interface "${mine[0]}" -o "$dir/fetched" \
	    "http://[2001:db8:640$1::c633:640a]/60MB" >"$dir/curl.log" 2>&1 &
	curl=$!
	check "and a transfer" wait_for 30 test -s "$dir/fetched"
	"$tools/longest_pause.py" "$dir/fetched" "$curl" >"$dir/pause" &
	watcher=$!
	: >"$dir/asking"
	while [ -e "$dir/asking" ]; do
		everyone
	done >"$dir/answers" &
	asker=$!
}

end_traffic() {
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/60MB" "$dir/fetched"
	wait "$watcher"
	rm "$dir/asking"
	wait "$asker"
	release "${#mine[@]}"
	check_equal "so do all connections" "$(grep -c lost "$dir/held")" 0
}

no_client_moved() {
	check_equal "nobody gets another prefix" \
	    "$(changed "$dir/answers" "$dir/before")" 0
	echo "# $(wc -l <"$dir/answers") queries; longest pause of the" \
	    "transfer: $(cut -d' ' -f1 "$dir/pause") ms"
}

# --- tests ---

test_start() {
	local node
	tap_round=start
	for node in 1a 2a 1b 2b; do
		check "node $node starts" start_node "$node" || give_up
		[ "$(number_of "$node")" = 2 ] ||
		    check "it becomes active" wait_for 60 is_role "$node" \
			active || give_up
	done
	check "BIRD of the router starts" start_bird "$gateway" router \
	    "$example/bird-router.conf"
	check "each prefix and pool has a route" wait_for 60 routes_are 12 ||
	    give_up
	for node in 1b 2b; do
		check "node $node copies" wait_for 60 ctl "$node" role check
	done
	check "dns64d starts" start_resolver || give_up
	for node in 1a 2a; do
		check "it knows pair ${node%a}" wait_for 60 pair_is \
		    "${node%a}" "$node" up standby
	done
	everyone >"$dir/before"
	echo "# clients: $(cut -d' ' -f2 "$dir/before" | sort | uniq -c |
	    tr -s ' \n' ' ')"
	check "clients of the first pair are served by it" \
	    served 1 "$dir/before"
	check "and those of the second" served 2 "$dir/before"
}

# The whole node, and later only its nat64d, whose address refuses at once.
test_failover() { # pair command-that-kills node-that-is-active
	local node
	node=$(other_of "$3")
	begin_traffic_of "$1"
	check "the other node has the sessions" wait_for 60 has_all "$node"
	check "it dies" "$2" "$3"
	check "the other node becomes active" wait_for 60 is_role "$node" \
	    active
	check "dns64d sees it" wait_for 60 pair_is "$1" "$node" up lost
	end_traffic
	no_client_moved
	check_equal "to dns64d the pair was never down" \
	    "$(grep -c "2001:db8:640$1::/96: d" "$dir/dns64d.err")" 0
}

# Of the connections that are held, and of the transfer.
has_all() { # node
	[ "$(ctl "$1" status | awk '$1 == "sessions" { print $2 }')" -gt \
	    "${#mine[@]}" ]
}

kill_nat64d() { # node
	kill -9 "${nat64ds[$1]}"
	wait "${nat64ds[$1]}" 2>/dev/null
	return 0
}

passed() {
	echo "$(((${EPOCHREALTIME/./} - began) / 1000))"
}

test_pair_dies() {
	local began
	tap_round="a pair dies"
	began=${EPOCHREALTIME/./}
	kill_node 1b
	check "it has no routes" wait_for 60 routes_are 2
	echo "# after $(passed) ms"
	check "dns64d sees it" wait_for 60 pair_is 1 1b down lost
	echo "# after $(passed) ms"
	everyone >"$dir/during"
	check_equal "nobody gets it" "$(clients_of 1 "$dir/during")" ""
	clients_without 1 "$dir/before" >"$dir/others"
	check_equal "clients of the other one stay" \
	    "$(changed "$dir/others" "$dir/during")" 0
	check "all are served" served 2 "$dir/during"
	plug_in 1a
	plug_in 1b
	check "a node comes back" start_node 1a
	check "and is active" wait_for 60 is_role 1a active
	check "the routes are back" wait_for 60 routes_are 12
	check "dns64d sees it" wait_for 90 pair_is 1 1a up lost
	check "clients are where they were" wait_for 60 as_before
	check "and served" served 1 "$dir/before"
	check "so does the other node" start_node 1b
	check "which copies" wait_for 60 ctl 1b role check
}

test_drain() {
	tap_round=drain
	begin_traffic_of 1
	check "the other node has the sessions" wait_for 60 has_all 1b
	check "it drains" ctl 1a drain
	check "so does its standby" wait_for 60 is_role 1b "standby, draining"
	check "dns64d sees it" wait_for 60 pair_is 1 1a draining '(standby|lost)'
	everyone >"$dir/during"
	check_equal "nobody gets it" "$(clients_of 1 "$dir/during")" ""
	check "1a is to leave" ctl 1a role standby
	check "1b is to be active" ctl 1b role active
	check "1a is at standby" wait_for 60 is_role 1a "standby, draining"
	check "dns64d sees it" wait_for 60 pair_is 1 1b draining standby
	end_traffic
	everyone >"$dir/during"
	check_equal "still, nobody gets it" "$(clients_of 1 "$dir/during")" ""
	check "the drain ends" ctl 1b undrain
	check "dns64d sees it" wait_for 60 pair_is 1 1b up standby
	check "clients are where they were" wait_for 60 as_before
	check "and served" served 1 "$dir/before"
}

need_root
for program in bird keepalived redis-server python3; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
pairs_create
# shellcheck disable=SC2119 # where they listen is as ever
start_nsd
# shellcheck disable=SC2119
start_web
head -c 60000000 /dev/urandom >"$dir/www/60MB"
for i in {1..12}; do
	add_sources "2001:db8:0:c$(printf %02x "$i")::1"
done
test_start
tap_round="a node dies"
test_failover 1 kill_node 1a
tap_round="nat64d of a node dies"
test_failover 2 kill_nat64d 2a
test_pair_dies
test_drain
tap_done
