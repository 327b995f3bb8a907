#!/usr/bin/env bash
# Restarts of nat64d with a state file: transfers survive them, and a file that
# is wrong does no harm.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

program=$BUILD/nat64d/nat64d
state=$dir

# Sessions are saved every second there, unless a test says otherwise.
configure() {
	write_nat64d_conf "quarantine udp 2s" \
	    "state \"$state/file\" every ${every:-1}"
}

start_lab() {
	lab_create
	start_web
	head -c 200000000 /dev/urandom >"$dir/www/200MB"
	start "$internet" echo.log "$tools/udp_stream.py" echo "$server4" 7000
	wait_for 30 udp_listens "$internet" 7000
	mkdir "$dir/state"
	chown nobody "$dir/state"
	state=$dir/state
}

# Sessions in the table of nat64d.
n_sessions() { # protocol
	nat64d_dump | awk -v proto="$1" \
	    '$1 == "table" && $2 == proto { print $6 }'
}

# Fetch for six seconds at least, and send datagrams meanwhile.
begin_traffic() {
	in_ns "$client" curl -gsSf -m "$(secs 60)" --limit-rate 33M \
	    -o "$dir/fetched" "http://[$server64]/200MB" \
	    >"$dir/curl.log" 2>&1 &
	curl=$!
	start "$client" stream.log "$tools/udp_stream.py" send "$server64" \
	    7000 5000 6 50
	stream=$!
	wait_for 30 test -s "$dir/fetched"
	sleep 1 # of traffic before
}

# The transfer is whole, and no datagram was lost but those of the pause.
end_traffic() { # description
	check "$1: the transfer goes on to its end" wait "$curl"
	check "$1: and is what was sent" cmp "$dir/www/200MB" "$dir/fetched"
	wait "$stream"
	echo "# $1: $(cat "$dir/stream.log")"
	check "$1: the datagrams of all flows come back" flows_alive
	check_equal "$1: by the sessions that there were" "$(n_sessions udp)" 50
}

# At the end all flows work: what is missing are those of a pause, which is
# told by the longest time without an answer. 5000/s, two ways.
flows_alive() {
	awk '{ exit !($4 > 0 && $2 - $4 <= ($6 + 1000) * 5) }' \
	    "$dir/stream.log"
}

restarted() {
	start_nat64d && logged 'sessions of -?[0-9]+ s ago go on$'
}

only_file() {
	[ "$(ls "$state")" = file ]
}

test_restart() {
	tap_round="stop and start"
	configure
	check "nat64d starts without a file" start_nat64d || give_up
	check "and says so" logged 'no such file yet'
	begin_traffic
	stop "$nat64d"
	check "it says that its state is saved" logged 'file: saved$'
	check_equal "in a file that only its user reads" \
	    "$(stat -c '%U %a' "$state/file")" "nobody 600"
	check "it starts with its sessions" restarted
	end_traffic "stop and start"
	stop "$nat64d"
	check "nothing but the file is there" wait_for 30 only_file
}

test_kill() {
	tap_round="kill -9"
	rm -f "$state/file"
	configure
	check "nat64d starts" start_nat64d
	begin_traffic
	check "the state is saved meanwhile" wait_for 30 test -s "$state/file"
	sleep 1.5 # the next one is of a time when all flows were there
	kill -9 "$nat64d"
	wait "$nat64d" 2>/dev/null
	check "it starts with the sessions of the last file" restarted
	end_traffic "kill -9"
	stop "$nat64d"
}

# --- files that are wrong ---

# nat64d starts without the state, says why in one line, and works.
starts_without() { # regex
	start_nat64d && [ "$(grep -c 'state:' "$dir/nat64d.err")" = 1 ] &&
	    logged "state: .*$1.*starting without it" &&
	    [ "$(n_sessions udp)" = 0 ] && udp_echo_works
}

udp_echo_works() {
	in_ns "$client" "$tools/udp_stream.py" send "$server64" 7000 100 0.2 |
	    grep ' back [1-9]'
}

# Put a file there, for one start.
test_wrong_file() { # description regex command ...
	local what=$1 regex=$2
	shift 2
	rm -rf "$state/file"
	cp "$dir/good" "$state/file"
	chown nobody "$state/file"
	chmod 600 "$state/file"
	"$@"
	check "$what" starts_without "$regex"
	stop "$nat64d"
}

cut_it() {
	truncate -s -20 "$state/file"
}

# Another one than it has, whatever that is.
flip_it() {
	local byte
	byte=$(od -An -tu1 -j300 -N1 "$state/file")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\$(printf %03o $((byte ^ 255)))" |
	    dd of="$state/file" bs=1 seek=300 conv=notrunc 2>&1
}

