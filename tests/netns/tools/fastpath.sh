# shellcheck shell=bash disable=SC2154 # lib.sh has the variables
# For the end-to-end tests of the fast path: programs that talk to each other
# packet by packet, and what the dump says of it. To be sourced after lib.sh.

# --- talkers (talker.py) ---

# Options of Linux: have all errors told (IP_RECVERR, IPV6_RECVERR).
# shellcheck disable=SC2034 # for the script
ip_recverr="0 11 1" ip6_recverr="41 25 1"

declare -A talk_to talk_from talk_pid

start_talker() { # name namespace
	local to from
	mkfifo "$dir/$1.in" "$dir/$1.out"
	ip netns exec "$2" /usr/bin/python3 \
	    "$root/tests/netns/tools/talker.py" <"$dir/$1.in" \
	    >"$dir/$1.out" 2>"$dir/$1.err" &
	talk_pid[$1]=$!
	exec {to}>"$dir/$1.in" {from}<"$dir/$1.out"
	talk_to[$1]=$to talk_from[$1]=$from
}

stop_talkers() {
	local name
	for name in "${!talk_pid[@]}"; do
		stop "${talk_pid[$name]}"
		rm "$dir/$name.in" "$dir/$name.out"
		eval "exec ${talk_to[$name]}>&- ${talk_from[$name]}<&-"
	done
}

tell() { # name word ...; does not wait for the answer
	local name=$1
	shift
	echo "$*" >&"${talk_to[$name]}"
}

heard() { # name; prints the answer
	local answer
	read -r -t 20 -u "${talk_from[$1]}" answer || answer="no answer"
	echo "$answer"
	[ "$answer" != "no answer" ] || cat "$dir/$1.err"
}

talk() { # name word ...; prints the answer
	tell "$@"
	heard "$1"
}

# All of them in order, and each has to go well.
talks() { # name "command" [...]
	local name=$1 answer command
	shift
	for command in "$@"; do
		answer=$(talk "$name" "$command")
		[ "$answer" = ok ] || {
			echo "$name: $command: $answer"
			return 1
		}
	done
}

# One asks, the other's socket of the same name answers.
ask_of() { # asking answering socket bytes count
	local asked answered
	tell "$2" "echo $3 $4 $5"
	asked=$(talk "$1" "ask $3 $4 $5")
	answered=$(heard "$2")
	[ "$asked $answered" = "ok ok" ] || {
		echo "$3: $1: $asked, $2: $answered"
		return 1
	}
}

ask() { # socket bytes count
	ask_of client server "$@"
}

# One sends, and the other one gets it.
gets() { # name socket bytes sender
	talks "$4" "send $2 $3" && talks "$1" "receive $2 $3"
}

# It sends, and is told of an error.
is_told() { # error name socket bytes
	talks "$2" "send $3 $4" || return 1
	local answer
	answer=$(talk "$2" "receive $3 $4")
	echo "$2 is told: $answer"
	[ "$answer" = "$1" ]
}

# Nobody gets what is sent, and nobody is told.
is_silent() { # name socket bytes sender
	talks "$4" "send $2 $3" && [ "$(talk "$1" "receive $2 $3")" = silence ]
}

# A UDP session that both sides use; more than FAST_AFTER packets.
open_udp() { # socket server's-address port
	talks server "bound $1 $server4 $3" &&
	    talks client "udp $1 $2 $3" && ask "$1" 20 20
}

# The same over TCP, with no acknowledgment on the way any more.
open_tcp() { # socket server's-address port
	talks server "listen $1-door $server4 $3" &&
	    talks client "tcp $1 $2 $3" &&
	    talks server "accept $1 $1-door" && ask "$1" 20 20 &&
	    wait_for 30 is_quiet
}

# Echo requests with this identifier, which are all answered; the answers are in
# $dir/ping.
ping_as() { # namespace identifier count address [option ...]
	ping_one_by_one "$@" >"$dir/ping" || {
		cat "$dir/ping"
		return 1
	}
}

# One ping that sends several waits for the last answer only for twice the
# longest time of the others, which may be less than a loaded machine needs.
ping_one_by_one() { # as ping_as
	local n
	for ((n = 0; n < $3; n++)); do
		in_ns "$1" ping -n -W "$(secs 10)" -e "$2" -c 1 "${@:5}" "$4" ||
		    return 1
	done
}

