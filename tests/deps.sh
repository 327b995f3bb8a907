#!/bin/sh
# Install what is missing, on Debian; elsewhere say what is needed.
#
#	tests/deps.sh [build] [test] [lint] [bench]
#
# Installing a package must not leave its service running or enabled: the
# packages are for the tests, which start what they need themselves.
set -eu

build='gcc make pkg-config bison flex libc6-dev libevent-dev libldns-dev
    libbsd-dev libseccomp-dev'
test='check libjansson-dev binutils iproute2 iputils-ping procps traceroute curl
    bind9 bind9-dnsutils unbound nsd nginx-light netcat-openbsd socat tcpdump
    python3-minimal python3-dnspython mandoc shellcheck ethtool
    nftables'
lint='clang-tidy clang-format cppcheck'
bench='tayga nftables iproute2 iputils-ping ethtool python3 gnuplot-nox
    dnsperf knot-resolver'

want=
for set in "$@"; do
	case $set in
	build) want="$want $build" ;;
	test) want="$want $test" ;;
	lint) want="$want $lint" ;;
	bench) want="$want $bench" ;;
	*)
		echo "usage: $0 [build] [test] [lint] [bench]" >&2
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

# Forbid maintainer scripts to start anything while we install.
policy=/usr/sbin/policy-rc.d
ours=
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	ours=yes
fi
log=$(mktemp)
cleanup() {
	[ -z "$ours" ] || rm -f "$policy"
	rm -f "$log"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get install -y --no-install-recommends $missing ||
    { apt-get update && apt-get install -y --no-install-recommends $missing; }
} >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	exit 1
fi
for service in nsd nginx unbound named tayga nftables kresd kresd.target \
    kres-cache-gc; do
	case $service in
	kres*) pkg=knot-resolver ;;
	named) pkg=bind9 ;;
	nginx) pkg=nginx-light ;;
	*) pkg=$service ;;
	esac
	case " $missing " in
	*" $pkg "*) ;;
	*) continue ;;
	esac
	! command -v systemctl >/dev/null ||
	    systemctl disable "$service" >/dev/null 2>&1 || :
done
