#!/usr/bin/env bash
# The Debian packages: two builds are the same, lintian has nothing to say.
# "make check-deb" runs this; it builds everything twice.
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

lab_begin
"$root/tests/deps.sh" build deb >/dev/null || give_up
test_reproducible
test_lintian
tap_done
