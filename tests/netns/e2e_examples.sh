#!/usr/bin/env bash
# The worked examples of etc/examples, each as it is, in a lab that has its
# addresses. Only what leaves the lab is changed: the names of the ends of its
# links, and where an Internet with a root zone would be.
#
#	client ------------- gateway ---------------- internet
#	2001:db8::/64   lan0      wan0 or ppp0   198.51.100.10, 8.8.8.8
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/home.sh
. "$(dirname "$0")/tools/home.sh"

examples=$root/etc/examples
translators=() # processes

# The lab's gateway with the interfaces of the examples.
start_lab() {
	lab_create
	ip -n "$gateway" link set g0 down
	ip -n "$gateway" link set g0 name lan0
	ip -n "$gateway" link set g1 down
	ip -n "$gateway" link set g1 name wan0
	link_up "$gateway" lan0
	link_up "$gateway" wan0
	renew_addresses
	start_nsd
	start_web
	echo hello >"$dir/www/file"
	mkdir "$dir/sys"
}

# Those of IPv6 are lost when an interface goes down.
renew_addresses() {
	local address
	for address in "$gateway6/64" "$dns6/64" 2001:db8::11/64 \
	    2001:db8::12/64; do
		ip -n "$gateway" addr replace "$address" dev lan0 nodad
	done
	ip -n "$gateway" addr replace 198.51.100.1/24 dev wan0
}

# What systemd would make; the user is one that every system has.
start_nat64d_of() { # file name [statement ...]
	write_from "$1" "$dir/$2.conf" "${@:3}"
	start_nat64d_in "$gateway" "$2"
	local status=$?
	translators+=("$started")
	return "$status"
}

# The paths are those of the lab, so that two can run beside each other.
write_from() { # file copy [statement ...]
	local name
	name=$(basename "$2" .conf)
	mkdir -p "$dir/sys/$name"
	chmod 777 "$dir/sys/$name"
	{
		sed -E "s,/var/(lib|log)/nat64d/,$dir/sys/$name/," "$1"
		echo "user nobody"
		echo "control \"$dir/sys/$name/sock\""
		printf '%s\n' "${@:3}"
	} >"$2"
}

start_dns64d_of() { # file
	write_from "$1" "$dir/dns64d.conf"
	start_dns64d
}

stop_all() {
	local pid
	for pid in "$dns64d" "${translators[@]}" "$@"; do
		stop "$pid"
	done
	translators=()
}

# The client's view: a name is resolved and its server reached.
name_works() {
	[ "$(in_ns "$client" curl -gsS -m 10 http://www.example.com/file)" = \
	    hello ]
}

# --- examples ---

test_office() {
	tap_round=office
	check "nat64d starts" start_nat64d_of "$examples/office/nat64d.conf" o
	check "dns64d starts" start_dns64d_of "$examples/office/dns64d.conf"
	check "radvd's stanza is that of nat64ctl" grep -q \
	    "#$(ctl o pref64 radvd | sed -n 2p)" "$examples/office/radvd.conf"
	check "BIRD's is" grep -qF \
	    "#$(ctl o pref64 bird | sed -n '2s/^[[:blank:]]*//p')" \
	    "$examples/office/bird.conf"
	check "networkd's is" grep -qF "$(ctl o pref64 networkd | sed -n 3p)" \
	    "$examples/office/lan0.network"
	check "odhcpd's is" grep -qF "$(ctl o pref64 odhcpd | sed -n 2p)" \
	    "$examples/office/odhcpd"
	test_router radvd radvd -n -m stderr -p "$dir/radvd.pid" \
	    -C "$examples/office/radvd.conf"
	bird_of_this_system >"$dir/bird.conf"
	test_router BIRD bird -f -c "$dir/bird.conf" -s "$dir/bird.sock"
	stop_all
}

# With the option PREF64 if it knows that.
bird_of_this_system() {
	sed 's/#custom option/custom option/' "$examples/office/bird.conf" \
	    >"$dir/bird.new"
	if bird -p -c "$dir/bird.new" 2>"$dir/bird.err"; then
		cat "$dir/bird.new"
	else
		cat "$examples/office/bird.conf"
	fi
}

# A host that has nothing gets an address and a router.
test_router() { # name command ...
	ip -n "$client" addr flush dev c0 scope global
	ip -n "$client" route flush table main
	check_not "$1: a host has nothing at first" name_works
	start "$gateway" router.log "${@:2}"
	check "$1: a host gets an address and a router" wait_for 30 name_works
	stop "$!"
}

ctl() { # name argument ...
	in_ns "$gateway" "$BUILD/nat64d/ctl/nat64ctl" -s "$dir/sys/$1/sock" \
	    "${@:2}"
}

