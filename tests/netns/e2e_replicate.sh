#!/usr/bin/env bash
# Sessions in a real store (redis-server): all are there, also after the store
# was lost, was full, was stopped or came back empty; what is wrong with it is
# told; packets never wait for it. A standby has them as well, whatever somebody
# does in the store who does not know the key.
#
#	client -------------- gateway -------------- internet
#	2001:db8::10          nat64d, a standby      198.51.100.10
#	                                             redis-server, UDP echo
#
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tools/replicate.sh"

test_without_store() {
	configure
	check "nat64d starts without the store" start_nat64d || give_up
	check "it says so, and why" wait_for 30 logged \
	    'replication: 198.51.100.10:6379: Connection refused: sessions are not copied'
	check "packets pass" open_sessions 20
	check "status shows it" eval \
	    'in_ns "$gateway" "$nat64ctl" -s "$sock" status | grep "store.*does not have all"'
	check "and the metrics" metric_is store_reached 0
	start_redis
	check "the store is found when it is there" wait_for 30 logged \
	    'reached again'
	check "and gets all sessions" wait_for 30 stored_is 20
	check "which is told" wait_for 30 metric_is complete 1
	check_equal "one warning in all" \
	    "$(logged 'sessions are not copied' | wc -l)" 1
}

test_changes() {
	open_sessions 30
	check "new sessions are copied" wait_for 30 stored_is 50
	in_ns "$gateway" "$nat64ctl" -s "$sock" flush >/dev/null
	check "and removed at their end" wait_for 30 stored_is 0
	check "the changes are in a stream" eval \
	    '[ "$(cli --scan --pattern "nat64:nat64:1:*:log" | wc -l)" -gt 0 ]'
	check "what nobody renews has a time to live" eval \
	    '[ "$(cli ttl "$(cli --scan --pattern "nat64:nat64:1:*:state" |
	        head -n 1)")" != -1 ]' || :
}

test_lost() {
	open_sessions 25
	wait_for 30 stored_is 25
	stop_redis
	check "a store that is killed is missed" wait_for 30 metric_is \
	    store_reached 0
	check "packets pass" open_sessions 5
	start_redis
	check "when it comes back empty it gets everything" wait_for 30 \
	    stored_is 30
	check_equal "the loss is counted" "$(metric store_losses_total)" 1
}

# It takes nothing and says nothing, as on a disk that hangs.
test_stopped() {
	kill -STOP "$redis"
	check "packets pass while it is stopped" open_sessions 10
	check "it is given up" wait_for 60 logged 'no answer for 5 s'
	check "packets pass" open_sessions 10
	kill -CONT "$redis"
	check "and gets everything when it goes on" wait_for 60 stored_is 50
}

test_full() {
	local before
	before=$(logged 'reached again' | wc -l)
	cli config set maxmemory 1 >/dev/null
	open_sessions 10
	check "a full store is told" wait_for 30 logged \
	    'refused: OOM: its memory is full: raise maxmemory'
	check "packets pass" open_sessions 10
	check "it is tried again" wait_for 60 eval \
	    '[ "$(metric store_losses_total)" -ge 6 ]'
	check_equal "with one warning" "$(logged 'refused: OOM' | wc -l)" 1
	check "and one message" [ \
	    "$(logged 'reached again' | wc -l)" -le $((before + 1)) ]
	cli config set maxmemory 0 >/dev/null
	check "and gets everything when it has room" wait_for 60 stored_is 70
}

test_users() {
	stop_redis
	start_redis --requirepass secret-word
	check "a password that is missing is told" wait_for 60 logged \
	    'NOAUTH: it wants a password'
	stop "$nat64d"
	printf 'password wrong-word\n' >>"$dir/secrets"
	start_nat64d
	check "a wrong one is told" wait_for 60 logged \
	    'WRONGPASS: wrong user or password'
	check_not "and neither is shown" grep -rE 'secret-word|wrong-word' \
	    "$dir/nat64d.err" "$dir/nat64d.out"
	check_not "nor is the key" grep -i 00112233 "$dir/nat64d.err"
	stop "$nat64d"
	sed -i 's/wrong-word/secret-word/' "$dir/secrets"
	start_nat64d
	open_sessions 5
	check "with the right one all is copied" wait_for 30 stored_is 5 \
	    --no-auth-warning -a secret-word
	stop "$nat64d"
}

# What the file of the example gives to its user.
example_rights() {
	sed -n 's/^user nat64d on >change-this-password //p' \
	    "$root/etc/examples/pair/redis.conf" | sed 's/-@all//'
}

words_of() { # text
	tr -s ' \\' '\n' <<<"$1" | grep '^+' | sort
}

