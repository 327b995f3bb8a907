#!/usr/bin/env bash
# The pages at the addresses of the metrics: what is served, with which
# headers, and to whom. How they look in a browser is shown by e2e_browser.
#
#	public	198.51.100.1:9464	everybody may ask
#	private	127.0.0.1:9464		"show subscribers"
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

public=198.51.100.1:9464
private=127.0.0.1:9464
dns=127.0.0.1:9465
# More than are looked at in one go.
n_hosts=1000

get() { # address:port path [argument of curl ...]
	local host=$1 path=$2
	shift 2
	in_ns "$gateway" curl -gsS -m 30 "$@" "http://$host$path"
}

code() { # address:port path [argument of curl ...]
	get "$@" -o "$dir/body" -w '%{http_code}'
}

# Of the answer that was fetched last with its headers.
header() { # name
	tr -d '\r' <"$dir/headers" | sed -n "s/^$1: //Ip"
}

# The policy forbids what is not allowed by name, and allows only this server.
policy_is_strict() { # policy
	local IFS=';' part
	[[ $1 == "default-src 'none'; "* ]] || return 1
	for part in $1; do
		case ${part# } in
		*" 'none'" | *" 'self'") ;;
		*) return 1 ;;
		esac
	done
}

file_is_whole() { # address:port path file
	get "$1" "$2" -D "$dir/headers" -o "$dir/body" &&
	    cmp "$dir/body" "$root/$3"
}

# --- what is served ---

test_file() { # daemon address:port path type file
	local what="$1: $3"
	check "$what is the file of the source tree" file_is_whole "$2" "$3" \
	    "$5"
	check_equal "$what has its type" "$(header content-type)" "$4"
	check "$what has a strict policy" policy_is_strict \
	    "$(header content-security-policy)"
	check_equal "$what is of that type only" \
	    "$(header x-content-type-options)" nosniff
	check_equal "$what is in no frame" \
	    "$(header x-frame-options)" DENY
	check_equal "$what is not kept" \
	    "$(header cache-control)" no-store
	check_equal "$what has a length with HEAD, too" \
	    "$(get "$2" "$3" -I | tr -d '\r' |
		sed -n 's/^content-length: //Ip')" "$(wc -c <"$root/$5")"
	check_equal "$what: not for a foreign name in Host" \
	    "$(code "$2" "$3" -H 'Host: evil.example.com')" 403
	check_equal "$what: not for a page of another site" \
	    "$(code "$2" "$3" -H 'Sec-Fetch-Site: cross-site')" 403
	check_match "$what cannot be changed" \
	    "$(code "$2" "$3" -X POST -d x)" '^405$'
}

test_page() { # daemon address:port
	local daemon=$1 at=$2 text='charset=utf-8'
	test_file "$daemon" "$at" / "text/html; $text" \
	    "$daemon/control/page.html"
	test_file "$daemon" "$at" "/$daemon.js" "text/javascript; $text" \
	    "$daemon/control/page.js"
	test_file "$daemon" "$at" /page.js "text/javascript; $text" \
	    common/http/page.js
	test_file "$daemon" "$at" /style.css "text/css; $text" \
	    common/http/page.css
	test_file "$daemon" "$at" /icon.svg image/svg+xml common/http/page.svg
	get "$at" / -o "$dir/page.html"
	get "$at" "/$daemon.js" -o "$dir/script.js"
	get "$at" /page.js -o "$dir/page.js"
	check "$daemon: the page is well-formed and complete" \
	    "$root/tests/netns/tools/page.py" "$dir/page.html" \
	    "$dir/script.js" "$dir/page.js"
}

# --- subscribers ---

busiest() { # expression of Python, of the answer o
	get "$private" /subscribers |
	    python3 -c "import json, sys; o = json.load(sys.stdin); print($1)"
}

counted() { # number of subscribers
	[ "$(busiest "o['found'] and o['found']['number']")" = "$1" ]
}

