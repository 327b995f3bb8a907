#!/usr/bin/env bash
# The Debian packages: two builds are the same, lintian has nothing to say, and
# they live their life in this system and in one that has nothing but them.
# "make check-deb" runs this. It builds everything twice, and downloads a Debian.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=../netns/tools/system.sh
. "$root/tests/netns/tools/system.sh"
# shellcheck source=oci.sh
. "$root/tests/deb/oci.sh"
# shellcheck source=rootless.sh
. "$root/tests/deb/rootless.sh"

# A checkout of the last commit, with the files as they are here now.
copy_tree() { # folder
	mkdir -p "${1%/*}" && git clone -q --no-hardlinks "$root" "$1" &&
	    (cd "$root" && git ls-files -z | tar -c --null -T -) |
	    tar -x -C "$1"
}

copy_again() { # folder
	mkdir -p "${1%/*}" && cp -R "$dir/one" "$1"
}

# The packages of a copy in that folder are in DIR/build/deb.
build_in() { # folder command ...
	local tree=$1
	shift
	"$@" env -u MAKEFLAGS -u BUILD make -C "$tree" deb \
	    >"$dir/${tree##*/}.log" 2>&1
}

# An ordinary user's build: elsewhere, with other settings.
build_elsewhere() { # folder
	chown -R 4321:4321 "$1"
	umask 077
	build_in "$1" setpriv --reuid 4321 --regid 4321 --clear-groups \
	    env HOME="$1" TZ=Pacific/Chatham LC_ALL=C.UTF-8
}

packages() {
	find "$1/build/deb" -name '*.deb' -o -name '*.dsc' -o -name '*.tar.*'
}

test_reproducible() {
	local file n=0 two=$dir/a-much-longer-way/to/two
	check "the tree is copied" copy_tree "$dir/one" || give_up
	# Of the copy: the tree itself may change meanwhile.
	check "twice" copy_again "$two" || give_up
	build_in "$dir/one" &
	build_elsewhere "$two" &
	check "the packages are built" wait %1 || cat "$dir/one.log"
	check "and by another user in another folder" wait %2 || cat "$dir/two.log"
	for file in $(packages "$dir/one"); do
		n=$((n + 1))
		file=${file##*/}
		check "both $file are the same" cmp "$dir/one/build/deb/$file" \
		    "$two/build/deb/$file"
	done
	check_equal "five packages and the two files of the source" "$n" 7
}

test_lintian() {
	lintian --allow-root --display-info --tag-display-limit 0 \
	    "$dir"/one/build/deb/*.changes >"$dir/lintian"
	check_equal "lintian has nothing to say" "$(cat "$dir/lintian")" ""
}

# The release of this system, with what our packages depend on.
make_debian() { # folder
	# shellcheck disable=SC1091 # of this system
	debootstrap --variant=minbase "$(. /etc/os-release &&
	    echo "$VERSION_CODENAME")" "$1"
}

# They are installed by apt, which finds what they need, and purged again.
# setcap(8) is for the images' recipe.
test_dependencies() { # folder
	cp "$dir"/one/build/deb/{nat,dns}64d_*.deb "$1/tmp"
	check "apt finds what the packages depend on" chroot "$1" \
	    env DEBIAN_FRONTEND=noninteractive sh -ec 'apt-get update
		apt-get install -y --no-install-recommends libcap2-bin \
		    /tmp/*.deb' || return
	check "they are purged" chroot "$1" dpkg -P nat64d dns64d
	rm "$1"/tmp/*.deb
}

# The tests of the source package, by the program that runs them in Debian. It
# installs the packages and what the tests depend on in a copy of the folder.
test_autopkgtest() { # folder of a Debian
	local status=0 line
	make_sysroot "$1" && mount_system || return
	cp -a "$dir/one/etc/debian" "$dir/one/debian"
	autopkgtest --output-dir "$dir/autopkgtest" \
	    --ignore-restrictions=isolation-container \
	    "$dir"/one/build/deb/*.deb "$dir/one/" -- chroot "$sysroot" \
	    >"$dir/autopkgtest.log" 2>&1 || status=$?
	tap_round=autopkgtest
	while read -r line; do
		tap_line "$line"
	done <"$dir/autopkgtest/suites-stdout"
	tap_round=
	check_equal "autopkgtest passes" "$status $(tr -s ' ' \
	    <"$dir/autopkgtest/summary")" "0 suites PASS" ||
	    tail -n 30 "$dir/autopkgtest.log"
}

# A line of another program's TAP counts as one of this file.
tap_line() { # line
	case $1 in
	ok*) ok "${1#* - }" ;;
	not*) not_ok "${1#* - }" ;;
	[0-9]*) ;;
	*) echo "# $1" ;;
	esac
}

# The tests of e2e_package.sh count as those of this file.
life() { # name variable=value ...
	local name=$1 line
	shift
	env PACKAGES="$dir/one/build/deb" "$@" "$root/tests/own_net.sh" \
	    "$root/tests/netns/e2e_package.sh" "$BUILD" >"$dir/life" 2>&1
	tap_round=$name
	while read -r line; do
		tap_line "$line"
	done <"$dir/life"
	tap_round=
}

test_own_system() {
	if ! make_debian "$dir/debian" >"$dir/debootstrap" 2>&1; then
		skip "the packages in a system of their own" \
		    "no debootstrap: $(tail -n 1 "$dir/debootstrap")"
		return
	fi
	test_oci "$dir/debian" "$dir/one/build/deb"
	test_dependencies "$dir/debian" || return
	life "in a system of their own" PACKAGE_ROOT="$dir/debian"
	test_autopkgtest "$dir/debian"
}

lab_begin
"$root/tests/deps.sh" build deb >/dev/null || give_up
test_reproducible
test_lintian
life "in this system"
test_own_system
tap_done
