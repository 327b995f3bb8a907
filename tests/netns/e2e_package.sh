#!/usr/bin/env bash
# The Debian packages in the life of a gateway: installed, started, upgraded
# while packets flow, removed, purged. They are made of the programs of this
# build and installed in an overlay of this system, or as "make check-deb" does:
#
#	PACKAGES=directory	packages that were built before
#	PACKAGE_ROOT=directory	a system to install them in, instead of this one
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/system.sh
. "$(dirname "$0")/tools/system.sh"

# --- the packages ---

# The packages of the programs of this build, in $debs. The sources are older
# than the programs, so that nothing is compiled.
make_packages() {
	local tree=$dir/debs/tree
	debs=$dir/debs
	mkdir -p "$tree/build" &&
	    (cd "$root" && git ls-files -z |
		tar -c --null -T - --mtime=@1) | tar -x -C "$tree" &&
	    cp -a "$tree/etc/debian" "$tree/debian" &&
	    cp -a "$BUILD"/{common,nat64d,dns64d} "$BUILD"/fastpath-* \
		"$tree/build" &&
	    (cd "$tree" && env -u BUILD -u MAKEFLAGS \
		DEB_BUILD_OPTIONS='nocheck noautodbgsym' \
		dpkg-buildpackage -b -us -uc -nc -j2)
}

the_package() { # name
	find "$debs" -maxdepth 1 -name "$1_*.deb"
}

# The same packages as a later version; in DIR/VERSION.
make_later() { # version
	local name
	mkdir "$dir/$1"
	for name in nat64d dns64d; do
		rm -rf "$dir/unpacked"
		dpkg-deb -R "$(the_package $name)" "$dir/unpacked" &&
		    sed -i "s/^Version: .*/Version: $1/" \
			"$dir/unpacked/DEBIAN/control" &&
		    dpkg-deb --root-owner-group -Znone -b "$dir/unpacked" \
			"$dir/$1/$name.deb" || return 1
	done
}

# --- the system they are installed in ---

make_system() {
	make_sysroot "${PACKAGE_ROOT:-/}" && mount_system &&
	    rm -f "$sysroot"/etc/{nat,dns}64d.conf &&
	    ln -s root/run/nat64d "$dir/run"
}

there=(env -i LC_ALL=C HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin
	DEBIAN_FRONTEND=noninteractive)

in_root() { # command ...
	in_ns "$gateway" chroot "$sysroot" "${there[@]}" "$@" </dev/null
}

# What policy-rc.d(8) says to whatever a package wants to start: 101 is no, 104
# is yes.
policy() { # status
	printf '#!/bin/sh\nexit %d\n' "$1" >"$sysroot/usr/sbin/policy-rc.d"
	chmod 755 "$sysroot/usr/sbin/policy-rc.d"
}

# What it says is in $dir/dpkg.
install() { # file ...
	local file
	for file in "$@"; do
		cp "$file" "$sysroot/tmp/${file##*/}"
	done
	in_root dpkg --no-triggers -i "${@/#*\//tmp/}" >"$dir/dpkg" 2>&1 || {
		cat "$dir/dpkg"
		return 1
	}
}

# --- what is there ---

# The processes of a daemon, one in a line, without its helpers.
processes() { # name
	local pid
	for pid in $(ip netns pids "$gateway"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] ||
		    grep -Eq ': (reader|starter)' "/proc/$pid/cmdline" ||
		    echo "$pid"
	done
}

nothing_runs() {
	[ -z "$(processes nat64d)$(processes dns64d)" ]
}

# No link of rcN.d starts them, and no target of systemd wants them.
nothing_enabled() {
	! find "$sysroot"/etc/rc?.d/S* "$sysroot"/etc/systemd/system \
	    -name '*[nd][as][ts]64d*' | grep .
}

