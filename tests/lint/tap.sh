# Results as TAP, for the scripts of this folder. n: tests so far; status: that
# of the script. A script that calls check() has a directory of its own, $dir.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for, and of, the script
n=0
status=0

# Does a command succeed? What it prints is the diagnostics of a failure.
check() { # description command ...
	what=$1
	shift
	n=$((n + 1))
	if "$@" >"$dir/why" 2>&1; then
		echo "ok $n - $what"
	else
		status=1
		echo "not ok $n - $what"
		sed 's/^/#   /' "$dir/why"
	fi
}

# Is there no problem?
verdict() { # description problems
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		status=1
		echo "not ok $n - $1"
		printf '%s\n' "$2" | sed 's/^/#   /'
	fi
}
