#!/usr/bin/env bash
# A home router with one dynamic IPv4 address, which nat64d shares with the
# router itself and with the hosts behind its NAT44.
#
#	client -----------+
#	2001:db8::10      |
#	                gateway ---------------- isp ----------- internet
#	lan4              | g1 203.0.113.2,      203.0.113.1     198.51.100.10
#	192.168.7.10 -----+ then others, MTU 1400
#
# The gateway checks sources strictly, drops what conntrack calls invalid and
# masquerades, as home routers do.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

isp=$lab-isp
lan4=$lab-lan4
first=203.0.113.2
second=203.0.113.9

start_lab() {
	lab_begin
	add_ns "$client" "$internet" "$lan4"
	add_router "$gateway" "$isp"
	connect "$client" c0 "$gateway" g0
	connect "$lan4" l0 "$gateway" g2
	connect "$gateway" g1 "$isp" s0
	connect "$isp" s1 "$internet" i0
	link_up "$client" c0 2001:db8::10/64
	link_up "$gateway" g0 "$gateway6/64"
	link_up "$lan4" l0 192.168.7.10/24
	link_up "$gateway" g2 192.168.7.1/24
	link_up "$isp" s0 203.0.113.1/24
	link_up "$isp" s1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24"
	ip -n "$gateway" link set g1 mtu 1400 up
	ip -n "$isp" link set s0 mtu 1400
	ip -n "$client" route add default via "$gateway6"
	ip -n "$lan4" route add default via 192.168.7.1
	ip -n "$internet" route add default via 198.51.100.1
	in_ns "$gateway" sysctl -qw net.ipv4.conf.all.rp_filter=1 \
	    net.ipv4.conf.default.rp_filter=1 net.ipv4.conf.g1.rp_filter=1 \
	    net.ipv4.ip_local_reserved_ports=3306
	in_ns "$gateway" nft -f - <<-EOF2
		table inet home {
			chain forward {
				type filter hook forward priority 0; policy drop;
				ct state invalid drop
				ct state established,related accept
				iifname { "g2", "nat64" } accept
				oifname "nat64" accept
				iifname "g0" accept
			}
			chain postrouting {
				type nat hook postrouting priority 100;
				oifname "g1" masquerade
			}
		}
	EOF2
}

address() { # address
	ip -n "$gateway" addr add "$1/24" dev g1 &&
	    ip -n "$gateway" route replace default via 203.0.113.1
}

