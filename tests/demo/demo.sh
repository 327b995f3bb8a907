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

# The client of nat64d's control socket, which is one of the lab.
ctl() { # word ...
	ip netns exec "$gateway" "$BUILD/nat64d/ctl/nat64ctl" \
	    -s "$dir/run/nat64d.sock" "$@"
}

# Show such a command and run it; at most so many lines fit a screen.
show_ctl() { # word ...
	printf '%sgateway$ nat64ctl %s%s\n' "$dim" "$*" "$plain"
	ctl "$@" 2>&1 | head -n 30 | sed 's/^/    /'
	[ "${PIPESTATUS[0]}" -eq 0 ] || fail "nat64ctl $*"
}

# The member of the first session that has it.
member_of_session() { # name
	ctl -j show sessions proto tcp |
	    sed -n "s/.*\"$1\":\"*\([^,\"}]*\).*/\1/p" | head -n 1
}

transfer_runs() {
	! kill -0 "$curl" 2>/dev/null || echo "    the transfer is still running"
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
                      nat64d, dns64d           nsd, nginx, vsftpd
                      pool 192.0.2.0/24
                      Pref64::/n 2001:db8:8000::/96
EOF

step "The lab" "Three network namespaces, real servers on the IPv4 side."
stream_lab || die "the lab was not made" nginx.log
start_nsd || die "nsd did not start" nsd.log
make_ftp
head -c 10000000 /dev/urandom >"$dir/ftp/file"
start_vsftpd || die "vsftpd did not start" vsftpd.log
start_udp_echo || die "socat did not start" echo.log
head -c 100000000 /dev/urandom >"$dir/www/100MB"
sum=$(sha256sum <"$dir/www/100MB")

step "The daemons" \
    "Configured by etc/nat64d.conf and etc/dns64d.conf; nat64d makes the" \
    "tun device and the routes itself."
write_nat64d_conf "alg ftp" "control \"$dir/run/nat64d.sock\"" \
    "pidfile \"$dir/run/nat64d.pid\""
write_dns64d_conf
start_background "$BUILD/nat64d/nat64d" "$dir/nat64d.conf" \
    "$dir/run/nat64d.pid" || die "nat64d did not start" background
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

step "FTP" \
    "vsftpd knows nothing of IPv6; nat64d translates EPSV and EPRT for it." \
    "Passive: the client connects. Active: the server does."
show "$client" curl -sS -o "$dir/got" -w '%{size_download} bytes, passive\n' \
    ftp://www.example.com/file
cmp "$dir/ftp/file" "$dir/got" || fail "the files differ"
show "$client" curl -sS -P - -o "$dir/got" -w \
    '%{size_download} bytes, active\n' ftp://www.example.com/file
cmp "$dir/ftp/file" "$dir/got" || fail "the files differ"

step "What an operator sees" \
    "A transfer of 200 MB and 5000 datagrams per second run from here on." \
    "How is nat64d, who has sessions, and who holds this address and port?"
begin_traffic
show_ctl status
show_ctl show subscribers --top 3
show_ctl show sessions proto tcp
show_ctl lookup "$(member_of_session external-src-address):$(
    member_of_session external-src-port)" tcp

step "Another configuration" \
    "An error is refused with its line, and the old configuration stays. What" \
    "is correct is used at once. Sessions live on."
printf '%s\n' 'timeout upd 200' >>"$dir/nat64d.conf"
printf "%sgateway$ echo 'timeout upd 200' >>nat64d.conf; nat64ctl reload%s\n" \
    "$dim" "$plain"
ctl reload 2>&1 | sed "s,$dir/,,; s/^/    /"
[ "${PIPESTATUS[0]}" -eq 1 ] || fail "an error is refused"
sed -i 's/timeout upd/timeout udp/' "$dir/nat64d.conf"
printf '%sgateway$ sed -i s/upd/udp/ nat64d.conf%s\n' "$dim" "$plain"
show_ctl reload
transfer_runs

step "Another program" \
    "After an installation a new process takes over from the one that runs," \
    "with the device and all sessions."
show_ctl upgrade --check
show_ctl upgrade
show_ctl status
transfer_runs
kill "$stream"
wait "$stream"
read -r _ sent _ back _ <"$dir/stream.log"
echo "    $sent datagrams were sent, and $back came back"
[ "$sent" -gt 0 ] && [ "$sent" = "$back" ] || fail "datagrams were lost"
wait "$curl" || fail "the transfer ended"
cmp "$dir/www/200MB" "$dir/fetched" || fail "the files differ"
echo "    the transfer is complete"

step "Ending sessions" "Those of one host; its next packet makes a new one."
show_ctl kill 2001:db8::10
show_ctl show sessions
show "$client" curl -gsS -o "$dir/got" -w '%{size_download} bytes\n' \
    http://www.example.com/peer

step "dns64d's statistics" "SIGUSR1 to dns64d."
kill -USR1 "$dns64d"
wait_for 30 test -s "$dir/dns64d.out"
head -n 30 "$dir/dns64d.out" | sed 's/^/    /'

case ${SHELL_IN:-} in
client | gateway | internet)
	step "A shell in the $SHELL_IN namespace" \
	    "Try: dig AAAA www.example.com; curl -O http://www.example.com/100MB" \
	    "nat64d is process $(cat "$dir/run/nat64d.pid"), dns64d $dns64d;" \
	    "nat64ctl needs -s $dir/run/nat64d.sock; exit ends the demo."
	ip netns exec "$lab-$SHELL_IN" "${SHELL:-/bin/bash}"
	;;
'') ;;
*) fail "SHELL_IN is client, gateway or internet" ;;
esac

step "Done" "Stopping the daemons, removing the namespaces."
kill "$(cat "$dir/run/nat64d.pid")"
wait_for 30 test ! -e "$dir/run/nat64d.pid" || fail "nat64d did not end"
stop "$dns64d"
if [ "$failed" -eq 0 ]; then
	echo "    everything worked"
else
	echo "    $failed steps failed"
fi
exit "$((failed > 0))"
