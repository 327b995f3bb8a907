#!/usr/bin/env bash
# The Debian packages: two builds are the same, lintian has nothing to say, and
# they live their life in this system and in one that has nothing but them.
# "make check-deb" runs this. It builds everything twice, and downloads a Debian.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=oci.sh
. "$root/tests/deb/oci.sh"

# A checkout of the last commit, with the files as they are here now.
copy_tree() { # folder
	mkdir -p "${1%/*}" && git clone -q --no-hardlinks "$root" "$1" &&
	    (cd "$root" && git ls-files -z | tar -c --null -T -) |
	    tar -x -C "$1"
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
	check "twice" copy_tree "$two" || give_up
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

# The commands that make an image of a daemon, from etc/oci.
recipe() { # daemon
	awk -v stage="$1" '
	    /^FROM/ { ours = $NF == stage }
	    ours && sub(/^RUN /, "") { run = 1 }
	    run { print; run = /\\$/ }' "$root/etc/oci/Containerfile"
}

# The release of this system, and our packages with what they depend on; then
# without our packages, but with setcap(8).
test_images() { # folder
	local daemon
	# shellcheck disable=SC1091 # of this system
	if ! debootstrap --variant=minbase "$(. /etc/os-release &&
	    echo "$VERSION_CODENAME")" "$1" >"$dir/debootstrap" 2>&1; then
		skip "the packages in a system of their own" \
		    "no debootstrap: $(tail -n 1 "$dir/debootstrap")"
		return 1
	fi
	test_oci "$1" "$dir/one/build/deb"
	for daemon in nat64d dns64d; do
		cp "$dir"/one/build/deb/${daemon}_*.deb "$1/tmp"
		check "the recipe of the image of $daemon" chroot "$1" \
		    env NAT64D_CAPS=cap_net_admin sh -ec "$(recipe $daemon)"
		check_match "its program has a capability" \
		    "$(getcap "$1/usr/sbin/$daemon")" ' cap_net_[a-z_]*=ep$'
		check "it can be executed" chroot "$1" setpriv --reuid 65534 \
		    --regid 65534 --clear-groups "$daemon" -V
	done
	check "the packages are purged" \
	    chroot "$1" dpkg -P nat64d dns64d &&
	    check "with setcap" chroot "$1" sh -c 'apt-get update &&
		apt-get install -y --no-install-recommends libcap2-bin'
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
	! test_images "$dir/debian" ||
	    life "in a system of their own" PACKAGE_ROOT="$dir/debian"
}

lab_begin
"$root/tests/deps.sh" build deb >/dev/null || give_up
test_reproducible
test_lintian
test_life
tap_done