test_subscribers() {
	check "nobody has a session" wait_for 30 counted 0
	check_equal "nobody is shown" \
	    "$(busiest "o['found']['subscribers']")" "[]"
	in_ns "$client" /usr/bin/python3 "$root/tests/netns/tools/subscribers.py" \
	    2001:db8:5:: "$n_hosts" "$server64" 7777
	for _ in 1 2 3; do
		udp_echo "$client" 10 "$server64" 7777
	done
	check "all subscribers are counted" wait_for 30 counted "$((n_hosts + 1))"
	check_equal "ten of them are shown" \
	    "$(busiest "len(o['found']['subscribers'])")" 10
	check_match "that with most sessions first" \
	    "$(busiest "o['found']['subscribers'][0]['subscriber']")" \
	    '^2001:db8::10/128$'
	check_match "with its limit" \
	    "$(busiest "o['found']['subscribers'][0]['sessions-max']")" '^500$'
	check_equal "none at the other address" "$(get "$public" /subscribers)" \
	    '{"shown":false}'
	check_not "no address of a subscriber is in the metrics" grep -F \
	    2001:db8: <(get "$public" /metrics; get "$private" /metrics)
	check_equal "an unknown parameter is refused" \
	    "$(code "$private" '/subscribers?top=1000000')" 400
}

# Who may see them is not changed by accident.
test_reload() {
	sed -i 's/ show subscribers$//' "$dir/nat64d.conf"
	check "to hide them takes a restart" fails_with metrics \
	    "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/nat64d.sock" reload --check
}

# --- what the page of dns64d needs ---

test_upstreams() {
	local text
	in_ns "$client" dig +tries=10 "@$dns6" www.example.com AAAA \
	    >"$dir/dig"
	text=$(get "$dns" /metrics)
	check_match "the latency of an upstream" "$text" \
	    "^dns64d_upstream_rtt_seconds\\{upstream=\"$server4:53\"\\} 0\\.[0-9]{6}\$"
	check_match "its queries" "$text" \
	    "^dns64d_upstream_queries_total\\{upstream=\"$server4:53\"\\} [1-9]"
	check_match "its answers" "$text" \
	    "^dns64d_upstream_replies_total\\{upstream=\"$server4:53\"\\} [1-9]"
	check_match "its losses" "$text" \
	    "^dns64d_upstream_timeouts_total\\{upstream=\"$server4:53\"\\} [0-9]"
	check_not "no latency of one that was not asked" grep \
	    'rtt_seconds{upstream="198.51.100.77' <<<"$text"
	check_match "entries of the cache" "$text" \
	    '^dns64d_cache_entries\{cache="replies"\} [1-9]'
	check_match "their memory" "$text" \
	    '^dns64d_cache_bytes\{cache="replies"\} [1-9]'
	check_match "its limit" "$text" '^dns64d_cache_bytes_max 33554432$'
	check "promtool accepts all of it" promtool check metrics <<<"$text"
}

need_root
lab_create
ip -n "$client" route add local 2001:db8:5::/64 dev lo
ip -n "$gateway" route add 2001:db8:5::/64 via 2001:db8::10
start_nsd
start_udp_echo
cat >"$dir/nat64d.conf" <<-CONF
	user nobody
	prefix 2001:db8:8000::/96
	pool 192.0.2.0/24
	limit subscriber sessions 500
	log events none
	control "$dir/nat64d.sock"
	metrics listen on ${public%:*} port ${public#*:}
	metrics listen on ${private%:*} port ${private#*:} show subscribers
CONF
cat >"$dir/dns64d.conf" <<-CONF
	user nobody
	listen on $dns6
	upstream $server4
	upstream 198.51.100.77
	prefix 2001:db8:8000::/96
	allow from ::/0
	metrics listen on ${dns%:*} port ${dns#*:}
CONF
check "nat64d starts" start_nat64d || give_up
check "dns64d starts" start_dns64d || give_up
test_page nat64d "$public"
test_page dns64d "$dns"
test_subscribers
test_reload
test_upstreams
tap_done
