#!/bin/sh
# Run all tests and count them. BUILD names the build tree.
#
#	tests/run.sh [pattern ...]	only programs whose name matches one
#
# Each program prints TAP. Its output is kept in $BUILD/tap/NAME.tap, where
# tests/conformance reads which requirement was shown by which test.
set -eu
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
tap=$BUILD/tap

# The time-outs of Check only end tests that hang; machines may be slow.
export CK_TIMEOUT_MULTIPLIER=10
rm -rf "$tap"
mkdir -p "$tap"
passed=0 failed=0 skipped=0

wanted() { # name
	[ -n "$patterns" ] || return 0
	found=1
	set -f # patterns are for tests, not for files
	for pattern in $patterns; do
		# shellcheck disable=SC2254 # a pattern is meant
		case $1 in
		$pattern) found=0 ;;
		esac
	done
	set +f
	return "$found"
}

count() { # extended regular expression, file
	grep -Ec "$1" "$2" || :
}

# Read the verdicts of one program: its TAP file, its exit status.
tally() { # name status
	file=$tap/$1.tap
	s=$(count '^ok .*# [Ss][Kk][Ii][Pp]' "$file")
	p=$(($(count '^ok ' "$file") - s))
	f=$(count '^not ok ' "$file")
	if [ "$2" -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "not ok - $1 ended with status $2" >>"$file"
		f=1
	elif [ $((p + f + s)) -eq 0 ]; then
		echo "not ok - $1 ran no test" >>"$file"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	printf '%-34s %5d passed' "$1" "$p"
	[ "$s" -eq 0 ] || printf ', %d skipped' "$s"
	[ "$f" -eq 0 ] || printf ', %d FAILED' "$f"
	printf '\n'
	grep -E '^ok .*# [Ss][Kk][Ii][Pp]' "$file" |
	    sed 's/^ok [0-9 -]*/    skipped: /' || :
	[ "$f" -eq 0 ] || sed 's/^/    | /' "$file" | grep -v '^    | ok ' || :
}

# A program that prints TAP itself.
run() { # name command ...
	name=$1
	shift
	wanted "$name" || return 0
	status=0
	"$@" >"$tap/$name.tap" 2>&1 </dev/null || status=$?
	tally "$name" "$status"
}

# A Check program: its TAP goes to a file of its own.
run_check() { # path below tests/unit
	program=$BUILD/tests/unit/$1
	set -- "${1##*/}"
	wanted "$1" || return 0
	status=0
	CK_TAP_LOG_FILE_NAME="$tap/$1.tap" CK_VERBOSITY=silent \
	    "$program" >"$tap/$1.out" 2>&1 </dev/null || status=$?
	[ -e "$tap/$1.tap" ] || : >"$tap/$1.tap"
	[ "$status" -eq 0 ] || sed 's/^/# /' "$tap/$1.out" >>"$tap/$1.tap"
	tally "$1" "$status"
}

# Run suites again with other settings: NAME@VARIANT ... They wait most of the
# time, so two run at a time.
run_variants() { # variable=value ... -- name@variant ...
	settings=
	while [ "$1" != -- ]; do
		settings="$settings $1"
		shift
	done
	shift
	names=
	for name in "$@"; do
		! wanted "$name" || names="$names $name"
	done
	[ -n "$names" ] || return 0
	# shellcheck disable=SC2016,SC2086 # for the other shell; words
	printf '%s' "$names" | env BUILD="$BUILD" TAP="$tap" $settings \
	    xargs -n 1 -P 2 sh -c '
		status=0
		for test in tests/netns/"${1%@*}".*; do
			tests/own_net.sh "$test" "$BUILD" \
			    >"$TAP/$1.tap" 2>&1 </dev/null || status=$?
		done
		echo "$status" >"$TAP/$1.status"' sh
	for name in $names; do
		tally "$name" "$(cat "$tap/$name.status")"
	done
}

# The tests of dns64d with two workers and without the packet cache. The last
# ones, which take longest, come first.
run_two_workers() {
	variants=
	for test in tests/netns/dns64d_*.py; do
		name=$(basename "$test" .py)
		[ "$name" = dns64d_workers ] ||
		    variants="$name@2workers $variants"
	done
	# shellcheck disable=SC2086 # words
	run_variants DNS64D_WORKERS=2 DNS64D_CACHE_ANSWERS=no -- $variants
}

# NAME@VARIANT of the names that are read.
as() { # variant
	sed "s/\$/@$1/"
}

# End-to-end tests of the process, its files and its tools, or of a document:
# the form of packets means nothing to them, and those that need it run with the
# fast path and without by themselves.
process_suites=$(printf 'e2e_%s\n' control fastpath_life follow hostcheck log \
    metrics networks process readme reload rootless state tables takeover)

# The other end-to-end tests of nat64d.
suites() {
	for test in tests/netns/e2e_*.sh; do
		basename "$test" .sh
	done | grep -vxF "$process_suites"
}

# The tests of nat64d with packets as from other interfaces than veth (see
# tests/netns/lib.sh) and without the fast path (see tests/README); where
# packets are joined only those that send large ones.
# shellcheck disable=SC2046 # words
run_worlds() {
	large=$(printf 'e2e_%s\n' nat64 pmtu hairpin foreign)
	run_variants LAB_WORLD=finished -- $(suites | as finished)
	run_variants LAB_WORLD=plain LAB_FASTPATH=no -- \
	    $(suites | grep -v ^e2e_fastpath | as plain)
	run_variants LAB_WORLD=unfinished LAB_FASTPATH=no -- \
	    $(suites | grep -v ^e2e_fastpath | as user)
	run_variants LAB_WORLD=joined -- $(echo "$large" | as joined)
	run_variants LAB_WORLD=finished LAB_FASTPATH=no -- \
	    $(echo "$large" | as finished-user)
}

patterns=$*
for test in $(find tests/unit -name 'check_*.c' | sort); do
	test=${test#tests/unit/}
	run_check "${test%.c}"
done
for test in tests/fuzz/fuzz_*.c; do
	name=$(basename "$test" .c)
	run "$name" "$BUILD/tests/fuzz/$name" "tests/fuzz/corpus/${name#fuzz_}"
done
run conf tests/conf/run.sh "$BUILD"
for test in tests/lint/check_*.sh; do
	run "$(basename "$test" .sh)" "$test" "$BUILD"
done
for test in tests/netns/*.sh tests/netns/*.py; do
	case $test in
	*/lib.sh | *'*'*) continue ;;
	esac
	name=$(basename "$test")
	run "${name%.*}" tests/own_net.sh "$test" "$BUILD"
done
run_worlds
run_two_workers

[ "$skipped" -eq 0 ] || echo "$skipped skipped, for the reasons above"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
