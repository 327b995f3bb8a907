#!/usr/bin/env bash
# How long a transfer stalls when the active node of a pair dies, and how much
# of that is ours: the files of etc/examples/pair in network namespaces, with
# keepalived and a store (../netns/tools/pair.sh). Prints a line for each round:
#
#	TRANSFER DATAGRAMS OURS
#
# in milliseconds: for how long a download did not grow, for how long none of
# 500 datagrams a second came to their server, and the time from the notify
# script of keepalived, which writes the role into a file, to the first datagram
# that the new node has translated.
#
#	failover.sh BUILD ROUNDS
#
# A round is left out when keepalived has changed the roles by itself, or when
# the machine has made a longer pause at another time.
#
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"
advert=0.1 # as in the example
. "$(dirname "$0")/../netns/tools/pair.sh"

fail() { # what
	echo "failover.sh: $1" >&2
	tail -n 5 "$dir"/*.log >&2
	exit 1
}

must() { # description command ...
	local what=$1
	shift
	"$@" >"$dir/must" 2>&1 || fail "$what"
}

bring_up() { # node
	links "$1" up
	rm -f "$dir/$1/vrrp.pid"
	must "node $1 starts" start_node "$1"
	must "keepalived of node $1" start_keepalived "$1"
}

grows() { # bytes more than now
	local size
	size=$(stat -c %s "$dir/fetched")
	wait_for 60 is_larger "$((size + $1))"
}

is_larger() { # bytes
	[ "$(stat -c %s "$dir/fetched")" -gt "$1" ]
}

round() { # active-node other-node
	local pause transfer datagrams ended told killed before
	start "$internet" arrivals.log "$root/tests/bench/arrivals.py" \
	    "$server4" 7100
	arrivals=$!
	wait_for 30 udp_listens "$internet" 7100
	start "$client" sender.log "$tools/udp_stream.py" send "$server64" \
	    7100 500 300
	sender=$!
	rm -f "$dir/fetched"
	in_ns "$client" curl -gsSf -m 300 --limit-rate 20M \
	    -o "$dir/fetched" "http://[$server64]/4GB" 2>"$dir/curl.log" &
	curl=$!
	wait_for 30 test -s "$dir/fetched"
	must "node $2 has the sessions" wait_for 60 sessions_of "$2" 2
	must "node $2 is fit" wait_for 60 ctl "$2" role check
	"$tools/longest_pause.py" "$dir/fetched" "$curl" >"$dir/pause" &
	pause=$!
	must "the transfer runs" grows 20000000
	before=$(ctl "$1" role)
	killed=$(date +%s.%6N)
	kill_node "$1"
	must "node $2 becomes active" wait_for 60 is_role "$2" active
	must "the transfer goes on" grows 40000000
	told=$(stat -c %.6Y "$dir/$2/role")
	kill "$curl"
	wait "$curl" 2>/dev/null
	wait "$pause"
	kill "$sender"
	kill "$arrivals"
	wait "$arrivals"
	read -r transfer _ <"$dir/pause"
	read -r datagrams ended <"$dir/arrivals.log"
	wait "$sender" 2>/dev/null
	[ "$before" = active ] || return 1
	awk -v t="$transfer" -v d="$datagrams" -v e="$ended" -v n="$told" \
	    -v k="$killed" 'BEGIN {
		if (e < k || e - d / 1000 > k + 0.2 || n < k)
			exit 1
		printf "%d %d %.1f\n", t, d, (e - n) * 1000
	}'
}

[ "$(id -u)" -eq 0 ] || fail "it makes network namespaces and needs root"
need_root >/dev/null
start_lab
start_servers
truncate -s 4G "$dir/www/4GB"
must "node a starts" start_node a
must "keepalived of node a" start_keepalived a
must "node a becomes active" wait_for 60 is_role a active
must "packets pass" wait_for 30 ping_works
must "node b starts" start_node b
must "keepalived of node b" start_keepalived b
measured=0
while [ "$measured" -lt "${2:-5}" ]; do
	if is_role b active && is_role a standby; then
		from=b to=a
	else
		from=a to=b
	fi
	must "node $to is fit" wait_for 60 ctl $to role check
	if round $from $to; then
		measured=$((measured + 1))
	else
		echo "failover.sh: a round is left out" >&2
	fi
	bring_up $from
done
exit 0
