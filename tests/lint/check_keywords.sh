#!/usr/bin/env bash
# Every keyword of a configuration file is in five places: the grammar uses
# it, the canonical form prints it, a golden file has it, the manual page
# explains it, and the example shows it, if only in a comment. And every
# statement of the page and of the example exists.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/../.."
. tests/lint/tap.sh

# "WORD TOKEN" for each keyword that the grammar declares: a token whose name
# has no "<".
keywords() { # grammar
	grep '^%token' "$1" | grep -oE '[A-Z][A-Z0-9_]* "[^"<]*"' |
	    sed 's/\(.*\) "\(.*\)"/\2 \1/'
}

# The rules: what stands between the two %%, without comments.
rules() { # grammar
	awk '/^%%$/ { part++; next } part == 1' "$1" |
	    sed 's,/\*.*\*/,,;s/"[^"]*"//g'
}

# One word in a line.
words() {
	grep -oE '[A-Za-z0-9-]+' | sort -u
}

# Configuration without comments and strings.
statements_of() { # file ...
	sed 's/"[^"]*"//g;s/#.*//' "$@"
}

# The golden files that are good, and what they include.
golden() { # daemon
	local out
	for out in tests/conf/"$1"/*.out; do
		echo "${out%.out}.conf"
	done
	ls tests/conf/"$1"/*.inc 2>/dev/null || :
}

# The words that a page shows as typed.
page_words() { # page
	grep -E '^\.(.* )?Cm ' "$1" | words
}

# The first words of the statements that a page explains.
page_statements() { # page
	sed -n 's/^\.It Cm \([A-Za-z0-9-]*\).*/\1/p' "$1" | sort -u
}

# The first words of lines that are statements or statements behind a "#". In
# prose, a blank follows the "#".
example_statements() { # file
	sed -n 's/^#\{0,1\}\([a-z][A-Za-z0-9-]*\).*/\1/p' "$1" | sort -u
}

# Lines of the first argument that the second one does not have.
missing() { # words have
	comm -23 <(sort -u <<<"$1") <(sort -u <<<"$2")
}

skip() { # description reason
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

for daemon in nat64d dns64d; do
	grammar=$daemon/conf/parse.y
	page=man/$daemon.conf.5
	example=etc/$daemon.conf
	table=$(keywords "$grammar")
	all=$(cut -d ' ' -f 1 <<<"$table")
	verdict "$daemon: no keyword is declared twice" "$(
	    sort <<<"$all" | uniq -d)"
	verdict "$daemon: the grammar uses every keyword" "$(missing \
	    "$(cut -d ' ' -f 2 <<<"$table")" \
	    "$(rules "$grammar" | grep -oE '\<[A-Z][A-Z0-9_]*\>')")"
	verdict "$daemon: the canonical form has every keyword" \
	    "$(missing "$all" "$(statements_of \
	    tests/conf/"$daemon"/*.out | words)")"
	mapfile -t golden < <(golden "$daemon")
	verdict "$daemon: the golden files have every keyword" \
	    "$(missing "$all" "$(statements_of "${golden[@]}" | words)")"
	verdict "$daemon: the example has every keyword" \
	    "$(missing "$all" "$(words <"$example")")"
	verdict "$daemon: the example has no other statements" \
	    "$(missing "$(example_statements "$example")" "$all")"
	if [ ! -e "$page" ]; then
		skip "$daemon: the manual page" "there is no $page yet"
		continue
	fi
	verdict "$daemon: the manual page has every keyword" \
	    "$(missing "$all" "$(page_words "$page")")"
	verdict "$daemon: the manual page has no other statements" \
	    "$(missing "$(page_statements "$page")" "$all")"
done
echo "1..$n"
exit $status