manual_rights() {
	words_of "$(sed -n '/^ACL SETUSER/,/^\.Ed/p' "$root/man/nat64d.8" |
	    sed 's/\\e//' | tr '\n' ' ')"
}

test_acl() {
	local rights
	rights=$(example_rights)
	stop_redis
	start_redis
	# shellcheck disable=SC2086 # words
	cli acl setuser copier on '>pw' $rights >/dev/null
	printf 'key %s\nuser copier\npassword pw\n' \
	    00112233445566778899aabbccddeeff >"$dir/secrets"
	start_nat64d
	open_sessions 5
	check "the rights of the example are enough" wait_for 30 stored_is 5
	start_standby
	check "for a standby, too" wait_for 60 standby_has 5
	in_ns "$gateway" "$nat64ctl" -s "$sock" flush >/dev/null
	check "which follows" wait_for 60 standby_has 0
	open_sessions 5
	wait_for 60 standby_has 5
	standby_ctl role active >/dev/null
	check "and for both that are active" wait_for 60 logged \
	    'node 2 is active as well'
	stop "$standby"
	check_equal "nothing was refused" "$(cli acl log)" ""
	check_equal "the manual names the same" "$(manual_rights)" \
	    "$(words_of "$rights")"
	for right in $(words_of "$rights"); do
		check "the right $right is needed" eval 'cli info commandstats |
		    grep -q "^cmdstat_${right#+}:"'
	done
	for command in 'keys x' 'del nat64:x' flushall 'config get save' info \
	    'acl list' 'get other' 'eval return 0'; do
		# shellcheck disable=SC2086 # words
		check_match "no $command" "$(cli --no-auth-warning --user copier \
		    --pass pw $command 2>&1)" NOPERM
	done
	cli acl setuser copier -xadd >/dev/null
	open_sessions 5
	check "one that is missing is told" wait_for 30 logged \
	    'NOPERM: the user may not do that'
	cli acl setuser copier +xadd >/dev/null
	check "and all is copied when it is given" wait_for 60 stored_is 10
	stop "$nat64d"
	printf 'key %s\n' 00112233445566778899aabbccddeeff >"$dir/secrets"
}

# A primary and its replica, as Sentinel or an operator switches them. The list
# names the replica first: it answers, but takes nothing.
test_replica() {
	local replica
	stop_redis
	start_redis
	ip netns exec "$internet" redis-server --bind "$server4" --port 6380 \
	    --save "" --dir "$dir/redis" --protected-mode no --replicaof \
	    "$server4" 6379 >"$dir/replica.log" 2>&1 &
	replica=$!
	wait_for 30 eval 'cli -p 6380 info replication |
	    grep -q master_link_status:up'
	sed -i "s,^replicate to .*,replicate to redis://$server4:6380\,$server4:6379," \
	    "$dir/nat64d.conf"
	start_nat64d
	check "a replica is passed over" wait_for 60 logged \
	    ':6380: refused: READONLY: it is a replica'
	open_sessions 5
	check "for the primary, which gets all sessions" wait_for 60 stored_is 5
	check "and the replica from it" wait_for 60 stored_is 5 -p 6380
	stop_redis
	cli -p 6380 replicaof no one >/dev/null
	open_sessions 5
	check "a replica that is promoted gets all sessions" wait_for 60 \
	    stored_is 10 -p 6380
	check "and is complete" wait_for 60 metric_is complete 1
	stop "$nat64d"
	kill "$replica"
	wait "$replica" 2>/dev/null
	configure
	start_redis
}

# Somebody else at the address of the store: says one thing in each connection,
# and tells when all have been said.
test_garbage() {
	stop_redis
	cat >"$dir/garbage.py" <<-'END'
		import socket, sys, threading
		said = [b"+OK\r\n" * 6, b"HTTP/1.1 400 Bad Request\r\n\r\n",
		        b"*2000000000\r\n", b"*1\r\n" * 12, b"$-5\r\n",
		        b"+OK\r\n$9999999999999999999\r\n", b"-\r\n", b"",
		        b"*8000\r\n" + b"*8000\r\n" * 2 + b"$0\r\n\r\n" * 300000,
		        b"+OK\r\n:1\r\n$-1\r\n*-1\r\n*0\r\n",
		        b"+OK\r\n$500000000\r\n" + b"x" * (20 << 20)]
		s = socket.create_server((sys.argv[1], 6379))
		kept = []
		for text in said:
		    c = s.accept()[0]
		    c.settimeout(30)
		    try:
		        c.sendall(text)
		        if text == b"":
		            c.close()
		        while text and c.recv(4096):
		            pass
		    except OSError:
		        pass
		print("all", flush=True)
		while True:
		    kept.append(s.accept()[0])
	END
	start "$internet" garbage.log python3 "$dir/garbage.py" "$server4"
	garbage=$!
	wait_for 30 tcp_listens "$internet" 6379
	start_nat64d
	check "what is no store is told" wait_for 60 logged \
	    'sessions are not copied'
	check "and left, whatever it says" wait_for 120 test -s \
	    "$dir/garbage.log"
	check "packets pass" open_sessions 2
	stop "$nat64d"
	kill "$garbage" 2>/dev/null
	wait "$garbage" 2>/dev/null
	start_redis
	cli set nat64:nat64:head garbage >/dev/null
	start_nat64d
	check "a head of somebody else is replaced" wait_for 30 metric_is \
	    complete 1
	open_sessions 3
	wait_for 60 stored_is 3
	cli set "$(key_of log)" text >/dev/null
	open_sessions 3
	check "a key of another type is told" wait_for 30 logged \
	    'refused: WRONGTYPE'
	check "and passed by with a new epoch" wait_for 60 metric_is complete 1
	stop "$nat64d"
}

