#!/usr/bin/env bash
# nat64d's program in the kernel and nat64d itself do the same: to packets on
# the wire, to the gateway's firewall, and with other configurations.
#
#	client ----------- gateway ----------- internet
#	2001:db8::10       nat64d              198.51.100.10, .11
#	                   nftables counts
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/fastpath.sh"

echo_id=100
stateless=

start_lab() {
	lab_create
	link_up "$internet" i0 198.51.100.11/24
	start_firewall
}

# Which packets of the session that is looked at pass which way, and with what.
# Those to the tun device have a mark; what comes from it has none.
start_firewall() {
	in_ns "$gateway" nft -f - <<-EOF
		table inet watch {
			chain prerouting {
				type filter hook prerouting priority -150;
				iifname { "g0", "g1" } meta mark set 7
			}
			chain forward {
				type filter hook forward priority 0;
				jump count
			}
			chain count {
				$(counting_rules)
			}
		}
	EOF
}

counting_rules() {
	local way what
	for way in 'iifname "g0" oifname "nat64"' \
	    'iifname "nat64" oifname "g1"' 'iifname "g1" oifname "nat64"' \
	    'iifname "nat64" oifname "g0"'; do
		for what in "meta mark 7" "meta mark 0" "ct state invalid" \
		    "ct state established" "meta length 128" \
		    "meta length 1428" "ip dscp ef" "ip6 dscp ef" \
		    "ip ecn ce" "ip6 ecn ce" "ip ttl 62" "ip6 hoplimit 62"; do
			echo "$way udp sport 7200 $what counter"
			echo "$way udp dport 7200 $what counter"
			echo "$way meta l4proto { 1, 58 } $what counter"
		done
	done
}

counters() {
	in_ns "$gateway" nft list chain inet watch count | grep counter
}

reset_counters() {
	in_ns "$gateway" nft delete table inet watch
	start_firewall
}

# --- captures ---

# By start(), whose pid is that of tcpdump: when in_ns() runs in the background
# it is that of a shell, and tcpdump would go on to write to the file.
start_capture() { # name namespace interface
	rm -f "$dir/$1.log" "$dir/$1.pcap"
	start "$2" "$1.log" tcpdump -U --immediate-mode -ni "$3" \
	    -w "$dir/$1.pcap" 'udp port 7200 or tcp port 7201 or icmp or
	    (icmp6 and (ip6[40] == 128 or ip6[40] == 129))'
	captures+=($!)
	wait_for 30 grep -q 'listening on' "$dir/$1.log"
}

# tcpdump may be behind: the last datagram, of a size of its own, has to be in
# both files, there and back.
captured_all() {
	local name
	for name in 4 6; do
		[ "$(tcpdump -nr "$dir/$name.pcap" udp 2>/dev/null |
		    grep -c 'UDP, length 77$')" -eq 2 ] || return 1
	done
}

stop_captures() {
	local pid
	check "the last datagram passes" ask u 77 1
	check "and is captured" wait_for 30 captured_all
	for pid in "${captures[@]}"; do
		stop "$pid"
	done
}

# What tcpdump says of each packet of UDP or of echo; not which address,
# port and identifier of the pool, which identification (one without DF may be
# 0, as any other number) and flow label, nor, among devices that leave checksums of UDP to each other, whether it is
# finished.
captured() { # name udp|icmp|icmp6
	local verdict='^$'
	[ "$LAB_WORLD" != unfinished ] ||
	    verdict=' \[(bad udp cksum!|udp sum ok)\]'
	tcpdump -nvvv -r "$dir/$1.pcap" "$2" 2>/dev/null |
	    sed -E 's/^[0-9:.]+ //
		s/id [1-9][0-9]*,/id NUMBER,/g
		s/id 0, (offset [0-9]+, flags \[(none|\+)\])/id NUMBER, \1/g
		s/192\.0\.2\.[0-9]+(\.[0-9]+)?/POOL/g
		s/(2001:db8::10)\.[0-9]+/\1.PORT/
		s/flowlabel 0x[0-9a-f]+/flowlabel NUMBER/
		s/cksum 0x[0-9a-f]+ -> 0x[0-9a-f]+/cksum/' |
	    sed -E "s/$verdict//"
}

# The kinds of headers of TCP with data: how it is cut differs.
captured_tcp() { # name
	tcpdump -nv -r "$dir/$1.pcap" 'tcp[tcpflags] & tcp-push != 0 or
	    (ip6 and ip6[53] & 8 != 0)' 2>/dev/null |
	    grep -oE '(tos|class) 0x[0-9a-f]+|(ttl|hlim) [0-9]+|flags \[[A-Z]*\]' |
	    sort -u
}

