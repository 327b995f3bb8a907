#!/usr/bin/env bash
# dns64d from end to end, with nat64d beside it: names, access, upstreams
# that fail, signals, the background.
#
#	client ---------- gateway ---------- internet
#	2001:db8::10      dns64d on          198.51.100.10  nsd, nginx
#	                  2001:db8::2,       198.51.100.11  nsd
#	stranger -------- 198.51.100.1
#	2001:db8:f::2     nat64d
#	2001:db8:e::10: on no network that the gateway is connected to
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

program=$BUILD/dns64d/dns64d
stranger=$lab-stranger
far=2001:db8:e::10
other4=198.51.100.11

start_lab() {
	lab_create
	add_ns "$stranger"
	connect "$gateway" g2 "$stranger" s0
	link_up "$gateway" g2 2001:db8:f::1/64
	link_up "$stranger" s0 2001:db8:f::2/64 "$far/128"
	ip -n "$stranger" route add default via 2001:db8:f::1
	ip -n "$gateway" route add 2001:db8:e::/64 via 2001:db8:f::2
	link_up "$internet" i0 "$other4/24"
	start_nsd "$other4"
	other_nsd=$nsd
	start_nsd
	start_web
	head -c 1000000 /dev/urandom >"$dir/www/1MB"
	# Where a daemon without rights may write.
	mkdir "$dir/dump"
	chown nobody "$dir/dump"
}

write_conf() { # statement ...
	write_dns64d_conf "listen on 198.51.100.1" "upstream $other4" "$@"
}

ask() { # dig's arguments ...
	in_ns "$client" dig +tries=1 +time=5 "@$dns6" "$@"
}

# Name, type and data of each record of the answer, between bars.
answer() { # dig's arguments ...
	ask +noall +answer "$@" |
	    awk 'NF > 4 { printf "%s %s %s|", $1, $4, $5 }'
}

status() { # dig's arguments ...
	ask +noall +comments "$@" | grep -o 'status: [A-Z]*'
}

# --- names ---

test_synthesis() {
	# Shows: DNS64-13
	check_equal "AAAA of a name that has A only" \
	    "$(answer AAAA www.example.com)" \
	    "www.example.com. AAAA $server64|"
	# Shows: DNS64-14 DNS64-15
	check_match "with the TTL of the negative answer" \
	    "$(ask +noall +answer AAAA www.example.com)" \
	    '^www\.example\.com\.[[:space:]]+1(20|19|18)[[:space:]]'
	# Shows: DNS64-02
	check_equal "AAAA of a name that has one" \
	    "$(answer AAAA dual.example.com)" \
	    "dual.example.com. AAAA 2001:db8::1|"
	# Shows: DNS64-11
	check_equal "AAAA at the end of a chain of CNAMEs" \
	    "$(answer AAAA chain.example.com)" \
	    "chain.example.com. CNAME alias.example.com.|\
alias.example.com. CNAME www.example.com.|\
www.example.com. AAAA $server64|"
	# Shows: DNS64-34
	check_equal "A as it is" "$(answer A www.example.com)" \
	    "www.example.com. A $server4|"
	check_match "TXT as it is" "$(ask +short TXT www.example.com)" \
	    '^"plain text"$'
	# Shows: DNS64-04
	check_equal "a name that does not exist" \
	    "$(status AAAA nosuch.example.com)" "status: NXDOMAIN"
	check_match "with its SOA" \
	    "$(ask +noall +authority AAAA nosuch.example.com)" \
	    '^example\.com\..*SOA'
	# Shows: DNS64-12
	check_equal "a name that has neither" \
	    "$(status AAAA example.com)$(answer AAAA example.com)" \
	    "status: NOERROR"
}

test_reverse() {
	# Shows: DNS64-29 DNS64-30
	check_equal "the name of a synthesised address" \
	    "$(answer -x "$server64" | sed 's/^[0-9a-f.]*ip6/ip6/')" \
	    "ip6.arpa. CNAME 10.100.51.198.in-addr.arpa.|\
10.100.51.198.in-addr.arpa. PTR www.example.com.|"
	check_equal "of an address without a name" \
	    "$(status -x 2001:db8:8000::c633:64fe)" "status: NXDOMAIN"
}

test_ipv4only() {
	# Shows: DNS64-48 DNS64-26
	check_equal "AAAA of ipv4only.arpa tells the prefix" \
	    "$(ask +short AAAA ipv4only.arpa | sort | tr '\n' '|')" \
	    "2001:db8:8000::c000:aa|2001:db8:8000::c000:ab|"
	check_equal "A of ipv4only.arpa" \
	    "$(ask +short A ipv4only.arpa | sort | tr '\n' '|')" \
	    "192.0.0.170|192.0.0.171|"
	# Shows: DNS64-50
	check_match "the name of its addresses" \
	    "$(ask +short -x 2001:db8:8000::c000:aa)" '^ipv4only\.arpa\.$'
}

