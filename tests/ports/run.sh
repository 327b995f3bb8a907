#!/bin/sh
# Build the daemons for other systems than this one, run the unit tests, the
# goldens of the configurations and the corpus of the fuzz targets there.
#
#	tests/ports/run.sh BUILDDIR i386|s390x|musl|musl-static|musl-i386|
#	    freebsd|netbsd|openbsd ...
#
# i386 has 32 bits and runs on an amd64 kernel as it is; s390x is big-endian,
# has a char without a sign, and runs in qemu-user. Their libraries are those of
# Debian, unpacked below BUILDDIR/ports/root, and nothing is installed.
#
# musl is another C library for this processor. The libraries are built with it
# (musl.sh) and linked statically; musl-static links musl like them. musl-i386
# has 32 bits and times of 64 bits, like small routers.
#
# Where the daemons run without an emulator, end-to-end suites run as well: most
# of them for musl, some for the others.
#
# The files of a BSD are only compiled and linked on Linux, with what fake/ has
# in place of its headers. They may use no function that fake/functions has not.
#
# What has been unpacked or built stays, so a run that was ended goes on where
# it was. What a test writes is in BUILDDIR/ports/SYSTEM/tap. MIRROR and
# SECURITY_MIRROR name other archives.
#
# The file exceptions has the tests that cannot pass there, with the reason.
set -eu
cd "$(dirname "$0")/../.."

export MIRROR="${MIRROR:-http://deb.debian.org/debian}"
security=http://deb.debian.org/debian-security
export SECURITY_MIRROR="${SECURITY_MIRROR:-$security}"

libraries=libc6-dev,libevent-dev,libldns-dev,libbsd-dev,libseccomp-dev
libraries=$libraries,libjansson-dev,libcurl4-openssl-dev,libncurses-dev,check
libraries=$libraries,libhiredis-dev,libatomic1
libraries=$libraries,libbpf-dev,libelf-dev

# Unpack the libraries of an architecture in $root, with the security updates if
# there are any. What was built with others goes.
unpack() { # architecture
	[ "$(cat "$root.complete" 2>/dev/null)" != "$libraries" ] || return 0
	rm -rf "$build"
	unpack_from "$1" "deb $MIRROR bookworm main" \
	    "deb $SECURITY_MIRROR bookworm-security main" ||
	    unpack_from "$1" "deb $MIRROR bookworm main" || {
		tail -n 20 "$root.log" >&2
		return 1
	}
	echo "$libraries" >"$root.complete"
}

unpack_from() { # architecture, line of sources.list ...
	arch=$1
	shift
	rm -rf "$root"
	mmdebstrap --variant=extract --architectures="$arch" \
	    --include="$libraries" bookworm "$root" "$@" >"$root.log" 2>&1
}

# The end-to-end suites for musl: all but those about the fast path, which is
# not built there, those that install what the system's own compiler makes, and
# those about what is not ours or a document: a browser, Grafana, the examples.
musl_suites() {
	find tests/netns -maxdepth 1 -name '*.[ps][hy]' ! -name lib.sh |
	    sed 's,.*/,,; s,\.[a-z]*$,,' |
	    grep -vxE 'e2e_(fastpath.*|apparmor|package|systemd)' |
	    grep -vxE 'e2e_(browser|dashboards|ecmp|examples|fleet|readme)' |
	    grep -vx lab_leftovers | sort
}

# Those for 32 bits, and once more for musl linked statically: the daemons, what
# their sandboxes let them do, their files, logs and clients, translation, DNS.
daemon_suites='e2e_control e2e_log e2e_nat64 e2e_process e2e_reload
    e2e_replicate e2e_state e2e_upgrade dns64d_answers dns64d_ctl dns64d_reload
    dns64d_restart dns64d_workers'

# Build the libraries with musl in $root, unless that is complete.
build_musl() {
	[ ! -e "$root.complete" ] || return 0
	rm -rf "${top:?}/${root##*/}" "$top/${root##*/}-static"
	tests/ports/musl.sh "$root" "$1" >"$root.log" 2>&1 || {
		tail -n 20 "$root.log" >&2
		return 1
	}
	touch "$root.complete"
}

choose_musl() { # name of root, compiler, option of the linker, suites
	root=$top/root/$1
	build_musl "$2"
	cc="$2 -idirafter $root/usr/include"
	flags=$3
	fastpath=no # libbpf needs more than musl has
	ends=$4
	export PKG_CONFIG='pkg-config --static'
	export PKG_CONFIG_LIBDIR="$root/usr/lib/pkgconfig"
}

# Make the compiler for musl on i386: that of i386, as musl-tools has it for
# amd64, with the C library of Debian's package for i386.
make_musl_i386() { # folder
	[ ! -e "$1/gcc" ] || return 0
	rm -rf "$1"
	mkdir -p "$1"
	mmdebstrap --variant=extract --architectures=i386 --include=musl-dev \
	    bookworm "$1/root" "deb $MIRROR bookworm main" >"$1/log" 2>&1 || {
		tail -n 20 "$1/log" >&2
		return 1
	}
	sed "s,/usr/\(include\|lib\)/x86_64,$1/root/usr/\1/i386,g
	    s,/lib/ld-musl-x86_64,$1/root/lib/ld-musl-i386," \
	    /usr/lib/x86_64-linux-musl/musl-gcc.specs >"$1/specs"
	printf '#!/bin/sh\nexec i686-linux-gnu-gcc "$@" -specs %s\n' \
	    "$1/specs" >"$1/gcc.new"
	chmod +x "$1/gcc.new"
	mv "$1/gcc.new" "$1/gcc"
}

