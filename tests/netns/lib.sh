# shellcheck shell=bash
# A lab of network namespaces, for the end-to-end tests and the demo. To be
# sourced by bash. Nothing of it outlives the script, however that ends.
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
BUILD=${BUILD:-build}
case $BUILD in
/*) ;;
*) BUILD=$root/$BUILD ;;
esac
lab=ecd$$
client=$lab-client
gateway=$lab-gateway
internet=$lab-internet
dir=
lab_pids=()

server4=198.51.100.10
server64=2001:db8:8000::c633:640a
gateway6=2001:db8::1
dns6=2001:db8::2
export LC_ALL=C

# --- TAP ---

tap_n=0
tap_failed=0

ok() { # description
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1"
}

not_ok() { # description [why]
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $1"
	[ -z "${2:-}" ] || printf '%s\n' "$2" | tail -n 20 | sed 's/^/#   /'
}

# Run a command; its success is the test's.
check() { # description command ...
	local what=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$what"
	else
		not_ok "$what" "$out"
	fi
}

# Does the text match an extended regular expression?
check_match() { # description text regex
	if grep -Eq -- "$3" <<<"$2"; then
		ok "$1"
	else
		not_ok "$1" "expected: $3
found: $2"
	fi
}

tap_done() {
	echo "1..$tap_n"
	[ "$tap_failed" -eq 0 ]
}

# End the script here when it cannot run at all.
skip_all() { # reason
	echo "ok 1 - $(basename "$0") # SKIP $1"
	echo "1..1"
	exit 0
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip_all "not root: no network namespaces"
	ip netns add "$lab-probe" 2>/dev/null ||
	    skip_all "no network namespaces here"
	ip netns del "$lab-probe"
	[ -c /dev/net/tun ] || skip_all "no /dev/net/tun"
}

# --- processes ---

# Until a command succeeds, or the seconds are over.
wait_for() { # seconds command ...
	local i end=$(($1 * 20))
	shift
	for ((i = 0; i < end; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
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
	lab_pids+=($!)
}

stop() { # pid
	kill "$1" 2>/dev/null
	wait_for 5 gone "$1" || kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# --- the lab ---

lab_remove() {
	local pid ns
	trap - EXIT
	for pid in ${lab_pids[@]+"${lab_pids[@]}"}; do
		kill "$pid" 2>/dev/null
	done
	for pid in ${lab_pids[@]+"${lab_pids[@]}"}; do
		wait_for 3 gone "$pid" || kill -9 "$pid" 2>/dev/null
	done
	for ns in "$client" "$gateway" "$internet"; do
		# What daemonised is still in the namespace.
		for pid in $(ip netns pids "$ns" 2>/dev/null); do
			kill -9 "$pid" 2>/dev/null
		done
		ip netns del "$ns" 2>/dev/null
		rm -rf "/etc/netns/$ns"
	done
	rmdir /etc/netns 2>/dev/null
	[ -z "$dir" ] || rm -rf "$dir"
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

# Three namespaces, two links, forwarding in the middle.
lab_create() {
	local ns
	dir=$(mktemp -d "/tmp/$lab.XXXXXX")
	chmod 755 "$dir"
	trap lab_remove EXIT
	trap lab_interrupted INT TERM HUP
	for ns in "$client" "$gateway" "$internet"; do
		ip netns add "$ns"
		ip -n "$ns" link set lo up
	done
	ip link add c0 netns "$client" type veth peer name g0 netns "$gateway"
	ip link add i0 netns "$internet" type veth peer name g1 \
	    netns "$gateway"
	in_ns "$gateway" sysctl -qw net.ipv6.conf.all.forwarding=1 \
	    net.ipv4.ip_forward=1
	in_ns "$internet" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	link_up "$client" c0 2001:db8::10/64
	link_up "$gateway" g0 "$gateway6/64" "$dns6/64"
	link_up "$gateway" g1 198.51.100.1/24
	link_up "$internet" i0 "$server4/24"
	ip -n "$client" route add default via "$gateway6"
	ip -n "$internet" route add default via 198.51.100.1
	mkdir -p "/etc/netns/$client"
	echo "nameserver $dns6" >"/etc/netns/$client/resolv.conf"
}

# An authoritative server that knows nothing of IPv6 for www.
start_nsd() {
	mkdir "$dir/nsd"
	cat >"$dir/nsd/nsd.conf" <<-EOF
		server:
			ip-address: $server4
			do-ip6: no
			username: ""
			zonesdir: "$dir/nsd"
			pidfile: "$dir/nsd/pid"
			database: ""
			xfrdfile: "$dir/nsd/xfrd"
			zonelistfile: "$dir/nsd/zonelist"
			cookie-secret-file: "$dir/nsd/cookie"
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
	cat >"$dir/nsd/example.com" <<-EOF
		\$ORIGIN example.com.
		\$TTL 300
		@	SOA ns hostmaster 1 3600 600 86400 120
		@	NS ns
		ns	A $server4
		www	A $server4
		alias	CNAME www
		dual	A $server4
		dual	AAAA 2001:db8::1
	EOF
	cat >"$dir/nsd/reverse" <<-EOF
		\$ORIGIN 100.51.198.in-addr.arpa.
		\$TTL 300
		@	SOA ns.example.com. hostmaster.example.com. 1 3600 600 86400 120
		@	NS ns.example.com.
		10	PTR www.example.com.
	EOF
	start "$internet" nsd.log nsd -d -c "$dir/nsd/nsd.conf"
	wait_for 10 in_ns "$internet" dig +short +tries=1 +timeout=1 \
	    "@$server4" www.example.com
}

# A web server with the files of $dir/www.
start_web() {
	mkdir -p "$dir/www" "$dir/nginx"
	cat >"$dir/nginx/nginx.conf" <<-EOF
		daemon off;
		master_process off;
		user root;
		pid $dir/nginx/pid;
		error_log $dir/nginx/error.log;
		events { }
		http {
			access_log off;
			client_body_temp_path $dir/nginx;
			proxy_temp_path $dir/nginx;
			fastcgi_temp_path $dir/nginx;
			uwsgi_temp_path $dir/nginx;
			scgi_temp_path $dir/nginx;
			client_max_body_size 0;
			server {
				listen $server4:80;
				root $dir/www;
			}
		}
	EOF
	start "$internet" nginx.log nginx -c "$dir/nginx/nginx.conf"
	wait_for 10 in_ns "$internet" nc -z "$server4" 80
}

# Answers each datagram with itself.
start_udp_echo() {
	start "$internet" echo.log socat "UDP4-RECVFROM:7777,fork" EXEC:cat
	wait_for 5 udp_listens
}

udp_listens() {
	[ -n "$(in_ns "$internet" ss -Huln sport = 7777)" ]
}

# The configuration of the examples, with what only a lab needs.
write_nat64d_conf() { # statement ...
	{
		echo "include \"$root/etc/nat64d.conf\""
		echo "user nobody"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

write_dns64d_conf() { # statement ...
	{
		echo "include \"$root/etc/dns64d.conf\""
		echo "user nobody"
		printf '%s\n' "$@"
	} >"$dir/dns64d.conf"
}

# Sets nat64d to the pid. The daemon runs in the foreground, as under an
# init system; its standard output is $dir/nat64d.out.
start_nat64d() {
	ip netns exec "$gateway" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/nat64d.conf" >"$dir/nat64d.out" 2>"$dir/nat64d.err" &
	nat64d=$!
	lab_pids+=("$nat64d")
	wait_for 10 nat64_routed
}

nat64_routed() {
	ip -n "$gateway" -6 route get "$server64" | grep -q 'dev nat64'
}

start_dns64d() {
	ip netns exec "$gateway" "$BUILD/dns64d/dns64d" -d \
	    -f "$dir/dns64d.conf" >"$dir/dns64d.out" 2>"$dir/dns64d.err" &
	dns64d=$!
	lab_pids+=("$dns64d")
	wait_for 10 in_ns "$client" dig +short +tries=1 +timeout=1 \
	    "@$dns6" www.example.com A
}
