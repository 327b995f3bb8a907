#!/usr/bin/env bash
# Port blocks: each subscriber has ports of its own, a line in the event log
# says which, and a reload, a restart and a take-over keep them.
#
#	client -------------- gateway -------------- internet
#	2001:db8::10, ::20,   nat64d, pool:          198.51.100.10
#	::30                  203.0.113.5, two       replies with its peer
#	                      blocks of 16 ports
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nat64ctl=$BUILD/nat64d/ctl/nat64ctl
pool=203.0.113.5
ports=2000-2031

start_lab() {
	lab_create
	link_up "$client" c0 2001:db8::20/64
	link_up "$client" c0 2001:db8::30/64
	mkdir "$dir/n"
	chown nobody "$dir/n"
	log=$dir/n/events
	cat >"$dir/who.py" <<-EOF
		import socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("", 7777))
		while True:
		    data, peer = s.recvfrom(100)
		    s.sendto(b"%s:%d\n" % (peer[0].encode(), peer[1]), peer)
	EOF
	# One datagram from each port, and what the server sees; again if an
	# answer does not come, as the neighbours may not be known yet.
	cat >"$dir/ask.py" <<-EOF
		import socket, sys
		for port in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
		    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		    s.bind((sys.argv[1], port))
		    s.connect(("$server64", 7777))
		    s.settimeout(float(sys.argv[4]))
		    for i in range(10):
		        try:
		            s.send(b"hello")
		            print(s.recv(100).decode().strip())
		            break
		        except OSError:
		            if len(sys.argv) > 5:
		                break
	EOF
	start "$internet" who.log python3 "$dir/who.py"
	wait_for 30 udp_listens "$internet" 7777
}

configure() { # statement ...
	cat >"$dir/nat64d.conf" <<-EOF
		prefix 2001:db8:8000::/96
		address $gateway6
		user nobody
		control "$dir/n/sock"
		state "$dir/n/state"
		subscriber prefix-length 128
		fair-share no
		quarantine udp 0
		quarantine blocks 1
		log events blocks
		log events to "$log"
	EOF
	printf '%s\n' "$@" >>"$dir/nat64d.conf"
}

n() { # argument ...
	"$nat64ctl" -s "$dir/n/sock" "$@"
}

# What the server sees of the host's ports, a line each.
seen() { # host first last
	in_ns "$client" python3 "$dir/ask.py" "$@" 5
}

refused() { # host port
	[ -z "$(in_ns "$client" python3 "$dir/ask.py" "$1" "$2" "$2" 1 once)" ]
}

# How often an event is in the log.
count() { # event [of whom]
	grep -c "event=$1 natevent=1[67] subscriber=${2:-}" "$log"
}

logs() { # number event [of whom]
	[ "$(count "$2" "${3:-}")" -eq "$1" ]
}

# Whose a port was at the end, by the log.
who() { # port
	awk -v port="$1" '{ split($6, first, "="); split($7, last, "=") }
	    first[2] <= port && port <= last[2] {
		sub("subscriber=", "", $4)
		who = $2 == "event=block-allocated" ? $4 : "nobody"
	    } END { print who }' "$log"
}

port_of() { # address:port
	echo "${1##*:}"
}

