#!/usr/bin/env bash
# Both daemons without root, or without a user to change to: a user namespace
# with one id (unshare -Urn, a rootless container) and one with many, an
# ordinary user with CAP_NET_ADMIN or with an interface made for that user, and
# root on a host without the daemon's user. If they cannot start, a message
# says what to do.
#
# The gateway of the lab is the network namespace of an ordinary user's user
# namespace; links are moved in by root.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# Two ordinary users without names: whose namespace it is, and another.
owner=4321
other=4322
holder=

# --- the namespace ---

# Is the namespace of a process ready, and its network another than ours?
ready() { # pid
	[ "$(cat "/proc/$1/comm")" = sleep ] &&
	    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink \
	    /proc/self/ns/net)" ]
}

# For lab_create: the gateway is not made by root. Not every system lets
# ordinary users open the device; the lab does.
add_router() { # namespace
	mknod -m 666 "$dir/tun" c 10 200
	# shellcheck disable=SC2016 # for the other shell
	setpriv --reuid=$owner --regid=$owner --clear-groups \
	    unshare -Urnm sh -c '
		mount --bind "$1" /dev/net/tun && exec sleep infinity' \
		sh "$dir/tun" &
	holder=$!
	wait_for 30 ready "$holder" || {
		stop "$holder"
		skip_all "no user namespaces here"
	}
	ip netns attach "$1" "$holder"
	lab_namespaces+=("$1")
	ip -n "$1" link set lo up
	in_ns "$1" sysctl -qw net.ipv4.icmp_ratelimit=0 \
	    net.ipv6.icmp.ratelimit=0 net.ipv6.conf.default.accept_dad=0 \
	    net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1
}

