#!/bin/sh
# In the virtual machine: run suites, and leave what run.sh takes out. The lines
# of /work/arguments are the arguments of that.
set -uf
cd "$(dirname "$0")/../.." || exit
export BUILD=/work/build LC_ALL=C DISPOSABLE_MACHINE=yes LAB_PATIENCE=4
status=0

# Load the profiles of etc/apparmor, also for the programs of the build tree,
# with what tests have elsewhere than a system: files in /tmp and examples.
confine() {
	for daemon in nat64d dns64d; do
		sed "s|@SBINDIR@|/{usr/sbin,usr/local/sbin,work/build/$daemon}|
		    s|@SYSCONFDIR@|/etc|" "etc/apparmor/$daemon" \
		    >"/etc/apparmor.d/$daemon"
		printf '%s\n' '/tmp/** rwk,' '/work/tree/** r,' \
		    >"/etc/apparmor.d/local/$daemon"
		apparmor_parser -r "/etc/apparmor.d/$daemon" || status=1
	done
	# Or the kernel would leave messages out.
	sysctl -qw kernel.printk_ratelimit=0
}

# A file that no rule allows cannot be read, whoever starts the daemon.
is_confined() { # daemon
	echo '# nothing' >/root/conf
	"$BUILD/$1/$1" -n -f /root/conf 2>&1 | grep -q 'Permission denied'
}

# What the kernel refused the daemons, each kind once.
refused() {
	dmesg | sed -n 's/.*apparmor="DENIED" //p' |
	    grep -E 'profile="[^"]*(nat|dns)64d"' | grep -v '"/root/conf"' |
	    sed -E 's/ (pid|fsuid|ouid)=[0-9]+//g' | sort | uniq -c
}

# In TAP, as the suites; before the kernel's messages are saved.
test_confined() {
	for daemon in nat64d dns64d; do
		if is_confined "$daemon"; then
			echo "ok - $daemon is confined"
		else
			echo "not ok - $daemon is confined"
		fi
	done
	if [ -z "$(refused)" ]; then
		echo "ok - nothing was refused"
	else
		echo "not ok - nothing was refused"
		refused | sed 's/^/#/'
	fi
}

echo "kernel $(uname -r), $(nproc) processors," \
    "up since $(cut -d. -f1 /proc/uptime) s"
# shellcheck disable=SC2046 # words without spaces
set -- $(cat /work/arguments)
confined=
if [ "${1-}" = -c ]; then
	shift
	confined=yes
	confine
fi
tests/run.sh "$@" || status=1
if [ -n "$confined" ]; then
	test_confined >"$BUILD/tap/confined.tap"
	cat "$BUILD/tap/confined.tap"
	! grep -q '^not' "$BUILD/tap/confined.tap" || status=1
fi
echo "$status" >"$BUILD/status"
dmesg >"$BUILD/tap/dmesg"
tar -c -f /dev/disk/by-id/virtio-result -C "$BUILD" tap status
sync
# What was printed has to be out before the machine ends.
stty -F /dev/ttyS1 raw
