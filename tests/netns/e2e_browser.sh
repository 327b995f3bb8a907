#!/usr/bin/env bash
# The pages of both daemons in Chromium, while there is traffic: on a phone and
# on a screen, light and dark. With SCREENSHOTS=DIRECTORY it writes images of
# them (make screenshots).
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# --- traffic, until the lab is removed ---

hosts=(10 11 12 13 14)

# What a server sends without an end (pacer.py).
download() { # host
	while :; do
		in_ns "$client" nc -d -s "2001:db8::$1" "$server64" 8081
		sleep 1
	done
}

# Short connections.
visit() { # host seconds between two
	while :; do
		in_ns "$client" curl -gsS -m 10 --interface "2001:db8::$1" \
		    -o /dev/null "http://[$server64]/peer"
		sleep "$2"
	done
}

# Queries over UDP and TCP, also through nat64d, most of them for the same few names.
ask() {
	local i=0
	while :; do
		i=$((i + 1))
		in_ns "$client" dig +tries=1 "@$dns6" www.example.com AAAA \
		    alias.example.com AAAA dual.example.com AAAA \
		    "n$i.example.com" AAAA localhost AAAA \
		    "n$i.example.net" AAAA -x "$server64"
		in_ns "$client" dig +tries=1 "@$server64" "n$i.example.com"
		[ $((i % 3)) -ne 0 ] ||
			in_ns "$client" dig +tcp "@$dns6" many.example.com AAAA
		sleep 0.2
	done
}

# What is dropped: datagrams that are not for anybody, connections from outside
# and to loopback.
probe() {
	while :; do
		echo x | in_ns "$internet" nc -u -w 1 192.0.2.7 5000
		in_ns "$internet" nc -z -w 1 192.0.2.8 22
		echo x | in_ns "$client" nc -u -w 1 2001:db8:8000::7f00:1 53
		echo x | in_ns "$internet" nc -u -w 1 192.0.2.8 53
	done
}

traffic() {
	local i
	start "$internet" pacer.log /usr/bin/python3 \
	    "$root/tests/netns/tools/pacer.py" "$server4" 8081 600000
	download 10 &
	download 11 &
	download 13 &
	for i in "${hosts[@]}"; do
		visit "$i" "0.$i" &
	done
	in_ns "$client" ping -i 0.5 "$server64" &
	ask &
	probe &
	probe &
	probe &
}

create_lab() {
	local i
	lab_create
	for i in "${hosts[@]:1}"; do
		ip -n "$client" addr add "2001:db8::$i/64" dev c0 nodad
	done
	ip -n "$internet" addr add 198.51.100.11/24 dev i0
	start_nsd
	start_nsd 198.51.100.11
	start_web
	cat >"$dir/nat64d.conf" <<-CONF
		user nobody
		prefix 2001:db8:8000::/96
		pool 192.0.2.0/28 blocks of 512
		limit sessions 100000
		limit subscriber sessions 500
		limit subscriber ports 2048
		log events none
		metrics listen on 127.0.0.1 port 9464 show subscribers
	CONF
	cat >"$dir/dns64d.conf" <<-CONF
		user nobody
		listen on $dns6
		upstream $server4
		upstream 198.51.100.11
		upstream 198.51.100.1 port 5353
		upstreams round-robin
		prefix 2001:db8:8000::/96
		allow from ::/0
		metrics listen on 127.0.0.1 port 9465
	CONF
	check "nat64d starts" start_nat64d || give_up
	check "dns64d starts" start_dns64d || give_up
}

# Let look.py look, and repeat its verdicts with their reasons.
look() {
	local line what='' reason='' status
	NAT64D=$nat64d TMPDIR=$dir in_ns "$gateway" /usr/bin/python3 \
	    "$root/tests/netns/tools/look.py" "$BUILD/nat64d/nat64d" -d \
	    -f "$dir/nat64d.conf" >"$dir/look" 2>&1
	status=$?
	[ "$status" -ne 77 ] || skip_all "$(cat "$dir/look")"
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*)
			verdict "$what" "$reason"
			what=$line reason=''
			;;
		*) reason+=$line$'\n' ;;
		esac
	done <"$dir/look"
	verdict "$what" "$reason"
	check "all of it was looked at" test "$status" -le 1
	[ "$status" -le 1 ] || sed 's/^/#   /' "$dir/look" | tail -n 20
}

verdict() { # line reason
	case $1 in
	"ok "*) ok "${1#ok }" ;;
	"not ok "*) not_ok "${1#not ok }" "$2" ;;
	esac
}

command -v chromium-headless-shell chromium >/dev/null ||
	skip_all "no Chromium: tests/deps.sh browser installs it"
need_root
create_lab
traffic >/dev/null 2>&1
look
tap_done
