#!/bin/sh
# Build the libraries of the daemons with musl, from the sources of Debian 12.
#
#	tests/ports/musl.sh ROOT COMPILER
#
# COMPILER is musl-gcc, or another that uses musl. ROOT/usr gets headers, static
# libraries and pkg-config files. A library that is complete is not built again.
# MIRROR and SECURITY_MIRROR, which run.sh sets, name the archives.
set -eu
# Those of our own Makefile: others need the built-in rules.
unset MAKEFLAGS MFLAGS
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
sources='check curl hiredis jansson ldns libbsd libevent libmd libseccomp
    ncurses'
mkdir -p "$1"
root=$(cd "$1" && pwd)
prefix=$root/usr

# The sources with Debian's patches; its list of packages is read from below
# $root, so that the one of this machine stays as it is.
fetch() {
	[ ! -e "$root/fetched" ] || return 0
	rm -rf "$root/src"
	mkdir -p "$root/src" "$root/apt/lists/partial" \
	    "$root/apt/cache/archives/partial"
	cat >"$root/apt/sources.list" <<-END
	deb-src $MIRROR bookworm main
	deb-src $SECURITY_MIRROR bookworm-security main
	END
	set -- -o "Dir::Etc::sourcelist=$root/apt/sources.list" \
	    -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$root/apt/lists" \
	    -o "Dir::Cache=$root/apt/cache" -o APT::Sandbox::User=root
	apt-get "$@" update
	# shellcheck disable=SC2086 # a list
	(cd "$root/src" && apt-get "$@" source $sources)
	touch "$root/fetched"
}

# musl has no headers of the kernel.
link_kernel_headers() {
	mkdir -p "$prefix/include"
	ln -sfn /usr/include/linux /usr/include/asm-generic /usr/include/mtd \
	    "$prefix/include/"
	ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$prefix/include/asm"
}

# Configure a source as it was released: what automake generated counts as newer
# than what Debian's patches changed. Some are released without.
configure() { # option ...
	[ -e configure ] || autoreconf -fi
	find . \( -name aclocal.m4 -o -name configure -o -name '*.in' \) \
	    -exec touch -d "@$(date +%s)" {} +
	./configure --prefix="$prefix" --disable-shared --enable-static \
	    --with-pic "$@"
}

# Build and install a source, with options for its configure script, unless that
# has been done.
library() { # source option ...
	name=$1
	[ ! -e "$root/$name.complete" ] || return 0
	shift
	cd "$root/src/$name"-[0-9]*/
	case $name in
	check | curl | hiredis | ldns | libbsd | ncurses) "build_$name" "$@" ;;
	*) build_as_usual "$@" ;;
	esac
	touch "$root/$name.complete"
}

build_as_usual() { # option ...
	configure "$@"
	make -j"$jobs"
	make install
}

# The name that Debian has for a static library without fixed addresses.
build_check() { # option ...
	build_as_usual "$@"
	ln -sf libcheck.a "$prefix/lib/libcheck_pic.a"
}

# Without the script for the linker that would look for a shared library.
build_libbsd() { # option ...
	build_as_usual "$@"
	rm -f "$prefix/lib/libbsd.so"
}

# The library alone: no program, no manual.
build_ldns() { # option ...
	configure "$@"
	make -j"$jobs" lib
	make install-h install-lib install-pc
}

build_curl() { # option ...
	configure "$@"
	make -C lib -j"$jobs"
	make -C lib install
	make -C include install
	make install-pkgconfigDATA
}

# The library alone: the descriptions of terminals are those of the system.
build_ncurses() { # option ...
	configure "$@"
	make -j"$jobs" libs
	make install.libs install.includes
}

# It has no configure script.
build_hiredis() {
	make -j"$jobs" libhiredis.a hiredis.pc PREFIX="$prefix"
	mkdir -p "$prefix/include/hiredis/adapters"
	cp hiredis.h read.h sds.h async.h alloc.h "$prefix/include/hiredis"
	cp adapters/libevent.h "$prefix/include/hiredis/adapters"
	cp libhiredis.a "$prefix/lib"
	cp hiredis.pc "$prefix/lib/pkgconfig"
}

fetch
link_kernel_headers
export CC="$2 -idirafter $prefix/include"
export CFLAGS='-O2 -fPIC' CPPFLAGS="-I$prefix/include" LDFLAGS="-L$prefix/lib"
export PKG_CONFIG_LIBDIR="$prefix/lib/pkgconfig" MAKEINFO=true
library libmd
library libbsd
library libevent --disable-openssl --disable-samples \
    --disable-libevent-regress
library libseccomp
library ldns --without-ssl --disable-dsa --disable-ecdsa --disable-ed25519 \
    --disable-ed448 --disable-gost --disable-dane --disable-sha2
library jansson
library check --disable-subunit
library hiredis
library ncurses --enable-widec --enable-pc-files --without-cxx \
    --without-ada --without-progs --without-tests --without-manpages \
    --without-debug --without-shared --disable-db-install \
    --with-pkg-config-libdir="$prefix/lib/pkgconfig" \
    --with-default-terminfo-dir=/etc/terminfo \
    --with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/share/terminfo
# HTTP alone.
# shellcheck disable=SC2046 # options
library curl --without-ssl --without-zlib --without-brotli --without-zstd \
    --without-libpsl --without-libidn2 --without-nghttp2 --without-librtmp \
    $(printf -- '--disable-%s ' ares dict file ftp gopher imap ldap ldaps \
    manual mqtt pop3 rtsp smb smtp telnet tftp)
