#!/usr/bin/env bash
# FTP through the gateway (RFC 6384): real servers of IPv4 and real clients of
# IPv6. vsftpd on port 21, with TLS; on other ports servers that know only one
# of EPSV and PASV, that send each byte by itself, or that name another host;
# and one behind a small link.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

far=$lab-far

# Port and kind of each of the other servers (tools/ftp_server.py).
kinds=(2101:no-epsv 2102:no-pasv 2103:bytewise 2104:foreign 2105:no-noop)

start_others() {
	local kind
	start "$internet" ftp.log "$tools/ftp_server.py" "$server4" \
	    "$dir/ftp" "${kinds[@]}"
	for kind in "${kinds[@]}"; do
		wait_for 30 tcp_listens "$internet" "${kind%:*}" || return 1
	done
}

make_files() {
	local i
	make_ftp
	head -c 20000000 /dev/urandom >"$dir/ftp/large"
	mkdir "$dir/ftp/many"
	for i in {1..40}; do
		head -c $((i * 37)) /dev/urandom >"$dir/ftp/many/$i"
	done
}

url() { # file [port]
	echo "ftp://[$server64]:${2:-21}/$1"
}

gets() { # file port [option of curl ...]
	local file=$1 port=$2
	shift 2
	rm -f "$dir/got"
	in_ns "$client" curl -gsSf -m 60 "$@" -o "$dir/got" \
	    "$(url "$file" "$port")" && cmp "$dir/ftp/$file" "$dir/got"
}

puts() { # port [option of curl ...]
	local port=$1
	shift
	rm -f "$dir/ftp/up/put"
	in_ns "$client" curl -gsSf -m 60 "$@" -T "$dir/ftp/many/40" \
	    "$(url up/put "$port")" &&
	    cmp "$dir/ftp/many/40" "$dir/ftp/up/put"
}

test_curl() {
	check "curl gets a file, passive" gets large 21
	check "puts one" puts 21
	check "gets one, active" gets large 21 -P -
	check "puts one, active" puts 21 -P -
	# The gateway sees nothing of it: vsftpd knows EPSV.
	check "gets one with TLS" gets large 21 --ssl-reqd -k
}

mirrors() { # [setting of lftp]
	rm -rf "$dir/mirror"
	in_ns "$client" timeout 60 lftp -c "set net:max-retries 1
	    set ftp:ssl-allow no; ${1:-}
	    open $(url ''); mirror many $dir/mirror" &&
	    diff -r "$dir/ftp/many" "$dir/mirror"
}

test_lftp() {
	check "lftp mirrors many files, passive" mirrors
	check "and active" mirrors 'set ftp:passive-mode off'
	check "lftp goes on in the middle of a file" continues
}

continues() {
	head -c 7000000 "$dir/ftp/large" >"$dir/got"
	in_ns "$client" timeout 60 lftp -c "set ftp:ssl-allow no
	    open $(url ''); get -c large -o $dir/got" &&
	    cmp "$dir/ftp/large" "$dir/got"
}

# An interactive client: several transfers in one connection.
converses() { # option ...
	rm -f "$dir/one" "$dir/two" "$dir/ftp/up/three"
	in_ns "$client" timeout 60 tnftp -n "$@" "$server64" <<-EOF \
	    >"$dir/ftp.log" 2>&1
		user anonymous me
		binary
		ls
		get many/20 $dir/one
		get large $dir/two
		put $dir/ftp/many/30 up/three
		quit
	EOF
	cmp "$dir/ftp/many/20" "$dir/one" && cmp "$dir/ftp/large" "$dir/two" &&
	    cmp "$dir/ftp/many/30" "$dir/ftp/up/three" && return
	cat "$dir/ftp.log"
	return 1
}

test_ftp() {
	check "ftp makes several transfers, passive" converses -p
	check "and active" converses -A
}

