#!/bin/sh
# Fetch Debian packages that a test unpacks for itself and that must not be
# installed here. Does nothing when they are there; elsewhere than on Debian, or
# without the archive, it says so, and the test is skipped.
#
#	tests/fetch.sh directory package ...
set -eu

dir=$1
shift
[ ! -d "$dir" ] || exit 0
mkdir -p "$(dirname "$dir")"
new=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$new"' EXIT
trap 'exit 130' INT TERM
if (cd "$new" && timeout 120 apt-get -q download "$@") >"$new/log" 2>&1; then
	rm "$new/log"
	chmod 755 "$new"
	mv "$new" "$dir"
else
	echo "cannot fetch $*: $(grep -E '^E: ' "$new/log" | head -n 1)"
fi
