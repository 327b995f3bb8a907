#!/usr/bin/env bash
# The main job on one machine: an IPv6-only client reaches an IPv4-only
# server by name, through dns64d and nat64d. It uses real programs in three
# network namespaces and leaves nothing behind. Run by `sudo make demo`.
#
#	make demo SHELL_IN=client	ends with a shell there (or: gateway,
#					internet)
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"

failed=0
if [ -t 1 ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
	bold='' dim='' plain=''
fi

step() { # title explanation ...
	printf '\n%s== %s%s\n' "$bold" "$1" "$plain"
	shift
	[ $# -eq 0 ] || printf '   %s\n' "$@"
}

# Show a command and run it, its output indented.
show() { # namespace command ...
	local ns=$1
	shift
	printf '%s%s$ %s%s\n' "$dim" "${ns#"$lab-"}" "$*" "$plain"
	ip netns exec "$ns" "$@" 2>&1 | sed 's/^/    /'
	[ "${PIPESTATUS[0]}" -eq 0 ] || fail "$*"
}

fail() { # what
	failed=$((failed + 1))
	printf '%s    FAILED: %s%s\n' "$bold" "$1" "$plain"
}

die() { # what log
	fail "$1"
	sed 's/^/    /' "$dir/$2" 2>/dev/null
	exit 1
}

# What follows SIGUSR1: from the first line that matches on, as far as it
# fits a screen. All of it is left in $dir/table.
print_table() { # pattern
	local before
	before=$(wc -c <"$dir/nat64d.out")
	printf '%sgateway$ kill -USR1 %s%s\n' "$dim" "$nat64d" "$plain"
	kill -USR1 "$nat64d"
	wait_for 5 table_complete "$before" || fail "no mapping table"
	tail -c +$((before + 1)) "$dir/nat64d.out" >"$dir/table"
	sed -n "/$1/,\$p" "$dir/table" | head -n 45 | sed 's/^/    /'
}

table_complete() { # bytes before
	tail -c +$(($1 + 1)) "$dir/nat64d.out" | grep -q '^end'
}

[ "$(id -u)" -eq 0 ] || {
	echo "the demo makes network namespaces and needs root: sudo make demo"
	exit 1
}

cat <<EOF
Ecdysis: an IPv6-only client reaches the IPv4 Internet by name.

    client ------------- gateway ------------- internet
    2001:db8::10      2001:db8::1 (NAT64)      198.51.100.10
    IPv6 only         2001:db8::2 (DNS64)      IPv4 only
                      nat64d, dns64d           nsd, nginx, socat
                      pool 192.0.2.0/24
                      Pref64::/n 2001:db8:8000::/96
EOF

step "The lab" "Three network namespaces, real servers on the IPv4 side."
lab_create
start_nsd || die "nsd did not start" nsd.log
start_web || die "nginx did not start" nginx.log
start_udp_echo || die "socat did not start" echo.log
head -c 100000000 /dev/urandom >"$dir/www/100MB"
sum=$(sha256sum <"$dir/www/100MB")

step "The daemons" \
    "Configured by etc/nat64d.conf and etc/dns64d.conf; nat64d makes the" \
    "tun device and the routes itself."
write_nat64d_conf
write_dns64d_conf
start_nat64d || die "nat64d did not start" nat64d.err
start_dns64d || die "dns64d did not start" dns64d.err
show "$gateway" ip -6 route show dev nat64
show "$gateway" ip -4 route show dev nat64

step "The client has no IPv4" "A direct connection cannot work:"
show "$client" ip -4 -brief address show scope global
if ip netns exec "$client" ping -c 1 -W 1 "$server4" >/dev/null 2>&1; then
	fail "the client has IPv4"
else
	echo "    ping $server4: no way, as it should be"
fi

step "DNS64" "www.example.com has only an A record;" \
    "dns64d makes the AAAA record, below the Pref64::/n."
show "$client" dig +noall +answer AAAA www.example.com
show "$client" dig +noall +answer -x "$server64"

step "ping" "ICMPv6 echo becomes ICMPv4 echo, and back."
show "$client" ping -n -c 3 -i 0.2 www.example.com

step "curl" "100 MB by name; the checksum is taken at the client."
show "$client" curl -sS -o "$dir/got" -w \
    '%{remote_ip}: %{size_download} bytes, %{speed_download} bytes/s\n' \
    http://www.example.com/100MB
if [ "$(sha256sum <"$dir/got")" = "$sum" ]; then
	echo "    sha256 ${sum%% *}: the same at both ends"
else
	fail "checksums differ"
fi

step "UDP" "A datagram to an echo service and its answer."
printf '%sclient$ echo hello | socat - UDP6:www.example.com:7777%s\n' \
    "$dim" "$plain"
answer=$(echo "hello from IPv6" | ip netns exec "$client" \
    socat -t 2 - "UDP6:[$server64]:7777")
echo "    $answer"
[ "$answer" = "hello from IPv6" ] || fail "UDP exchange"

step "A look at the mapping table" \
    "SIGUSR1 prints it to nat64d's standard output," \
    "while a transfer is running."
ip netns exec "$client" curl -sS --limit-rate 40M -o "$dir/got2" \
    http://www.example.com/100MB &
curl_pid=$!
wait_for 5 test -s "$dir/got2"
print_table .
kill -0 "$curl_pid" 2>/dev/null && echo "    the transfer is still running"
wait "$curl_pid" || fail "the transfer ended"
[ "$(sha256sum <"$dir/got2")" = "$sum" ] || fail "checksums differ"

step "Flushing the table" "SIGHUP removes all sessions; the table is empty."
printf '%sgateway$ kill -HUP %s%s\n' "$dim" "$nat64d" "$plain"
kill -HUP "$nat64d"
print_table '^table'
! grep -qE '^(tcp|udp|icmp) ' "$dir/table" || fail "bindings were left"

step "dns64d's statistics" "SIGUSR1 to dns64d."
kill -USR1 "$dns64d"
wait_for 5 test -s "$dir/dns64d.out"
head -n 30 "$dir/dns64d.out" | sed 's/^/    /'

case ${SHELL_IN:-} in
client | gateway | internet)
	step "A shell in the $SHELL_IN namespace" \
	    "Try: dig AAAA www.example.com; curl -O http://www.example.com/100MB" \
	    "nat64d is process $nat64d, dns64d $dns64d; exit ends the demo."
	ip netns exec "$lab-$SHELL_IN" "${SHELL:-/bin/bash}"
	;;
'') ;;
*) fail "SHELL_IN is client, gateway or internet" ;;
esac

step "Done" "Stopping the daemons, removing the namespaces."
stop "$nat64d"
stop "$dns64d"
if [ "$failed" -eq 0 ]; then
	echo "    everything worked"
else
	echo "    $failed steps failed"
fi
exit "$((failed > 0))"
