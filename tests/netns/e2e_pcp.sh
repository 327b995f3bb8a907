#!/usr/bin/env bash
# Port control (RFC 6887) by a client of its own: a server behind the translator
# is reached from IPv4, for as long as was promised and by the rules; the epoch
# tells what a restart, an upgrade and a reload have done.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nat64ctl=$BUILD/nat64d/ctl/nat64ctl

configure() { # statement ...
	write_nat64d_conf "control \"$dir/n/sock\"" "log events bindings" \
	    "log events to \"$dir/events\"" "$@"
}

ctl() { # argument ...
	in_ns "$gateway" "$nat64ctl" -s "$dir/n/sock" "$@"
}

# Ask from the client; sets answer, port and address.
ask() { # argument of pcp.py ...
	answer=$(in_ns "$client" "$tools/pcp.py" --source 2001:db8::10 "$@" \
	    "$gateway6" 2>&1)
	port=$(word port)
	address=$(word address)
}

word() { # name; of the answer
	tr ' ' '\n' <<<"$answer" | sed -n "s/^$1=//p"
}

expect() { # description result argument of pcp.py ...
	local what=$1 result=$2
	shift 2
	ask "$@"
	check_match "$what" "$answer" "^result=$result "
}

# What an IPv4 host gets from the mapped port.
reach_tcp() {
	in_ns "$internet" curl -sSf -m 20 "http://$address:$port/" -o "$dir/got" &&
	    cmp "$dir/www6" "$dir/got"
}

reach_udp() {
	local got
	got=$(in_ns "$internet" timeout 20 socat -t 10 - \
	    "udp4:$address:$port" <<<hello)
	[ "$got" = hello ]
}

refused_tcp() {
	! in_ns "$internet" curl -sf -m 1 "http://$address:$port/" -o /dev/null
}

lab_create
mkdir "$dir/n"
touch "$dir/events"
chown nobody "$dir/events" "$dir/n"
# A second address of the client, as temporary ones are, and one of another
# network, which may not.
ip -n "$client" addr add 2001:db8::a:11/64 dev c0
ip -n "$client" addr add 2001:db8:5::5/64 dev c0
ip -n "$gateway" route add 2001:db8:5::/64 dev g0
echo "the page of an IPv6 host" >"$dir/www6"
cat >"$dir/page.sh" <<END
read -r _
printf 'HTTP/1.0 200 OK\r\nContent-Length: %s\r\n\r\n' \$(wc -c <"$dir/www6")
cat "$dir/www6"
END
start "$client" socat.log socat "tcp6-listen:8080,fork,reuseaddr" \
    "exec:sh $dir/page.sh"
start "$client" socat-udp.log socat \
    "udp6-listen:8080,bind=[2001:db8::10],fork,reuseaddr" exec:cat
wait_for 30 tcp_listens "$client" 8080
wait_for 30 udp_listens "$client" 8080

# --- off by default ---

configure "allow from 2001:db8::/64"
start_nat64d
wait_for 30 ctl status >/dev/null || give_up
check_match "without \"pcp listen\" nobody answers" \
    "$(in_ns "$client" "$tools/pcp.py" --wait 1 announce "$gateway6" 2>&1)" \
    '^no answer$'
configure "allow from 2001:db8::/64" "pcp listen on $gateway6"
check_match "the first one needs a restart" "$(ctl reload 2>&1)" 'pcp listen'
stop "$nat64d"

# --- mappings ---

on=("allow from 2001:db8::/64" "pcp listen on $gateway6" \
    "pcp lifetime 1s to 2h" "pcp limit 6 per subscriber")
configure "${on[@]}" "inbound tcp refuse"
start "$client" heard "$tools/pcp.py" listen 60 1
wait_for 30 udp_listens "$client" 5350
start_nat64d
wait_for 30 ctl status >/dev/null || give_up
check "a start is announced to the clients' network" \
    wait_for 30 grep -q "^$gateway6 5351 result=SUCCESS .*epoch=" "$dir/heard"
expect "MAP of TCP" SUCCESS map
check_match "the lifetime is that asked for" "$answer" ' lifetime=7200 '
check "an IPv4 host that was never contacted reaches the server" reach_tcp
tcp_port=$port tcp_address=$address
expect "MAP of UDP, with a suggested port" SUCCESS --proto udp \
    --suggest 0.0.0.0 --suggest-port 40404 map
