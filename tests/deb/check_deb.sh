#!/usr/bin/env bash
# The Debian packages: two builds are the same, lintian has nothing to say, and
# they live their life in this system and in one that has nothing but them.
# "make check-deb" runs this. It builds everything twice, and downloads a Debian.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"

# A checkout of the last commit, with the files as they are here now.
copy_tree() { # folder
	git clone -q --shared "$root" "$1" &&
	    (cd "$root" && git ls-files -z | tar -c --null -T -) |
	    tar -x -C "$1"
}

# The packages of a copy in that folder are in DIR/build/deb.
build_in() { # folder
	mkdir -p "${1%/*}" && copy_tree "$1" &&
	    env -u MAKEFLAGS -u BUILD make -C "$1" deb >"$dir/${1##*/}.log" 2>&1
}

# Another user's build: elsewhere, with other settings.
build_elsewhere() { # folder
	umask 077
	TZ=Pacific/Chatham LC_ALL=C.UTF-8 build_in "$1"
}

packages() {
	find "$1/build/deb" -name '*.deb' -o -name '*.dsc' -o -name '*.tar.*'
}

test_reproducible() {
	local file n=0
	build_in "$dir/one" &
	build_elsewhere "$dir/a-much-longer-way/to/two" &
	check "the packages are built" wait %1 || cat "$dir/one.log"
	check "and in another folder" wait %2 || cat "$dir/two.log"
	for file in $(packages "$dir/one"); do
		n=$((n + 1))
		file=${file##*/}
		check "both $file are the same" cmp "$dir/one/build/deb/$file" \
		    "$dir/a-much-longer-way/to/two/build/deb/$file"
	done
	check_equal "five packages and the two files of the source" "$n" 7
}

test_lintian() {
	lintian --allow-root --display-info --tag-display-limit 0 \
	    "$dir"/one/build/deb/*.changes >"$dir/lintian"
	check_equal "lintian has nothing to say" "$(cat "$dir/lintian")" ""
}

# The release of this system with what our packages depend on, setcap(8), and
# nothing else.
make_debian() { # folder
	local package
	# shellcheck disable=SC1091 # of this system
	debootstrap --variant=minbase "$(. /etc/os-release &&
	    echo "$VERSION_CODENAME")" "$1" || return 1
	chroot "$1" apt-get install -y --no-install-recommends libcap2-bin ||
	    return 1
	for package in nat64d dns64d; do
		chroot "$1" apt-get satisfy -y --no-install-recommends \
		    "$(dpkg-deb -f "$dir"/one/build/deb/${package}_*.deb \
			Depends)" || return 1
	done
}

# The tests of e2e_package.sh count as those of this file.
life() { # name variable=value ...
	local name=$1 line
	shift
	env PACKAGES="$dir/one/build/deb" "$@" "$root/tests/own_net.sh" \
	    "$root/tests/netns/e2e_package.sh" "$BUILD" >"$dir/life" 2>&1
	tap_round=$name
	while read -r line; do
		case $line in
		ok*) ok "${line#* - }" ;;
		not*) not_ok "${line#* - }" ;;
		[0-9]*) ;;
		*) echo "# $line" ;;
		esac
	done <"$dir/life"
	tap_round=
}

test_life() {
	life "in this system" AUTOPKGTEST=yes
	if ! make_debian "$dir/debian" >"$dir/debootstrap" 2>&1; then
		skip "the packages in a system of their own" \
		    "no debootstrap: $(tail -n 1 "$dir/debootstrap")"
		return
	fi
	life "in a system of their own" PACKAGE_ROOT="$dir/debian"
}

lab_begin
"$root/tests/deps.sh" build deb >/dev/null || give_up
test_reproducible
test_lintian
test_life
tap_done
