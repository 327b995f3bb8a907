#!/usr/bin/env bash
# The AppArmor profiles allow what the daemons do. Each is started as root, which
# needs more than a start by systemd, reloads, dumps, opens its log again, saves
# its state and is upgraded. strace(1) tells which files and sockets that took,
# and tools/confined.py whether the profile has a rule for each. Capabilities
# that the profile does not name are taken from the daemons before.
#
# Where the kernel enforces AppArmor, the daemons run under the profiles as well.
# shellcheck source-path=SCRIPTDIR disable=SC2119
. "$(dirname "$0")/lib.sh"

calls=%file,%network,flock,mmap
manager=NOTIFY_SOCKET=/run/systemd/notify
holder=	  # a process with the files and the network of the daemons
confine=() # a command that runs another one under the profile

inside() { # command ...
	nsenter -t "$holder" -m -n -- env -i LC_ALL=C HOME=/root \
	    PATH=/usr/sbin:/usr/bin:/sbin:/bin "$manager" "$@"
}

# A view of this system's files whose changes nobody else sees, under the paths
# that the profiles name.
make_view() {
	mkdir "$dir/layer"
	cat >"$dir/view" <<-'EOF2'
		mount -t tmpfs -o mode=755 layer "$1"
		cd "$1"
		for directory in etc usr var; do
			mkdir "upper-$directory" "work-$directory"
			options=lowerdir=/$directory,upperdir=$1/upper-$directory
			mount -t overlay -o "$options,workdir=$1/work-$directory" \
			    overlay "/$directory"
		done
		mkdir -p dev/net dev/shm
		mknod -m 666 dev/null c 1 3
		mknod -m 666 dev/zero c 1 5
		mknod -m 666 dev/random c 1 8
		mknod -m 666 dev/urandom c 1 9
		mknod -m 666 dev/net/tun c 10 200
		mount --bind dev /dev
		mount -t tmpfs -o mode=755 run /run
		mkdir /run/systemd
		exec sleep infinity
	EOF2
	start "$gateway" view.log unshare -m --propagation private \
	    sh -e "$dir/view" "$dir/layer"
	holder=$!
	wait_for 60 is_viewed_or_gone && ! gone "$holder"
}

is_viewed_or_gone() {
	gone "$holder" || grep -qx sleep "/proc/$holder/comm"
}

