#!/usr/bin/env bash
# The completion of bash and zsh: what is offered at the end of a command line,
# and that it is all that "help" lists.
set -u
cd "$(dirname "$0")/../.." || exit
BUILD=${1:-build}
case $BUILD in
/*) ;;
*) BUILD=$PWD/$BUILD ;;
esac
dir=$(mktemp -d /tmp/check_completion.XXXXXX)
trap 'rm -rf "$dir"' EXIT
n=0
status=0

equal() { # description found expected
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		status=1
		echo "not ok $n - $1"
		printf '%s\n' "expected: $3" "found: $2" | sed 's/^/#   /'
	fi
}

# As installed; the programs are found in the directory that is filled in.
for ctl in nat64ctl dns64ctl; do
	mkdir -p "$dir/bin"
	ln -s "$BUILD/${ctl%ctl}d/ctl/$ctl" "$dir/bin/$ctl"
	for shell in bash zsh; do
		sed "s,@CTL@,$ctl,g;s,@SBINDIR@,$dir/bin,g" \
		    "etc/completion/ctl.$shell" >"$dir/$ctl.$shell"
	done
	# shellcheck disable=SC1090 # made above
	. "$dir/$ctl.bash"
done

files= # file names are offered

compopt() { # -o default
	[ "$*" = "-o default" ] && files=yes
}

# What is offered, in one line.
in_bash() { # command line
	local COMP_LINE=$1 COMP_POINT=${#1} ctl=${1%% *} COMPREPLY=()
	files=
	"_$ctl" "$ctl" "" ""
	echo "${COMPREPLY[*]}${files:+FILES}"
}

# The same by the file for zsh, whose own functions are replaced.
cat >"$dir/zsh" <<-'END'
	_files() { print FILES }
	compadd() { print -r -- "$found" }
	words=(${=1})
	[[ $1 == *' ' ]] && words+=('')
	CURRENT=${#words}
	PREFIX=${words[-1]}
	complete_it() { source $2/${words[1]}.zsh }
	complete_it "$@"
END

in_zsh() { # command line
	zsh -f "$dir/zsh" "$1" "$dir"
}

# The words that are expected, and none of those with an exclamation mark, are
# offered; there may be others, but not if none is expected.
offers() { # description found expected
	local word bad=
	for word in $3; do
		case " $2 " in
		*" ${word#!} "*) [ "${word#!}" = "$word" ] || bad="$bad $word" ;;
		*) [ "${word#!}" != "$word" ] || bad="$bad $word" ;;
		esac
	done
	[ -n "$3" ] || bad=$2
	equal "$1" "${bad:+wrong:$bad; offered: $2}" ""
}

while IFS='|' read -r line expected; do
	offers "\"$line\"" "$(in_bash "$line")" "$expected"
	offers "\"$line\" in zsh" "$(in_zsh "$line")" "$expected"
done <<-'EOF2'
	nat64ctl -|-j -s -V
	nat64ctl -s |FILES
	nat64ctl -js |FILES
	nat64ctl -j st|status static !show
	nat64ctl -s /run/x st|status static
	nat64ctl f|flush !help
	nat64ctl he|help
	nat64ctl nothing|
	nat64ctl nothing |
	nat64ctl status |
	nat64ctl show |counters sessions bindings subscribers pool !status !addr
	nat64ctl show se|sessions
	nat64ctl show sessions p|peer port proto
	nat64ctl show sessions port |
	nat64ctl show sessions port 443 p|peer proto !port
	nat64ctl show sessions proto |tcp udp icmp
	nat64ctl show sessions proto u|udp
	nat64ctl show sessions --|--sort --top
	nat64ctl show sessions addr 2001:db8::7 --t|--top !--sort !sort
	nat64ctl lookup |
	nat64ctl lookup 192.0.2.5:40123 |tcp udp icmp !FILES
	nat64ctl lookup [2001:db8::7]:80 t|tcp
	nat64ctl kill 2001:db8::7 |proto
	nat64ctl static |add delete
	nat64ctl static add |--force tcp udp icmp
	nat64ctl static add tcp [2001:db8::7]:80 192.0.2.5:80 |--force !tcp
	nat64ctl static add tcp [2001:db8::7]:80 192.0.2.5:80 --force |
	nat64ctl drops --pcap |FILES
	nat64ctl log level |err warn info debug
	nat64ctl log level i|info !err
	nat64ctl upgrade |--check
	nat64ctl pref64 |radvd networkd bird odhcpd
	dns64ctl flush |name zone all
	dns64ctl flush name |
	dns64ctl lookup www.example.com f|from
	dns64ctl monitor action p|passed ptr
	dns64ctl show c|counters cache clients config
EOF2

# The letters of a word that stands in "help" for a value are no words.
each_word() { # help
	grep '^    ' <<<"$1" | tr -d '[]' | tr ' |' '\n\n' |
	    grep -E '^-*[a-z][a-z0-9-]*$|^-[a-z]$' | sort -u
}

# Follow all that is offered; prints each word.
walk() { # command line, depth
	local word
	for word in $(in_bash "$1"); do
		echo "$word"
		[ "$2" -eq 0 ] || case $word in
		help | FILES) ;;
		*) walk "$1$word " $(($2 - 1)) ;;
		esac
	done
}

for ctl in nat64ctl dns64ctl; do
	help=$("$dir/bin/$ctl" help)
	# A value that has no words stands for what follows it.
	equal "$ctl: every word of help is offered, and no other" \
	    "$({ walk "$ctl " 3; walk "$ctl lookup x " 1
		walk "$ctl kill x " 1; walk "$ctl static add tcp x y " 0
		in_bash "$ctl top -"; } | tr ' ' '\n' | sort -u |
	    grep -vxE 'help|FILES|' )" "$(each_word "$help")"
done

for file in "$dir"/*.zsh; do
	equal "zsh finds no error in ${file##*/}" "$(zsh -n "$file" 2>&1)" ""
done
echo "1..$n"
exit "$status"
