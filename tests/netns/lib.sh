# shellcheck shell=bash
# A lab of network namespaces, for the end-to-end tests and the demo. To be
# sourced by bash. The lab is removed however the script ends. The build tree is
# the first argument of the script, else $BUILD.
#
#	client ----------- gateway ----------- internet
#	2001:db8::10    2001:db8::1  198.51.100.1   198.51.100.10
#	IPv6 only       2001:db8::2                 IPv4 only
#	                nat64d, dns64d              nsd, nginx, socat
#
# Pref64::/n 2001:db8:8000::/96, pool 192.0.2.0/24: the example of the
# original authors. Names: www.example.com has an A record only,
# dual.example.com an AAAA as well.

set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${1:-${BUILD:-build}}
case $BUILD in
/*) ;;
*) BUILD=$root/$BUILD ;;
esac
lab=ecd$$
client=$lab-client
gateway=$lab-gateway
internet=$lab-internet
dir=
lab_namespaces=()
lab_mounts=()

server4=198.51.100.10
server64=2001:db8:8000::c633:640a
tools=$root/tests/netns/tools
gateway6=2001:db8::1
dns6=2001:db8::2
export LC_ALL=C

# --- TAP ---

tap_n=0
tap_failed=0
tap_round= # which round of tests that are run several times

ok() { # description
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1${tap_round:+ ($tap_round)}"
}

not_ok() { # description [why]; fails
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $1${tap_round:+ ($tap_round)}"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | tail -n 20 | sed 's/^/#   /'
	return 1
}

skip() { # description reason
	ok "$1 # SKIP $2"
}

# Run a command in this shell; its success is the test's.
check() { # description command ...
	local what=$1
	shift
	if "$@" >"$dir/check" 2>&1; then
		ok "$what"
	else
		not_ok "$what" "$(cat "$dir/check")"
	fi
}

# Run a command in this shell; its failure is the test's success.
check_not() { # description command ...
	local what=$1
	shift
	if "$@" >"$dir/check" 2>&1; then
		not_ok "$what" "$(cat "$dir/check")"
	else
		ok "$what"
	fi
}

check_equal() { # description found expected
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "expected: $3
found: $2"
	fi
}

# Does a line of the text match an extended regular expression?
check_match() { # description text regex
	if grep -Eq -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "expected: $3
found: $2"
	fi
}

# A command is to fail, and to say this.
fails_with() { # message command ...
	local message=$1
	shift
	! "$@" >"$dir/said" 2>&1 && grep -F -- "$message" "$dir/said" && return
	cat "$dir/said"
	return 1
}

tap_done() {
	echo "1..$tap_n"
	[ "$tap_failed" -eq 0 ]
}

# End the script here, because the rest cannot succeed.
give_up() {
	tap_done
	exit 1
}

# End the script here when it cannot run at all.
skip_all() { # reason
	echo "ok 1 - $(basename "$0") # SKIP $1"
	echo "1..1"
	exit 0
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip_all "not root: no network namespaces"
	unshare -n -m true 2>/dev/null || skip_all "no network namespaces here"
	[ -c /dev/net/tun ] || skip_all "no /dev/net/tun"
}

# --- processes ---

# How long a command may take that takes long only if it fails: these seconds,
# and LAB_PATIENCE times as many where the processors are emulated.
secs() { # seconds
	echo $(($1 * ${LAB_PATIENCE:-1}))
}

# Until a command succeeds, or the seconds are over.
wait_for() { # seconds command ...
	local end=$((SECONDS + $(secs "$1") + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

gone() { # pid
	! kill -0 "$1" 2>/dev/null
}

in_ns() { # namespace command ...
	ip netns exec "$@"
}

# Start a process in a namespace; its pid is in $!, its output in a file.
start() { # namespace log command ...
	local ns=$1 log=$2
	shift 2
	ip netns exec "$ns" "$@" >"$dir/$log" 2>&1 &
}

stop() { # pid
	kill "$1" 2>/dev/null
	wait_for 30 gone "$1" || kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# --- the lab ---

# What runs in our namespaces is ours, also what went to the background; and
# what is still on its way there.
lab_processes() {
	local ns
	jobs -pr
	for ns in ${lab_namespaces[@]+"${lab_namespaces[@]}"}; do
		ip netns pids "$ns" 2>/dev/null
	done
}

lab_kill() { # signal
	local pid
	for pid in $(lab_processes); do
		kill "-$1" "$pid" 2>/dev/null
	done
}

lab_is_empty() {
	[ -z "$(lab_processes)" ]
}

# A child of this shell has its traps until it becomes another program, and
# may be told to end before: what it runs then is not the end of the lab.
lab_is_ours() {
	[ "$BASHPID" -eq "$$" ]
}

lab_remove() {
	local ns mount
	lab_is_ours || return 0
	trap - EXIT
	trap '' INT TERM HUP
	lab_kill TERM
	wait_for 3 lab_is_empty || lab_kill KILL
	for ns in ${lab_namespaces[@]+"${lab_namespaces[@]}"}; do
		ip netns del "$ns" 2>/dev/null
		rm -rf "/etc/netns/$ns"
	done
	rmdir /etc/netns 2>/dev/null
	for mount in ${lab_mounts[@]+"${lab_mounts[@]}"}; do
		umount -l "$mount" 2>/dev/null
	done
	[ -z "$dir" ] || rm -rf --one-file-system "$dir"
}

lab_interrupted() {
	lab_remove
	exit 130
}

link_up() { # namespace interface address ...
	local ns=$1 interface=$2 address
	shift 2
	for address in "$@"; do
		case $address in
		*:*) ip -n "$ns" addr add "$address" dev "$interface" nodad ;;
		*) ip -n "$ns" addr add "$address" dev "$interface" ;;
		esac
	done
	ip -n "$ns" link set "$interface" up
}

# A directory for the files, and removal of everything at the end.
lab_begin() {
	trap lab_remove EXIT
	trap lab_interrupted INT TERM HUP
	dir=$(mktemp -d "${TMPDIR:-/tmp}/$lab.XXXXXX")
	chmod 755 "$dir"
}

# No kernel limits its ICMP errors there, since tests ask for many, or takes
# a second to find out that its link-local address is its own. Congestion
# control is the one that every kernel has.
add_ns() { # namespace ...
	local ns
	for ns in "$@"; do
		lab_namespaces+=("$ns")
		ip netns add "$ns"
		ip -n "$ns" link set lo up
		in_ns "$ns" sysctl -qw net.ipv4.icmp_ratelimit=0 \
		    net.ipv6.icmp.ratelimit=0 \
		    net.ipv6.conf.default.accept_dad=0 \
		    net.ipv4.tcp_congestion_control=reno
	done
}

# A namespace that passes packets of others on.
add_router() { # namespace ...
	local ns
	add_ns "$@"
	for ns in "$@"; do
		in_ns "$ns" sysctl -qw net.ipv6.conf.all.forwarding=1 \
		    net.ipv4.ip_forward=1
	done
}

# What the ends of a link hand over to each other (LAB_WORLD):
#
#	unfinished	as veth does by itself: super-packets, checksums left
#			to a device that will never come
#	finished	finished checksums, as from any wire; without checksum
#			offload the kernel cuts super-packets as well
#	plain		nothing is joined on the way in either
#	joined		finished, and the receiver joins what comes, as a
#			network card with GRO does: Linux takes the finished
#			checksums back, so that the super-packets come with
#			unfinished ones
#	listed		as joined, but a super-packet is a list of packets, each
#			with its own headers (rx-gro-list)
LAB_WORLD=${LAB_WORLD:-unfinished}

world() { # namespace interface
	local settings=(tx off)
	case $LAB_WORLD in
	unfinished) return 0 ;;
	plain) settings+=(tso off gso off gro off) ;;
	joined) settings+=(gro on rx-udp-gro-forwarding on) ;;
	listed) settings+=(gro on rx-gro-list on) ;;
	esac
	in_ns "$1" ethtool -K "$2" "${settings[@]}" >"$dir/ethtool" 2>&1 &&
	    moderate "$@" || {
		not_ok "$2 is as in the world $LAB_WORLD" \
		    "$(cat "$dir/ethtool")"
		give_up
	}
}

# veth hands over each packet at once; a network card waits a moment for
# more, which GRO can join.
moderate() { # namespace interface
	case $LAB_WORLD in
	joined | listed) ;;
	*) return 0 ;;
	esac
	in_ns "$1" sh -c "cd /sys/class/net/$2 &&
	    echo 50000 >gro_flush_timeout && echo 2 >napi_defer_hard_irqs" \
	    >"$dir/ethtool" 2>&1
}

connect() { # namespace interface namespace interface
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"
	world "$1" "$2"
	world "$3" "$4"
}

# Client and gateway, and the link between them.
lab_create6() {
	lab_begin
	add_ns "$client" "$internet"
	add_router "$gateway"
	in_ns "$internet" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	connect "$client" c0 "$gateway" g0
	link_up "$client" c0 2001:db8::10/64
	link_up "$gateway" g0 "$gateway6/64" "$dns6/64"
	ip -n "$client" route add default via "$gateway6"
	mkdir -p "/etc/netns/$client"
	echo "nameserver $dns6" >"/etc/netns/$client/resolv.conf"
}

# Three namespaces, two links, forwarding in the middle.
lab_create() {
	lab_create6
	connect "$gateway" g1 "$internet" i0
	link_up "$gateway" g1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24"
	ip -n "$internet" route add default via 198.51.100.1
}

# --- servers ---

# An authoritative server that knows nothing of IPv6 for www. Its pid is in
# $nsd.
start_nsd() { # [address]
	local address=${1:-$server4} home
	home=$dir/nsd-$address
	mkdir "$home"
	cat >"$home/nsd.conf" <<-EOF
		server:
			ip-address: $address
			do-ip6: no
			username: ""
			zonesdir: "$home"
			pidfile: "$home/pid"
			database: ""
			xfrdfile: "$home/xfrd"
			zonelistfile: "$home/zonelist"
			cookie-secret-file: "$home/cookie"
			rrl-ratelimit: 0
		remote-control:
			control-enable: no
		zone:
			name: example.com
			zonefile: example.com
		zone:
			name: 100.51.198.in-addr.arpa
			zonefile: reverse
	EOF
	cat >"$home/example.com" <<-EOF
		\$ORIGIN example.com.
		\$TTL 300
		@	SOA ns hostmaster 1 3600 600 86400 120
		@	NS ns
		ns	A $server4
		www	A $server4
		www	TXT "plain text"
		alias	CNAME www
		chain	CNAME alias
		dual	A $server4
		dual	AAAA 2001:db8::1
		$(printf 'many A 198.51.100.%d\n' {100..139})
	EOF
	cat >"$home/reverse" <<-EOF
		\$ORIGIN 100.51.198.in-addr.arpa.
		\$TTL 300
		@	SOA ns.example.com. hostmaster.example.com. 1 3600 600 86400 120
		@	NS ns.example.com.
		10	PTR www.example.com.
	EOF
	start "$internet" nsd.log nsd -d -c "$home/nsd.conf"
	# shellcheck disable=SC2034 # for the script
	nsd=$!
	wait_for 30 in_ns "$internet" dig +short +tries=1 +timeout=1 \
	    "@$address" www.example.com
}

# A web server with the files of $dir/www, which also takes files there, and
# says at /peer who asked.
# shellcheck disable=SC2120 # some scripts say where
start_web() { # [namespace address:port]
	local ns=${1:-$internet} address=${2:-$server4:80} home
	home=$dir/nginx-$ns
	mkdir -p "$dir/www" "$home"
	cat >"$home/nginx.conf" <<-EOF
		daemon off;
		master_process off;
		user root;
		pid $home/pid;
		error_log $home/error.log;
		events { }
		http {
			access_log off;
			client_body_temp_path $home;
			proxy_temp_path $home;
			fastcgi_temp_path $home;
			uwsgi_temp_path $home;
			scgi_temp_path $home;
			client_max_body_size 0;
			server {
				listen $address;
				root $dir/www;
				dav_methods PUT;
				location = /peer {
					return 200 "\$remote_addr\n";
				}
			}
		}
	EOF
	start "$ns" nginx.log nginx -c "$home/nginx.conf"
	wait_for 30 in_ns "$ns" curl -gsS -o "$dir/peer" "$address/peer"
}

# A directory for FTP servers, where files can be put.
make_ftp() {
	mkdir -p "$dir/ftp/up" "$dir/empty"
}

# An FTP server, with TLS, of the files of $dir/ftp. Everything as the user who
# runs this: there may be no other one.
start_vsftpd() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab \
	    -keyout "$dir/key.pem" -out "$dir/cert.pem" >"$dir/openssl" 2>&1
	cat >"$dir/vsftpd.conf" <<-EOF
		listen=YES
		listen_address=$server4
		background=NO
		run_as_launching_user=YES
		nopriv_user=root
		ftp_username=root
		secure_chroot_dir=$dir/empty
		anonymous_enable=YES
		anon_root=$dir/ftp
		allow_writeable_chroot=YES
		no_anon_password=YES
		write_enable=YES
		anon_upload_enable=YES
		anon_other_write_enable=YES
		anon_world_readable_only=NO
		connect_from_port_20=YES
		seccomp_sandbox=NO
		isolate=NO
		isolate_network=NO
		ssl_enable=YES
		allow_anon_ssl=YES
		force_local_logins_ssl=NO
		force_local_data_ssl=NO
		require_ssl_reuse=NO
		rsa_cert_file=$dir/cert.pem
		rsa_private_key_file=$dir/key.pem
	EOF
	start "$internet" vsftpd.log vsftpd "$dir/vsftpd.conf"
	wait_for 30 tcp_listens "$internet" 21
}

# Fetch a file of $dir/www, as the client, and compare; then bring it back.
fetch() { # file [address]
	rm -f "$dir/fetched"
	in_ns "$client" curl -gsSf -m "$(secs 60)" -o "$dir/fetched" \
	    "http://[${2:-$server64}]/$1" && cmp "$dir/www/$1" "$dir/fetched"
}

put() { # file [address]
	rm -f "$dir/www/put"
	in_ns "$client" curl -gsSf -m "$(secs 60)" -T "$dir/www/$1" \
	    "http://[${2:-$server64}]/put" && cmp "$dir/www/$1" "$dir/www/put"
}

ping_works() {
	in_ns "$client" ping -n -c 1 -W "$(secs 2)" "$server64"
}

# The client drops what its kernel finds outside of a connection's windows.
drop_invalid() {
	in_ns "$client" nft add table inet filter
	in_ns "$client" nft add chain inet filter input \
	    '{ type filter hook input priority filter; policy accept; }'
	in_ns "$client" nft add rule inet filter input \
	    ct state invalid counter drop
}

# Answers each datagram with itself, at port 7777.
start_udp_echo() { # [namespace socat's name of the listener]
	local ns=${1:-$internet}
	start "$ns" echo.log socat -b 65536 \
	    "${2:-UDP4-RECVFROM:7777},fork" EXEC:cat
	wait_for 30 udp_listens "$ns" 7777
}

# Send a datagram of random bytes to an echo service; the same comes back.
udp_echo() { # namespace bytes address port
	head -c "$2" /dev/urandom >"$dir/udp"
	in_ns "$1" timeout "$(secs 5)" nc -u -W 1 "$3" "$4" <"$dir/udp" \
	    >"$dir/udp.back"
	cmp "$dir/udp" "$dir/udp.back"
}

tcp_listens() { # namespace port
	[ -n "$(in_ns "$1" ss -Hltn sport = "$2")" ]
}

udp_listens() { # namespace port
	[ -n "$(in_ns "$1" ss -Huln sport = "$2")" ]
}

# --- daemons ---

# Which way nat64d translates (LAB_FASTPATH): auto, that is inside the kernel
# where it allows it, or no. For configurations that are about something else.
LAB_FASTPATH=${LAB_FASTPATH:-auto}

fastpath_statement() {
	[ "$LAB_FASTPATH" = auto ] || echo "fastpath $LAB_FASTPATH"
}

# The configuration of the examples, with what only a lab needs. They are
# copied, because the daemons' user may have no way to where we are.
write_nat64d_conf() { # statement ...
	cp "$root/etc/nat64d.conf" "$dir/nat64d.example"
	{
		echo 'include "nat64d.example"'
		echo "user nobody"
		printf '%s\n' "$@"
		fastpath_statement # last: lines before it are counted
	} >"$dir/nat64d.conf"
}

write_dns64d_conf() { # statement ...
	cp "$root/etc/dns64d.conf" "$dir/dns64d.example"
	{
		echo 'include "dns64d.example"'
		echo "user nobody"
		printf '%s\n' "$@"
	} >"$dir/dns64d.conf"
}

# Sets started to the pid. The daemon runs in the foreground, as under an init
# system, with $dir/NAME.conf, and writes to $dir/NAME.out and $dir/NAME.err.
# What its predecessor logged must not be taken for its own. "command ..." starts
# it, for example with other rights.
start_nat64d_in() { # namespace name [command ...]
	local ns=$1 name=$2
	shift 2
	: >"$dir/$name.err"
	ip netns exec "$ns" "$@" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/$name.conf" >"$dir/$name.out" 2>"$dir/$name.err" &
	started=$!
	wait_for 30 grep -q ' running$' "$dir/$name.err" || {
		cat "$dir/$name.err"
		return 1
	}
}

start_nat64d() { # [command ...]
	start_nat64d_in "$gateway" nat64d "$@"
	local status=$?
	nat64d=$started
	return "$status"
}

start_dns64d() {
	ip netns exec "$gateway" "$BUILD/dns64d/dns64d" -d \
	    -f "$dir/dns64d.conf" >"$dir/dns64d.out" 2>"$dir/dns64d.err" &
	# shellcheck disable=SC2034 # for the script
	dns64d=$!
	wait_for 30 in_ns "$client" dig +short +tries=1 +timeout=1 \
	    "@$dns6" www.example.com A || {
		cat "$dir/dns64d.err"
		return 1
	}
}

# Has nat64d logged this? Prints the lines.
logged() { # regex
	grep -E -- "$1" "$dir/nat64d.err"
}

# Print what nat64d prints at SIGUSR1.
nat64d_dump() {
	local before
	before=$(wc -c <"$dir/nat64d.out")
	kill -USR1 "$nat64d" || return 1
	wait_for 30 dump_complete "$before" || return 1
	tail -c +$((before + 1)) "$dir/nat64d.out"
}

dump_complete() { # bytes before
	[ "$(tail -c +$(($1 + 1)) "$dir/nat64d.out" | tail -n 1)" = end ]
}

# The value of a counter or the number of a drop reason; 0 when not there.
dump_value() { # dump name
	awk -v name="$2" '$2 == name { n = $3 } END { print n + 0 }' <<<"$1"
}

# Start a daemon that goes to the background; its pid is in $daemon. It
# writes the file a moment after its parent has ended.
start_background() { # program configuration pid-file
	in_ns "$gateway" timeout "$(secs 10)" "$1" -f "$2" </dev/null \
	    >"$dir/background" 2>&1 && wait_for 30 test -s "$3" || {
		cat "$dir/background"
		return 1
	}
	# shellcheck disable=SC2034 # for the script
	daemon=$(cat "$3")
}

# --- take-over and restart ---

# The lab with traffic that shows each lost packet: see begin_traffic.
stream_lab() {
	lab_create
	start_web
	head -c 200000000 /dev/urandom >"$dir/www/200MB"
	start "$internet" echo.log "$tools/udp_stream.py" echo "$server4" 7000
	wait_for 30 udp_listens "$internet" 7000
}

# The processes of nat64d, one in a line, without those that only read the
# configuration or wait for an upgrade. One that is ending has no command line.
daemons() {
	local pid line
	for pid in $(ip netns pids "$gateway"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = nat64d ] || continue
		line=$(tr '\0' ' ' <"/proc/$pid/cmdline") 2>/dev/null
		case $line in
		'' | *': reader'* | *': starter'*) ;;
		*) echo "$pid" ;;
		esac
	done
}

echo_works() {
	in_ns "$client" "$tools/udp_stream.py" send "$server64" 7000 100 0.2 |
	    grep ' back [1-9]'
}

# 50 flows of datagrams, whose process is $stream, until end_stream.
begin_stream() { # [least number of sessions]
	start "$client" stream.log "$tools/udp_stream.py" send "$server64" \
	    7000 5000 120 50 900
	stream=$!
	wait_for 30 has_sessions "${1:-50}" || {
		not_ok "the traffic has begun"
		give_up
	}
}

# The same beside a transfer of 200 MB, whose process is $curl.
begin_traffic() {
	in_ns "$client" curl -gsSf -m "$(secs 60)" --limit-rate 33M \
	    -o "$dir/fetched" "http://[$server64]/200MB" \
	    >"$dir/curl.log" 2>&1 &
	# shellcheck disable=SC2034 # for the script
	curl=$!
	begin_stream 51
}

# All that has happened since begin_stream has cost no datagram.
end_stream() {
	kill "$stream"
	wait "$stream"
	echo "# $(cat "$dir/stream.log")"
	check "no datagram was lost, there and back" \
	    awk '{ exit !($2 > 100 && $2 == $4) }' "$dir/stream.log"
}

# By the control socket: so many sessions at least.
has_sessions() { # number
	[ "$(in_ns "$gateway" curl -sS -m "$(secs 5)" --unix-socket \
	    "$dir/run/nat64d.sock" http://localhost/v1/status |
	    grep -o '"sessions": *[0-9]*' | sed 's/.*[: ]//;q')" -ge "$1" ]
}

# The rights of a daemon, which are next to none.
check_privileges() { # pid, or pid/task/thread
	local status uid gid
	uid=$(id -u nobody) gid=$(id -g nobody)
	status=$(tr '\t' ' ' <"/proc/$1/status")
	check_match "its user is another" "$status" \
	    "^Uid: $uid $uid $uid $uid\$"
	check_match "its group is another" "$status" \
	    "^Gid: $gid $gid $gid $gid\$"
	check_match "it is in no other group" "$status" "^Groups: $gid ?\$"
	check_match "it has no capabilities" "$(grep ^Cap <<<"$status" |
	    grep -v '^CapBnd' | sort | tr -d '\n')" \
	    '^CapAmb: 0+CapEff: 0+CapInh: 0+CapPrm: 0+$'
	check_match "and can get none" "$status" '^NoNewPrivs: 1$'
	if sanitized; then
		skip "its system calls are filtered" \
		    "sanitizers need them all"
	else
		check_match "its system calls are filtered" "$status" \
		    '^Seccomp: 2$'
	fi
}

sanitized() {
	grep -q __asan_init "$BUILD/nat64d/nat64d"
}