# A host that asks for option 108 is told to do without IPv4, and any other one
# is not.
test_mostly() { # command ...
	ip -n "$gateway" addr add 192.168.1.1/24 dev lan0
	start "$gateway" dhcp.log "$@"
	local server=$!
	check_equal "who asks gets the time" "$(wait_for_offer 6 108)" \
	    "1800 192.168.1.1"
	check_equal "who does not gets none" "$(wait_for_offer 6 3)" \
	    "none 192.168.1.1"
	stop "$server"
	ip -n "$gateway" addr del 192.168.1.1/24 dev lan0
}

test_dnsmasq() {
	tap_round="ipv6-mostly by dnsmasq"
	test_mostly dnsmasq -k -C "$examples/ipv6-mostly/dnsmasq.conf" \
	    --pid-file= --dhcp-leasefile="$dir/leases" --user=root \
	    --log-facility=-
}

# Its leases are kept in memory only.
test_kea() {
	tap_round="ipv6-mostly by Kea"
	sed 's,^  "Dhcp4": {,& "lease-database": { "type": "memfile"\, \
	    "persist": false }\,,' "$examples/ipv6-mostly/kea-dhcp4.conf" \
	    >"$dir/kea.conf"
	test_mostly env KEA_LOCKFILE_DIR=none KEA_PIDFILE_DIR="$dir" \
	    kea-dhcp4 -c "$dir/kea.conf"
}

wait_for_offer() { # option ...
	wait_for 30 udp_listens "$gateway" 67
	in_ns "$client" python3 "$tools/dhcp_offer.py" c0 "$@"
}

test_isp() {
	tap_round=isp
	check "the first nat64d starts" \
	    start_nat64d_of "$examples/isp/nat64d-1.conf" i1 "tun nat64-1"
	check "the second nat64d starts" \
	    start_nat64d_of "$examples/isp/nat64d-2.conf" i2 "tun nat64-2"
	check "dns64d starts" start_dns64d_of "$examples/isp/dns64d.conf"
	check "a name works" wait_for 30 name_works
	local last=${translators[1]} first=${translators[0]}
	[ "$(prefix_of_client)" = 2001:db8:6401 ] || last=$first
	stop "$last"
	check "and when its translator has ended" wait_for 30 name_works
	stop_all
}

prefix_of_client() {
	in_ns "$client" dig +short "@$dns6" www.example.com AAAA | cut -d: -f1-3
}

# The resolver's own Internet has no root zone: it asks the lab's server.
test_unbound() {
	tap_round=unbound
	{
		printf 'server:\n\tusername: ""\n\tchroot: ""\n\tdo-ip6: no\n'
		printf '\tpidfile: ""\n'
		grep -v auto-trust-anchor "$examples/unbound/unbound.conf"
		printf 'stub-zone:\n\tname: example.com\n\tstub-addr: %s\n' "$server4"
		printf 'remote-control:\n\tcontrol-enable: no\n'
	} >"$dir/unbound.conf"
	start "$gateway" unbound.log unbound -d -c "$dir/unbound.conf"
	with_resolver "$!" "$examples/unbound/dns64d.conf"
}

test_bind() {
	tap_round=bind
	mkdir "$dir/bind"
	{
		sed "s,/var/cache/bind,$dir/bind,
		    s,dnssec-validation auto,dnssec-validation no,
		    s,^};,pid-file none; session-keyfile none; };," \
		    "$examples/bind/named.conf"
		echo 'controls { };'
		echo "zone example.com { type static-stub;" \
		    "server-addresses { $server4; }; };"
	} >"$dir/named.conf"
	start "$gateway" named.log named -g -4 -c "$dir/named.conf"
	with_resolver "$!" "$examples/bind/dns64d.conf"
}

with_resolver() { # process dns64d.conf
	check "the resolver starts" wait_for 30 udp_listens "$gateway" 5335
	check "nat64d starts" start_nat64d_of "$examples/office/nat64d.conf" o
	check "dns64d starts" start_dns64d_of "$2"
	check "a name works" wait_for 30 name_works
	stop_all "$1"
}

# The last one: its firewall stays.
test_home() {
	tap_round="home router"
	make_home_line
	in_ns "$gateway" nft -f "$examples/home-router/nftables.conf"
	check "nat64d starts" \
	    start_nat64d_of "$examples/home-router/nat64d.conf" h
	cp "$examples/home-router/dns64d.conf" "$dir/home.conf"
	dns6=$gateway6
	check "dns64d starts" start_dns64d_of "$dir/home.conf"
	check_equal "the Internet sees the router's address" \
	    "$(in_ns "$client" curl -gsS -m 10 \
		"http://[64:ff9b::8.8.8.8]:8080/peer")" 203.0.113.2
	check_not "nobody outside gets in" in_ns "$internet" curl -sS -m 2 \
	    http://203.0.113.2:9464/
	stop_all
}

need_root
for program in radvd dnsmasq kea-dhcp4 bird; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
start_lab
test_dnsmasq
test_kea
test_isp
test_unbound
test_bind
test_office
test_home
tap_done
