#!/bin/sh
# The functions of the system that the objects of a build for a BSD use, and
# that fake/functions does not know to be there: one a line, with the objects.
#
#	tests/ports/functions.sh BUILD SYSTEM
#
# Names of glibc count as those that its headers put them in place of.
set -eu
here=$(dirname "$0")
build=$1
system=$2

objects() {
	find "$build" -name '*.o' | sort
}

# "undefined NAME OBJECT" and "defined NAME" of all objects.
symbols() {
	objects | while read -r object; do
		nm -P "$object" | awk -v object="${object#"$build"/}" '
			$2 == "U" { print "undefined", $1, object }
			$2 != "U" { print "defined", $1 }'
	done
}

# Those of the libraries, which are the same on each system.
libraries='^(bufferevent|curl|evbuffer|evconnlistener|event|evhttp|evkeyvalq'
libraries="$libraries|evtimer|evutil|freeReply|json|ldns|libevent|redis)[A-Z_]"

symbols | awk -v known="$here/fake/functions" -v system_name="$system" \
    -v libraries="$libraries" '
	BEGIN {
		while ((getline line < known) > 0) {
			n = split(line, word, " ")
			if (n == 0 || word[1] ~ /^#/)
				continue
			if (n == 1)
				is_known[word[1]] = 1
			for (i = 2; i <= n; i++)
				if (word[i] == system_name)
					is_known[word[1]] = 1
		}
	}
	$1 == "defined" { is_ours[$2] = 1 }
	$1 == "undefined" { users[$2] = users[$2] " " $3 }
	END {
		for (name in users) {
			plain = name
			sub(/^__isoc[0-9]*_/, "", plain)
			if (plain ~ /^__.*_chk$/)
				plain = substr(plain, 3, length(plain) - 6)
			sub(/64$/, "", plain)
			sub(/^bsd_/, "", plain)
			if (!(name in is_ours) && name !~ libraries &&
			    !(plain in is_known))
				print plain ":" users[name]
		}
	}' | sort