test_kinds() {
	check "a server without EPSV" gets many/9 2101
	check "and active" gets many/9 2101 -P -
	check_not "one without PASV cannot be translated to" gets many/9 2102
	check "a server that sends each byte by itself" gets many/9 2103
	check "a server that names another host: it is not asked" \
	    gets many/9 2104
}

# The words of RFC 6384, 11, to a server that knows nothing of them; what was
# said for each.
asks() { # port command ...
	local port=$1
	shift
	in_ns "$client" "$tools/ftp_words.py" "$server64" "$port" "$@"
}

test_algs() {
	check_equal "ALGS is answered" "$(asks 21 'ALGS STATUS64' \
	    'ALGS DISABLE64' 'ALGS ENABLE64' 'ALGS' 'EPSV ALL' 'EPSV 1' NOOP)" \
	    "216 216 216 504 504 522 200"
	check_equal "EPSV passes when it is off" \
	    "$(asks 2101 'ALGS DISABLE64' EPSV 'ALGS ENABLE64' EPSV)" \
	    "216 500 216 229"
	check_equal "each byte of a command by itself" \
	    "$(asks 2101 --bytewise EPSV 'ALGS STATUS64' EPSV)" "229 216 229"
	check_equal "all commands at once" \
	    "$(asks 21 --pipelined EPSV 'ALGS STATUS64' 'EPSV ALL' NOOP)" \
	    "229 216 504 200"
	check_equal "a server that refuses NOOP: the connection ends" \
	    "$(asks 2105 'ALGS STATUS64')" "reset"
	check "and this is logged" logged 'gateway-ended'
}

# An expected connection is for the server only.
test_expected() {
	local dump
	dump=$(nat64d_dump)
	check "connections were expected" \
	    [ "$(dump_value "$dump" gateway-expected)" -gt 40 ]
	check "gateways have let go" \
	    [ "$(dump_value "$dump" gateway-let-go)" -gt 0 ]
	if grep -q '^fast-path ' <<<"$dump"; then
		check "data connections use the fast path" \
		    [ "$(dump_value "$dump" fast-path-offered)" -gt 0 ]
	fi
	check_equal "no fragment, no wrong checksum" \
	    "$(dump_value "$dump" gateway-fragment)$(
		dump_value "$dump" gateway-bad-checksum)" 00
}

# A server behind a link of 300 bytes, whose kernel does no path MTU discovery:
# it sends with DF = 0, and the router on the way cuts the long greeting.
start_far() {
	add_ns "$far"
	connect "$far" f0 "$internet" i1
	link_up "$far" f0 203.0.113.10/24
	link_up "$internet" i1 203.0.113.1/24
	ip -n "$far" route add default via 203.0.113.1
	ip -n "$gateway" route add 203.0.113.0/24 via "$server4"
	in_ns "$internet" sysctl -qw net.ipv4.ip_forward=1
	in_ns "$far" sysctl -qw net.ipv4.ip_no_pmtu_disc=1
	ip -n "$internet" link set i0 mtu 300
	start "$far" far.log "$tools/ftp_server.py" 203.0.113.10 \
	    "$dir/ftp" 2106:long
	wait_for 30 tcp_listens "$far" 2106
}

has_fragments() {
	[ "$(tcpdump -nr "$dir/fragments" 2>/dev/null | wc -l)" -gt 0 ]
}

test_fragments() {
	local server64=2001:db8:8000::203.0.113.10 tcpdump
	check "a server behind a small link runs" start_far || return
	start "$gateway" fragments.log tcpdump -U --immediate-mode -ni g1 \
	    -w "$dir/fragments" 'ip[6:2] & 0x1fff != 0'
	tcpdump=$!
	check "tcpdump runs" wait_for 30 \
	    grep -q 'listening on' "$dir/fragments.log"
	check_equal "a control connection in fragments is translated" \
	    "$(asks 2106 EPSV 'ALGS STATUS64' HELP EPSV)" "229 216 214 229"
	check "there were fragments of it" wait_for 30 has_fragments
	stop "$tcpdump"
	check "files come, passive" gets many/9 2106
	check "and active" gets many/9 2106 -P -
	ip -n "$internet" link set i0 mtu 1500
}

