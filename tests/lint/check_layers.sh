#!/usr/bin/env bash
# A folder is a layer: a file may include headers of its own folder and of
# those before it in this list.
set -eu
cd "$(dirname "$0")/../.."

layers=(
	common common/{net,conf,os,http,ctl}
	nat64d/{base,wire,pool,tables,xlat,alg,pcp,core,log,state,conf,os,host} nat64d
	nat64d/{control,ctl}
	dns64d/{base,wire,admission,cache,policy,synth,local}
	dns64d/{os,upstream,conf,client} dns64d
	dns64d/{control,ctl}
)

declare -A rank
for i in "${!layers[@]}"; do
	rank[${layers[i]}]=$i
done

n=0
status=0
verdict() { # description problems
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1:$2"
		status=1
	fi
}

while read -r file; do
	dir=${file%/*}
	if [ -z "${rank[$dir]:-}" ]; then
		verdict "$file is in a folder with a place" " not in $0"
		continue
	fi
	bad=
	# shellcheck disable=SC2013 # names have no blanks
	for header in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
		case $header in
		*/*) of=${header%/*} ;;
		*) of=$dir ;;
		esac
		# No file may include headers of the other daemon.
		case ${of%%/*} in
		common | "${dir%%/*}") ;;
		*) bad="$bad $header" ;;
		esac
		[ "${rank[$of]:-99}" -le "${rank[$dir]}" ] || bad="$bad $header"
	done
	verdict "$file includes downwards" "$bad"
done < <(find common nat64d dns64d -name '*.[chly]' | sort)
echo "1..$n"
exit $status
