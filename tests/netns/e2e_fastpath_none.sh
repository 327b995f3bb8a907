#!/usr/bin/env bash
# nat64d without the fast path, by "make FASTPATH=no": that needs neither clang
# nor bpftool nor libbpf, and nat64d says what is missing, translates all
# packets itself, and takes over from one that has a fast path.
#
# Only what such a build has of its own is compiled here. The objects that know
# nothing of libbpf are those of this build.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

full=$BUILD
bare= # the build without the fast path
why='there is none on this system, or it was left out of the build'

# --- the build ---

# The objects of this build, but not those of sources that include a header of
# libbpf or one that is made by bpftool, themselves or by another header.
copy_objects() { # folder
	local object
	mkdir -p "$1"
	cp -a "$full/common" "$full/nat64d" "$1" &&
	    rm "$1/nat64d/nat64d" || return 1
	(cd "$root" && grep -rlE '#include [<"](bpf/|.*skel\.h)' \
	    common nat64d) >"$dir/sources"
	find "$1" -name '*.d' -exec grep -lFf "$dir/sources" {} + |
	    while read -r object; do
		rm -f "$object" "${object%.d}".{o,elf,skel.h}
	done
}

# A mount namespace that has nothing of libbpf.
without_libbpf() { # command ...
	local pc
	pc=$(pkg-config --variable=pcfiledir libbpf)
	# shellcheck disable=SC2016 # for the other shell
	unshare -m sh -ec '
		[ ! -e "$1" ] || mount --bind /dev/null "$1"
		[ ! -e /usr/include/bpf ] ||
		    mount --bind "$2" /usr/include/bpf
		shift 2
		exec "$@"' sh "$pc/libbpf.pc" "$dir/empty" "$@"
}

build_bare() {
	without_libbpf env -u MAKEFLAGS make -s -C "$root" BUILD="$bare" \
	    WERROR=-Werror BPF_CLANG=false BPFTOOL=false "$@" \
	    "$bare/nat64d/nat64d"
}

libraries() { # program
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

test_build() {
	mkdir "$dir/empty"
	bare=$dir/bare
	check "what has nothing to do with it is copied" copy_objects "$bare" ||
	    give_up
	check "without its packages, make says what to install or to leave out" \
	    fails_with '"make FASTPATH=no" builds without it' \
	    build_bare FASTPATH=yes
	check "make FASTPATH=no needs none of them" build_bare FASTPATH=no ||
	    give_up
	check_not "nat64d is not linked with libbpf" \
	    grep libbpf <<<"$(libraries "$bare/nat64d/nat64d")"
}

# --- the daemon ---

configure() { # statement ...
	LAB_FASTPATH=auto write_nat64d_conf \
	    "control \"$dir/run/nat64d.sock\"" "$@"
}

ctl() { # word ...
	in_ns "$gateway" timeout 60 "$full/nat64d/ctl/nat64ctl" \
	    -s "$dir/run/nat64d.sock" "$@"
}

test_yes() {
	configure "fastpath yes"
	check "\"fastpath yes\" is a valid configuration" \
	    "$BUILD/nat64d/nat64d" -nn -f "$dir/nat64d.conf"
	check "with it, nat64d does not start, and says why" \
	    fails_with "$why" in_ns "$gateway" timeout 60 \
	    "$BUILD/nat64d/nat64d" -d -f "$dir/nat64d.conf"
	check_not "it leaves no interface" ip -n "$gateway" link show nat64
}

test_auto() {
	configure "fastpath auto" "fastpath on g0 g1"
	check "with \"fastpath auto\", it does" start_nat64d || give_up
	check "it says why the fast path is not used" logged \
	    "fast path: not used: $why"
	check_privileges "$nat64d"
	check "a file is fetched" fetch 1MB
	check "and put" put 1MB
	check "datagrams are echoed" udp_echo "$client" 1000 "$server64" 7777
	check "and pings" ping_works
	check_match "the status has sessions" "$(ctl status)" \
	    'sessions +[1-9]'
	check "no session is on the fast path" no_fast
	check "it reloads" ctl reload
	check "and translates, still" fetch 1MB
}

no_fast() {
	[ "$(dump_value "$(nat64d_dump)" fast-path)" = 0 ] &&
	    ! nat64d_dump | grep ' fast$'
}

# --- one takes over from the other ---

take_over() { # build
	local old=$nat64d
	BUILD=$1
	: >"$dir/nat64d.err"
	ip netns exec "$gateway" "$BUILD/nat64d/nat64d" -U -d \
	    -f "$dir/nat64d.conf" >"$dir/nat64d.out" 2>"$dir/nat64d.err" &
	nat64d=$!
	wait_for 30 gone "$old" && wait_for 30 logged ' running$' && return
	cat "$dir/nat64d.err"
	return 1
}

# The connection is one for all of them.
test_take_over() {
	BUILD=$full
	stop "$nat64d"
	configure
	check "nat64d with the fast path starts" start_nat64d
	check "it is used" logged 'fast path: used$' || return
	begin_stream
	check "one without it takes over" take_over "$bare"
	check "which does not use it" logged 'fast path: not used: '
	check "nor does the kernel any more" no_fast
	check "one with it takes over" take_over "$full"
	check "which uses it" logged 'fast path: used$'
	end_stream
}

has_fastpath() {
	libraries "$full/nat64d/nat64d" | grep -q libbpf
}

need_root
sanitized && skip_all "sanitizers are for the build that is tested elsewhere"
command -v readelf >/dev/null || skip_all "no readelf"
[ -e "$full/nat64d/nat64d.o" ] || skip_all "no objects of this build"
stream_lab
start_udp_echo "$internet"
mkdir "$dir/run"
head -c 1000000 /dev/urandom >"$dir/www/1MB"
test_build
BUILD=$bare
test_yes
test_auto
if has_fastpath; then
	test_take_over
else
	skip "a take-over" "this build has no fast path either"
fi
tap_done