test_wrong_files() {
	tap_round="a wrong file"
	rm -f "$state/file"
	every=0 configure
	start_nat64d
	in_ns "$client" "$tools/udp_stream.py" send "$server64" 7000 100 1 20 \
	    >"$dir/stream.log"
	stop "$nat64d"
	cp "$state/file" "$dir/good"
	test_wrong_file "one that was cut" 'ends early' cut_it
	test_wrong_file "one with a changed byte" 'is damaged' flip_it
	test_wrong_file "an empty one" 'holds no state' truncate -s 0 \
	    "$state/file"
	test_wrong_file "one of something else" 'holds no state' \
	    cp "$dir/nat64d.conf" "$state/file"
	test_wrong_file "one that others may write" 'only we or root' \
	    chmod 666 "$state/file"
	test_wrong_file "one of another user" 'Permission denied' \
	    chown daemon "$state/file"
	test_wrong_file "a link" 'symbolic link' \
	    ln -sf "$dir/good" "$state/file"
	test_wrong_file "a pipe" 'no plain file' make_pipe
}

make_pipe() {
	rm "$state/file"
	mkfifo -m 600 "$state/file"
	chown nobody "$state/file"
}

# --- another configuration ---

test_other_pool() {
	tap_round="another pool"
	rm -f "$state/file"
	every=0 configure
	start_nat64d
	in_ns "$client" "$tools/udp_stream.py" send "$server64" 7000 100 1 \
	    20 >"$dir/stream.log"
	stop "$nat64d"
	write_nat64d_conf "state \"$state/file\""
	sed -i 's/^pool .*/pool 203.0.113.0\/24/;/^address /d' \
	    "$dir/nat64d.example"
	check "nat64d starts with another pool" start_nat64d
	check "what has no address any more is left out and counted" \
	    logged 'do not: not in the pool ([0-9]+)/\1$'
	check "and the translator works" udp_echo_works
	stop "$nat64d"
	write_nat64d_conf "state \"$state/file\""
}

# --- disk ---

# A file system of a page, which a whole file does not fit on.
test_full_disk() {
	tap_round="a full disk"
	mkdir "$dir/small"
	mount -t tmpfs -o size=16k,uid="$(id -u nobody)",mode=755 tmpfs \
	    "$dir/small" || {
		skip "a full disk" "no tmpfs here"
		return
	}
	state=$dir/small
	every=1 configure
	start_nat64d
	check "the state is saved" wait_for 30 test -s "$state/file"
	head -c 100000 /dev/zero >"$state/filler" 2>/dev/null
	cp "$state/file" "$dir/old"
	check "a save that fails is told" wait_for 30 logged \
	    'cannot be saved, and stays as it was: No space left'
	sleep 1.5
	check_equal "once" "$(grep -c 'cannot be saved' "$dir/nat64d.err")" 1
	check "the old file is there" test -s "$state/file"
	check_not "no half one is left" test -e "$state/file.new"
	rm "$state/filler"
	check "when there is room it is saved again" wait_for 30 logged \
	    'file: saved again'
	stop "$nat64d"
	umount "$dir/small"
	state=$dir/state
}

# --- start ---

refuses() { # regex
	! in_ns "$gateway" timeout "$(secs 5)" "$program" "$2" \
	    -f "$dir/nat64d.conf" >"$dir/refusal" 2>&1 && grep -E -- "$1" "$dir/refusal"
}

test_directories() {
	tap_round="directories"
	mkdir "$dir/closed"
	write_nat64d_conf "state \"$dir/closed/file\""
	check "one where the user may make no files is refused" refuses \
	    "state: $dir/closed: user id [0-9]+ may not make" -d
	check "and by -n" refuses \
	    "state: $dir/closed: user id [0-9]+ may not make" -n
	write_nat64d_conf "state \"$dir/no/such/file\""
	check "one that is not there is refused" refuses \
	    "state: $dir/no/such: no such directory: install -d" -d
	write_nat64d_conf "state \"$dir/made/file\""
	check "one whose parent is there is made" start_nat64d
	check_equal "for the user" "$(stat -c %U "$dir/made")" nobody
	check_privileges "$nat64d"
	check_privileges "$(pgrep -u nobody -P "$nat64d")"
	stop "$nat64d"
	check "and the file" test -s "$dir/made/file"
	check "nobody of us is left" wait_for 30 ns_is_empty "$gateway"
}

ns_is_empty() {
	[ -z "$(ip netns pids "$1")" ]
}

need_root
start_lab
test_restart
test_kill
test_wrong_files
test_other_pool
test_full_disk
test_directories
tap_done
