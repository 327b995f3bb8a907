#!/bin/sh
# Install missing packages on Debian; elsewhere print the names of those needed.
#
#	tests/deps.sh [build] [demo] [test] [browser] [lint] [bench] [deb] [ports]
#	    [vm]
#
# The service of an installed package must neither run nor be enabled for the
# next boot, because the tests start what they need themselves. Packages that
# were installed before are not changed.
set -eu

build='gcc make pkg-config bison flex libc6-dev libevent-dev libldns-dev
    libbsd-dev libseccomp-dev libjansson-dev libcurl4-openssl-dev
    libncurses-dev libhiredis-dev clang bpftool libbpf-dev libelf-dev'
demo='bind9-dnsutils curl iproute2 iputils-ping keepalived nginx-light nsd
    openssl procps python3 redis-server socat vsftpd'
test='check binutils debhelper dpkg-dev keepalived libcap2-bin python3-kubernetes
    python3-yaml iproute2 iputils-ping nfdump procps traceroute curl
    bind9 bind9-dnsutils bird2 unbound nsd nginx-light netcat-openbsd socat tcpdump
    tshark python3-minimal python3-dnspython python3-pyte mandoc shellcheck
    apparmor bzip2 dnsmasq e2fsprogs ethtool lftp libfixbuf-tools logrotate nftables
    kea-dhcp4-server openssl prometheus python3-pyftpdlib radvd redis-server
    rsyslog stunnel4 strace systemd systemd-container tayga tnftp vsftpd wireguard-go
    wireguard-tools xz-utils zsh zstd'
browser='chromium-headless-shell fonts-dejavu-core'
lint='clang-tidy clang-format cppcheck'
bench='tayga nftables iproute2 iputils-ping ethtool python3 gnuplot-nox
    dnsperf knot-resolver redis-server'
deb='autopkgtest buildah crun debhelper debootstrap dh-apparmor dpkg-dev git
    lintian podman slirp4netns uidmap'
ports='debhelper gcc-i686-linux-gnu gcc-s390x-linux-gnu gperf mmdebstrap musl-tools
    qemu-user-static'
vm='e2fsprogs git mmdebstrap qemu-system-x86'

want=
for set in "$@"; do
	case $set in
	build) want="$want $build" ;;
	demo) want="$want $demo" ;;
	test) want="$want $test" ;;
	browser) want="$want $browser" ;;
	lint) want="$want $lint" ;;
	bench) want="$want $bench" ;;
	deb) want="$want $deb" ;;
	ports) want="$want $ports" ;;
	vm) want="$want $vm" ;;
	*)
		echo "usage: $0 [build] [demo] [test] [browser] [lint] [bench] [deb] [ports] [vm]" >&2
		exit 2
		;;
	esac
done

command -v dpkg-query >/dev/null || {
	echo "not Debian; these packages are needed, by whatever name:" $want
	exit 0
}

missing=
for pkg in $want; do
	dpkg-query -W -f '${Status}' "$pkg" 2>/dev/null |
	    grep -q 'ok installed' || missing="$missing $pkg"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages; as root: apt-get install$missing" >&2
	exit 1
fi

installed() { dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' |
	sed -n 's/^ii *//p' | sort -u; }

# Disable the services of a package, with or without systemd on this machine,
# and print their names.
disable_services() { # package
	# That of procps is no daemon: it applies /etc/sysctl.conf at boot. Where
	# systemd was missing it is not the init that starts its units.
	case $1 in
	procps | systemd) return 0 ;;
	esac
	dpkg -L "$1" | sed -nE \
	    's,^(/usr)?/lib/systemd/system/([^/@]+\.(service|socket|timer|path|target))$,\2,p' |
	    while read -r unit; do
		DPKG_MAINTSCRIPT_PACKAGE=$1 deb-systemd-helper disable "$unit" \
		    >/dev/null 2>&1 || :
		echo "$unit"
	    done
	dpkg -L "$1" | sed -n 's,^/etc/init\.d/,,p' | while read -r script; do
		update-rc.d "$script" disable >/dev/null 2>&1 || :
		echo "$script"
	done
}

# One at a time: the first that ends takes its policy-rc.d away.
exec 9>/run/lock/ecdysis-deps
flock 9

# Forbid maintainer scripts to start anything during the installation.
policy=/usr/sbin/policy-rc.d
ours=
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	ours=yes
fi
work=$(mktemp -d)
cleanup() {
	[ -z "$ours" ] || rm -f "$policy"
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

echo "installing:$missing"
installed >"$work/before"
export DEBIAN_FRONTEND=noninteractive
# Another process may install something at this moment.
get() { apt-get -o DPkg::Lock::Timeout=600 -y --no-install-recommends "$@"; }
if ! { get install $missing || { get update && get install $missing; }; } \
    >"$work/log" 2>&1; then
	tail -n 20 "$work/log" >&2
	exit 1
fi
installed >"$work/after"
added=$(comm -13 "$work/before" "$work/after")
echo "added:" $added
services=$(for pkg in $added; do disable_services "$pkg"; done | sort -u)
[ -z "$services" ] || echo "left disabled:" $services
