#!/bin/sh
# Golden tests of both configuration files; prints TAP.
#
#	tests/conf/run.sh BUILDDIR		run them
#	tests/conf/run.sh -u BUILDDIR		write what comes out instead
#
# tests/conf/DAEMON/NAME.conf is read with `DAEMON -nnv -f NAME.conf`.
#	NAME.out	it is good, and this is how its canonical form differs
#			from that of minimal.conf (of which the whole form is
#			kept): so a new statement with a default changes one
#			file. The canonical form read again must print itself
#	NAME.warn	the warnings of a good one, if there are any; of these,
#			what names a line is not expected of the canonical form
#	NAME.err	it is bad: these are the messages, and the status is 1
# Files to be included have other names (NAME.inc). A comment
# "# Shows: ROW ..." names the rows of tests/conformance/*.md that a file
# shows; at the end of the file it leaves the line numbers alone.
#
# Every good file is also checked with -nn alone, which must say nothing but
# the warnings. (-nn looks at the file and not at the host, which need not
# have the users, directories and networks that the files name.)
set -eu

update=false
if [ "$1" = -u ]; then
	update=true
	shift
fi
build=$(cd "$1" && pwd)
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
count=0 failed=0

# Report one test. What is in $work/why explains a failure.
report() { # ok|not name
	count=$((count + 1))
	if [ "$1" = ok ]; then
		echo "ok $count - $2"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count - $2"
	sed 's/^/# /' "$work/why"
}

# The last program run: its status, output and messages are as expected.
expect() { # status file-of-output file-of-messages
	if [ "$status" -ne "$1" ]; then
		echo "status $status instead of $1"
		cat "$work/err"
		return 1
	fi >"$work/why"
	diff -u "$2" "$work/out" >"$work/why" 2>&1 &&
	    diff -u "$3" "$work/err" >"$work/why" 2>&1
}

run() { # daemon argument ...
	daemon=$1
	shift
	status=0
	${EMULATOR:-} "$build/$daemon/$daemon" "$@" >"$work/out" 2>"$work/err" </dev/null ||
	    status=$?
}

# Warnings that name no line of a file.
without_lines() { # file-of-messages
	grep -Ev '^([^ :]*/)?[a-z0-9_]+\.(conf|out|inc):[0-9]+: ' "$1" || :
}

# The canonical form of minimal.conf and, for each view of another, its
# settings once more.
usual() { # canonical-form
	cat minimal.out
	grep '^view ' "$1" | while read -r _; do
		sed -n '/^dns64 /,/^timeout aaaa /s/^/	/p' minimal.out
	done
}

# What a canonical form has that that of minimal.conf has not (+), and what it
# lacks (-); of minimal.conf itself, all of it.
difference() { # name file
	if [ "$1" = minimal ]; then
		cat "$2"
	else
		usual "$2" | diff -U0 - "$2" | sed '1,2d;/^@@/d'
	fi
}

good() { # daemon name
	run "$1" -nnv -f "$2.conf"
	form=$work/$2.out
	cp "$work/out" "$form"
	difference "$2" "$form" >"$work/out"
	if $update; then
		cp "$work/out" "$2.out"
		if [ -s "$work/err" ]; then
			cp "$work/err" "$2.warn"
		fi
	fi
	warnings=/dev/null
	if [ -e "$2.warn" ]; then
		warnings=$2.warn
	fi
	expect 0 "$2.out" "$warnings" || return 1
	run "$1" -nnv -f "$form"
	without_lines "$work/err" >"$work/err.all"
	mv "$work/err.all" "$work/err"
	without_lines "$warnings" >"$work/warn"
	expect 0 "$form" "$work/warn" || return 1
	run "$1" -nn -f "$2.conf"
	expect 0 /dev/null "$warnings"
}

bad() { # daemon name
	run "$1" -nnv -f "$2.conf"
	if $update; then
		cp "$work/err" "$2.err"
	fi
	expect 1 /dev/null "$2.err"
}

for dir in */; do
	dir=${dir%/}
	cd "$dir"
	if $update; then # the others say how they differ from it
		run "$dir" -nnv -f minimal.conf
		cp "$work/out" minimal.out
	fi
	for conf in *.conf; do
		name=${conf%.conf}
		if [ -e "$name.out" ]; then
			kind=good
		elif [ -e "$name.err" ]; then
			kind=bad
		else
			echo "neither $name.out nor $name.err" >"$work/why"
			report not "$dir/$name"
			continue
		fi
		if $kind "$dir" "$name"; then
			report ok "$dir/$name"
		else
			report not "$dir/$name"
		fi
	done
	run "$dir" -V
	if [ "$status" -eq 0 ] && [ ! -s "$work/err" ] &&
	    sed 1q "$work/out" | grep -Eqx "$dir [0-9]+(\.[0-9]+)+" &&
	    grep -Eq '^libevent [0-9]' "$work/out"; then
		report ok "$dir/version"
	else
		cp "$work/out" "$work/why"
		report not "$dir/version"
	fi
	# A file that does not exist has no NAME.conf.
	run "$dir" -nn -f missing.conf
	echo 'missing.conf: cannot read "missing.conf": No such file or' \
	    'directory' >"$work/expected"
	if expect 1 /dev/null "$work/expected"; then
		report ok "$dir/missing"
	else
		report not "$dir/missing"
	fi
	cd ..
done
echo "1..$count"
[ "$failed" -eq 0 ]
