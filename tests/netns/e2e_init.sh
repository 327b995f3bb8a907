#!/usr/bin/env bash
# The scripts for systems without systemd, in a copy of this system: that for
# Debian's sysvinit, with the exit status of the LSB, also with logrotate(8)
# while there is traffic, and that for OpenRC, whose programs are those of
# Debian's package, where its archive can be reached.
#
#	client ------- gateway ------- internet
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/system.sh
. "$(dirname "$0")/tools/system.sh"

there=(env -i LC_ALL=C HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin)

# Not by ip-netns(8), which gives each command other mounts:
# start-stop-daemon(8) would not find the programs of processes there.
in_root() { # command ...
	nsenter --net="/run/netns/$gateway" chroot "$sysroot" "${there[@]}" \
	    "$@" </dev/null
}

# Programs, scripts and whatever else a system without systemd has of us.
install_for() { # debian or openrc
	make -s -C "$root" BUILD="$BUILD" DESTDIR="$sysroot" PREFIX=/usr \
	    SYSCONFDIR=/etc RC="$1" install
}

configure() { # [statement of both daemons]
	cat >"$sysroot/etc/nat64d.conf" <<-EOF
		prefix 2001:db8:8000::/96
		pool 192.0.2.0/24
		$(fastpath_statement)
		${1:-}
	EOF
	cat >"$sysroot/etc/dns64d.conf" <<-EOF
		listen on $dns6
		upstream $server4
		prefix 2001:db8:8000::/96
		${1:-}
	EOF
}

# It exits with this status; what it has said is in $dir/said.
exits() { # status command ...
	local status=0
	in_root "${@:2}" >"$dir/said" 2>&1 || status=$?
	cat "$dir/said"
	[ "$status" -eq "$1" ] || {
		echo "status $status"
		return 1
	}
}

says() { # regex
	grep -E -- "$1" "$dir/said"
}

works() { # daemon
	case $1 in
	nat64d) fetch file ;;
	dns64d)
		[ "$(in_ns "$client" dig +short +tries=1 +timeout=2 \
		    "@$dns6" www.example.com AAAA)" = "$server64" ]
		;;
	esac
}

pid_of() { # daemon
	cat "$sysroot/run/$1/$1.pid"
}

is_still() { # daemon pid
	[ "$(pid_of "$1")" = "$2" ] && works "$1"
}

# A daemon by its script; the numbers are the exit status of what fails: for a
# wrong configuration, for a reload of what is stopped, for its status.
test_script() { # daemon wrong stopped dead script ...
	local daemon=$1 wrong=$2 stopped=$3 dead=$4 before
	shift 4
	configure wrong
	check "no start with a wrong configuration" exits "$wrong" "$@" start
	check "which says the line" says "/etc/$daemon.conf:[45]: "
	check "its status" exits "$dead" "$@" status
	configure
	check "start" exits 0 "$@" start
	check "it works" wait_for 30 works "$daemon"
	check "its status" exits 0 "$@" status
	before=$(pid_of "$daemon")
	check "a second start" exits 0 "$@" start
	check "changes nothing" is_still "$daemon" "$before"
	configure "log level warn"
	check "reload" exits 0 "$@" reload
	check "has it use what has changed" wait_for 30 in_root sh -c \
	    "${daemon%d}ctl show config | grep -x 'log level warn'"
	configure wrong
	check_not "a reload with an error fails" in_root "$@" reload
	check "a restart, too" exits "$wrong" "$@" restart
	check "and it goes on as it was" is_still "$daemon" "$before"
	configure
	check "restart" exits 0 "$@" restart
	check "it works" wait_for 30 works "$daemon"
	check_not "and is another process" [ "$(pid_of "$daemon")" = \
	    "$before" ]
	check "stop" exits 0 "$@" stop
	check_not "it does not run" works "$daemon"
	check "its status" exits "$dead" "$@" status
	check "a second stop" exits 0 "$@" stop
	check "a reload of what is stopped fails" exits "$stopped" "$@" reload
}

test_debian() {
	local daemon
	check "make install" install_for debian
	for daemon in nat64d dns64d; do
		tap_round="sysvinit: $daemon"
		test_script $daemon 6 7 3 "/etc/init.d/$daemon"
		check "an action that is none" exits 2 "/etc/init.d/$daemon" x
		check "try-restart of what is stopped" exits 0 \
		    "/etc/init.d/$daemon" try-restart
		check_not "starts nothing" works $daemon
		check "start" exits 0 "/etc/init.d/$daemon" start
		kill -9 "$(pid_of $daemon)"
		check "the status of what was killed" wait_for 30 exits 1 \
		    "/etc/init.d/$daemon" status
		check "it can be started" exits 0 "/etc/init.d/$daemon" start
		check "try-restart" exits 0 "/etc/init.d/$daemon" try-restart
		check "it works" wait_for 30 works $daemon
		mv "$sysroot/usr/sbin/$daemon" "$sysroot/tmp"
		check "a script that is left behind does nothing" exits 0 \
		    "/etc/init.d/$daemon" start
		check_equal "and says nothing" "$(cat "$dir/said")" ""
		mv "$sysroot/tmp/$daemon" "$sysroot/usr/sbin"
		check "stop" exits 0 "/etc/init.d/$daemon" stop
	done
	tap_round=
}

