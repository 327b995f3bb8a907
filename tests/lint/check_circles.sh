#!/bin/sh
# The object files of a daemon have no circular dependencies. An object depends
# on another one if it imports a symbol that the other one defines. For each
# circle, its objects and the symbols that they import are printed.
set -eu
BUILD=${1:-build}

cd "$(dirname "$0")/../.."

# Objects whose sources exist: a build tree still has those of moved sources.
objects() { # folder ...
	for dir in "$@"; do
		find "$BUILD/$dir" -name '*.o' | sort | while read -r object; do
			source=${object#"$BUILD"/}
			source=${source%.o}
			for suffix in c y l; do
				[ ! -f "$source.$suffix" ] || echo "$object"
			done
		done
	done
}

# "importer exporter symbol" for every symbol that crosses.
crossings() {
	# shellcheck disable=SC2046 # names of ours, without blanks
	nm -A -P $(objects "$@") | sed "s,^$BUILD/,,;s,\.o: , ," | awk '
	    $3 == "U" { needs[$1, $2] = 1; next }
	    $3 ~ /^[A-TV-Z]$/ { by[$2] = by[$2] " " $1 }
	    END {
		for (need in needs) {
			split(need, n, SUBSEP)
			count = split(by[n[2]], exporters, " ")
			for (i = 1; i <= count; i++)
				print n[1], exporters[i], n[2]
		}
	    }' | sort
}

# The crossings between objects that reach each other (Warshall).
circles() {
	awk '
	{
		from[NR] = $1; to[NR] = $2
		line[NR] = $0
		node[$1] = node[$2] = 1
		reach[$1, $2] = 1
	}
	END {
		for (k in node)
			for (i in node) {
				if (!((i, k) in reach))
					continue
				for (j in node)
					if ((k, j) in reach)
						reach[i, j] = 1
			}
		for (i = 1; i <= NR; i++)
			if ((to[i], from[i]) in reach && to[i] != from[i])
				print line[i]
	}'
}

n=0
status=0
for daemon in nat64d dns64d; do
	n=$((n + 1))
	if [ -z "$(objects "$daemon")" ]; then
		echo "Bail out! no objects in $BUILD/$daemon"
		exit 1
	fi
	found=$(crossings common "$daemon" | circles)
	if [ -n "$found" ]; then
		status=1
		echo "not ok $n - no circle among the objects of $daemon"
		echo "$found" | sed 's/\(.*\) \(.*\) \(.*\)/#   \1 needs \3 of \2/'
	else
		echo "ok $n - no circle among the objects of $daemon"
	fi
done
echo "1..$n"
exit $status