# Files that differ from the system before, without dpkg's own, those of users
# and groups, and empty directories that dh_apparmor(1) has a purge remove.
changed_files() {
	(cd "$layer/upper" && find . ! -type d) | grep -Ev "^./($(
	    )var/(lib/dpkg|cache|log)/|$(
	    )etc/(passwd|group|shadow|gshadow|subuid|subgid)-?\$|$(
	    )etc/.pwd.lock\$|etc/apparmor.d/(disable|local)\$|usr/sbin/policy-rc.d\$)"
}

our_files() { # where /run is
	find "$layer/upper" "$1" -name '*nat64*' -o -name '*dns64*' -o \
	    -name '*ecdysis*' | grep -v /var/lib/dpkg/info
}

configure_packages() {
	cat >"$sysroot/etc/nat64d.conf" <<-EOF
		prefix 2001:db8:8000::/96
		pool 192.0.2.0/24
		tun nat64 mtu 1500
		address $gateway6
		$(fastpath_statement)
	EOF
	cat >"$sysroot/etc/dns64d.conf" <<-EOF
		listen on $dns6
		upstream $server4
		prefix 2001:db8:8000::/96
	EOF
}

# The list of what a package is linked with.
spdx() { # name
	find "$sysroot/usr/share/doc/$1" -name "$1.spdx*" -exec zcat -f {} +
}

# All libraries whose packages it depends on are listed, and what is related is
# described.
spdx_is_whole() { # name
	local library id
	spdx "$1" >"$dir/spdx"
	grep -qx 'SPDXVersion: SPDX-2.3' "$dir/spdx" || return 1
	for library in $(in_root dpkg-query -W -f '${Depends}' "$1" |
	    tr -s ', ' '\n' | grep '^lib'); do
		grep -x "Relationship: SPDXRef-$1 DYNAMIC_LINK $(
		    )SPDXRef-$library" "$dir/spdx" || return 1
	done
	for id in $(grep '^Relationship: ' "$dir/spdx" | cut -d ' ' -f 2,4); do
		grep -x "SPDXID: $id" "$dir/spdx" || return 1
	done
}

# --- tests ---

# An administrator has followed README.md before, and made one of the users.
test_install() {
	in_root useradd -r -s /usr/sbin/nologin _dns64d
	policy 104
	changed_files | sort >"$dir/before"
	check "the packages are installed" install "$(the_package nat64d)" \
	    "$(the_package dns64d)" "$(the_package ecdysis-doc)" || give_up
	check "as they were built" in_root dpkg -V nat64d dns64d ecdysis-doc
	check "nothing runs" nothing_runs
	check "nothing is enabled" nothing_enabled
	for name in nat64d dns64d; do
		check "$name has its user" in_root id "_$name"
		check "the configuration of $name is valid" \
		    in_root "$name" -nn
		check "it is a conffile" grep -q "/etc/$name.conf" \
		    "$sysroot/var/lib/dpkg/info/$name.conffiles"
		check "it has an AppArmor profile" grep -q \
		    "/etc/apparmor.d/$name" \
		    "$sysroot/var/lib/dpkg/info/$name.conffiles"
		check "with a file for rules of the site" in_root \
		    test -e "/etc/apparmor.d/local/$name"
		check "its libraries are listed" spdx_is_whole "$name"
	done
	check_equal "the fast path is no part of dns64d" \
	    "$(spdx dns64d | grep bpf)" ""
}

test_start() {
	configure_packages
	for name in nat64d dns64d; do
		in_root update-rc.d "$name" enable
		check "$name starts" in_root invoke-rc.d "$name" start
		check "its script says so" wait_for 30 \
		    in_root "/etc/init.d/$name" status
		check "its client says so" in_root "${name%d}ctl" status
		check "it reads its configuration again" \
		    in_root invoke-rc.d "$name" reload
	done
	check "the client reaches the Internet" fetch 1MB
	check "and has the name server" wait_for 30 \
	    in_ns "$client" dig +short +tries=1 +timeout=1 "@$dns6" \
	    www.example.com
}

