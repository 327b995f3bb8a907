#!/usr/bin/env bash
# The tables of ecdysis(7) about a migration: the daemons accept each statement
# of their column, nat64ctl knows each command, Unbound and BIND accept theirs.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${1:-build}
page=man/ecdysis.7
dir=$(mktemp -d /tmp/check_migration.XXXXXX)
trap 'rm -rf "$dir"' EXIT
. tests/lint/tap.sh

# The rows of the tables of a section: what was, a tab, and what is now, as
# mdoc(7) has both; "no" and "or" before the first one stay.
rows() { # section
	awk -v section=".Ss $1" '
	    /^\.Ss/ { ours = $0 == section }
	    ours && /^\.It (no |or )?Li / && sub(/ Ta( |$)/, "\t") {
		sub(/^\.It /, "")
		sub(/^Li /, "")
		sub(/\\&$/, "")
		sub(/\\&\t/, "\t")
		print
	    }' "$page"
}

# Statements without macros, and with addresses for the letters.
plain() {
	sed -E 's/ Pq .*//; s/^(Cm|Ic|Li) //; s/ (Cm|Ic) / /g
	    s/Qq ([^ ]+)/"\1"/g; s/\\&//g; s/ ,$//'
}

letters() { # A B
	sed -E "s,\<P\>,2001:db8:8000::/48,g; s,\<A\>,$1,g; s,\<B\>,$2,g
	    s,\<C\>,2001:db8::/64,g; s,\<STORE\>,192.0.2.9,g"
}

# What stands beside a statement so that it makes sense.
around() { # statement
	local mode=nat64
	case $1 in
	'mode siit' | 'map '*) mode=siit ;;
	esac
	case $1 in
	'mode clat' | 'prefix discover' | map*interface*) mode=clat ;;
	esac
	grep -q '^mode' <<<"$1" || echo "mode $mode"
	grep -q '^prefix' <<<"$1" || echo 'prefix 2001:db8:8000::/96'
	if [ $mode != nat64 ]; then
		grep -q '^map' <<<"$1" || echo 'map 192.0.0.1 to 2001:db8:9::1'
		return
	fi
	grep -q '^pool' <<<"$1" || echo 'pool 192.0.2.0/28'
	! grep -q '^replicate' <<<"$1" ||
	    printf '%s\n' "replicate key \"$dir/key\"" 'replicate node 1'
}

accepts_nat64() { # statement
	{
		echo "$1"
		around "$1"
	} >"$dir/nat64d.conf"
	cat "$dir/nat64d.conf"
	"$BUILD/nat64d/nat64d" -nn -f "$dir/nat64d.conf"
}

accepts_dns64() { # statement
	{
		grep -q '^listen' <<<"$1" || echo 'listen on 2001:db8::2'
		grep -q '^prefix' <<<"$1" || echo 'prefix 2001:db8:8000::/48'
		echo 'upstream 192.0.2.53'
		case $1 in
		match*) printf 'view "clients" {\n%s\n}\n' "$1" ;;
		*) echo "$1" ;;
		esac
	} >"$dir/dns64d.conf"
	cat "$dir/dns64d.conf"
	"$BUILD/dns64d/dns64d" -nn -f "$dir/dns64d.conf"
}

# Its client names the command in its help.
knows() { # nat64ctl command ...
	local client=$1
	shift
	"$BUILD/nat64d/ctl/$client" help |
	    grep -E "^ *${*}( |\$)"
}

check_nat64() { # section
	local now
	rows "$1" | cut -f 2 | grep -E '^(Cm|Ic) ' | plain |
	    letters 192.0.2.1 2001:db8::80 >"$dir/rows"
	check "$1: there are rows" test -s "$dir/rows"
	while read -r now; do
		case $now in
		nat64ctl*)
			# shellcheck disable=SC2086 # words
			check "$1: $now" knows $now
			;;
		*) check "$1: $now" accepts_nat64 "$now" ;;
		esac
	done <"$dir/rows"
}

check_dns64() { # section
	local now
	rows "$1" | cut -f 2 | grep '^Cm ' | plain |
	    letters 2001:db8::2 2001:db8::80 >"$dir/rows"
	check "$1: there are rows" test -s "$dir/rows"
	while read -r now; do
		check "$1: $now" accepts_dns64 "$now"
	done <"$dir/rows"
}

# The other column, without what is not there, and other ways to say the same.
before() { # section
	rows "$1" | cut -f 1 | grep -vE '^(no|or) ' | sed 's/\\(dq/"/g; s/\\&//g' |
	    letters 2001:db8::2 2001:db8::80
}

accepts_unbound() {
	{
		echo 'server:'
		before "From Unbound's dns64 module" |
		    sed 's/"dns64 \.\.\."/"dns64 iterator"/
			s,\(dns64-prefix: .*\)/48,\1/96,'
	} >"$dir/unbound.conf"
	cat "$dir/unbound.conf"
	unbound-checkconf "$dir/unbound.conf"
}

accepts_bind() {
	{
		echo 'options {'
		before "From BIND's dns64 statement"
		echo '};'
	} >"$dir/named.conf"
	cat "$dir/named.conf"
	named-checkconf "$dir/named.conf"
}

printf 'key 000102030405060708090a0b0c0d0e0f\n' >"$dir/key"
chmod 600 "$dir/key"
for section in "From TAYGA" "From Jool" "From clatd"; do
	check_nat64 "$section"
done
for section in "From Unbound's dns64 module" "From BIND's dns64 statement"; do
	check_dns64 "$section"
done
! command -v unbound-checkconf >/dev/null ||
    check "Unbound accepts its column" accepts_unbound
! command -v named-checkconf >/dev/null ||
    check "BIND accepts its column" accepts_bind
echo "1..$n"
exit $status