check_equal "which it gets" "$port" 40404
check "an IPv4 host reaches it" reach_udp
check_match "nat64ctl lists both" "$(ctl show bindings)" \
    "udp .*:8080 .*:40404 .* dynamic-explicit 7[12][0-9]{2} s left"
check_match "the event log as well" "$(cat "$dir/events")" \
    "binding-created .* port6=8080 .*port4=40404"
expect "renewal" SUCCESS --lifetime 3600 map
check_equal "keeps the port" "$port" "$tcp_port"
expect "another nonce" NOT_AUTHORIZED --nonce another map
expect "another nonce deletes nothing" NOT_AUTHORIZED --nonce another \
    --lifetime 0 map
expect "another address of the host has a mapping of its own" SUCCESS \
    --source 2001:db8::a:11 map
check_not "which is another one" \
    test "$address:$port" = "$tcp_address:$tcp_port"
expect "PREFER_FAILURE for a port that is taken" CANNOT_PROVIDE_EXTERNAL \
    --source 2001:db8::a:11 --port 81 --suggest "$tcp_address" \
    --suggest-port "$tcp_port" --option 2 map
expect "the end of a mapping" SUCCESS --source 2001:db8::a:11 --lifetime 0 map
expect "PEER" SUCCESS --port 9000 --peer "$server64" --peer-port 80 peer
expect "a peer outside of the prefix" MALFORMED_REQUEST --port 9000 \
    --peer 2001:db8::99 --peer-port 80 peer
expect "an option that may be ignored is" SUCCESS --option 200:0102 map
expect "THIRD_PARTY is not" UNSUPP_OPTION \
    --option 1:20010db8000000000000000000000099 map
expect "an address that is not its own" ADDRESS_MISMATCH \
    --claim 2001:db8::99 map
expect "a protocol without ports" UNSUPP_PROTOCOL --proto 47 map
expect "NAT-PMP is told the version" UNSUPP_VERSION --version 0 map
expect "a host that may not use the translator" NOT_AUTHORIZED \
    --source 2001:db8:5::5 map
ask --option 129: announce
check_match "PREFIX64 tells the prefix" "$answer" \
    "option129=000c20010db88000000000000000\$"
for more in 9001 9002 9003; do
	ask --port "$more" --lifetime 600 map
done
expect "more than \"pcp limit\"" USER_EX_QUOTA --port 9004 map
expect "a short mapping" SUCCESS --port 9003 --lifetime 1 map
no_mapping() { # port of the client
	! ctl show bindings port "$1" | grep -q explicit
}
check "ends by itself" wait_for 30 no_mapping 9003
check_equal "there is no port for requests from IPv4" \
    "$(in_ns "$gateway" ss -H4uln sport = 5351)" ""

# --- upgrade, reload, restart ---

ask announce
before=$(word epoch)
old=$nat64d
ip netns exec "$gateway" "$BUILD/nat64d/nat64d" -U -d -f "$dir/nat64d.conf" \
    >>"$dir/nat64d.out" 2>>"$dir/nat64d.err" &
nat64d=$!
check "another process takes over" wait_for 30 gone "$old"
ask announce
check "keeps the epoch" test "$(word epoch)" -ge "$before"
expect "and the mappings" SUCCESS --lifetime 3600 map
check_equal "with their ports" "$port" "$tcp_port"
check "which lead to the server" reach_tcp
configure "allow from 2001:db8::/64" "inbound tcp refuse"
check "a reload switches it off" ctl reload
check "and the port is closed" refused_tcp
check_match "and nobody answers" \
    "$(in_ns "$client" "$tools/pcp.py" --wait 1 announce "$gateway6" 2>&1)" \
    '^no answer$'
configure "${on[@]}" "inbound tcp refuse"
check "a reload switches it on" ctl reload
expect "which is another epoch" SUCCESS announce
check "that has just begun" test "$(word epoch)" -lt "$((before + 1))"
expect "a client asks for what it had" SUCCESS --suggest "$tcp_address" \
    --suggest-port "$tcp_port" map
check_equal "and gets it" "$port" "$tcp_port"
check "the server is reached again" reach_tcp
kill -TERM "$nat64d"
check "it ends" wait_for 30 gone "$nat64d"
tap_done