# The program of a process is the one that is installed.
is_installed() { # pid name
	[ "$(stat -Lc %i "/proc/$1/exe")" = \
	    "$(stat -c %i "$sysroot/usr/sbin/$2")" ]
}

is_another() { # name pid
	local now
	now=$(processes "$1")
	[ -n "$now" ] && [ "$now" != "$2" ] && is_installed "$now" "$1"
}

test_upgrade() {
	local nat64d dns64d
	nat64d=$(processes nat64d) dns64d=$(processes dns64d)
	begin_traffic
	check "an upgrade" install "$dir"/1.0+1/{nat64d,dns64d}.deb
	check "another nat64d runs" wait_for 30 is_another nat64d "$nat64d"
	check "another dns64d runs" wait_for 30 is_another dns64d "$dns64d"
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/200MB" "$dir/fetched"
	kill "$stream"
	wait "$stream"
	echo "# $(cat "$dir/stream.log")"
	check "no datagram was lost, there and back" \
	    awk '{ exit !($2 > 1000 && $2 == $4) }' "$dir/stream.log"
	check "names are answered" in_ns "$client" dig +short +tries=5 \
	    +timeout=2 "@$dns6" www.example.com AAAA
	check "the configuration is as it was" \
	    grep -q "$gateway6" "$sysroot/etc/nat64d.conf"
}

# Where nothing can take over, the old programs go on and a message says so.
check_old_goes_on() { # version
	local before
	before=$(processes nat64d) before+=$(processes dns64d)
	check "an upgrade succeeds" install "$dir/$1"/{nat64d,dns64d}.deb
	for name in nat64d dns64d; do
		check_match "$name says that it still runs" \
		    "$(cat "$dir/dpkg")" "^$name: the old version still runs"
	done
	check_equal "the processes are the same" \
	    "$(processes nat64d)$(processes dns64d)" "$before"
	check "which work" fetch 1MB
}

test_upgrade_failures() {
	tap_round="forbidden by policy-rc.d"
	policy 101
	check_old_goes_on 1.0+2
	tap_round="the configuration is wrong now"
	policy 104
	echo wrong | tee -a "$sysroot/etc/nat64d.conf" \
	    >>"$sysroot/etc/dns64d.conf"
	check_old_goes_on 1.0+3
	tap_round="nothing runs"
	configure_packages
	check "nat64d is stopped" in_root invoke-rc.d nat64d stop
	check "dns64d is stopped" in_root invoke-rc.d dns64d stop
	check "an upgrade succeeds" install "$dir"/1.0+4/{nat64d,dns64d}.deb
	check "and starts nothing" nothing_runs
	tap_round=
}

# --- containers ---

manifest() { # what daemon [container]
	"$root/tests/netns/tools/manifest.py" "$1" \
	    "$root/etc/kubernetes/$2.yaml" "${3:-$2}"
}

# What the recipe of the image does after the installation.
finish_image() {
	local commands
	commands=$(sed -n 's/^    \(\(setcap\|install -d\) .*\) &&.*/\1/p' \
	    "$root/etc/oci/Containerfile")
	[ "$(wc -l <<<"$commands")" -eq 4 ] &&
	    in_root env NAT64D_CAPS=cap_net_admin sh -ec "$commands"
}

# What a pod mounts; the rest cannot be written.
mount_volumes() {
	local volume
	for volume in /etc/ecdysis /var/lib/nat64d; do
		mkdir -p "$sysroot$volume" &&
		    mount -t tmpfs -o mode=755,uid=65534,gid=65534 tmpfs \
			"$sysroot$volume" || return 1
	done
	mount -o remount,ro "$sysroot"
}

unmount_volumes() {
	umount "$sysroot/etc/ecdysis" "$sysroot/var/lib/nat64d" &&
	    mount -o remount,rw "$sysroot" && rmdir "$sysroot/etc/ecdysis"
}

