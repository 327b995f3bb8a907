# shellcheck shell=bash disable=SC2154 # those of lib.sh
# Three translators behind a router, each with BIRD, for the suites of
# etc/examples/fleet and fleet-ecmp, and parts of it for fleet-pairs; to be
# sourced after lib.sh, with $example set to the directory of the example.
#
#	                      ,-- t1 --.
#	clients --- gateway --+-- t2 --+--- (gateway) --- internet
#	            BIRD      '-- t3 --'
#	                         nat64d, BIRD
#
# Its server answers each line at the ports 20, 21 and 443 with the address of
# who asks (peers.py).

peers=$tools/peers.py
numbers=(1 2 3)
sources=() # of clients
birds=()   # processes, in the order of their start
pids=()	   # of nat64d, by number

ns() { # number
	echo "$lab-t$1"
}

fleet_create() {
	local i
	lab_create
	ip -n "$internet" route add 192.0.2.0/24 via 198.51.100.1
	for i in "${numbers[@]}"; do
		add_router "$(ns "$i")"
		connect "$gateway" "t$i" "$(ns "$i")" up0
		link_up "$gateway" "t$i" "2001:db8:ff0$i::1/64" \
		    "10.64.$i.1/30"
		link_up "$(ns "$i")" up0 "2001:db8:ff0$i::2/64" \
		    "10.64.$i.2/30"
		ip -n "$(ns "$i")" route add default via "10.64.$i.1"
		ip -n "$(ns "$i")" -6 route add default via "2001:db8:ff0$i::1"
	done
	ip -n "$gateway" -6 route add 2001:db8:0:c00::/56 via 2001:db8::10
	start "$internet" server.log "$peers" serve "$server4" 21 20 443
	wait_for 30 tcp_listens "$internet" 443
}

# Clients with these addresses.
add_sources() { # address ...
	local address
	for address in "$@"; do
		sources+=("$address")
		ip -n "$client" addr add "$address/128" dev c0 nodad
	done
}

start_translator() { # number
	local i=$1
	{
		cat "$example/nat64d-$i.conf"
		echo "user nobody"
		echo "control \"$dir/t$i/sock\""
		fastpath_statement
	} >"$dir/t$i.conf"
	mkdir -p "$dir/t$i"
	chmod 777 "$dir/t$i"
	start_nat64d_in "$(ns "$i")" "t$i" || return 1
	pids[i]=$started
}

kill_translator() { # number
	kill -9 "${pids[$1]}"
	wait "${pids[$1]}" 2>/dev/null
}

# It neither hears nor says anything, and its link stays up.
freeze() { # number
	in_ns "$(ns "$1")" nft -f - <<-'END'
		table inet frozen {
			chain in {
				type filter hook prerouting priority raw
				policy drop
			}
			chain out {
				type filter hook output priority raw
				policy drop
			}
		}
	END
}

thaw() { # number
	in_ns "$(ns "$1")" nft delete table inet frozen
}

# How long it takes until a condition is true, from freezing on.
freeze_until() { # number command ...
	local began=${EPOCHREALTIME/./}
	freeze "$1" || return 1
	shift
	wait_for 60 "$@" || return 1
	echo "# no routes to it after $(((${EPOCHREALTIME/./} - began) /
	    1000)) ms" >"$dir/frozen"
}

start_bird() { # namespace name configuration
	start "$1" "bird-$2.log" bird -f -c "$3" -s "$dir/bird-$2.sock" \
	    -P "$dir/bird-$2.pid"
	birds+=("$!")
	wait_for 30 test -S "$dir/bird-$2.sock"
}

start_fleet() {
	local i
	for i in "${numbers[@]}"; do
		check "nat64d $i starts" start_translator "$i" || give_up
		check "BIRD $i starts" start_bird "$(ns "$i")" "$i" \
		    "$example/bird-$i.conf"
	done
	check "BIRD of the router starts" start_bird "$gateway" router \
	    "$example/bird-router.conf"
	check "each pool has a route" wait_for 60 pools_are 3 || give_up
}

pools_are() { # how many
	[ "$(ip -n "$gateway" route show |
	    grep -c '^192\.0\.2\.[0-9]*/26')" = "$1" ]
}

# How many lines of one file are not in the other.
changed() { # file file
	grep -cvxFf "$2" "$1"
}

# Connections from sources, that wait for the file go.
hold() { # server source ...
	rm -f "$dir/ready" "$dir/go"
	in_ns "$client" "$peers" hold "$dir/ready" "$dir/go" "$1" 21 \
	    "${@:2}" >"$dir/held" 2>&1 &
	held=$!
	wait_for 60 test -e "$dir/ready"
}

release() { # how many are to go on
	echo "$1" >"$dir/number"
	mv "$dir/number" "$dir/go"
	wait "$held"
}

# dns64d, as the example has it.
start_resolver() {
	{
		cat "$example/dns64d.conf"
		echo "user nobody"
		echo "control \"$dir/dns64d.sock\""
	} >"$dir/dns64d.conf"
	start_dns64d
}

# "SOURCE N": the translator, or the pair, that each client gets.
everyone() {
	local source
	for source in "${sources[@]}"; do
		echo "$source $(in_ns "$client" dig +short +tries=3 \
		    -b "$source" "@$dns6" www.example.com AAAA |
		    sed -n 's/^2001:db8:640\([1-3]\)::.*/\1/p')"
	done
}

# The sources of its clients, and all others.
clients_of() { # number file
	sed -n "s/ $1\$//p" "$2"
}

clients_without() { # number file
	grep -v " $1\$" "$2"
}