test_transport() {
	# Shows: DNS64-62
	check_equal "AAAA over TCP" \
	    "$(answer +tcp AAAA www.example.com)" \
	    "www.example.com. AAAA $server64|"
	# Shows: DNS64-36
	check_match "an answer that is too big for UDP is cut" \
	    "$(ask +ignore +noedns +comments AAAA many.example.com)" \
	    'flags:[a-z ]* tc[ ;]'
	check_equal "and whole over TCP" \
	    "$(ask +tcp +short AAAA many.example.com |
		grep -c '^2001:db8:8000::c633:')" 40
	check_match "IPv4 clients are served too" \
	    "$(in_ns "$internet" dig +tries=1 +short @198.51.100.1 AAAA \
		www.example.com)" "^$server64\$"
	check_match "over TCP as well" \
	    "$(in_ns "$internet" dig +tcp +tries=1 +short @198.51.100.1 \
		AAAA www.example.com)" "^$server64\$"
}

# The client's own resolver, and what is there for.
fetch_by_name() {
	in_ns "$client" curl -sSf -m 20 -o "$dir/fetched" \
	    http://www.example.com/1MB && cmp "$dir/www/1MB" "$dir/fetched"
}

test_by_name() {
	check_match "getent" "$(in_ns "$client" getent ahostsv6 \
	    www.example.com)" "^$server64 +STREAM www\\.example\\.com\$"
	check "ping by name" in_ns "$client" ping -n -c 1 -W 2 \
	    alias.example.com
	check "curl by name" fetch_by_name
}

# --- access ---

# As somebody on the network g2, or beyond it.
stranger_gets() { # source what
	in_ns "$stranger" dig +tries=1 +time=5 -b "$1" @2001:db8::2 AAAA \
	    www.example.com | grep -q "$2"
}

test_access() {
	check "a connected network is served" \
	    stranger_gets 2001:db8:f::2 "$server64"
	# Shows: DNS64-54
	check "others are refused" stranger_gets "$far" 'status: REFUSED'
	check_not "and told nothing" stranger_gets "$far" "$server64"
}

# --- signals ---

logged() { # regex
	grep -Eq -- "$1" "$dir/dns64d.err"
}

reload() { # regex of the log message
	: >"$dir/dns64d.err"
	kill -HUP "$dns64d"
	wait_for 30 logged "$1"
}

test_reload() {
	local other=2001:db8:8001::c633:640a
	write_conf "allow from 2001:db8:e::/64"
	check "a good file is taken" reload 'reload: done'
	check "with the clients that it allows" \
	    stranger_gets "$far" "$server64"
	write_conf "prefix 2001:db8:8001::/96" "alow from ::/0"
	check "a bad file is refused, with the line of the error" reload \
	    '/dns64d\.conf:6: .*alow'
	check "and the old one stays" reload 'refused, the old .* stays'
	check_equal "as a whole" "$(ask +short AAAA www.example.com)" \
	    "$server64"
	write_conf "prefix 2001:db8:8001::/96"
	check "a second prefix is taken" reload 'reload: done'
	check_equal "and gives second addresses" \
	    "$(ask +short AAAA www.example.com | sort | tr '\n' '|')" \
	    "$server64|$other|"
	write_conf
	check "and given up again" reload 'reload: done'
}

statistics() {
	local before
	before=$(wc -c <"$dir/dns64d.out")
	kill -USR1 "$dns64d"
	wait_for 30 grew "$dir/dns64d.out" "$before" || return 1
	tail -c +$((before + 1)) "$dir/dns64d.out"
}

# The state of the last upstream is the last line.
grew() { # file bytes
	tail -c +$(($2 + 1)) "$1" | grep -q "^upstream $other4"
}

upstream_is() { # address state
	grep -q "^upstream ${1}[^ ]* $2 " <<<"$(statistics)"
}

test_statistics() {
	local text
	text=$(statistics)
	check_match "SIGUSR1 prints statistics" "$text" \
	    '^queries-udp +[1-9][0-9]* '
	check_match "of the synthesis" "$text" '^synthesised +[1-9][0-9]* '
	check_match "and the state of the upstreams" "$text" \
	    "^upstream ${server4}[^ ]* up "
}

# --- upstreams ---

# The answers of the first server get lost.
silence() {
	ip -n "$internet" rule add from "$server4" blackhole
}

end_silence() {
	ip -n "$internet" rule del from "$server4" blackhole
}

# Names that have not been asked for, so that no cache helps.
ask_new() { # how many
	local i
	for ((i = 0; i < $1; i++)); do
		asked=$((asked + 1))
		[ "$(status AAAA "new$asked.example.com")" = \
		    "status: NXDOMAIN" ] || return 1
	done
}

