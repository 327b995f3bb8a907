#!/bin/sh
# The pure layers use no I/O, clock, log, environment or source of randomness:
# their objects import only symbols of this list and of other pure objects, and
# have no writable static data.
set -eu
BUILD=${1:-build}

# memory and strings; text of addresses; errno; symbols that compilers add
allowed='
mem(cpy|move|set|cmp|chr)
str(n?len|n?cmp|n?casecmp|chr|rchr|c?spn|lcpy|lcat|dup)
malloc|calloc|aligned_alloc|realloc|reallocarray|recallocarray|free|qsort|bsearch|abs
inet_(ntop|pton)|v?snprintf|strtonum|strtoul|tolower|toupper|isdigit
in6addr_(any|loopback)|htons|htonl|ntohs|ntohl
__(errno_location|stack_chk_fail|ctype_b_loc|ctype_tolower_loc)
__(memcpy|memmove|memset|snprintf|strlcpy|strlcat|vsnprintf)_chk
_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer|lsan)_.*
'
# name_text.c is the one user of libldns, which does no I/O unless asked to.
ldns='ldns_.*'
# common/ctl uses values of jansson, but neither its parser nor its output.
jansson='json_(object|array|string|integer|real|number|delete)(_.*)?'

allowed=$(printf '%s' "$allowed" | tr '\n' '|' | sed 's/^|*//;s/|*$//')
# The file that a member of an archive was made from: others may have its name,
# and are not pure.
member() { # archive object
	find "$BUILD/${1%/*}" -name "$2" | sort | while read -r path; do
		! ar p "$BUILD/$1" "$2" | cmp -s - "$path" || echo "$path"
	done
}

n=0
status=0
for archive in common/libcommon.a nat64d/libnat64.a dns64d/libdns64.a; do
	defined=$(nm --defined-only "$BUILD"/common/libcommon.a \
	    "$BUILD/$archive" 2>/dev/null | awk 'NF == 3 { print $3 }')
	list=$(ar t "$BUILD/$archive")
	for object in $list; do
		n=$((n + 1))
		path=$(member "$archive" "$object")
		extra=$allowed
		[ "$object" != name_text.o ] || extra="$allowed|$ldns"
		case $path in
		*/common/ctl/*) extra="$allowed|$jansson" ;;
		esac
		bad=$(nm -u "$path" | awk '{ print $2 }' | sed 's/@.*//' |
		    grep -Evx "$extra" | grep -Fvx "$defined" || :)
		# .data.rel.ro is const but for the loader's relocations.
		writable=$(objdump -t "$path" | awk '
		    $0 ~ / O / && $0 ~ /[ \t](\.data|\.bss|\*COM\*)/ &&
		    $0 !~ /\.data\.rel\.ro/ { print $NF }' |
		    grep -Ev '^\.?L?__(asan|ubsan|odr)' || :)
		if [ -n "$bad$writable" ]; then
			status=1
			echo "not ok $n - $path is pure"
			printf '%s\n' "$bad" | sed '/^$/d;s/^/#   imports /'
			printf '%s\n' "$writable" |
			    sed '/^$/d;s/^/#   writable static /'
		else
			echo "ok $n - $path is pure"
		fi
	done
done
echo "1..$n"
exit $status