test_blocks() {
	local port
	a=$(seen 2001:db8::10 5000 5007)
	b=$(seen 2001:db8::20 5000 5007)
	check_equal "eight ports of each host" \
	    "$(printf '%s\n' "$a" "$b" | sort -u | grep -c "^$pool:20")" 16
	check "two lines are logged" wait_for 30 logs 2 block-allocated
	check_equal "and no other" "$(grep -c natevent= "$log")" 2
	# Shows: LOG-03
	check_match "which name the ports" "$(cat "$log")" \
	    "event=block-allocated natevent=16 subscriber=2001:db8::10/128 addr4=$pool firstport4=20(00|16) lastport4=20(15|31)"
	for port in $a; do
		check_equal "port ${port##*:} is the first host's" \
		    "$(who "${port##*:}")" 2001:db8::10/128
	done
	for port in $b; do
		check_equal "port ${port##*:} is the second host's" \
		    "$(who "${port##*:}")" 2001:db8::20/128
	done
	check "a third host is refused" refused 2001:db8::30 5000
	check "for want of a block" wait_for 30 logged \
	    'event=pool-exhausted natevent=3 pool=default proto=udp'
	seen 2001:db8::10 5008 5015 >"$dir/seen"
	check_equal "the first host gets its whole block" \
	    "$(wc -l <"$dir/seen")" 8
	check "but no other one" refused 2001:db8::10 5016
	check "for its limit" wait_for 30 logged \
	    'event=quota-exceeded .*limit=1 statement="pool blocks max" subscriber=2001:db8::10/128'
}

test_tables() {
	local port
	port=$(port_of "$(head -n 1 <<<"$a")")
	check_match "the blocks are listed" "$(n show blocks)" \
	    "2001:db8::20/128 +$pool +20(00|16) +20(15|31) +8"
	check_equal "those of a port" \
	    "$(n show blocks addr "$pool:$port" | grep -c 2001:db8::10/128)" 1
	check_match "the pool shows them" "$(n show pool)" \
	    "^$pool .* 2 +0 +0$"
	check_match "and the subscribers" "$(n show subscribers)" \
	    '^2001:db8::10/128 .* 1$'
	check_match "lookup names the block" "$(n lookup "$pool:$port")" \
	    "^block $pool:20[0-3][0-9]-20[0-3][0-9] is of subscriber 2001:db8::10/128, 16 in use"
	check_match "and the other way" \
	    "$(n lookup '[2001:db8::20]:9')" \
	    "^block $pool:20[0-3][0-9]-20[0-3][0-9] is of subscriber 2001:db8::20/128, 8 in use"
	check_match "they are counted" "$(n show counters)" \
	    '^ *blocks-allocated +2$'
	check "the manual explains the blocks" explained show blocks
	check "the pool" explained show pool
	check "the subscribers" explained show subscribers
	check "the status" explained status
	check "and a lookup" explained lookup "$pool:$port"
}

explained() { # argument ...
	n -j "$@" | /usr/bin/python3 "$root/tests/netns/tools/explained.py" \
	    "$root/man/nat64ctl.8"
}

reloaded() { # description
	check "$1" n reload
	check "$1: it is settled" wait_for 30 settled
}

# Another reload is refused before.
settled() {
	n reload --check >"$dir/settled" 2>&1
}

test_reload() {
	configure "pool $pool port $ports blocks of 16 max 2 per subscriber"
	reloaded "another limit of blocks"
	check_equal "changes no port" "$(seen 2001:db8::10 5000 5007)" "$a"
	check_equal "and is not logged" "$(grep -c natevent= "$log")" 2
	configure "pool $pool port $ports"
	reloaded "without blocks"
	check "they are given back" wait_for 30 logs 2 block-released
	check_equal "and the ports stay" "$(seen 2001:db8::20 5000 5007)" "$b"
	configure "pool $pool port $ports blocks of 16 max 1 per subscriber"
	reloaded "with blocks"
	check "they are given out again" wait_for 30 logs 4 block-allocated
	check_equal "and the ports stay" "$(seen 2001:db8::10 5000 5007)" "$a"
}

# The new process knows the blocks, and neither logs them again nor gives them
# to somebody else.
test_restart() {
	check "nat64d ends" stop "$nat64d"
	check "nat64d starts with its state" start_nat64d
	check_equal "the ports are the same" \
	    "$(seen 2001:db8::20 5000 5007)" "$b"
	check "a third host gets none" refused 2001:db8::30 5000
	check_equal "no block is allocated again" "$(count block-allocated)" 4
	check_equal "or given back" "$(count block-released)" 2
}

test_end() {
	kill -HUP "$nat64d"
	check "after the last binding the blocks are given back" \
	    wait_for 30 logs 4 block-released
	check_equal "the third host gets one now" \
	    "$(seen 2001:db8::30 5000 5000 | grep -c "^$pool:20")" 1
	check "which is logged" wait_for 30 logs 1 block-allocated \
	    2001:db8::30/128
	check "nat64d ends" stop "$nat64d"
}

# Who has a port is computed, and nothing is logged until a block is full.
test_deterministic() {
	local a port
	rm -f "$dir/n/state" "$log"
	configure "pool $pool port 2000-3999 blocks of 16 deterministic max 1 per subscriber for 2001:db8::/122"
	check "nat64d starts with deterministic ports" start_nat64d
	a=$(seen 2001:db8::10 5000 5015)
	check_equal "the host has the ports that are computed" \
	    "$(sort <<<"$a" | sed -n '1p;$p;$=' | tr '\n' ' ')" \
	    "$pool:2256 $pool:2271 16 "
	check_equal "nothing is logged" "$(grep -c natevent= "$log")" 0
	check_equal "the configuration says whose a port is" \
	    "$(n deterministic "$pool:2260" "$dir/nat64d.conf")" \
	    "subscriber 2001:db8::10/128, ports 2256-2271"
	check_equal "and which ports a host has" \
	    "$(n deterministic 2001:db8::10 "$dir/nat64d.conf")" \
	    "$pool, ports 2256-2271"
	check_match "so does nat64d" "$(n lookup "$pool:2260")" \
	    "^block $pool:2256-2271 is of subscriber 2001:db8::10/128, 16 in use"
	check_match "of a host that it has never seen, too" \
	    "$(n lookup "$pool:2000")" \
	    "^block $pool:2000-2015 is of subscriber 2001:db8::/128, 0 in use"
	port=$(port_of "$(seen 2001:db8::10 5016 5016)")
	check "one port more is of another block" [ "$port" -ge 3024 ]
	check "which is logged" wait_for 30 logs 1 block-allocated \
	    2001:db8::10/128
	check_equal "and names the port" "$(who "$port")" 2001:db8::10/128
	check "nat64d restarts" restarted
	check_equal "the ports are the same" "$(seen 2001:db8::10 5000 5015)" \
	    "$a"
	check_equal "no line comes" "$(grep -c natevent= "$log")" 1
	check "nat64d ends" stop "$nat64d"
}

restarted() {
	stop "$nat64d" && start_nat64d
}

start_lab
configure "pool $pool port $ports blocks of 16 max 1 per subscriber"
check "nat64d starts" start_nat64d
test_blocks
test_tables
test_reload
test_restart
test_end
test_deterministic
tap_done
