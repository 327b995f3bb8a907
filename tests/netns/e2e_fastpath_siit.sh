#!/usr/bin/env bash
# Which packets nat64d's program in the kernel translates without sessions
# ("mode siit"), which nat64d itself, and that none is translated as an earlier
# configuration or an earlier process would have done it.
#
#	client ------------- gateway ------------ internet
#	2001:db8::10         mode siit            198.51.100.10
#
# The client is 192.0.2.1, and 192.0.2.9 with another configuration; then nobody
# is 192.0.2.1.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/fastpath.sh"

flood=

write_conf() { # client's-IPv4-address statement ...
	local other=192.0.2.9
	[ "$1" != "$other" ] || other=192.0.2.1
	{
		echo "mode siit"
		echo "tun nat64"
		echo "prefix 2001:db8:8000::/96"
		echo "map $1 to 2001:db8::10"
		echo "map $other to 2001:db8::99"
		echo "address 192.0.2.254"
		echo "user nobody"
		echo "control \"$dir/sock\""
		printf '%s\n' "${@:2}"
	} >"$dir/nat64d.conf"
}

ctl() { # word ...
	in_ns "$gateway" "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/sock" "$@"
}

begin() { # statement ...
	write_conf 192.0.2.1 "fastpath yes" "$@"
	check "nat64d starts" start_nat64d || give_up
	start_talker client "$client"
	start_talker server "$internet"
	check "datagrams pass" open_udp u "$server64" 7200
	check "a connection begins" open_tcp t "$server64" 7201
}

end() {
	stop_talkers
	stop "$nat64d"
}

# --- what is translated where ---

connects() { # socket port
	talks server "listen $1-door $server4 $2" &&
	    talks client "tcp $1 $server64 $2" &&
	    talks server "accept $1 $1-door" && ask "$1" 20 2
}

ends() { # socket
	talks client "close $1" &&
	    [ "$(talk server "receive $1 1")" = closed ] &&
	    talks server "close $1" && wait_for 30 is_quiet
}

new_socket() {
	talks server "bound v $server4 7300" &&
	    talks client "udp v $server64 7300" && ask v 30 1
}

# It passes, and nat64d sees at least so many of its packets.
leaves() { # number command ...
	local least=$1
	shift
	count_packets "$@" && [ $((s6 + s4)) -ge "$least" ]
}

test_ways() {
	begin
	check "datagrams are counted there" takes 10 10 ask u 100 10
	check "super-packets do not come to nat64d" takes_all ask t 50000 5
	check "nor do those of another socket, from the first one on" \
	    takes 1 1 new_socket
	check "nor SYNs" takes_all connects s 7202
	check "nor FINs" takes_all ends s
	check "echo messages pass" open_echo 70 "$server64"
	check "and do not come to nat64d with another identifier" \
	    takes 5 5 ping_as "$client" 71 5 "$server64"
	check "IPv4 may ask as well" ping_as "$internet" 72 20 192.0.2.1
	check "of which nat64d sees no more" \
	    takes 5 5 ping_as "$internet" 73 5 192.0.2.1
	check "fragments come to nat64d" leaves 6 ask u 4000 1
	check "no checksum: from IPv4 it is computed by nat64d" \
	    talks server "option u 1 11 1"
	check "so these come to it" leaves 5 ask u 100 5
	check "a last hop is answered by nat64d" is_last_hop
	check_equal "nothing was lost" "$(fast_value "$(nat64d_dump)" lost)" 0
	end
}

is_last_hop() {
	! in_ns "$internet" ping -n -c 1 -W "$(secs 5)" -t 2 192.0.2.1 \
	    >"$dir/ping" &&
	    grep '192.0.2.254.*Time to live exceeded' "$dir/ping"
}

test_mss() {
	begin "mss clamp" "mtu ipv4 1300"
	check_equal "segments fit the smaller side" \
	    "$(in_ns "$client" ss -Htni dport = :7201 |
	    grep -oE '\<mss:[0-9]+' | sort -u)" mss:1248
	check "only SYNs come to nat64d" leaves 2 connects s 7202
	check "the rest does not" takes_all ask s 5000 5
	end
}

# Packets that the kernel has forwarded to the tun device.
start_watch() {
	in_ns "$gateway" nft -f - <<-EOT
		table inet way {
			chain forward {
				type filter hook forward priority 0;
				oifname "nat64" counter
			}
		}
	EOT
}

forwarded() {
	in_ns "$gateway" nft list chain inet way forward |
	    awk '/oifname/ { print $5 }'
}

# It goes well, and next to nothing of it comes there.
passes_by() { # command ...
	local before after
	before=$(forwarded)
	"$@" || return 1
	after=$(forwarded)
	echo "to the tun device: $((after - before)) packets"
	[ $((after - before)) -lt 10 ]
}

test_interfaces() {
	begin "fastpath on g0 g1"
	check_not "all interfaces have it" logged 'not used on'
	start_watch
	check "datagrams pass by the tun device" passes_by ask u 100 50
	check "and are counted" takes 10 10 ask u 100 10
	check "segments do" passes_by takes_all ask t 50000 5
	check "echo messages begin" open_echo 80 "$server64"
	check "and pass by, too" passes_by ping_as "$client" 81 20 "$server64"
	in_ns "$gateway" nft delete table inet way
	end
}

# --- another configuration, and the end ---

start_flood() {
	in_ns "$gateway" nft -f - <<-EOT
		table ip watch {
			chain forward {
				type filter hook forward priority 0;
				oifname "g1" ip saddr 192.0.2.1 counter
				oifname "g1" ip saddr 192.0.2.9 counter
			}
		}
	EOT
	start "$client" flood.log ping -n -q -i 0.002 "$server64"
	flood=$!
	wait_for 30 has_sent 192.0.2.1 100
}

sent_from() { # address
	in_ns "$gateway" nft list chain ip watch forward |
	    awk -v address="$1" '$5 == address { print $8 }'
}

has_sent() { # address packets
	[ "$(sent_from "$1")" -ge "$2" ]
}

# Those that were translated before the change may be on their way, so it is
# looked at when later ones have been seen.
changes_address() { # from to
	local before base
	base=$(sent_from "$2")
	write_conf "$2" "fastpath yes"
	ctl reload && wait_for 30 has_sent "$2" $((base + 50)) || return 1
	before=$(sent_from "$1")
	wait_for 30 has_sent "$2" $((base + 250)) || return 1
	echo "from $1: $before at first, $(sent_from "$1") later"
	[ "$(sent_from "$1")" = "$before" ]
}

test_reload() {
	begin
	check "packets flow" start_flood
	check "after a reload they come from the new address only" \
	    changes_address 192.0.2.1 192.0.2.9
	check "on the fast path again" takes_all sleep 0.2
	check "and back" changes_address 192.0.2.9 192.0.2.1
	stop "$flood"
	end
	in_ns "$gateway" nft delete table ip watch
}

unanswered() {
	! in_ns "$client" ping -n -c 3 -i 0.1 -W "$(secs 1)" "$server64" \
	    >"$dir/ping"
}

test_kill() {
	begin
	check "packets flow" open_echo 74 "$server64"
	stop_talkers
	kill -KILL "$nat64d"
	wait "$nat64d" 2>/dev/null
	check_not "a killed nat64d leaves no interface" ip -n "$gateway" link show nat64
	check "nothing is translated" unanswered
	begin
	check "another one begins" open_echo 75 "$server64"
	check "and translates" takes 5 5 ping_as "$client" 76 5 "$server64"
	end
}

need_root
lab_create
need_fastpath
test_ways
test_mss
test_interfaces
test_reload
test_kill
tap_done
