#!/usr/bin/env bash
# The configurations that the manuals show are accepted as a reader copies them.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${1:-build}
dir=$(mktemp -d /tmp/check_manual.XXXXXX)
trap 'rm -rf "$dir"' EXIT
. tests/lint/tap.sh

# Each displayed text of a page as a file PAGE:LINE, as it is printed: "\e" is a
# backslash, and one by itself joins two lines.
blocks() { # page
	awk -v to="$dir/text/$1" '
	    /^\.Bd -literal/ { file = to ":" NR; next }
	    /^\.Ed/ { file = ""; next }
	    file != "" {
		text = $0
		joined = text ~ /(^|[^\\])\\$/
		if (joined)
			sub(/\\$/, " ", text)
		gsub(/\\e/, "\\", text)
		gsub(/\\&/, "", text)
		printf "%s%s", text, joined ? "" : "\n" >file
	    }' "man/$1"
}

# Is it a configuration, and not commands, a log or that of another program?
is_configuration() { # file
	! grep -qE '^([$#] |scrape_configs|nat64d_up)' "$1"
}

# Beside it, what must not be missing.
accepts() { # program file statement ...
	local program=$1 file=$2 statement word
	shift 2
	{
		for statement in "$@"; do
			word=${statement%% *}
			grep -q "^$word " "$file" || echo "$statement"
		done
		cat "$file"
	} >"$dir/conf"
	cat "$dir/conf"
	"$program" -nn -f "$dir/conf"
}

# A long line is one that no reader is shown as such.
has_no_long_line() { # file
	! expand "$1" | grep -E '^.{73}'
}

check_page() { # page program statement ...
	local page=$1 file
	shift
	mkdir -p "$dir/text"
	blocks "$page"
	for file in "$dir/text/$page":*; do
		check "${file##*/} has no long line" has_no_long_line "$file"
		! is_configuration "$file" ||
		    check "${file##*/} is accepted" accepts "$1" "$file" \
			"${@:2}"
	done
}

cp etc/nat64d.carrier.conf "$dir"
check_page nat64d.conf.5 "$BUILD/nat64d/nat64d" 'pool 192.0.2.1'
check_page dns64d.conf.5 "$BUILD/dns64d/dns64d" 'listen on 2001:db8::2' \
    'upstream 192.0.2.53'
echo "1..$n"
exit $status