# --- logrotate ---

# Datagrams, each from a socket of its own, so with a binding of its own.
callers='import socket, sys, time
while True:
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.sendto(b"x", (sys.argv[1], 9))
    time.sleep(0.001)'

all_events() { # event
	zcat -f "$sysroot"/var/log/nat64d/events.log* | grep -c " event=$1 "
}

counted() { # counter
	in_root nat64ctl -j show counters | python3 -c 'import json, sys
print(json.load(sys.stdin)["counters"][sys.argv[1]])' "$1"
}

# Five rotations while there are new bindings all the time. The files of the
# log, of which all but two are compressed, have each of them once.
test_logrotate() {
	local i caller count
	configure 'log level info'
	echo 'log events to "/var/log/nat64d/events.log"' \
	    >>"$sysroot/etc/nat64d.conf"
	check "nat64d starts with an event log" exits 0 /etc/init.d/nat64d start
	start "$client" callers.log python3 -c "$callers" "$server64"
	caller=$!
	for i in 1 2 3 4 5; do
		wait_for 30 has_grown "$i"
		check "rotation $i" in_root logrotate -f \
		    /usr/share/examples/ecdysis/nat64d.logrotate
	done
	wait_for 30 has_grown 6
	stop "$caller"
	check "all sessions end" in_root nat64ctl flush
	count=$(counted bindings-created)
	check "nat64d is stopped" exits 0 /etc/init.d/nat64d stop
	check "there are compressed files" test -s \
	    "$sysroot/var/log/nat64d/events.log.5.gz"
	check_equal "the log has the beginnings of all $count bindings" \
	    "$(all_events binding-created)" "$count"
	check_equal "and the ends" "$(all_events binding-deleted)" "$count"
	check_equal "and none is there twice" "$(zcat -f \
	    "$sysroot"/var/log/nat64d/events.log* | sort | uniq -d)" ""
}

has_grown() {
	[ "$(wc -l <"$sysroot/var/log/nat64d/events.log")" -gt 50 ]
}

# --- OpenRC ---

# The programs of the package and its libraries, not what it would enable here.
unpack_openrc() {
	local file
	mkdir "$dir/openrc"
	for file in "$BUILD"/openrc/*.deb; do
		dpkg -x "$file" "$dir/openrc" || return 1
	done
	rm -r "$dir/openrc/etc/init.d" "$dir/openrc/etc/runlevels"
	tar -C "$dir/openrc" -c . |
	    tar -C "$sysroot" -x --keep-directory-symlink && in_root ldconfig
}

# As after its boot, without a service but ours.
boot_openrc() {
	rm -rf "$sysroot/etc/init.d" "$sysroot/etc/runlevels"
	mkdir -p "$sysroot/etc/runlevels/default" "$sysroot"/run/openrc/{$(
	    )daemons,exclusive,failed,hotplugged,inactive,options,scheduled,$(
	    )started,starting,stopping,tmp,wasinactive}
	touch "$sysroot/run/openrc/softlevel"
	printf '#!/sbin/openrc-run\n' >"$sysroot/etc/init.d.localmount"
	install_for openrc
	mv "$sysroot/etc/init.d.localmount" "$sysroot/etc/init.d/localmount"
	chmod 755 "$sysroot/etc/init.d/localmount"
}

test_openrc() {
	local daemon
	check "make install" boot_openrc
	for daemon in nat64d dns64d; do
		tap_round="OpenRC: $daemon"
		test_script $daemon 1 1 3 rc-service $daemon
		configure wrong
		check "configtest says the line" exits 1 rc-service $daemon \
		    configtest
		check "which is this" says "/etc/$daemon.conf:[45]: "
		configure
		check "it can be enabled" in_root rc-update add $daemon default
	done
	tap_round=
}

need_root
lab_create
start_nsd
start_web
echo hello >"$dir/www/file"
make_sysroot >"$dir/why" 2>&1 && mount_system >>"$dir/why" 2>&1 ||
    skip_all "no copy of this system: $(tail -n 1 "$dir/why")"
for daemon in nat64d dns64d; do
	grep -q "^_$daemon:" "$sysroot/etc/passwd" ||
	    in_root useradd -r -s /usr/sbin/nologin "_$daemon"
done
test_debian
test_logrotate
if [ -d "$BUILD/openrc" ]; then
	check "its packages are unpacked" unpack_openrc
	test_openrc
else
	skip "OpenRC" "no packages in $BUILD/openrc, see tests/fetch.sh"
fi
tap_done