write_conf() { # statement ...
	mkdir -p "$dir/log"
	chown nobody "$dir/log"
	{
		echo "tun nat64"
		echo "user nobody"
		fastpath_statement
		echo "prefix 2001:db8:8000::/96"
		echo "pool interface g1 port 40000-49999, 52000-59999 \\"
		echo "    except port 45000"
		echo "static tcp interface g1 port 8080 to 2001:db8::10 port 80"
		echo "static udp interface g1 port 40001-40002 to 2001:db8::11"
		echo "static icmp interface g1 id 7 to 2001:db8::10"
		echo "log events bindings addresses"
		echo "log events to $dir/log/events"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

peer() { # namespace url [option ...]
	local ns=$1 url=$2
	shift 2
	in_ns "$ns" curl -gsS -m 10 "$@" "$url"
}

peer_is() { # address
	[ "$(peer "$client" "http://[$server64]/peer")" = "$1" ]
}

forwarded() { # address: what a host of the internet gets at port 8080
	[ "$(peer "$internet" "http://$1:8080/peer")" = 2001:db8:8000::c633:640a ]
}

ping_client() { # option ...
	in_ns "$client" ping -n -c 2 -i 0.1 -W 2 "$@" "$server64"
}

# Twenty of the host's own, one after the other, while a client's runs.
host_fetches() {
	local i
	for ((i = 0; i < 20; i++)); do
		[ "$(peer "$gateway" "http://$server4/peer")" = "$1" ] ||
		    return 1
	done
}

many_pings() {
	local i pids=()
	for ((i = 0; i < 20; i++)); do
		in_ns "$gateway" ping -n -c 1 -W 2 "$server4" >/dev/null &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return 1
	done
}

rules() {
	ip -n "$gateway" rule show
	in_ns "$gateway" nft list tables
	in_ns "$gateway" cat /proc/sys/net/ipv4/ip_local_reserved_ports
}

reserved() {
	in_ns "$gateway" cat /proc/sys/net/ipv4/ip_local_reserved_ports
}

rules_are() { # text
	[ "$(rules)" = "$1" ]
}

need_root
start_lab
before=$(rules)
head -c 300000 /dev/urandom >"$dir/random"
mkdir -p "$dir/www"
cp "$dir/random" "$dir/www/file"
start_web || give_up
start_web "$client" "[2001:db8::10]:80" || give_up
start_udp_echo || give_up

# --- before there is an address ---

write_conf
check_equal "-n has nothing to say" \
    "$(in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf" 2>&1)" ""
start_nat64d || give_up
check "it starts without an address and says so" \
    logged "pool: g1 has no IPv4 address"
ping_client >"$dir/ping" 2>&1
check_match "nothing is translated then, and the client is told" \
    "$(cat "$dir/ping")" "unreachable: Address"
check_match "dropped packets are counted" "$(nat64d_dump)" \
    '^dropped no-pool +[1-9]'

address "$first"
check "the address is taken when it comes" \
    wait_for 30 logged "pool: g1 has $first"

# --- what shares the address ---

check "no warning of ports that are not reserved" \
    [ -z "$(logged ip_local_reserved_ports)" ]
check_equal "our ports are reserved, others stay so" "$(reserved)" \
    "3306,8080,40000-44999,45001-49999,52000-59999"
check "TCP: the server sees the shared address" peer_is "$first"
check "TCP: a file, with segments that the uplink must cut" fetch file
check "TCP: a file the other way, by path MTU discovery" put file
in_ns "$client" ping -n -c 1 -W 2 -M "do" -s 1440 "$server64" >"$dir/ping" 2>&1
check_match "path MTU: the router says what its uplink takes" \
    "$(cat "$dir/ping")" "Packet too big: mtu=1420"
check "UDP" udp_echo "$client" 500 "$server64" 7777
check "UDP in fragments" udp_echo "$client" 4000 "$server64" 7777
check "ping" ping_client
ping_client -t 4 >"$dir/ping" 2>&1
check_match "traceroute: a router on the way says that hops are used up" \
    "$(cat "$dir/ping")" "From 2001:db8:8000::cb00:7101 .*Time exceeded"
ping_client -t 3 >"$dir/ping" 2>&1
check_match "traceroute: so does the home router itself" \
    "$(cat "$dir/ping")" "From 2001:db8:[^ ]* .*Time exceeded"
check_match "a closed port is told of" \
    "$(peer "$client" "http://[$server64]:81/" 2>&1)" \
    "refused|\(7\).*Couldn't connect"
check "static forward" forwarded "$first"
check "static forward, from a host of ours" \
    peer "$client" "http://[2001:db8:8000::cb00:7102]:8080/peer"
check "the router's own connections work" host_fetches "$first"
check "the router's own pings work, whatever their identifiers" many_pings
check "the router answers pings" \
    in_ns "$internet" ping -n -c 1 -W 2 "$first"
in_ns "$internet" ping -n -c 1 -W 2 -e 7 "$first" >"$dir/ping"
check_match "but one with a static identifier is the client's" \
    "$(cat "$dir/ping")" "ttl=6[012] "
check_equal "NAT44 works beside it, also with a port of ours" \
    "$(peer "$lan4" "http://$server4/peer" --local-port 40000-40100)" \
    "$first"
check "TCP once more, ports of the router's NAT44 being in use" \
    peer_is "$first"

# It looks a second after a change.
sleep 1.5
check_equal "nothing is found wrong with an address that the host has" \
    "$(nat64d_dump | grep "$first" | grep -v "^tcp\|^udp\|^icmp\|^ to")" ""
check "nor logged" [ -z "$(logged "(warn|err).*$first|$first.*own")" ]

# --- another address ---

: >"$dir/log/events"
ip -n "$gateway" addr del "$first/24" dev g1
gone_again() {
	[ "$(grep -c "g1 has no IPv4 address" "$dir/nat64d.err")" -eq 2 ]
}
check "the address goes: it is said" wait_for 30 gone_again
address "$second"
check "another comes" wait_for 30 logged "pool: g1 has $second"
check "the bindings of the old one have ended in the event log" \
    wait_for 30 grep -q "event=binding-delete.*addr4=$first" \
    "$dir/log/events"
check "new sessions use the new address" wait_for 30 peer_is "$second"
check "ping uses it" ping_client
check "the static forward has followed" forwarded "$second"
check_not "the event log says who had the new one" \
    [ -z "$(grep "event=binding-create.*addr4=$second" "$dir/log/events")" ]
in_ns "$gateway" nft list ruleset >"$dir/ruleset"
sed -i '/^table ip nat64d {/,/^}/d; 1i flush ruleset' "$dir/ruleset"
check "the firewall is loaded again, by a file that begins with a flush" \
    in_ns "$gateway" nft -f "$dir/ruleset"
check "nat64d puts its table back" wait_for 30 forwarded "$second"
check "new sessions work" peer_is "$second"
in_ns "$gateway" nft delete table ip nat64d
check "also when its table alone was deleted" wait_for 30 forwarded "$second"
check "an address beside it changes nothing" \
    ip -n "$gateway" addr add 203.0.113.77/32 dev g1
check "it is still the same" peer_is "$second"

# --- the end ---

stop "$nat64d"
check_equal "everything is as before when it has ended" "$(rules)" "$before"
start_nat64d || give_up
check "it starts again" peer_is "$second"
kill -9 "$nat64d"
wait "$nat64d" 2>/dev/null
check "everything is as before when it was killed" \
    wait_for 30 rules_are "$before"

# Killed while its commands run, the tables being made slowly.
start_slowly() {
	mkdir "$dir/slow"
	cat >"$dir/slow/nft" <<-EOF2
		#!/bin/sh
		[ "\$1" != -f ] || { : >"$dir/slow/begun"; sleep 2; }
		exec /usr/sbin/nft "\$@"
	EOF2
	chmod +x "$dir/slow/nft"
	# shellcheck disable=SC2016 # for the other shell
	ip netns exec "$gateway" sh -c \
	    'mount --bind "$1" /usr/local/sbin && exec "$2" -d -f "$3"' sh \
	    "$dir/slow" "$BUILD/nat64d/nat64d" "$dir/nat64d.conf" \
	    >"$dir/nat64d.out" 2>"$dir/nat64d.err" &
	nat64d=$!
	wait_for 30 test -e "$dir/slow/begun"
}

no_command_runs() {
	! ip netns pids "$gateway" | xargs -r ps -o comm= -p |
	    grep -qx 'sh\|nft\|nat64d'
}

check "it starts once more, slowly" start_slowly
kill -9 "$nat64d"
wait "$nat64d" 2>/dev/null
check "its commands come to an end" wait_for 30 no_command_runs
check_equal "everything is as before when it was killed among them" \
    "$(rules)" "$before"

# --- the commands by hand ---

write_conf "routes no"
start_nat64d || give_up
ip -n "$gateway" -6 route add 2001:db8:8000::/96 dev nat64
check "with \"routes no\" ports that are not reserved are warned of" \
    logged "port 8080: put .*ip_local_reserved_ports"
check_equal "and nothing is changed" "$(rules)" "$before"
in_ns "$gateway" "$BUILD/nat64d/nat64d" -f "$dir/nat64d.conf" -s begin \
    >"$dir/begin"
in_ns "$gateway" "$BUILD/nat64d/nat64d" -f "$dir/nat64d.conf" -s end \
    >"$dir/end"
check "the printed commands do the same" in_ns "$gateway" sh -e "$dir/begin"
check "TCP" peer_is "$second"
check "static forward" forwarded "$second"
check "run twice they do no harm" in_ns "$gateway" sh -e "$dir/begin"
check "TCP again" peer_is "$second"
check "and can be taken back" in_ns "$gateway" sh -e "$dir/end"
check_equal "everything is as before" "$(rules)" "$before"

stop "$nat64d"
tap_done