test_failover() {
	asked=0
	silence
	# Shows: DNS64-88
	check "an upstream that is silent does no harm" ask_new 4
	# Shows: DNS64-87
	check "it is marked down" wait_for 30 upstream_is "$server4" down
	check "the next questions go to the other at once" not_lost \
	    "$server4" ask_new 5
	end_silence
	check "it is marked up when it is back" wait_for 30 \
	    upstream_is "$server4" up
	stop "$nsd"
	check "an upstream that has ended does no harm" ask_new 4
	start_nsd_again
	stop "$other_nsd"
	check "nor does the other" ask_new 4
	stop "$nsd"
	check_equal "without any there is a failure, not silence" \
	    "$(ask +time=9 +noall +comments AAAA nobody.example.com |
		grep -o 'status: [A-Z]*')" "status: SERVFAIL"
	start_nsd_again
	check "and no more when one is back" wait_for 40 ask_new 1
}

# A command succeeds, and no question of it, but for a probe, was lost there.
not_lost() { # address command ...
	local before after address=$1
	shift
	before=$(lost "$address") && "$@" && after=$(lost "$address") &&
	    [ $((after - before)) -le 2 ] && return
	echo "before: $before, after: $after"
	return 1
}

lost() { # address
	statistics | sed -n "s/^upstream $1[^ ]* .* lost \([0-9]*\)\$/\1/p"
}

start_nsd_again() {
	rm -r "$dir/nsd-$server4"
	start_nsd
}

# --- the process ---

refuses_conf() { # regex statement ...
	local regex=$1 status
	shift
	write_conf "$@"
	in_ns "$gateway" timeout 5 "$program" -d -f "$dir/dns64d.conf" \
	    </dev/null >"$dir/refusal" 2>&1
	status=$?
	cat "$dir/refusal"
	[ "$status" -eq 1 ] && grep -Eq -- "$regex" "$dir/refusal"
}

prints_itself() {
	"$program" -nv -f "$dir/dns64d.conf" >"$dir/canonical" &&
	    "$program" -nv -f "$dir/canonical" | cmp "$dir/canonical"
}

test_refusals() {
	tap_round="refusals"
	check "a user that does not exist" refuses_conf \
	    'nosuchuser: no such user or group: .*65534' "user nosuchuser"
	check_not "which -n refuses as well" "$program" -n -f \
	    "$dir/dns64d.conf"
	check "and -nn does not" "$program" -nn -f "$dir/dns64d.conf"
	check "an upstream that is this host itself" refuses_conf \
	    'dns64d\.conf:[0-9]+: upstream .*queries would loop' \
	    "listen on :: port 5300" "upstream 2001:db8::1 port 5300"
	check "an error in the file, with its line" refuses_conf \
	    '/dns64d\.conf:5: ' "prefix 2001:db8::/95"
	write_conf
	check "-nv prints what it reads again" prints_itself
}

daemonise() {
	start_background "$program" "$dir/dns64d.conf" "$dir/run/dns64d.pid" &&
	    dns64d=$daemon
}

second_refused() {
	! in_ns "$gateway" timeout 10 "$program" -f "$dir/dns64d.conf" \
	    2>"$dir/second" && grep -i 'in use\|already running' \
	    "$dir/second"
}

# The threads of dns64d, for check_privileges.
threads() {
	(cd /proc && echo "$dns64d"/task/*)
}

test_daemon() { # workers
	local thread
	tap_round="in the background, workers $1"
	write_conf "pidfile \"$dir/run/dns64d.pid\"" \
	    "dump \"$dir/dump/dns64d\"" "workers $1"
	check "dns64d starts and comes back" daemonise || give_up
	check "it answers" ask_new 1
	for thread in $(threads); do
		check_privileges "$thread"
	done
	kill -USR1 "$dns64d"
	check "SIGUSR1 writes statistics to a file" wait_for 30 grew \
	    "$dir/dump/dns64d" 0
	check "a second one is refused" second_refused
	check "and the first one goes on" ask_new 1
	kill "$dns64d"
	check "SIGTERM ends it" wait_for 30 gone "$dns64d"
	check_not "and its pid file is gone" test -e "$dir/run/dns64d.pid"
	rm "$dir/dump/dns64d"
}

test_failed_start() {
	tap_round="a start that fails in the background"
	start "$gateway" busy.log socat -u UDP4-RECVFROM:5399,fork \
	    OPEN:/dev/null
	wait_for 30 udp_listens "$gateway" 5399
	write_conf "pidfile \"$dir/run/dns64d.pid\"" \
	    "listen on 127.0.0.1 port 5399"
	check_not "dns64d does not start" daemonise
	check_not "and leaves no pid file" test -e "$dir/run/dns64d.pid"
}

need_root
start_lab
write_nat64d_conf
start_nat64d
write_conf
check "dns64d starts" start_dns64d || give_up
check_privileges "$dns64d"
test_synthesis
test_reverse
test_ipv4only
test_transport
test_by_name
test_access
tap_round="signals"
test_statistics
test_reload
tap_round="upstreams"
test_failover
tap_round=
kill "$dns64d"
check "SIGTERM ends it with status 0" wait "$dns64d"
test_refusals
test_daemon 1
test_daemon 2
test_failed_start
tap_done