test_secrets() {
	chmod 644 "$dir/secrets"
	check "secrets that others can read are refused" fails_with \
	    'others may read it: chmod 600' \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
	chmod 600 "$dir/secrets"
	chown bin "$dir/secrets"
	check "so are those of another user" fails_with \
	    'belongs to another user: chown root' \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
	chown nobody "$dir/secrets"
	check "not those of the user that nat64d becomes" \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
	chown root "$dir/secrets"
	echo 'key 1234' >"$dir/secrets"
	check "so is a key that is none" fails_with 'line 1: a key has 32' \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
	printf 'key %s\npasswort geheim\n' 00112233445566778899aabbccddeeff \
	    >"$dir/secrets"
	check "and a word that is unknown" fails_with \
	    'line 2: only "key", "user" and "password" are known' \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
	ln -s secrets "$dir/link"
	sed -i 's,/secrets",/link",' "$dir/nat64d.conf"
	check "and a symbolic link" fails_with 'is a symbolic link' \
	    in_ns "$gateway" "$BUILD/nat64d/nat64d" -n -f "$dir/nat64d.conf"
}

# --- a standby ---

test_standby() {
	stop_redis
	start_redis
	configure
	start_nat64d
	open_sessions 20
	kill -STOP "$redis"
	check "a standby starts" start_standby || return
	check_not "and is not fit before it has the sessions" \
	    standby_ctl role check
	kill -CONT "$redis"
	check "it copies what there is" wait_for 60 standby_has 20
	check "and is fit then" wait_for 60 standby_ctl role check
	open_sessions 15
	check "it follows what is new" wait_for 60 standby_has 35
	check "with the same addresses, ports and states" wait_for 60 \
	    same_mappings
	in_ns "$gateway" "$nat64ctl" -s "$sock" flush >/dev/null
	check "and what ends" wait_for 60 standby_has 0
	open_sessions 10
	wait_for 60 standby_has 10
	stop_redis
	in_ns "$gateway" "$nat64ctl" -s "$sock" flush >/dev/null
	open_sessions 5
	check "without a store it keeps what it has" standby_has 10
	check "and stays fit" standby_ctl role check
	start_redis
	check "with another store it gets what there is now" wait_for 60 \
	    standby_has 5
	check "which is the same" wait_for 60 same_mappings
}

drains() { # socket
	in_ns "$gateway" "$nat64ctl" -s "$1" role | grep draining
}

# A pair drains, not a node of it; who does not translate is told by who does.
test_drain() {
	check "it drains" in_ns "$gateway" "$nat64ctl" -s "$sock" drain
	check "and so does the standby" wait_for 60 drains "$dir/run/standby"
	check "which is not to be asked" fails_with \
	    'standby: ask the node that is active' standby_ctl undrain
	check "the drain ends" in_ns "$gateway" "$nat64ctl" -s "$sock" undrain
	check "at the standby, too" wait_for 60 eval '! drains "$dir/run/standby"'
}