# A session of echo messages from the client; more than FAST_AFTER.
open_echo() { # identifier address
	ping_as "$client" "$1" 20 "$2"
}

# As long as the kernel waits before it acknowledges.
is_quiet() {
	local before
	before=$(packets "$(nat64d_dump)")
	sleep 0.1
	[ "$(packets "$(nat64d_dump)")" = "$before" ]
}

# --- the dump ---

# A number of the line of the program.
fast_value() { # dump name
	awk -v name="$2" '$1 == "fast-path" {
		for (i = 2; i < NF; i += 2)
			if ($i == name)
				n = $(i + 1)
	} END { print n + 0 }' <<<"$1"
}

# Packets that the program has translated, and that came to nat64d, from either
# side; not those that the gateway's kernel sends to groups of the tun device.
packets() { # dump
	local groups
	groups=$(dump_value "$1" multicast-or-link-local-ipv6)
	echo "$(fast_value "$1" ipv6-packets) $(fast_value "$1" ipv4-packets)" \
	    $(($(dump_value "$1" ipv6-packets-in) - groups)) \
	    "$(dump_value "$1" ipv4-packets-in)"
}

# Run a command that has to succeed; sets n6 and n4 to the packets that the
# program has translated meanwhile, and s6 and s4 to those that nat64d has.
count_packets() { # command ...
	local before after
	read -ra before <<<"$(packets "$(nat64d_dump)")"
	"$@" || return 1
	read -ra after <<<"$(packets "$(nat64d_dump)")"
	n6=$((after[0] - before[0])) n4=$((after[1] - before[1]))
	s6=$((after[2] - before[2])) s4=$((after[3] - before[3]))
	echo "fast path: $n6 from IPv6, $n4 from IPv4; nat64d: $s6, $s4"
}

# It goes well, and the program translates exactly so many.
takes() { # from-IPv6 from-IPv4 command ...
	local want="$1 $2"
	shift 2
	count_packets "$@" && [ "$n6 $n4" = "$want" ]
}

# It goes well, and nat64d sees none of it.
takes_all() { # command ...
	count_packets "$@" && [ "$s6 $s4" = "0 0" ] && [ "$n6" -gt 0 ] &&
	    [ "$n4" -gt 0 ]
}

# The sessions to a port of the server.
sessions_of() { # dump port
	grep -E "^ to .* [0-9.]+:$2 .* s" <<<"$1"
}

is_fast() { # port
	local lines
	lines=$(sessions_of "$(nat64d_dump)" "$1")
	echo "$lines"
	[ -n "$lines" ] && ! grep -v ' fast$' <<<"$lines"
}

is_slow() { # port
	local lines
	lines=$(sessions_of "$(nat64d_dump)" "$1")
	echo "$lines"
	[ -n "$lines" ] && ! grep ' fast$' <<<"$lines"
}

# The line of the binding of an identifier of the client, and its sessions.
echo_lines() { # identifier
	nat64d_dump | awk -v host="[2001:db8::10]:$1" '
		/^[a-zA-Z]/ { found = tolower($1) == "icmp" && $2 == host }
		found'
}

# Its address and identifier of the pool.
echo_mapped() { # identifier
	echo_lines "$1" | awk 'NR == 1 { print $3 }'
}

is_fast_echo() { # identifier address
	local lines
	lines=$(echo_lines "$1")
	echo "$lines"
	grep " $2 .* s fast$" <<<"$lines"
}

is_gone() { # port
	! sessions_of "$(nat64d_dump)" "$1"
}

# --- the start ---

# What the kernel may lack, or we (fastpath_linux.c, fastpath_none.c).
fastpath_needs='may not be loaded|the kernel|CONFIG_|this needs Linux|time namespace|there is none'

# Ends the script where the kernel has no fast path: with nat64d's own words.
# After the lab was made.
need_fastpath() {
	write_nat64d_conf "fastpath yes"
	start_nat64d >"$dir/refusal" || {
		grep -E "$fastpath_needs" "$dir/refusal" >"$dir/why" ||
		    { not_ok "nat64d starts" "$(cat "$dir/refusal")"; give_up; }
		skip_all "the suites run without the fast path: $(cat "$dir/why")"
	}
	stop "$nat64d"
}
