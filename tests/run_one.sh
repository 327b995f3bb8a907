#!/bin/sh
# Run one test program, for tests/run.sh, and print its line of the report.
#
#	TAP=directory BUILD=directory tests/run_one.sh name[@variant]
#
# EMULATOR is a command that runs programs of another processor, if any. The
# output is kept in $TAP/NAME.tap. A variant is an end-to-end suite with
# other settings (see README).
set -eu

count() { # extended regular expression, file
	grep -Ec "$1" "$2" || :
}

# Print the line of a program, what was skipped, and what failed with the lines
# round it.
report() { # name
	file=$TAP/$1.tap
	s=$(count '^ok .*# [Ss][Kk][Ii][Pp]' "$file")
	p=$(($(count '^ok ' "$file") - s))
	f=$(count '^not ok ' "$file")
	printf '%-34s %5d passed' "$1" "$p"
	[ "$s" -eq 0 ] || printf ', %d skipped' "$s"
	[ "$f" -eq 0 ] || printf ', %d FAILED' "$f"
	printf '\n'
	grep -E '^ok .*# [Ss][Kk][Ii][Pp]' "$file" |
	    sed 's/^ok [0-9 -]*/    skipped: /' || :
	[ "$f" -eq 0 ] || sed 's/^/    | /' "$file" | grep -v '^    | ok ' || :
}

# A program that ends with an error, or tests nothing, has failed.
finish() { # name status
	file=$TAP/$1.tap
	if [ "$2" -ne 0 ] && ! grep -q '^not ok ' "$file"; then
		echo "not ok - $1 ended with status $2" >>"$file"
	elif ! grep -Eq '^(not )?ok ' "$file"; then
		echo "not ok - $1 ran no test" >>"$file"
	fi
	report "$1" >"$TAP/$1.report"
	# Several programs may end at the same time.
	flock "$TAP" cat "$TAP/$1.report"
}

# A program that prints TAP itself.
run() { # name command ...
	name=$1
	shift
	status=0
	"$@" >"$TAP/$name.tap" 2>&1 </dev/null || status=$?
	finish "$name" "$status"
}

# A Check program: its TAP goes to a file of its own.
run_check() { # name program
	status=0
	CK_TAP_LOG_FILE_NAME="$TAP/$1.tap" CK_VERBOSITY=silent \
	    ${EMULATOR:-} "$2" >"$TAP/$1.out" 2>&1 </dev/null || status=$?
	[ -e "$TAP/$1.tap" ] || : >"$TAP/$1.tap"
	[ "$status" -eq 0 ] || sed 's/^/# /' "$TAP/$1.out" >>"$TAP/$1.tap"
	finish "$1" "$status"
}

# An end-to-end suite as it is, or in another world.
run_suite() { # name[@variant]
	export LAB_WORLD=unfinished LAB_FASTPATH=auto DNS64D_WORKERS=1
	case $1 in
	*@finished) LAB_WORLD=finished ;;
	*@joined) LAB_WORLD=joined ;;
	*@plain) LAB_WORLD=plain LAB_FASTPATH=no ;;
	*@user) LAB_FASTPATH=no ;;
	*@finished-user) LAB_WORLD=finished LAB_FASTPATH=no ;;
	*@2workers) DNS64D_WORKERS=2 ;;
	esac
	for suite in "tests/netns/${1%@*}".sh "tests/netns/${1%@*}".py; do
		[ ! -e "$suite" ] ||
		    run "$1" tests/own_net.sh "$suite" "$BUILD"
	done
}

case $1 in
conf) run conf tests/conf/run.sh "$BUILD" ;;
fuzz_*) run "$1" ${EMULATOR:-} "$BUILD/tests/fuzz/$1" "tests/fuzz/corpus/${1#fuzz_}" ;;
check_*)
	if [ -e "tests/lint/$1.sh" ]; then
		run "$1" "tests/lint/$1.sh" "$BUILD"
	else
		# The build tree may have another one, of a file that was moved.
		source=$(find tests/unit -name "$1.c")
		run_check "$1" "$BUILD/${source%.c}"
	fi
	;;
*) run_suite "$1" ;;
esac