# Commands that run others, without a process between, so that the pid is
# theirs.
name_commands() {
	# shellcheck disable=SC2016 # for the other shell
	local with_tun='mount --bind "$1" /dev/net/tun && shift && exec "$@"'
	# In the namespace, as its root.
	rootless=(setpriv --reuid="$owner" --regid="$owner" --clear-groups
		nsenter -t "$holder" -U -m -n --preserve-credentials)
	# The same, who may not write settings.
	read_only=("${rootless[@]}" unshare -m sh -c '
		mount --bind /proc/sys /proc/sys &&
		    mount -o remount,bind,ro /proc/sys && exec "$@"' sh)
	# In the network of the gateway, as root.
	as_root=(ip netns exec "$gateway")
	# The same, where the device is another file or none.
	device=(unshare -m sh -c "$with_tun" sh "$dir/tun")
	no_device=("${as_root[@]}" unshare -m sh -c '
		mount -t tmpfs none /dev/net && exec "$@"' sh)
	# In an image that has our programs and libraries, no user and no
	# logger; after as_root or rootless.
	# shellcheck disable=SC2016 # for the other shell
	image=(unshare -m sh -ec '
		mount -t tmpfs none "$1/image"
		cd "$1/image"
		mkdir -p usr lib lib64 proc dev/net ".$1"
		touch dev/null dev/net/tun
		for d in usr lib lib64; do
			[ ! -e "/$d" ] || mount --bind "/$d" "$d"
		done
		mount --rbind /proc proc
		mount --bind /dev/null dev/null
		mount --bind "$1/tun" dev/net/tun
		mount --bind "$1" ".$1"
		shift
		exec chroot . "$@"' sh "$dir")
	# As an ordinary user of the host, who may open the device.
	ordinary=("${as_root[@]}" "${device[@]}" setpriv --reuid="$other"
		--regid="$other" --clear-groups)
	# The same, with a capability.
	ambient=("${ordinary[@]}" --inh-caps=+net_admin
		--ambient-caps=+net_admin)
}

# A configuration that names no user.
write_conf() { # statement ...
	{
		echo 'prefix 2001:db8:8000::/96'
		echo 'pool 192.0.2.0/24'
		fastpath_statement
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

# --- starting ---

# Start nat64d in the foreground; sets nat64d to its pid.
start_by() { # command that starts it ...
	: >"$dir/nat64d.err"
	"$@" "$program" -d -f "$dir/nat64d.conf" >"$dir/nat64d.out" \
	    2>"$dir/nat64d.err" &
	nat64d=$!
	wait_for 30 grep -q ' running$' "$dir/nat64d.err" || {
		cat "$dir/nat64d.err"
		return 1
	}
}

# It does not start, and says why.
refuses_by() { # regex command that starts it ...
	local regex=$1 status
	shift
	"$@" timeout 5 "$program" -d -f "$dir/nat64d.conf" \
	    </dev/null >"$dir/refusal" 2>&1
	status=$?
	cat "$dir/refusal"
	[ "$status" -eq 1 ] && grep -Eq -- "$regex" "$dir/refusal"
}

says() { # description regex
	check_match "$1" "$(cat "$dir/nat64d.err")" "$2"
}

translates() {
	check "it translates ICMP" ping_works
	check "and TCP" fetch 1MB
	check "and UDP" udp_echo "$client" 1000 "$server64" 7777
}

has_no_rights() { # uid gid
	local status
	status=$(tr '\t' ' ' <"/proc/$nat64d/status")
	check_match "its user is $1" "$status" "^Uid: $1 $1 $1 $1\$"
	check_match "its group is $2" "$status" "^Gid: $2 $2 $2 $2\$"
	check_match "it has no capabilities" "$(grep ^Cap <<<"$status" |
	    grep -v '^CapBnd' | sort | tr -d '\n')" \
	    '^CapAmb: 0+CapEff: 0+CapInh: 0+CapPrm: 0+$'
	check_match "and can get none" "$status" '^NoNewPrivs: 1$'
}

# --- tests ---

test_user_namespace() {
	tap_round="unshare -Urn"
	write_conf
	check "nat64d starts" start_by "${rootless[@]}" || give_up
	says "it says that it stays who it is" \
	    'user _nat64d: no such user, .*; staying user id 0, which is root in this user namespace only$'
	[ "$LAB_FASTPATH" = no ] || says "and that it has no fast path" \
	    'fast path: not used: '
	has_no_rights $owner $owner
	translates
	stop "$nat64d"
	write_conf "fastpath yes"
	check "it does not start if it needs one" \
	    refuses_by '^nat64d: nat64: .*(may not be loaded|kernel|none)' \
	    "${rootless[@]}"
	write_conf "user nobody"
	check "nat64d starts with a user that is not mapped" start_by "${rootless[@]}"
	says "it says so" \
	    'user nobody: not in the maps .*; staying user id 0,'
	check "it translates" ping_works
	stop "$nat64d"
	write_conf "user root"
	check "nat64d starts with root, who is an ordinary user outside" \
	    start_by "${rootless[@]}"
	stop "$nat64d"
	check "-n agrees" "${rootless[@]}" "$program" -n -f "$dir/nat64d.conf"
}

answers() {
	[ "$(in_ns "$client" dig +short +tries=1 +timeout=1 "@$dns6" \
	    www.example.com AAAA)" = "$server64" ]
}

# Whether dns64d starts and answers; its pid is in dns64d.
dns64d_by() { # command that starts it ...
	"$@" "$dir/bin/dns64d" -d -f "$dir/dns64d.conf" \
	    >"$dir/dns64d.err" 2>&1 &
	dns64d=$!
	wait_for 30 answers
}

test_dns64d() {
	local dns64d
	tap_round="dns64d, unshare -Urn"
	start_nsd
	write_dns64d_conf
	cp "$BUILD/dns64d/dns64d" "$dir/bin"
	check "it starts and answers" dns64d_by "${rootless[@]}"
	check_match "it says that it stays who it is" \
	    "$(cat "$dir/dns64d.err")" 'staying user id 0,'
	stop "$dns64d"
	tap_round="dns64d, an ordinary user"
	check_not "it cannot have the port" "${ordinary[@]}" timeout 5 \
	    "$dir/bin/dns64d" -d -f "$dir/dns64d.conf"
	check_match "it says why" "$(cat "$dir/check")" \
	    '^dns64d: listen on .*: a port below 1024 needs root or CAP_NET'
	check "with the capability it starts and answers" dns64d_by \
	    "${ordinary[@]}" --inh-caps=+net_bind_service \
	    --ambient-caps=+net_bind_service
	stop "$dns64d"
}

# As in a rootless container with subordinate ids: the user nobody exists.
test_many_ids() {
	local pid
	tap_round="a user namespace with many ids"
	unshare -Un sleep 60 &
	pid=$!
	wait_for 30 ready "$pid"
	echo "0 100000 65536" >"/proc/$pid/uid_map"
	echo "0 100000 65536" >"/proc/$pid/gid_map"
	write_conf
	# A host without any network needs no forwarding.
	check "nat64d starts" start_by "${device[@]}" \
	    nsenter -t "$pid" -U -n
	says "it says whom it becomes" \
	    'user _nat64d: no such user; becoming 65534:65534 instead'
	has_no_rights 165534 165534
	stop "$nat64d"
	stop "$pid"
}

test_no_ipv6() {
	tap_round="IPv6 disabled on new interfaces"
	write_conf
	in_ns "$gateway" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	check "nat64d starts" start_by "${rootless[@]}"
	check "it translates" ping_works
	stop "$nat64d"
	check "it names the setting that it cannot change" refuses_by \
	    '^nat64d: nat64: .*net\.ipv6\.conf\.NAME\.disable_ipv6=0' \
	    "${read_only[@]}"
	in_ns "$gateway" sysctl -qw net.ipv6.conf.default.disable_ipv6=0
}

test_no_user() {
	tap_round="root without a user to become"
	write_conf
	check "nat64d starts" start_by "${as_root[@]}"
	says "it says whom it becomes, and what to do" \
	    'user _nat64d: no such user; becoming 65534:65534 instead.*useradd'
	has_no_rights 65534 65534
	check "it translates" ping_works
	stop "$nat64d"
	write_conf "user 65533:65532"
	check "nat64d starts with a user that has only a number" start_by \
	    "${as_root[@]}"
	has_no_rights 65533 65532
	check "it translates" ping_works
	stop "$nat64d"
}

test_image() {
	tap_round="an image without users"
	write_conf
	check "nat64d starts as root" start_by "${as_root[@]}" "${image[@]}"
	says "it says whom it becomes" \
	    'user _nat64d: no such user; becoming 65534:65534 instead'
	has_no_rights 65534 65534
	check "it translates" ping_works
	stop "$nat64d"
	write_conf "user nobody"
	check "a name that the image does not have" refuses_by \
	    '^nat64d: user nobody: no such user or group: .*65534' \
	    "${as_root[@]}" "${image[@]}"
	write_conf "user 65534" "log events to \"$dir/log/events\""
	check "nat64d starts in a user namespace" start_by "${rootless[@]}" \
	    "${image[@]}"
	has_no_rights $owner $owner
	check "it translates" ping_works
	stop "$nat64d"
	check_match "and has logged events" "$(cat "$dir/log/events")" \
	    'event=binding-created '
	write_conf "log events to syslog"
	check "no logger" refuses_by \
	    '^nat64d: event log: /dev/log: no logger.*-v /dev/log' \
	    "${as_root[@]}" "${image[@]}"
}

test_ambient() {
	tap_round="an ordinary user with CAP_NET_ADMIN"
	write_conf
	check "nat64d starts" start_by "${ambient[@]}"
	has_no_rights $other $other
	translates
	stop "$nat64d"
}

add_routes() {
	ip -n "$gateway" route add 192.0.2.0/24 dev nat64 &&
	    ip -n "$gateway" route add 2001:db8:8000::/96 dev nat64
}

# Each hindrance is named until the administrator has removed it.
test_made_for_user() { # option of ip tuntap ...
	write_conf
	check "it names what an ordinary user lacks" refuses_by \
	    '^nat64d: nat64: .*CAP_NET_ADMIN.*ip tuntap add' \
	    "${ordinary[@]}"
	ip -n "$gateway" tuntap add nat64 mode tun user $owner "$@"
	check "and that the interface is somebody else's" refuses_by \
	    '^nat64d: nat64: may not be made or taken' \
	    "${ordinary[@]}"
	ip -n "$gateway" link del nat64
	ip -n "$gateway" tuntap add nat64 mode tun user $other "$@"
	check "and that it is down" refuses_by \
	    '^nat64d: nat64: .*ip link set NAME up' \
	    "${ordinary[@]}"
	ip -n "$gateway" link set nat64 up mtu 1400
	check "and that its MTU is another" refuses_by \
	    '^nat64d: nat64: .*tun NAME mtu BYTES' \
	    "${ordinary[@]}"
	write_conf "tun nat64 mtu 1400"
	check "and that it has no routes" refuses_by \
	    '^nat64d: nat64: route to 2001:db8:8000::/96: .*ip route add' \
	    "${ordinary[@]}"
	add_routes
	check "nat64d starts" start_by "${ordinary[@]}"
	has_no_rights $other $other
	translates
	stop "$nat64d"
	check "the routes are the administrator's and stay" \
	    grep -q . <<<"$(ip -n "$gateway" route show 192.0.2.0/24)"
	check "it starts again" start_by "${ordinary[@]}"
	check "and translates" ping_works
	stop "$nat64d"
	ip -n "$gateway" link del nat64
}

test_messages() {
	local first
	tap_round="messages"
	write_conf
	check "no device" refuses_by \
	    '^nat64d: nat64: no /dev/net/tun: modprobe tun.*--device' \
	    "${no_device[@]}"
	chmod 600 "$dir/tun"
	check "a device that may not be opened" refuses_by \
	    '^nat64d: nat64: /dev/net/tun may not be opened: .*chmod' \
	    "${ordinary[@]}"
	chmod 666 "$dir/tun"
	write_conf "tun g0"
	check "an interface that is no tun device" refuses_by \
	    '^nat64d: g0: exists and is no tun interface: .*"tun NAME"' \
	    "${rootless[@]}"
	write_conf
	start_by "${rootless[@]}"
	first=$nat64d
	check "an interface that another process has" refuses_by \
	    '^nat64d: nat64: another process has it' \
	    "${rootless[@]}"
	check "which goes on" ping_works
	ip -n "$gateway" link del nat64
	wait "$first"
	check_equal "an interface that is removed ends it" $? 1
	says "and it says so" '^nat64d: nat64: .*(removed|gone)'
}

# A host where the daemons were never installed, whatever this one is. Before the
# lab, whose namespaces take over what is mounted.
forget_users() {
	local copy
	copy=$(mktemp)
	chmod 644 "$copy"
	sed '/^_nat64d:/d; /^_dns64d:/d' /etc/passwd >"$copy"
	mount --bind "$copy" /etc/passwd && lab_mounts+=(/etc/passwd)
	rm "$copy"
}

need_root
forget_users
lab_create
name_commands
mkdir "$dir/bin" "$dir/image" "$dir/log"
chown $owner:$owner "$dir/log"
cp "$BUILD/nat64d/nat64d" "$dir/bin"
program=$dir/bin/nat64d
start_web
start_udp_echo
head -c 1000000 /dev/urandom >"$dir/www/1MB"
test_user_namespace
test_dns64d
test_many_ids
test_no_ipv6
test_no_user
test_image
test_ambient
tap_round="an interface made for an ordinary user"
test_made_for_user
tap_round="and that has several queues"
test_made_for_user multi_queue
test_messages
tap_done
