#!/usr/bin/env bash
# A pair of translators, of which one dies under traffic: the files of
# etc/examples/pair in network namespaces, with keepalived and a store. Leaves
# nothing behind. Run by `sudo make demo-pair`.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../netns/lib.sh"
advert=0.1 # as in the example
. "$(dirname "$0")/../netns/tools/pair.sh"

failed=0

if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
	bold='' plain=''
fi

step() { # title explanation ...
	printf '\n%s== %s%s\n' "$bold" "$1" "$plain"
	shift
	[ $# -eq 0 ] || printf '   %s\n' "$@"
}

# Say what a command shows, and count it if it fails.
show() { # description command ...
	local what=$1
	shift
	if "$@" >"$dir/show" 2>&1; then
		printf '   %s\n' "$what"
	else
		failed=$((failed + 1))
		printf '   %sFAILED: %s%s\n' "$bold" "$what" "$plain"
		sed 's/^/      /' "$dir/show"
	fi
}

roles() {
	printf '   node a: %s, node b: %s\n' "$(ctl a role 2>&1 | head -n 1)" \
	    "$(ctl b role 2>&1 | head -n 1)"
}

# What the client noticed, in milliseconds.
stalls() {
	local pause size sent back silence
	read -r pause size <"$dir/pause"
	read -r _ sent _ back _ silence <"$dir/stream.log"
	echo
	echo "   transfer: $size of 1000000000 bytes, longest pause $pause ms"
	echo "   call: $back of $sent datagrams came back, longest silence" \
	    "$silence ms"
	[ "$size" -eq 1000000000 ] || failed=$((failed + 1))
}

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

[ "$(id -u)" -eq 0 ] || {
	echo "the demo makes network namespaces and needs root: sudo make demo-pair"
	exit 1
}
need_root

cat <<EOF
Ecdysis: two translators, of which one may die.

               LAN                 Internet
    client ----+------ node a ------+---- server 198.51.100.10
               |                    |---- store (Redis)
               '------ node b ------'

keepalived decides which node is active; sessions go from there to the other
one through the store. The files are those of etc/examples/pair. It takes half a
minute.
EOF

step "Starting the nodes"
start_lab
start_servers
truncate -s 1000000000 "$dir/www/1GB"
show "node a starts" start_node a
show "with keepalived" start_keepalived a
show "it becomes active" wait_for 60 is_role a active
show "node b starts" start_node b
show "with keepalived" start_keepalived b
roles

step "Traffic of the client, through node a"
show "an idle connection, like that of ssh" start_idle
start_traffic 1GB 60M
"$tools/longest_pause.py" "$dir/fetched" "$curl" >"$dir/pause" &
watcher=$!
show "a transfer of 1 GB, and 50 datagrams per second like those of a call" \
    kill -0 "$curl"
show "node b has the sessions" wait_for 60 sessions_of b 3
show "and is fit to take over" wait_for 60 ctl b role check

step "Node a dies" \
    "kill -9 of nat64d, keepalived and all else there; its links go down."
began=$(now_ms)
kill_node a
show "node b becomes active" wait_for 60 is_role b active
echo "   (within $(($(now_ms) - began)) ms)"
show "the idle connection goes on" type_line after
echo "   (the rest of the transfer takes some 15 seconds)"
show "the transfer goes on to its end" wait "$curl"
wait "$watcher"
stop_stream >/dev/null
stalls

step "Node a comes back" \
    "It stays at standby: nothing is interrupted twice."
links a up
rm -f "$dir/a/vrrp.pid"
show "node a starts" start_node a
show "with keepalived" start_keepalived a
show "it copies what node b has" wait_for 60 ctl a role check
roles

step "Done"
exec 9>&-
if [ "$failed" -eq 0 ]; then
	echo "    everything worked"
else
	echo "    $failed steps FAILED"
fi
[ "$failed" -eq 0 ]