# --- traffic ---

# Datagrams with all of ECN and some of DSCP, several sizes, with DF and
# without; they have to come in both ways.
send_kinds() {
	local class size
	for class in 0 1 2 3 184 187 255; do
		talks client "option u 41 67 $class" &&
		    talks server "option u 0 1 $class" || return 1
		for size in 100 1200 1232; do
			ask u "$size" 1 || return 1
		done
	done
	talks server "option u 0 10 2" && ask u 100 2 && ask u 1400 2 &&
	    talks client "option u 41 16 9" && talks server "option u 0 2 9" &&
	    ask u 100 2
}

# The same of echo messages, one after the other. IPv4 asks, too, by the same
# session, with DF.
send_echo_kinds() {
	local class size
	for class in 0 1 2 3 184 187 255; do
		for size in 0 101 1200 1232; do
			ping_as "$client" "$echo_id" 1 "$server64" -Q "$class" \
			    -s "$size" || return 1
		done
		ping_as "$internet" "${mapped#*:}" 1 "${mapped%:*}" -M "do" \
		    -Q "$class" -s 1400 || return 1
	done
	ping_as "$client" "$echo_id" 1 "$server64" -t 9 -s 100 &&
	    ping_as "$internet" "${mapped#*:}" 1 "${mapped%:*}" -M dont -t 9
}

send_tcp_kinds() {
	local class
	for class in 0 2 184; do
		talks client "option t 41 67 $class" &&
		    talks server "option t 0 1 $class" &&
		    ask t 1000 5 || return 1
	done
}

start_talkers() {
	start_talker client "$client"
	start_talker server "$internet"
}

write_conf() { # statement ...
	[ -n "$stateless" ] || {
		write_nat64d_conf "$@"
		return
	}
	{
		echo "mode siit"
		echo "tun nat64"
		echo "user nobody"
		echo "prefix 2001:db8:8000::/96"
		echo "map 192.0.2.1 to 2001:db8::10"
		echo "address $gateway6"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

# Where the server reaches the client.
find_mapped() {
	mapped=192.0.2.1:$echo_id
	[ -n "$stateless" ] || mapped=$(echo_mapped "$echo_id")
}

# Files with what is seen of the traffic; way: yes or no, of the fast path.
observe() { # way statement ...
	local way=$1 mapped
	write_conf "fastpath $way" "${@:2}"
	check "nat64d starts" start_nat64d || give_up
	start_talkers
	check "sessions begin" both_begin
	# A new one: connection tracking remembers the last one for a while.
	echo_id=$((echo_id + 1))
	check "and one of echo messages" open_echo "$echo_id" "$server64"
	find_mapped
	captures=()
	start_capture 4 "$internet" i0
	start_capture 6 "$client" c0
	reset_counters
	case $way in
	yes)
		check "the program translates" takes_all send_kinds
		check "and echo messages" takes_all send_echo_kinds
		;;
	no)
		check "nat64d translates" send_kinds
		check "and echo messages" send_echo_kinds
		;;
	esac
	counters >"$dir/counters-$way"
	check "and TCP" send_tcp_kinds
	wait_for 30 is_quiet
	stop_captures
	captured 4 udp >"$dir/udp4-$way"
	captured 6 udp >"$dir/udp6-$way"
	captured 4 icmp >"$dir/echo4-$way"
	captured 6 icmp6 >"$dir/echo6-$way"
	captured_tcp 4 >"$dir/tcp4-$way"
	captured_tcp 6 >"$dir/tcp6-$way"
	stop_talkers
	check "no connection is left" wait_for 30 no_connections
	stop "$nat64d"
}

no_connections() {
	[ -z "$(in_ns "$internet" ss -Htn exclude time-wait)" ]
}

both_begin() {
	open_udp u "$server64" 7200 && open_tcp t "$server64" 7201 || return 1
	[ -n "$stateless" ] || is_fast_or_slow
}

# With "fastpath no" nothing is there.
is_fast_or_slow() {
	case $(grep ^fastpath "$dir/nat64d.conf") in
	*yes) is_fast '720[01]' ;;
	*) is_slow '720[01]' ;;
	esac
}

same() { # what at-least-lines
	local lines
	lines=$(wc -l <"$dir/$1-yes")
	[ "$lines" -ge "$2" ] && diff "$dir/$1-yes" "$dir/$1-no"
}