# Who can write to the store, but does not know the key.
test_intruder() {
	local state log
	open_sessions 5
	wait_for 60 standby_has 10
	state=$(key_of state) log=$(key_of log)
	cli hset "$state" xxxxxxxxxxxxx yyyy >/dev/null
	cli xadd "$log" '*' xxxxxxxxxxxxx yyyy >/dev/null
	check "values that are none are refused" wait_for 60 standby_logged \
	    'a value is not one of nat64d: it is not used'
	cli xadd "$log" '*' xxxxxxxxxxxxx \
	    yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy >/dev/null
	open_sessions 5
	check "what is right behind them is used" wait_for 60 standby_has 15
	# The same entry once more: it was right when it was written.
	in_ns "$internet" python3 - "$server4" "$log" "$state" <<-'END'
		import socket, sys
		host, log, state = sys.argv[1:]
		s = socket.create_connection((host, 6379))
		f = s.makefile("rb")
		def read():
		    line = f.readline()[:-2]
		    kind, rest = line[:1], line[1:]
		    if kind == b"*":
		        return [read() for _ in range(int(rest))]
		    if kind == b"$":
		        text = f.read(int(rest) + 2)[:-2]
		        return text
		    return line
		def ask(*words):
		    words = [w.encode() if isinstance(w, str) else w
		             for w in words]
		    s.sendall(b"*%d\r\n" % len(words) + b"".join(
		        b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
		    return read()
		pairs = [e[1] for e in ask("XRANGE", log, "-", "+")]
		again = next(p for p in pairs if len(p[1]) > 100)
		ask("XADD", log, "*", *again)
		pairs = ask("HGETALL", state)
		good = [(k, v) for k, v in zip(pairs[::2], pairs[1::2])
		        if len(v) > 100]
		(k1, v1), (k2, v2) = good[:2]
		ask("HSET", state, k1, v2, k2, v1)
	END
	check "a change that is replayed is noticed" wait_for 60 \
	    standby_logged 'changes are missing: everything is copied again'
	# Two values of the hash were swapped: they are refused, and the
	# sessions are gone here until they change.
	check "values under other keys are refused" wait_for 60 standby_has 13
	check "that is counted" eval \
	    '[ "$(standby_metric refused_values_total)" -ge 4 ]'
	cli del "$state" "$log" >/dev/null
	open_sessions 2
	check "keys that are deleted are noticed" wait_for 60 standby_logged \
	    'changes are missing|all of node 1 is copied: 2 sessions'
	check "packets pass all the time" open_sessions 5
	stop_redis
	start_redis
	check "a new store ends all that" wait_for 60 standby_has 22
	check "and both are the same" wait_for 60 same_mappings
	check "the standby has translated nothing, and lives" kill -0 "$standby"
}

test_many() {
	in_ns "$client" python3 - "$server64" <<-'END'
		import socket, sys, time
		s = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
		     for _ in range(2)]
		for port in range(1, 60001):
		    for one in s:
		        try:
		            one.sendto(b"x", (sys.argv[1], port))
		        except OSError:
		            pass
		    if port % 50 == 0:
		        time.sleep(0.002)
	END
	n=$(sessions)
	check "there are over 100,000 sessions ($n)" [ "$n" -gt 100000 ]
	check "all are in the store" wait_for 120 stored_is "$n"
	check "and at the standby" wait_for 120 standby_has "$n"
	stop_redis
	start_redis
	check "and in a new store" wait_for 120 stored_is "$n"
	check "from which the standby copies them" wait_for 120 eval \
	    'standby_logged "all of node 1 is copied: $n sessions"'
	in_ns "$gateway" "$nat64ctl" -s "$sock" flush >/dev/null
	check "their end is followed" wait_for 120 standby_has 0
}

test_both_active() {
	open_sessions 10
	wait_for 60 standby_has 10
	standby_ctl role active >/dev/null
	check "one line tells that both are active" wait_for 60 logged \
	    'node 2 is active as well.*one of both must be standby'
	check "so does the other node" wait_for 60 standby_logged \
	    'node 1 is active as well.*one of both must be standby'
	for node in "$sock" "$dir/run/standby"; do
		check "status warns of it" eval 'in_ns "$gateway" "$nat64ctl" \
		    -s "$node" status | grep "another node is active as well"'
		check_match "so does the role" "$(in_ns "$gateway" \
		    "$nat64ctl" -s "$node" role 2>&1)" \
		    'warning: another node is active as well'
	done
	check "and the metric" metric_is rival 1
	open_sessions 5
	sleep 2 # of both
	check_equal "it is one line" \
	    "$(logged 'is active as well' | wc -l)" 1
	check_equal "of each" \
	    "$(standby_logged 'is active as well' | wc -l)" 1
	check "the sessions of the first are as they were" [ "$(sessions)" = 15 ]
	check "those of the second too" standby_has 10
	check "each writes under its own keys" stored_is 15
	in_ns "$gateway" "$nat64ctl" -s "$sock" role standby >/dev/null
	check "the first one follows when it is standby" wait_for 60 logged \
	    'all of node 2 is copied: 10 sessions'
	check "and has what the other one has" wait_for 60 same_mappings
	check "the end of it is told" wait_for 60 standby_logged \
	    'node 1 is not active any more'
	check "and is in the metric" [ "$(standby_metric rival)" = 0 ]
	stop "$standby"
	stop "$nat64d"
}

need_root
start_lab
test_without_store
test_changes
test_lost
test_stopped
test_full
test_users
test_acl
test_replica
test_standby
test_drain
test_intruder
test_many
test_both_active
test_garbage
test_secrets
tap_done
