#!/usr/bin/env bash
# nat64ctl top beside a nat64d that translates: what the screen, the text and
# the JSON show, and what becomes of them when nat64d goes away.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

nat64ctl=$BUILD/nat64d/ctl/nat64ctl

n() { # argument ...
	"$nat64ctl" -s "$dir/n/sock" "$@"
}

# Run nat64ctl top in a terminal in the background; see tools/screen.py.
screen() { # step ... -- argument ...
	local steps=()
	while [ "$1" != -- ]; do
		steps+=("$1")
		shift
	done
	shift
	"$root/tests/netns/tools/screen.py" "${steps[@]}" -- "$nat64ctl" \
	    -s "$dir/n/sock" top "$@" >"$dir/screen" 2>&1 &
	screen=$!
}

screen_has_done() { # step
	grep -qxF "done: $1" "$dir/screen"
}

# The rest of the steps; prints where it has ended, if that is too early.
screen_ends() {
	wait "$screen" || {
		cat "$dir/screen"
		return 1
	}
}

# Until the lab ends: datagrams of the client, each of a new session, since
# those of established ones may take the fast path; and datagrams to an address
# of the pool that nobody has.
start_traffic() {
	start "$client" client.log python3 -c '
import itertools, socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in itertools.count():
    s.sendto(b"x" * 500, (sys.argv[1], 1000 + i % 60000))
    time.sleep(0.01)' "$server64"
	start "$internet" internet.log python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    s.sendto(b"knock", ("192.0.2.77", 1000))
    time.sleep(0.01)'
}

begin() {
	lab_create
	write_nat64d_conf "control \"$dir/n/sock\"" "address 2001:db8::1" \
	    "limit subscriber sessions 4000"
	check "nat64d starts" start_nat64d || give_up
	start_traffic
}

number='[1-9][0-9.]*k?'
subscriber='^2001:db8::(/64|10/128) +192\.0\.2\.[0-9]+ +[0-9]+/4000 '

test_screen() {
	screen "wait:^IPv6 +in $number packets/s, $number k?bit/s" \
	    "wait:^ *$number +$number +no-binding$" "wait:$subscriber" \
	    "wait:^sessions   [1-9]" "wait:^pool +tcp 0 %" \
	    "wait:^dropped +$number packets/s" key:s "wait:by bindings" \
	    size:40x24 "gone:BINDINGS" "wait:^2001:db8::" \
	    size:100x30 "wait:BINDINGS" key:q end:0 -- -d 0.3
	check "the screen shows what passes and what is dropped" screen_ends
	screen wait:SUBSCRIBER signal:TERM end:-15 -- -d 0.3
	check "SIGTERM ends it, with the terminal as before" screen_ends
}

test_text() {
	local out
	out=$(n top -bn2 -d 0.3)
	check_match "text: rates" "$out" \
	    "^IPv6 +in $number packets/s, $number k?bit/s"
	check_match "text: drops" "$out" "^ *$number +$number +no-binding$"
	check_match "text: subscribers" "$out" "$subscriber"
	check_equal "text: two blocks" "$(grep -c '^nat64d ' <<<"$out")" 2
	n -j top -n2 -d 0.3 >"$dir/json"
	check "JSON: rates of counters, drops and the fast path" python3 - \
	    "$dir/json" <<-'PY'
	import json, sys
	samples = [json.loads(line) for line in open(sys.argv[1])]
	assert len(samples) == 2
	for s in samples:
	    assert s["counters-per-second"]["ipv4-packets-in"] > 0, s
	    assert any(d["reason"] == "no-binding" and
	               d["packets-per-second"] > 0 for d in s["drops"]), s
	    assert s["subscribers"][0]["sessions-max"] == 4000, s
	    assert s["pool"][0]["ports-free"] > 0, s
	    if "fast-path" in s:
	        assert s["fast-path"]["packets-per-second"] >= 0, s
	PY
}

test_restart() {
	local batch
	screen "wait:no-binding" "wait:^no answer  nat64ctl: " \
	    "gone:^no answer" "wait:^ *$number +$number +no-binding$" \
	    key:q end:0 -- -d 0.2
	n top -b -d 0.2 >"$dir/batch" 2>"$dir/batch.err" &
	batch=$!
	check "it follows nat64d" wait_for 60 screen_has_done wait:no-binding
	check "and so does a batch" wait_for 60 grep -q SUBSCRIBER "$dir/batch"
	stop "$nat64d"
	wait "$batch"
	check_equal "the batch ends with status 3" "$?" 3
	check_match "and says why" "$(cat "$dir/batch.err")" \
	    'is nat64d running|the answer is not complete'
	check "the screen says that nat64d is away" wait_for 60 \
	    screen_has_done "wait:^no answer  nat64ctl: "
	check "nat64d starts again" start_nat64d
	check "and the screen goes on, with rates" screen_ends
	n top -bn1 -d 0.2 >"$dir/batch"
	check_equal "as a batch does" "$?" 0
}

need_root
begin
test_screen
test_text
test_restart
tap_done
