#!/usr/bin/env bash
# The labs themselves: one that is ended while it starts, or that cannot start,
# leaves no process, no namespace and no file behind. A variable in their
# environment and their names show which processes belong to a lab.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

need_root
dir=$(mktemp -d /tmp/leftovers.XXXXXX)
trap 'rm -rf "$dir"' EXIT

# The three namespaces, programs in them, and then nothing but waiting.
cat >"$dir/bash_lab" <<-EOF
	. "$root/tests/netns/lib.sh"
	need_root
	lab_create
	for ns in "\$client" "\$gateway" "\$internet"; do
		start "\$ns" sleep.log sleep 1000
	done
	touch "$dir/up"
	sleep 1000 &
	wait \$!
EOF

# The same, but a program that it needs does not come up.
cat >"$dir/bash_fails" <<-EOF
	. "$root/tests/netns/lib.sh"
	need_root
	lab_create
	start "\$internet" sleep.log sleep 1000
	wait_for 0 false || give_up
EOF

# Programs that are told to end before they are more than a copy of the shell.
cat >"$dir/bash_children" <<-EOF
	. "$root/tests/netns/lib.sh"
	need_root
	lab_create
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		start "\$client" sleep.log sleep 1000
		stop "\$!"
	done
	[ -d "\$dir" ] && in_ns "\$client" true
EOF

cat >"$dir/python_lab" <<-EOF
	import pathlib, sys, time
	sys.path.insert(0, "$root/tests/dns")
	import lab
	lab.PROGRAM = pathlib.Path("$dir/dns64d")
	pathlib.Path("$dir/python").touch()
	daemon = lab.Daemon()
	pathlib.Path("$dir/up").touch()
	time.sleep(1000)
EOF

# A daemon that starts, and one that neither starts nor ends.
printf '#!/bin/sh\necho running >&2\nexec sleep 1000\n' >"$dir/starts"
printf '#!/bin/sh\nexec sleep 1000\n' >"$dir/hangs"
chmod +x "$dir/starts" "$dir/hangs"

# Its files are in a directory of its own: a pid is used again, and so is a name
# that is made of it.
run_lab() { # command ...; its pid is in $victim
	rm -rf "$dir/up" "$dir/python" "$dir/tmp"
	mkdir "$dir/tmp"
	LAB_MARK=$lab TMPDIR=$dir/tmp "$@" >"$dir/out" 2>&1 </dev/null &
	victim=$!
}

# Processes that were started by a lab, what has its name, and its files.
leftovers() {
	local environ pid
	for environ in /proc/[0-9]*/environ; do
		pid=${environ#/proc/}
		grep -qsz "^LAB_MARK=$lab\$" "$environ" 2>/dev/null &&
		    echo "process ${pid%/environ}"
	done
	ip netns list | grep "^ecd$victim-"
	ls -d "/etc/netns/ecd$victim"-* 2>/dev/null
	ls -A "$dir/tmp"
}

is_clean() {
	[ -z "$(leftovers)" ]
}

check_clean() { # description
	wait "$victim"
	wait_for 30 is_clean
	check_equal "$1" "$(leftovers)" ""
}

# From before the first namespace to behind the last program.
for ms in 0 20 50 100 200 400 800; do
	run_lab bash "$dir/bash_lab"
	sleep "$(printf '0.%03d' "$ms")"
	kill -TERM "$victim"
	check_clean "a lab ended after $ms ms leaves nothing"
done
run_lab bash "$dir/bash_lab"
check "a lab starts" wait_for 30 test -e "$dir/up"
kill -TERM "$victim"
check_clean "a lab ended when it has started leaves nothing"

run_lab bash "$dir/bash_children"
check "a lab outlives programs that end as soon as they are started" \
    wait "$victim"
check_clean "and then leaves nothing"

run_lab bash "$dir/bash_fails"
check_clean "a lab that cannot start leaves nothing"

cp "$dir/starts" "$dir/dns64d"
run_lab /usr/bin/python3 "$dir/python_lab"
check "a daemon of a test starts" wait_for 30 test -e "$dir/up"
kill -TERM "$victim"
check_clean "it ends with its test"

cp "$dir/hangs" "$dir/dns64d"
run_lab /usr/bin/python3 "$dir/python_lab"
check "a daemon hangs while it starts" wait_for 30 test -e "$dir/python"
sleep 0.2
kill -TERM "$victim"
check_clean "it ends with a test that is ended meanwhile"

run_lab /usr/bin/python3 "$dir/python_lab"
check_clean "and with one that has waited for long enough"
tap_done
