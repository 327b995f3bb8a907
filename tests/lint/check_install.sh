#!/usr/bin/env bash
# "make install" installs programs, manuals, units of systemd and the rc scripts
# of each system below a DESTDIR; "make uninstall" removes all of them.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${1:-build}
dir=$(mktemp -d /tmp/check_install.XXXXXX)
trap 'rm -rf "$dir"' EXIT
. tests/lint/tap.sh

build() { # goal variable=value ...
	MAKEFLAGS='' make -s BUILD="$BUILD" DESTDIR="$dir/root" PREFIX=/opt/x \
	    SYSCONFDIR=/etc/x "$@"
}

# No @WORD@ is left, and the paths are those of the installation.
is_filled() { # file
	! grep -n '@[A-Z]*@' "$1" && grep -q /opt/x/sbin/ "$1" &&
	    grep -q /etc/x/ "$1"
}

is_script() { # file
	test -x "$1" && sh -n "$1" && is_filled "$1"
}

completes() { # client
	local share=$dir/root/opt/x/share
	set -- "$share/bash-completion/completions/$1" \
	    "$share/zsh/site-functions/_$1"
	grep -q /opt/x/sbin "$1" && grep -q /opt/x/sbin "$2" &&
	    ! grep -n '@[A-Z]*@' "$@" && bash -n "$1"
}

is_executable() { # file ...
	local file
	for file in "$@"; do
		test -x "$file" || return 1
	done
}

nothing_left() {
	test -z "$(find "$dir/root" ! -type d | tee /dev/stderr)"
}

all_readable() {
	test -z "$(find "$dir/root/opt" "$dir/root/etc" ! -perm -o+r |
	    tee /dev/stderr)"
}

# Programs that they name have to be there, unknown statements are warned of.
verify_units() { # directory
	systemd-analyze verify --man=no --recursive-errors=no "$1"/* \
	    >"$dir/verify" 2>&1 && ! grep . "$dir/verify"
	local status=$?
	cat "$dir/verify"
	return "$status"
}

# The kernel need not know AppArmor.
compiles() { # profile
	apparmor_parser --skip-kernel-load --skip-cache --skip-read-cache "$1"
}

# "OWNER:GROUP MODE DIRECTORY" of the directories that the unit of a daemon makes.
# That in which it sees nothing else is of no use without the unit.
unit_directories() { # daemon
	sed -n 's,^RuntimeDirectory=,/run/,p; s,^StateDirectory=,/var/lib/,p
	    s,^LogsDirectory=,/var/log/,p' "etc/systemd/$1.service" |
	    sed "s, $1-root\$,,; s,^,_$1:_$1 755 ," | sort
}

# The same of those that are there.
directories() { # daemon
	(cd "$dir/root" && find run var -name "$1*" -type d -printf '%p\n' |
	    while read -r path; do
		stat -c '%u:%g %a' "$path" | while IFS=': ' read -r uid gid mode; do
			echo "$(user_name passwd "$uid"):$(user_name group \
			    "$gid") $mode /$path"
		done
	    done | sort)
}

user_name() { # file id
	awk -F : -v id="$2" '$3 == id { print $1 }' "etc/$1"
}

makes_directories() { # daemon
	diff <(unit_directories "$1") <(directories "$1")
}

# A system that has nothing but /usr, and an empty /etc.
make_stateless() {
	rm -rf "$dir/root"
	build install PREFIX=/usr RC= && mv "$dir/root/usr" "$dir/usr" &&
	    rm -rf "$dir/root" && mkdir -p "$dir/root/etc" &&
	    mv "$dir/usr" "$dir/root/usr"
}

test_stateless() {
	check "a system of /usr alone: make install" make_stateless
	if [ "$(id -u)" -ne 0 ]; then
		check "not root: no users are made # SKIP not root" true
		return
	fi
	check "systemd-sysusers makes the users" \
	    systemd-sysusers --root="$dir/root"
	check "systemd-tmpfiles makes the directories" \
	    systemd-tmpfiles --create --root="$dir/root"
	for daemon in nat64d dns64d; do
		check "those of $daemon are those of its unit" \
		    makes_directories "$daemon"
	done
}

declare -A rcdir=([debian]=/etc/x/init.d [freebsd]=/opt/x/etc/rc.d
	[openbsd]=/etc/x/rc.d [openrc]=/etc/x/init.d [openwrt]=/etc/x/init.d)
for rc in debian freebsd openbsd openrc openwrt; do
	check "$rc: make install" build install RC=$rc
	check "$rc: the programs are installed" is_executable \
	    "$dir"/root/opt/x/sbin/{nat64d,dns64d,nat64ctl,dns64ctl} \
	    "$dir"/root/opt/x/sbin/nat64d-unreachable
	for daemon in nat64d dns64d; do
		check "$rc: the rc script of $daemon is installed" is_script \
		    "$dir/root${rcdir[$rc]}/$daemon"
		check "$rc: the dashboard of $daemon is installed" test -s \
		    "$dir/root/opt/x/share/examples/ecdysis/grafana/$daemon.json"
		check "$rc: the completion of ${daemon%d}ctl is installed" \
		    completes "${daemon%d}ctl"
		for page in "$daemon" "${daemon%d}ctl"; do
			check "$rc: the manual of $page is installed" test -s \
			    "$dir/root/opt/x/share/man/man8/$page.8"
		done
	done
	check "$rc: make uninstall" build uninstall RC=$rc
	check "$rc: it leaves nothing" nothing_left
done

rm -rf "$dir/root"
check "without rc scripts: make install" build install RC=
check "no rc script is installed" test ! -e "$dir/root/etc/x/init.d"
if [ "$(uname -s)" = Linux ]; then
	for daemon in nat64d dns64d; do
		check "the unit of $daemon is installed" is_filled \
		    "$dir/root/opt/x/lib/systemd/system/$daemon.service"
		check "the AppArmor profile of $daemon is installed" is_filled \
		    "$dir/root/etc/x/apparmor.d/$daemon"
		check "apparmor_parser accepts it" compiles \
		    "$dir/root/etc/x/apparmor.d/$daemon"
	done
	check "and the sockets of dns64d" test -f \
	    "$dir/root/opt/x/lib/systemd/system/dns64d.socket"
	check "make install, without DESTDIR" build install RC= DESTDIR= \
	    PREFIX="$dir/opt" SYSCONFDIR="$dir/etc"
	check "systemd finds nothing to say against the units" verify_units \
	    "$dir/opt/lib/systemd/system"
	for unit in nat64d.20 dns64d.15; do
		check "the exposure of ${unit%.*} is at most ${unit#*.}/10" \
		    systemd-analyze security --no-pager --offline=yes \
		    --threshold="${unit#*.}" \
		    "$dir/opt/lib/systemd/system/${unit%.*}.service"
	done
	test_stateless
fi

# An umask of root on hosts where users may not read files of root.
rm -rf "$dir/root"
umask 077
check "with umask 077: make install" build install RC=debian
check "all may read what was installed" all_readable
echo "1..$n"
exit $status