# Both ends of the control connection to 2101 know that all has arrived: with an
# acknowledgment under way, nat64d cannot know the numbers of an idle connection.
all_acknowledged() {
	! {
		in_ns "$internet" ss -Htn state established sport = :2101
		in_ns "$client" ss -Htn state established dport = :2101
	} | awk '$2 > 0' | grep -q .
}

# A control connection that is idle goes on, and so does translation.
test_restart() {
	asks 2101 EPSV "@$dir/go" EPSV 'ALGS STATUS64' >"$dir/words" 2>&1 &
	local words=$!
	check "a connection is idle" wait_for 30 test -e "$dir/go.said"
	check_match "nat64ctl marks it" "$(in_ns "$gateway" \
	    "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/run/nat64d.sock" \
	    show sessions port 2101)" 'established +host gateway$'
	check "nothing is under way" wait_for 30 all_acknowledged
	stop "$nat64d"
	check "nat64d is restarted" start_nat64d || give_up
	touch "$dir/go"
	wait "$words"
	check_equal "it is translated as before" "$(cat "$dir/words")" \
	    "229 229 216"
}

upgrade() {
	in_ns "$gateway" timeout 90 "$BUILD/nat64d/ctl/nat64ctl" \
	    -s "$dir/run/nat64d.sock" upgrade
}

# One command after the other, and an upgrade in between.
test_busy_upgrade() {
	local -a many
	local words
	mapfile -t many < <(yes EPSV | head -n 1000)
	asks 2101 "@$dir/busy" "${many[@]}" >"$dir/words" 2>&1 &
	words=$!
	check "a connection is there" wait_for 30 test -e "$dir/busy.said"
	touch "$dir/busy"
	check "nat64ctl upgrade while it is busy" upgrade
	check "it goes on to its end" wait "$words"
	check_equal "and each command was translated" \
	    "$(tr ' ' '\n' <"$dir/words" | sort | uniq -c | tr -s ' ')" \
	    " 1000 229"
}

# Another process takes over a control connection whose numbers differ in both
# directions.
test_upgrade() {
	local words
	stop "$nat64d"
	write_nat64d_conf 'alg ftp port 2101' \
	    "control \"$dir/run/nat64d.sock\"" \
	    "pidfile \"$dir/run/nat64d.pid\""
	check "nat64d runs in the background" start_background \
	    "$BUILD/nat64d/nat64d" "$dir/nat64d.conf" "$dir/run/nat64d.pid" ||
	    give_up
	asks 2101 EPSV 'ALGS STATUS64' EPSV "@$dir/up" EPSV 'ALGS STATUS64' \
	    "@$dir/again" EPSV >"$dir/words" 2>&1 &
	words=$!
	check "a connection is idle" wait_for 30 test -e "$dir/up.said"
	check "nat64ctl upgrade" upgrade
	check "and again" upgrade
	touch "$dir/up"
	check "the connection goes on" wait_for 30 test -e "$dir/again.said"
	check "nat64ctl upgrade once more" upgrade
	touch "$dir/again"
	wait "$words"
	check_equal "and is translated as before" "$(cat "$dir/words")" \
	    "229 216 229 229 216 229"
	test_busy_upgrade
	kill "$(cat "$dir/run/nat64d.pid")"
	check "nat64d ends" wait_for 30 test ! -e "$dir/run/nat64d.pid"
}

need_root
lab_create
make_files
check "vsftpd runs" start_vsftpd || give_up
check "other servers run" start_others || give_up
mkdir -m 700 "$dir/run"
chown nobody "$dir/run"
write_nat64d_conf 'alg ftp port 21, 2101-2106' "state \"$dir/run/state\"" \
    "control \"$dir/run/nat64d.sock\""
check "nat64d runs" start_nat64d || give_up
test_curl
test_lftp
test_ftp
test_kinds
test_algs
test_fragments
test_expected
test_restart
test_upgrade
tap_done