compare() { # statement ...
	tap_round="${stateless:+siit }$*"
	observe yes "$@"
	observe no "$@"
	check "the same datagrams come to IPv4" same udp4 50
	check "and to IPv6" same udp6 50
	check "the same echo messages come to IPv4" same echo4 70
	check "and to IPv6" same echo6 70
	check "the same headers of TCP come to IPv4" same tcp4 3
	check "and to IPv6" same tcp6 3
	check "the firewall has counted the same" same counters 135
	check "and it has counted" grep -E 'counter packets [1-9]' \
	    "$dir/counters-yes"
	check_not "nothing comes from the tun device with a mark" \
	    grep -E 'iifname "nat64".*0x00000007 counter packets [1-9]' \
	    "$dir/counters-yes"
	tap_round=
}

# --- other configurations ---

# With no more than these statements.
begin() { # statement ...
	tap_round="$*"
	{
		echo "tun nat64"
		echo "user nobody"
		echo "prefix 2001:db8:8000::/96"
		echo "address $gateway6"
		echo "fastpath yes"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
	check "nat64d starts" start_nat64d || give_up
	start_talkers
	check "sessions begin" both_begin
	check "datagrams are counted there" takes 10 10 ask u 100 10
	check "segments do not come to nat64d" takes_all ask t 50000 5
}

end() {
	stop_talkers
	check "no connection is left" wait_for 30 no_connections
	stop "$nat64d"
	tap_round=
}

peer_is() { # socket address
	check_match "the server sees the address $2" \
	    "$(talk server "peer $1")" "^$2 "
}

# The gateway's own packets with its shared address.
own_traffic() {
	in_ns "$gateway" ping -n -c 1 -W "$(secs 2)" "$server4" &&
	    in_ns "$gateway" timeout 5 bash -c \
	    'exec 3<>/dev/tcp/$0/7100' "$server4"
}

test_shared_address() {
	begin "pool interface g1 port 40000-49999"
	peer_is u 198.51.100.1
	check "a service is there" talks server "listen l $server4 7100"
	check "the gateway's own packets pass" own_traffic
	check "as do the sessions" takes 10 10 ask u 100 10
	end
}

test_masquerade() {
	in_ns "$gateway" nft -f - <<-EOF
		table ip outer {
			chain postrouting {
				type nat hook postrouting priority srcnat;
				ip saddr 192.168.255.0/24 oifname "g1" masquerade
			}
		}
	EOF
	begin "pool 192.168.255.0/24"
	peer_is u 198.51.100.1
	end
	in_ns "$gateway" nft delete table ip outer
}

dropped_by_filter() {
	dump_value "$(nat64d_dump)" filtered
}

is_filtered() { # address:identifier own-address
	in_ns "$internet" ping -n -c 1 -W "$(secs 10)" -e "${1#*:}" \
	    -I "$2" "${1%:*}" \
	    >"$dir/ping"
	grep 'Packet filtered' "$dir/ping"
}

test_address_dependent() {
	local mapped before
	begin "pool 192.0.2.0/24" "filter address-dependent"
	mapped=$(talk server "peer u")
	before=$(dropped_by_filter)
	check "another host sends to the same port" talks server \
	    "udp x $mapped 198.51.100.11" "option x $ip_recverr"
	check "it is told that it may not, by nat64d" \
	    takes 0 0 is_told EHOSTUNREACH server x 100
	check_equal "and what it has sent is dropped" \
	    $(($(dropped_by_filter) - before)) 1
	check "echo messages pass" open_echo 74 "$server64"
	mapped=$(echo_mapped 74)
	check "another host that asks is told that it may not, by nat64d" \
	    takes 0 0 is_filtered "$mapped" 198.51.100.11
	check "the host of the session is answered, on the fast path" \
	    takes 5 5 ping_as "$internet" "${mapped#*:}" 5 "${mapped%:*}"
	check "those of the session are not" takes 10 10 ask u 100 10
	end
}

test_mss() {
	begin "pool 192.0.2.0/24" "mss clamp" "mtu ipv4 1300"
	check_equal "segments fit the smaller side" \
	    "$(in_ns "$client" ss -Htni dport = :7201 |
	    grep -oE '\<mss:[0-9]+' | sort -u)" mss:1248
	end
}

need_root
start_lab
need_fastpath
compare
compare "tos 32" "traffic-class 0"
compare "offload no"
stateless=yes
compare "mtu ipv4 1500"
compare "tos 32" "traffic-class 0"
stateless=
test_shared_address
test_masquerade
test_address_dependent
test_mss
tap_done