# Set cc, cflags, flags, ends (end-to-end suites) and EMULATOR for a system.
choose() { # system
	ends=
	cflags='-O2 -g'
	case $1 in
	musl)
		choose_musl musl musl-gcc '' "$(musl_suites)"
		return
		;;
	musl-static)
		choose_musl musl musl-gcc -static "$daemon_suites"
		return
		;;
	musl-i386)
		make_musl_i386 "$top/root/musl-i386-gcc"
		choose_musl musl-i386 "$top/root/musl-i386-gcc/gcc" '' \
		    "$daemon_suites"
		return
		;;
	i386)
		triplet=i386-linux-gnu
		cc=i686-linux-gnu-gcc
		# Without atomic numbers of 64 bits, like a MIPS.
		cflags="$cflags -march=i486"
		fastpath=yes
		EMULATOR=qemu-i386-static
		if i386_runs; then
			EMULATOR=
			ends=$daemon_suites
		fi
		;;
	s390x)
		triplet=s390x-linux-gnu
		cc=s390x-linux-gnu-gcc
		# bpftool embeds only programs of its own byte order.
		fastpath=no
		EMULATOR=qemu-s390x-static
		;;
	*)
		echo "$0: no such system: $1; there are i386, s390x," \
		    "musl, musl-static, musl-i386, freebsd, netbsd and" \
		    "openbsd" >&2
		exit 2
		;;
	esac
	unpack "$1"
	libs=$root/usr/lib/$triplet:$root/lib/$triplet
	loader=$(find "$root/lib" "$root/lib64" -maxdepth 1 -name 'ld*.so.*' \
	    2>/dev/null | head -n 1)
	cc="$cc --sysroot=$root"
	flags="-Wl,--dynamic-linker=$loader,--disable-new-dtags,-rpath=$libs"
	export PKG_CONFIG_LIBDIR="$root/usr/lib/$triplet/pkgconfig"
	export PKG_CONFIG_SYSROOT_DIR="$root"
	export EMULATOR
}

i386_runs() {
	case $(uname -m) in
	x86_64 | i?86) return 0 ;;
	esac
	return 1
}

tests() {
	find tests/unit tests/fuzz -name 'check_*.c' -o -name 'fuzz_*.c' |
	    sed 's,\.c$,,' | sort
}

# shellcheck disable=SC2046 # names without spaces
build() { # system
	${MAKE:-make} --no-print-directory BUILD="$build" CC="$cc" \
	    CFLAGS="$cflags" LDFLAGS="$flags" FASTPATH="$fastpath" WERROR=-Werror \
	    all $(tests | sed "s,^,$build/,")
}

# clang, because the headers of gcc ask for those of the system.
build_fake() { # system macro
	${MAKE:-make} --no-print-directory OS="$1" \
	    BUILD="$build" FASTPATH=no WERROR=-Werror \
	    CC="clang -U__linux__ -U__linux -Ulinux -D_GNU_SOURCE= -D$2=1 \
	    -isystem $PWD/tests/ports/fake \
	    $(pkg-config --cflags libbsd-overlay)" \
	    LDFLAGS="-Wl,--no-as-needed $(pkg-config --libs libbsd-overlay)" \
	    all || return 1
	unknown=$(tests/ports/functions.sh "$build" "$1")
	if [ -n "$unknown" ]; then
		echo "$1: functions that it may not have (fake/functions):"
		echo "$unknown" | sed 's/^/    /'
		return 1
	fi
	echo "$1: compiled and linked; nothing ran"
}

# Failures that no exception names, of a system.
unexpected() { # system
	sed -n "s/^$1 \\([^ ]*\\) .*/\\1/p" tests/ports/exceptions \
	    >"$build/exceptions"
	# Those of Check have a colon on either side of the name.
	grep -rh '^not ok ' "$build/tap" --include='*.tap' |
	    awk -v names="$build/exceptions" '
		BEGIN { while ((getline n < names) > 0) excepted[n] = 1 }
		{
			name = $0
			sub(/^not ok [0-9]* *(- )?/, "", name)
			gsub(/ /, "_", name)
			if (name in excepted)
				next
			split($0, part, ":")
			if (!(part[3] in excepted))
				print
		}'
}

run() { # system
	# shellcheck disable=SC2046,SC2086
	BUILD=$build tests/run.sh conf $(tests | sed 's,.*/,,') $ends || :
	sed -n "s/^$1 /excepted: /p" tests/ports/exceptions
	unexpected "$1" >"$build/failures"
	total=$(find "$build/tap" -name '*.tap' -exec cat {} + |
	    grep '^ok ' | grep -vic '# skip' || :)
	sed 's/^/    /' "$build/failures"
	n_failed=$(grep -c . "$build/failures" || :)
	echo "$1: $total passed, $n_failed failed without being excepted"
	[ "$n_failed" -eq 0 ] && [ "$total" -gt 0 ]
}

top=$(mkdir -p "$1" && cd "$1" && pwd)/ports
shift
mkdir -p "$top/root"
bad=
for system in "$@"; do
	root=$top/root/$system
	build=$top/$system
	unset EMULATOR PKG_CONFIG PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
	case $system in
	freebsd) build_fake "$system" __FreeBSD__ || bad=yes ;;
	netbsd) build_fake "$system" __NetBSD__ || bad=yes ;;
	openbsd) build_fake "$system" __OpenBSD__ || bad=yes ;;
	*)
		choose "$system"
		build "$system"
		run "$system" || bad=yes
		;;
	esac
done
[ -z "$bad" ]
