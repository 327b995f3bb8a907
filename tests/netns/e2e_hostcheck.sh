#!/usr/bin/env bash
# Configurations that do not fit the host: harmful ones are refused, so that the
# host can reach its neighbours; conditions that prevent translation draw a
# warning with a setting, and that setting solves the problem.
#
#	client ------- gateway ------- internet
#	2001:db8::10   nat64d          198.51.100.10, whose one route is to
#	               |               the pool 203.0.113.0/28
#	               198.51.100.1/24 on g1, 2001:db8::1/64 on g0
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

program=$BUILD/nat64d/nat64d
pool="pool 203.0.113.0/28"
prefix="prefix 2001:db8:8000::/96"

set_sysctl() { # name=value ...
	in_ns "$gateway" sysctl -qw "$@"
}

write_conf() { # statement ...
	{
		echo "tun nat64"
		echo "user nobody"
		printf '%s\n' "$@"
	} >"$dir/nat64d.conf"
}

neighbours_answer() {
	in_ns "$gateway" ping -n -c 1 -W 2 "$server4" &&
	    in_ns "$gateway" ping -n -c 1 -W 2 2001:db8::10
}

reaches() {
	in_ns "$client" ping -n -c 1 -W 1 "$server64"
}

# --- refusals ---

refused() { # regex argument ...
	local regex=$1
	shift
	in_ns "$gateway" timeout 5 "$program" "$@" -f "$dir/nat64d.conf" \
	    </dev/null >"$dir/refusal" 2>&1
	[ $? -eq 1 ] && grep -E -- "$regex" "$dir/refusal"
}

unchanged() {
	neighbours_answer && ! ip -n "$gateway" link show nat64
}

check_refused() { # description regex statement ...
	local what=$1 regex=$2
	shift 2
	tap_round=$what
	write_conf "$@"
	check "-n refuses it" refused "^$regex" -n
	check "the start refuses it" refused "^nat64d: $regex" -d
	check "the host keeps its neighbours" unchanged
}

test_pools() {
	local covers='pool: it covers 198\.51\.100\.0/24, the network of g1'
	check_refused "pool equal to the host's network" "$covers" \
	    "pool 198.51.100.0/24" "$prefix"
	check_refused "pool around the host's network" "$covers" \
	    "pool 198.51.96.0/20" "$prefix"
	check_refused "two halves of the host's network" "$covers" \
	    "pool 198.51.100.0/25" "pool 198.51.100.128/25" "$prefix"
	check_refused "pool of all neighbours" "$covers" \
	    "pool 198.51.100.2-198.51.100.254" "$prefix"
	check_refused "address of the host in the pool" \
	    "pool: 198\\.51\\.100\\.1 is this host's own \\(g1\\)" \
	    "pool 198.51.100.0-198.51.100.3" "$prefix"
	check_refused "broadcast address in the pool" \
	    'pool: 198\.51\.100\.255 is a broadcast address of ' \
	    "pool 198.51.100.240/28" "$prefix"
	ip -n "$gateway" route add default via "$server4"
	check_refused "router of the host in the pool" \
	    "pool: 198\\.51\\.100\\.10 is the router " \
	    "pool 198.51.100.8-198.51.100.12" "$prefix"
	ip -n "$gateway" route del default
}

test_prefixes() {
	local covers='covers 2001:db8::/64, the network of g0'
	check_refused "prefix equal to the LAN's" \
	    "prefix 2001:db8::/64 $covers" "prefix 2001:db8::/64" "$pool"
	check_refused "prefix around the LAN's" \
	    "prefix 2001:db8::/32 $covers" "prefix 2001:db8::/32" "$pool"
	check_refused "prefix with an address of the host" \
	    "prefix 2001:db8::/96: $gateway6 is this host's own \\(g0\\)" \
	    "prefix 2001:db8::/96" "$pool"
}

# --- warnings ---