make_user() { # name
	inside sh -ec "echo '$1:x:64064:64064::/nonexistent:/bin/false' \
		>>/etc/passwd; echo '$1:x:64064:' >>/etc/group
	    mkdir -p /var/log/${1#_} /var/lib/${1#_}
	    chown $1: /var/log/${1#_} /var/lib/${1#_}"
}

install_all() {
	inside make -s -C "$root" BUILD="$BUILD" PREFIX=/usr SYSCONFDIR=/etc \
	    RC= install && make_user _nat64d && make_user _dns64d
}

# What a daemon sends to the system's logger, and to systemd.
listen_at() { # socket file
	start "$gateway" socat.log nsenter -t "$holder" -m socat -u \
	    "UNIX-RECV:$1,mode=666" "OPEN:$dir/$2,creat,append"
	wait_for 10 inside test -S "$1"
}

# --- profiles ---

# The profile of a daemon with its includes, in $dir/DAEMON.profile. If the
# kernel enforces profiles, a copy with another name is loaded.
take_profile() { # daemon
	inside apparmor_parser -p "/etc/apparmor.d/$1" >"$dir/$1.profile" ||
	    return 1
	caps=$("$tools/confined.py" "$dir/$1.profile")
	[ "$(cat /sys/module/apparmor/parameters/enabled 2>&1)" = Y ] ||
	    return 0
	inside sed "s,^profile $1 [^ ]*,profile $lab-$1," \
	    "/etc/apparmor.d/$1" >"$dir/$lab-$1"
	# That namespace may have no securityfs; profiles are of the kernel.
	apparmor_parser -rT "$dir/$lab-$1" || return 1
	loaded+=("$dir/$lab-$1")
	confine=(aa-exec -p "$lab-$1" --)
}

unload() {
	local file
	for file in ${loaded[@]+"${loaded[@]}"}; do
		apparmor_parser -R "$file"
	done
}

# Run a program with the rights that its profile gives, until it ends.
traced() { # trace program argument ...
	local trace=$dir/$1.trace
	shift
	inside strace -f -y -s 256 -o "$trace" -e "trace=$calls" \
	    setpriv --bounding-set "-all,$caps" \
	    ${confine[@]+"${confine[@]}"} "$@"
}

start_traced() { # trace program argument ...
	: >"$dir/syslog"
	traced "$@" >"$dir/$1.out" 2>&1 &
	tracer=$!
	wait_for 60 grep -q ': running' "$dir/syslog" || {
		cat "$dir/$1.out" "$dir/syslog"
		return 1
	}
}

is_allowed() { # daemon trace ...
	local trace=("${@:2}")
	trace=("${trace[@]/#/$dir/}")
	"$tools/confined.py" "$dir/$1.profile" "${trace[@]/%/.trace}"
}

# Without a rule, the test finds what needs it.
forgets() { # daemon trace rule what
	grep -v "$3" "$dir/$1.profile" >"$dir/less.profile" &&
	    fails_with "$4" "$tools/confined.py" "$dir/less.profile" \
		"$dir/$2.trace"
}

check_profile() { # daemon trace ...
	check "$1: the profile allows each of them" is_allowed "$@"
	check_equal "$1: nothing was refused" \
	    "$(grep -iE 'denied|not permitted' "$dir/syslog" "$dir"/*.out)" ""
}

# --- nat64d ---

configure_nat64d() { # statement ...
	inside mkdir -p /etc/nat64d.d
	inside tee /etc/nat64d.d/more.conf >"$dir/tee" <<-EOF
		metrics listen on ::1 port 9464
		log events bindings sessions
		log destination yes
		log events to "/var/log/nat64d/events.log"
		log events to ipfix udp $server4
		log events to syslog tcp $server4
	EOF
	{
		echo "prefix 2001:db8:8000::/96"
		echo "address $gateway6"
		echo 'include "/etc/nat64d.d/more.conf"'
		echo 'dump "/var/log/nat64d/dump"'
		echo 'state "/var/lib/nat64d/state" every 1'
		echo "fastpath on g0 g1"
		fastpath_statement
		printf '%s\n' "$@"
	} | inside tee /etc/nat64d.conf >"$dir/tee"
}

main_pid() { # daemon
	inside cat "/run/$1/$1.pid"
}

dumped() { # daemon
	inside tail -n 1 "/var/log/$1/dump" | grep -qx end
}

runs_another() { # pid
	[ "$(main_pid nat64d)" != "$1" ] && inside nat64ctl status
}

# nat64d waits 30 seconds for its successor, which may need more if it is traced
# on an emulated processor.
upgrades() {
	local n
	for ((n = 0; n < ${LAB_PATIENCE:-1}; n++)); do
		inside nat64ctl upgrade && return
	done
	return 1
}

test_nat64d() {
	local old
	configure_nat64d "pool 192.0.2.0/24"
	check "nat64d -n" traced check nat64d -n
	check "nat64d starts" start_traced nat64d nat64d
	check "it translates" wait_for 20 fetch file
	! grep -q 'fast path: used' "$dir/syslog" ||
	    check "also between interfaces" \
		grep 'fast path: on g1$' "$dir/nat64d.out"
	configure_nat64d "pool 192.0.2.0/24" "timeout udp 200"
	check "it reloads" inside nat64ctl reload
	inside kill -USR1 "$(main_pid nat64d)"
	check "it dumps" wait_for 30 dumped nat64d
	inside mv /var/log/nat64d/events.log /var/log/nat64d/old
	inside kill -USR2 "$(main_pid nat64d)"
	check "it opens its log again" wait_for 30 \
	    inside test -e /var/log/nat64d/events.log
	check "it saves its state" wait_for 30 \
	    inside test -s /var/lib/nat64d/state
	old=$(main_pid nat64d)
	check "it is upgraded" upgrades
	check "by another process" wait_for 30 runs_another "$old"
	check "that translates" wait_for 20 fetch file
	inside kill "$(main_pid nat64d)"
	check "it ends" wait_for 30 gone "$tracer"
	check_profile nat64d check nat64d
	check "a rule for the state would be missed" forgets nat64d nat64d \
	    /var/lib/nat64d /var/lib/nat64d/state
	check "one for the new program, too" forgets nat64d nat64d \
	    'sbin/nat64d  *rmix' "/usr/sbin/nat64d rx"
	check "and one for sockets of netlink" forgets nat64d nat64d \
	    'network netlink' "network netlink raw"
}

# The address of an interface, which takes ip(8) and nft(8).
test_shared() {
	manager=NOTIFY_SOCKET=
	# It was left to the service manager.
	ip -n "$gateway" link del nat64
	configure_nat64d "pool interface g1 port 40000-40999"
	check "nat64d starts with \"pool interface\"" start_traced shared nat64d
	check "it translates" wait_for 20 fetch file
	check "the address is shared" inside nft list table ip nat64d
	inside kill "$(main_pid nat64d)"
	check "it ends" wait_for 30 gone "$tracer"
	check_profile nat64d shared
}

# --- dns64d ---

configure_dns64d() { # statement ...
	{
		echo "listen on $dns6"
		echo "listen on 2001:db8::54 freebind"
		echo "upstream $server4"
		echo "prefix 2001:db8:8000::/96"
		echo 'hosts "/etc/hosts"'
		echo 'dump "/var/log/dns64d/dump"'
		echo "metrics listen on ::1 port 9465"
		printf '%s\n' "$@"
	} | inside tee /etc/dns64d.conf >"$dir/tee"
}

resolves() {
	[ "$(in_ns "$client" dig +short +tries=1 +timeout=2 "@$dns6" \
	    www.example.com AAAA)" = "$server64" ]
}

test_dns64d() {
	configure_dns64d
	check "dns64d -n" traced check dns64d -n
	check "dns64d starts" start_traced dns64d dns64d
	check "it answers" wait_for 20 resolves
	configure_dns64d "workers 1" "dns64 ipv6-clients"
	check "it reloads" inside dns64ctl reload
	inside kill -USR1 "$(main_pid dns64d)"
	check "it dumps" wait_for 30 dumped dns64d
	check "it answers, still" wait_for 20 resolves
	inside kill "$(main_pid dns64d)"
	check "it ends" wait_for 30 gone "$tracer"
	check_profile dns64d check dns64d
	check "a rule for the configuration would be missed" forgets dns64d \
	    dns64d '/etc/\*\*' /etc/dns64d.conf
}

need_root
for program in apparmor_parser nft setpriv strace; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
! sanitized || skip_all "sanitizers need files of their own"
loaded=()
lab_create
trap 'unload; lab_remove' EXIT
start_nsd
start_web
echo hello >"$dir/www/file"
make_view || skip_all "no overlays of /etc, /usr and /var: $(cat "$dir/view.log")"
check "make install" install_all
listen_at /dev/log syslog
listen_at /run/systemd/notify notified
inside strace -o "$dir/true.trace" true >"$dir/strace" 2>&1 ||
    skip_all "strace may not trace: $(tail -n 1 "$dir/strace")"
check "the profile of nat64d" take_profile nat64d
test_nat64d
test_shared
manager=NOTIFY_SOCKET=/run/systemd/notify
check "the profile of dns64d" take_profile dns64d
test_dns64d
tap_done