# The lab's resolver in place of the example's. The kubelet replaces the file as
# a whole.
write_configmap() { # daemon [statement]
	local conf=$sysroot/etc/ecdysis/$1.conf
	{
		manifest data "$1" | sed "s/^upstream .*/upstream $server4/"
		echo "${2:-}"
	} >"$conf.new" && mv "$conf.new" "$conf"
}

# A process with the user of the pod, and with the capabilities of a container
# at most; its pid is in $!.
start_container() { # log capabilities command ...
	local log=$1 caps=$2
	shift 2
	start "$gateway" "$log" chroot "$sysroot" "${there[@]}" setpriv \
	    --reuid 65534 --regid 65534 --clear-groups --bounding-set "$caps" \
	    "$@"
}

probes_answer() { # daemon
	local port path
	manifest probes "$1" >"$dir/probes"
	while read -r port path; do
		in_ns "$gateway" curl -sSf -m 5 \
		    "http://127.0.0.1:$port$path" || return 1
	done <"$dir/probes"
}

has_statement() { # daemon statement
	in_root "${1%d}ctl" show config | grep -x "$2"
}

# A changed ConfigMap is used; one with errors is not, until it has none.
test_configmap() { # daemon statement
	start_container reload.log -all env PERIOD=0.2 sh -c \
	    "$(manifest script "$1" reload)"
	local pid=$!
	write_configmap "$1" wrong
	check "a ConfigMap with errors is reported" wait_for 30 \
	    grep -q 'wrong' "$dir/reload.log"
	write_configmap "$1" "$2"
	check "a changed ConfigMap is used" wait_for 30 has_statement "$@"
	check "the probes are answered" probes_answer "$1"
	stop "$pid"
}

test_containers() {
	local daemon args pids=()
	check "what the recipe of the image does at the end" finish_image
	check "the volumes are mounted" mount_volumes
	for daemon in nat64d dns64d; do
		tap_round="$daemon in a container"
		check_equal "the manifest fits together" \
		    "$(manifest check "$daemon")" ""
		write_configmap "$daemon"
		mapfile -t args <<<"$(manifest args "$daemon")"
		check "its configuration is valid" in_root "$daemon" -nn \
		    "${args[@]:2}"
		start_container "$daemon.log" "$(manifest caps "$daemon")" \
		    "${args[@]}"
		pids+=($!)
		check "the probes are answered" wait_for 30 \
		    probes_answer "$daemon" || cat "$dir/$daemon.log"
	done
	tap_round="nat64d in a container"
	test_configmap nat64d "timeout udp 200"
	check "the client reaches the Internet" fetch 1MB
	tap_round="dns64d in a container"
	test_configmap dns64d "ttl stale 4000"
	check "names are answered" in_ns "$client" dig +short +tries=5 \
	    +timeout=2 -p 5353 "@$dns6" www.example.com AAAA
	tap_round=
	for pid in "${pids[@]}"; do
		stop "$pid"
	done
	check "they end" wait_for 30 nothing_runs
	check "the volumes are unmounted" wait_for 30 unmount_volumes
}

# --- the end ---

routes_left() {
	ip -n "$gateway" -4 route show proto 64
	ip -n "$gateway" -6 route show proto 64
}

test_removal() {
	check "nat64d starts" in_root invoke-rc.d nat64d start
	check "dns64d starts" in_root invoke-rc.d dns64d start
	check "the client reaches the Internet" fetch 1MB
	check "the packages are removed" in_root dpkg --no-triggers -r nat64d \
	    dns64d ecdysis-doc
	check "nothing runs" wait_for 30 nothing_runs
	check_equal "no route is left" "$(routes_left)" ""
	check "the configuration is left" test -s "$sysroot/etc/nat64d.conf"
	mkdir -p "$sysroot"/var/{lib,log}/nat64d "$sysroot/var/log/dns64d"
	check "the packages are purged" in_root dpkg --no-triggers -P nat64d \
	    dns64d ecdysis-doc
	check_equal "no file of them is left" "$(our_files "$sysroot/run")" ""
	check_equal "nothing else has changed" \
	    "$(changed_files | sort | comm -13 "$dir/before" -)" ""
}