# Warned of by -n, which leaves with status 0.
warned() { # regex
	in_ns "$gateway" timeout 5 "$program" -n -f "$dir/nat64d.conf" \
	    >"$dir/warnings" 2>&1 && grep -Ex -- "$1" "$dir/warnings"
}

nothing_said() {
	warned "" || [ ! -s "$dir/warnings" ]
}

dump_warns() { # regex
	nat64d_dump >"$dir/dump" && grep -Ex -- "host    warning $1" \
	    "$dir/dump"
}

dump_is_content() {
	nat64d_dump >"$dir/dump" && ! grep '^host' "$dir/dump"
}

# Change what the last warning in a file says that is to be changed.
do_as_told() { # file
	local setting
	setting=$(sed -n 's/.*: sysctl \([^ ]*=[^ ]*\)$/\1/p' "$1" | tail -n 1)
	[ -n "$setting" ] && set_sysctl "$setting"
}

# Of what is wrong now the start warns, and the dump until it is mended.
check_warned() { # regex [how to mend it]
	local regex=$1
	shift
	check "nat64d starts" start_nat64d
	check_match "and warns" "$(cat "$dir/nat64d.err")" \
	    "^nat64d: $regex\$"
	check "the dump says it, too" dump_warns "$regex"
	[ $# -gt 0 ] || set -- do_as_told "$dir/dump"
	check "it can be mended" "$@"
	check "the dump does not say it any more" dump_is_content
}

test_forwarding() {
	local off='this host does not forward'
	write_conf "$pool" "$prefix"
	tap_round="all is well"
	check "-n says nothing" nothing_said
	tap_round="IPv4 is not forwarded"
	set_sysctl net.ipv4.ip_forward=0
	check "-n warns" warned "$off IPv4: sysctl net.ipv4.ip_forward=1"
	check_warned "$off IPv4: sysctl net.ipv4.ip_forward=1"
	stop "$nat64d"
	tap_round="IPv6 is not forwarded"
	set_sysctl net.ipv6.conf.all.forwarding=0
	check "-n warns" warned \
	    "$off IPv6: sysctl net\\.ipv6\\.conf\\.all\\.forwarding=1"
	check_warned "$off IPv6: sysctl net\\.ipv6\\.conf\\.all\\.forwarding=1"
	tap_round="the interface does not forward"
	set_sysctl net.ipv4.conf.nat64.forwarding=0
	check_not "nothing passes" reaches
	check "the dump says it" dump_warns \
	    'nat64 does not forward IPv4: sysctl .*nat64\.forwarding=1'
	check "it can be mended" do_as_told "$dir/dump"
	check "and is" dump_is_content
	check "packets pass" reaches
	stop "$nat64d"
	tap_round="the uplink does not forward"
	ip -n "$gateway" route add default via "$server4"
	set_sysctl net.ipv4.conf.g1.forwarding=0
	check_warned 'g1 does not forward IPv4: sysctl .*\.g1\.forwarding=1'
	stop "$nat64d"
	ip -n "$gateway" route del default
}

# Addresses of the host's own network: the neighbours ask for them by ARP.
test_on_link() {
	local answer
	answer='pool: this host does not answer for its addresses in '
	answer+='198\.51\.100\.0/24, the network of g1: sysctl .*proxy_arp=1'
	tap_round="pool inside the host's network"
	write_conf "pool 198.51.100.20-198.51.100.30" "$prefix"
	check "-n warns" warned "$answer"
	check "nat64d starts" start_nat64d
	check_match "and warns" "$(cat "$dir/nat64d.err")" "^nat64d: $answer"
	check_not "no answer comes back" reaches
	check "the dump says why" dump_warns "$answer"
	check "it can be mended" do_as_told "$dir/dump"
	check "the dump is content" dump_is_content
	# The server may still be waiting for an earlier question.
	check "answers come back" wait_for 30 reaches
	check "the host keeps its neighbours" neighbours_answer
	stop "$nat64d"
	set_sysctl net.ipv4.conf.g1.proxy_arp=0
}

add_proxies() {
	ip -n "$gateway" neigh add proxy 198.51.100.20 dev g1 &&
	    ip -n "$gateway" neigh add proxy 198.51.100.21 dev g1
}

test_single_proxies() {
	tap_round="single addresses that the host answers for"
	write_conf "pool 198.51.100.20/31" "$prefix"
	check "-n warns" warned 'pool: this host does not answer .*'
	check "addresses are added" add_proxies
	check "-n says nothing" nothing_said
	check "nat64d starts" start_nat64d
	check "answers come back" wait_for 30 reaches
	stop "$nat64d"
	ip -n "$gateway" neigh del proxy 198.51.100.20 dev g1
	ip -n "$gateway" neigh del proxy 198.51.100.21 dev g1
}

test_neighbour() {
	tap_round="address of a neighbour in the pool"
	set_sysctl net.ipv4.conf.g1.proxy_arp=1
	write_conf "pool 198.51.100.8-198.51.100.12" "$prefix"
	check "neighbours are known" neighbours_answer
	check "-n warns" warned \
	    'pool: 198\.51\.100\.10 is used by another host on g1; .*'
	set_sysctl net.ipv4.conf.g1.proxy_arp=0
}

# The neighbours' answers come in where the default route does not lead.
strangers_come_in() {
	local before after
	before=$(dump_value "$(nat64d_dump)" ipv4-packets-in)
	in_ns "$internet" ping -n -c 1 -W 0.2 -I 192.0.2.99 198.51.100.20
	after=$(dump_value "$(nat64d_dump)" ipv4-packets-in)
	[ "$after" -gt "$before" ]
}

test_strict() {
	tap_round="strict reverse path"
	set_sysctl net.ipv4.conf.g1.proxy_arp=1 net.ipv4.conf.g1.rp_filter=1
	ip -n "$internet" addr add 192.0.2.99/32 dev lo
	ip -n "$gateway" addr add 203.0.113.129/25 dev g0
	ip -n "$gateway" route add default via 203.0.113.130
	write_conf "pool 198.51.100.20-198.51.100.30" "$prefix"
	check "-n warns" warned 'g1 drops what comes from where .*'
	check_warned 'g1 drops what comes from where .*g1\.rp_filter=2' \
	    mend_strict
	stop "$nat64d"
	ip -n "$internet" addr del 192.0.2.99/32 dev lo
	ip -n "$gateway" addr del 203.0.113.129/25 dev g0
	set_sysctl net.ipv4.conf.g1.proxy_arp=0 net.ipv4.conf.g1.rp_filter=0
}

mend_strict() {
	! wait_for 1 strangers_come_in && do_as_told "$dir/dump" &&
	    wait_for 30 strangers_come_in
}

# Errors from there would be taken for a lie.
test_own_address() {
	tap_round="errors from the host's own address"
	write_conf "$pool" "$prefix" "address 198.51.100.1"
	check "-n warns" warned "address 198\\.51\\.100\\.1 is this host's .*"
	tap_round="errors from an address that is not routed to us"
	set_sysctl net.ipv4.conf.all.rp_filter=1
	write_conf "$pool" "$prefix" "address 203.0.113.99"
	check_warned 'address 203\.0\.113\.99: .*\.nat64\.rp_filter=2'
	stop "$nat64d"
	set_sysctl net.ipv4.conf.all.rp_filter=0
}

add_routes() {
	ip -n "$gateway" route add 203.0.113.0/28 dev nat64 &&
	    ip -n "$gateway" route add 2001:db8:8000::/96 dev nat64
}

test_routes() {
	local none='packets to .* have no route to nat64; add a route, or .*'
	tap_round="routes no"
	write_conf "$pool" "$prefix" "routes no"
	check "-n says nothing" nothing_said
	check "nat64d starts" start_nat64d
	check_match "it warns of the prefix" "$(cat "$dir/nat64d.err")" \
	    "^nat64d: prefix 2001:db8:8000::/96: $none"
	check_match "and of the pool" "$(cat "$dir/nat64d.err")" \
	    "^nat64d: pool 203\\.0\\.113\\.0/28: $none"
	check "the dump says it, too" dump_warns "pool .*: $none"
	set_sysctl net.ipv4.conf.nat64.rp_filter=1
	check "and that the way back counts" dump_warns \
	    'nat64 drops packets from the pool .*nat64\.rp_filter=2'
	check "routes are added" add_routes
	check "the dump is content" dump_is_content
	stop "$nat64d"
	tap_round="a route is taken away"
	write_conf "$pool" "$prefix"
	check "nat64d starts" start_nat64d
	check "the dump is content" dump_is_content
	ip -n "$gateway" route del 203.0.113.0/28
	check "the dump says it" dump_warns "pool .*; our route has gone.*"
	stop "$nat64d"
	tap_round="harm that we do not do"
	write_conf "pool 198.51.100.0/24" "$prefix" "routes no"
	check "-n warns" warned 'pool: it covers .*'
}

test_prefix_inside() {
	tap_round="prefix inside the LAN's"
	write_conf "$pool" "prefix 2001:db8:0:0:64::/96"
	check "-n warns" warned \
	    'prefix 2001:db8:0:0:64::/96 is inside 2001:db8::/64, the .*'
}

# --- firewalls that forward nothing ---

fw() { # nft argument ...
	in_ns "$gateway" nft "$@"
}

# Tables of the administrator, and of what is between him and nft.
forward_nothing() { # family table chain
	fw add table "$1" "$2" && fw add chain "$1" "$2" "$3" \
	    '{ type filter hook forward priority 0; policy drop; }'
}

accept_commands() { # command of nft ...
	local command
	for command in "$@"; do
		fw "$command" || return 1
	done
}

check_firewall() { # description chain table, what mends it: command of nft ...
	local warning
	warning="firewall: chain $2 of table $3 drops what its rules do not "
	warning+='let pass, and none of them names nat64; look at .*'
	tap_round=$1
	check "-n warns" warned "$warning"
	check "nat64d starts" start_nat64d
	check_match "and warns" "$(cat "$dir/nat64d.err")" \
	    "^nat64d: $warning"
	check_not "nothing passes" reaches
	check "the dump says it, too" dump_warns \
	    "$warning \\(when nat64d started\\)"
	check "it can be mended" accept_commands "${@:4}"
	check "packets pass" reaches
	stop "$nat64d"
	check "-n says nothing" nothing_said
}

test_firewall() {
	write_conf "$pool" "$prefix"
	forward_nothing inet filter forward
	check_firewall "firewall with policy drop" forward "inet filter" \
	    'add rule inet filter forward iifname nat64 accept' \
	    'add rule inet filter forward oifname nat64 accept'
	fw delete table inet filter
	forward_nothing ip filter FORWARD
	fw 'add rule ip filter FORWARD iifname "nat64x" accept'
	fw 'add rule ip filter FORWARD oifname "xnat64y" accept'
	fw 'add rule ip filter FORWARD ct state established accept'
	check_firewall "the chain of iptables" FORWARD "ip filter" \
	    'add rule ip filter FORWARD oifname { "g1", "nat64" } accept' \
	    'add rule ip filter FORWARD iifname "nat64" accept'
	fw delete table ip filter
	forward_nothing inet fw pass
	fw 'add chain inet fw zones'
	fw 'add set inet fw lan { type ifname . ifname; }'
	fw 'add rule inet fw pass jump zones'
	fw 'add rule inet fw zones iifname . oifname @lan accept'
	check_firewall "a set of interfaces" pass "inet fw" \
	    'add element inet fw lan { "nat64" . "g1", "g1" . "nat64" }' \
	    'add element inet fw lan { "nat64" . "g0", "g0" . "nat64" }'
	fw delete table inet fw
	fw add table inet firewalld
	fw add chain inet firewalld filter_FORWARD \
	    '{ type filter hook forward priority 10; policy accept; }'
	fw 'add rule inet firewalld filter_FORWARD ct state established accept'
	fw 'add rule inet firewalld filter_FORWARD counter log reject'
	check_firewall "a last rule that refuses" filter_FORWARD \
	    "inet firewalld" \
	    'insert rule inet firewalld filter_FORWARD iifname nat64 accept' \
	    'insert rule inet firewalld filter_FORWARD oifname nat64 accept'
	fw delete table inet firewalld
	tap_round="a firewall that drops some"
	fw add table inet filter
	fw add chain inet filter forward \
	    '{ type filter hook forward priority 0; policy accept; }'
	fw 'add rule inet filter forward drop'
	fw 'add rule inet filter forward tcp dport 25 drop'
	fw 'insert rule inet filter forward accept'
	check "-n says nothing" nothing_said
	fw delete table inet filter
	tap_round="a firewall without rights to read it"
	forward_nothing inet filter forward
	check "-n says nothing" in_ns "$gateway" setpriv --reuid=nobody \
	    --regid=nogroup --clear-groups --inh-caps=-all \
	    sh -c '! "$1" -n -f "$2" 2>&1 | grep .' sh "$dir/nat64d" \
	    "$dir/nat64d.conf"
	fw delete table inet filter
}

# --- changes while it runs ---

logged() { # regex
	grep -Ex -- "nat64d: $1" "$dir/nat64d.err"
}

test_changes() {
	local off='this host does not forward IPv4: .*'
	tap_round="changes while it runs"
	write_conf "$pool" "$prefix"
	check "nat64d starts" start_nat64d
	set_sysctl net.ipv4.ip_forward=0
	check "forwarding that ends is logged" wait_for 30 logged "$off"
	set_sysctl net.ipv4.ip_forward=1
	check "and that it is back" wait_for 30 logged "no longer: $off"
	ip -n "$gateway" addr add 203.0.113.3/32 dev lo
	check "an address of the pool that the host gets is logged" \
	    wait_for 30 logged "pool: 203\\.0\\.113\\.3 is this host's .*"
	check "it goes on" nat64d_dump
	check_equal "each is logged once" \
	    "$(logged "$off" | wc -l) $(logged 'pool: .*' | wc -l)" "1 1"
	ip -n "$gateway" addr del 203.0.113.3/32 dev lo
	stop "$nat64d"
}

# Started before the network, as our unit is: then harm comes later.
test_late_network() {
	tap_round="the network of the pool comes later"
	ip -n "$gateway" addr del 198.51.100.1/24 dev g1
	write_conf "pool 198.51.100.0/24" "$prefix"
	check "nat64d starts" start_nat64d
	ip -n "$gateway" addr add 198.51.100.1/24 dev g1
	check "it ends" wait_for 30 gone "$nat64d"
	wait "$nat64d"
	check_equal "with status 1" "$?" 1
	check "and says why" logged 'pool: it covers 198\.51\.100\.0/24, .*'
	check "the host has its neighbours again" unchanged
	check "a supervisor starts it in vain" refused "pool: it covers" -d
}

# As in the place where an image is made: nothing can be said.
test_no_network() {
	tap_round="a host without a network"
	write_conf "$pool" "$prefix"
	check "-n says nothing" unshare -n sh -c \
	    '! "$1" -n -f "$2" 2>&1 | grep .' sh "$program" "$dir/nat64d.conf"
}

need_root
lab_create
ip -n "$internet" route del default
ip -n "$internet" route add 203.0.113.0/28 via 198.51.100.1
cp "$program" "$dir" # where everybody can run it
test_pools
test_prefixes
test_forwarding
test_on_link
test_single_proxies
test_neighbour
test_strict
test_own_address
test_routes
test_prefix_inside
test_firewall
test_changes
test_late_network
test_no_network
tap_done
