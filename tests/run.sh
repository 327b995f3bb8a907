#!/bin/sh
# Run all tests and count them. BUILD names the build tree.
#
#	tests/run.sh [pattern ...]	only programs whose name matches one
#
# Each program prints TAP. Its output is kept in $BUILD/tap/NAME.tap, where
# tests/conformance reads which requirement was shown by which test. Several
# programs run at a time: TEST_JOBS of those that compute, which is by default
# the number of processors, and twice as many of the end-to-end suites, which
# mostly wait.
set -eu
cd "$(dirname "$0")/.."
export BUILD="${BUILD:-build}"
export TAP="$BUILD/tap"
jobs=${TEST_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)}

# The time-outs of Check only end tests that hang; machines may be slow.
export CK_TIMEOUT_MULTIPLIER=10
rm -rf "$TAP"
mkdir -p "$TAP"

# The names that the patterns select, of those that are read.
wanted() {
	set -f # patterns are for tests, not for files
	while read -r name; do
		for pattern in ${patterns:-*}; do
			# shellcheck disable=SC2254 # a pattern is meant
			case $name in
			$pattern)
				echo "$name"
				break
				;;
			esac
		done
	done
	set +f
}

# Names of files without folder and extension.
base() {
	sed 's,.*/,,; s,\.[a-z]*$,,'
}

# NAME@VARIANT of the names that are read.
as() { # variant
	sed "s/\$/@$1/"
}

# The tests that need no network.
local_tests() {
	find tests/unit -name 'check_*.c' | sort | base
	find tests/fuzz -name 'fuzz_*.c' | sort | base
	echo conf
	find tests/lint -name 'check_*.sh' | sort | base
}

# End-to-end tests of the process, its files and its tools, or of a document:
# the form of packets means nothing to them, and those that need it run with the
# fast path and without by themselves.
process_suites=$(printf 'e2e_%s\n' apparmor blocks browser clat_pref64 \
    collectors control dashboards ecmp examples fastpath_life fastpath_none \
    fleet fleet_pairs follow hostcheck init log metrics networks package page \
    pair pcp process readme receivers reload replicate role rootless state \
    store systemd tables takeover top units upgrade walk)

# The end-to-end tests of nat64d that packets of another form, or without the
# fast path, mean something to.
packet_suites() {
	find tests/netns -name 'e2e_*.sh' | sort | base |
	    grep -vxF "$process_suites"
}

# The end-to-end tests: all as they are, those of nat64d with packets as from
# other interfaces than veth (see tests/netns/lib.sh) and without the fast path
# (see tests/README), where packets are joined only those that send large ones,
# and those of dns64d with two workers and without the packet cache. What takes
# longest comes first, so that no processor has nothing to do at the end.
suites() {
	large=$(printf 'e2e_%s\n' nat64 pmtu hairpin foreign)
	find tests/netns -name 'dns64d_*.py' | sort -r | base |
	    grep -vx dns64d_workers | as 2workers
	find tests/netns \( -name '*.sh' -o -name '*.py' \) ! -name lib.sh |
	    sort | base
	packet_suites | as finished
	packet_suites | grep -v ^e2e_fastpath | as plain
	packet_suites | grep -v ^e2e_fastpath | as user
	echo "$large" | as joined
	echo "$large" | as finished-user
}

# Add up what the programs have told.
count() { # extended regular expression
	find "$TAP" -name '*.tap' -exec cat {} + | grep -Ec "$1" || :
}

# The suites of those that are read that failed.
failed_of() {
	while read -r name; do
		! grep -qs '^not ok ' "$TAP/$name.tap" || echo "$name"
	done
}

# What failed, each with the lines below it: the end of the output has it all.
failures() { # extension
	for file in "$TAP"/*."$1"; do
		[ ! -e "$file" ] || awk -v name="$(basename "$file" ".$1")" '
		    /^not ok / { print name ": " $0; n = 10; next }
		    /^#/ && n > 0 { print; n--; next }
		    { n = 0 }' "$file"
	done
}

# Several suites run at a time, on a machine that may have much else to do. If a
# few fail, they run again, alone: what fails then as well has failed. That one
# failed beside others is told at the end, since it is a fault of the suite at
# least.
again() {
	# shellcheck disable=SC2046 # names without spaces
	set -- $(suites | wanted | failed_of)
	[ $# -le "$MAX_AGAIN" ] || return 0
	for name; do
		mv "$TAP/$name.tap" "$TAP/$name.beside"
		echo "$name again, alone:"
		tests/run_one.sh "$name"
	done
}
MAX_AGAIN=8

patterns=$*
local_tests | wanted | xargs -r -n 1 -P "$jobs" tests/run_one.sh
suites | wanted | xargs -r -n 1 -P $((2 * jobs)) tests/run_one.sh
again

skipped=$(count '^ok .*# [Ss][Kk][Ii][Pp]')
passed=$(($(count '^ok ') - skipped))
failed=$(count '^not ok ')
[ "$skipped" -eq 0 ] || echo "$skipped skipped, for the reasons above"
beside=$(failures beside)
[ -z "$beside" ] || printf 'Failed beside other suites:\n%s\n' "$beside"
failures tap
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