# --- with systemd ---

begin_systemd() {
	local mount
	for mount in proc sys run dev tmp; do
		umount -l "$sysroot/$mount"
	done
	rm "$sysroot/usr/sbin/policy-rc.d" "$dir/run"
	prepare_boot
	boot || return 1
	ln -s "/proc/$init/root/run/nat64d" "$dir/run"
}

# What it says is in $dir/dpkg.
install_inside() { # file ...
	mkdir -p "$sysroot/root/debs"
	cp "$@" "$sysroot/root/debs"
	inside dpkg --no-triggers -i "${@/#*\//root/debs/}" \
	    </dev/null >"$dir/dpkg" 2>&1 || {
		cat "$dir/dpkg"
		return 1
	}
	rm -r "$sysroot/root/debs"
}

check_state() { # enabled active
	local unit
	for unit in nat64d.service dns64d.service dns64d.socket; do
		[ "$unit" != dns64d.socket ] || set -- disabled inactive
		check_equal "$unit is $1" \
		    "$(inside systemctl is-enabled "$unit")" "$1"
		check_equal "and $2" \
		    "$(inside systemctl is-active "$unit")" "$2"
	done
}

follows() { # unit pid
	local now
	now=$(main_pid "$1")
	is_active "$1" && [ "$now" != 0 ] && [ "$now" != "$2" ]
}

test_systemd() {
	local nat64d dns64d
	check "the packages are installed" install_inside \
	    "$(the_package nat64d)" "$(the_package dns64d)" || return
	check_state disabled inactive
	configure_packages
	check "they are started" \
	    inside systemctl enable --now nat64d dns64d
	check_state enabled active
	check "the client reaches the Internet" wait_for 30 fetch 1MB
	nat64d=$(main_pid nat64d) dns64d=$(main_pid dns64d)
	begin_traffic
	check "an upgrade" install_inside "$dir"/1.0+1/{nat64d,dns64d}.deb
	check "systemd follows the new nat64d" wait_for 30 \
	    follows nat64d "$nat64d"
	check "and the new dns64d" wait_for 30 follows dns64d "$dns64d"
	check "the transfer goes on to its end" wait "$curl"
	check "and is what was sent" cmp "$dir/www/200MB" "$dir/fetched"
	kill "$stream"
	wait "$stream"
	echo "# $(cat "$dir/stream.log")"
	check "no datagram was lost, there and back" \
	    awk '{ exit !($2 > 1000 && $2 == $4) }' "$dir/stream.log"
	check_state enabled active
	check "the packages are purged" \
	    inside dpkg --no-triggers -P nat64d dns64d
	check_equal "nothing runs" \
	    "$(inside ps -o comm= -u _nat64d,_dns64d)" ""
	check_equal "no file of them is left" \
	    "$(our_files "/proc/$init/root/run")" ""
	shut_down
}

need_root
sanitized && skip_all "programs for sanitizers are not packaged"
git -C "$root" rev-parse 2>/dev/null || skip_all "no files of git"
command -v dh >/dev/null || skip_all "no debhelper"
stream_lab
make_system >"$dir/why" 2>&1 || skip_all "no overlay: $(tail -n 1 "$dir/why")"
debs=${PACKAGES:-}
[ -n "$debs" ] || check "the packages are built" make_packages || give_up
for version in 1.0+1 1.0+2 1.0+3 1.0+4; do
	check "version $version" make_later "$version"
done
start_nsd
head -c 1000000 /dev/urandom >"$dir/www/1MB"
test_install
test_start
test_upgrade
test_upgrade_failures
test_containers
test_removal
if [ -x "$sysroot/lib/systemd/systemd" ]; then
	tap_round="with systemd"
	if begin_systemd; then
		test_systemd
	else
		skip "systemd" "it does not boot: $(tail -n 1 "$dir/boot.log")"
	fi
fi
tap_done
