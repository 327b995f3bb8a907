#!/usr/bin/env bash
# An administrator follows each README of etc/examples: the commands, as they
# stand there, on a Debian with "make install" and its services, in the gateway,
# which has the interfaces of the example.
#
#	client ------------- gateway ---------------- internet
#	2001:db8::/64   lan0      wan0 or ppp0   198.51.100.10, 8.8.8.8
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
# shellcheck source=tools/system.sh
. "$(dirname "$0")/tools/system.sh"
# shellcheck source=tools/home.sh
. "$(dirname "$0")/tools/home.sh"

installed=/usr/local/share/examples/ecdysis
services='nat64d dns64d radvd bird systemd-networkd dnsmasq kea-dhcp4-server
    unbound named nftables keepalived redis-server'

# --- the commands of a README ---

# One in a line: those after "# ", with what follows a backslash.
commands() { # example
	sed -n '/^\t# /{ s///; :more; /\\$/{ N; s/\\\n\t *//; b more }; p }' \
	    "$root/etc/examples/$1/README"
}

# Run them, from the one that matches the first regular expression to the one
# that matches the second; each is a test.
follow() { # example first last
	local command
	commands "$1" | sed -n "\\;$2;,\\;$3;p" >"$dir/commands"
	check "$1: there are commands, '$2'" test -s "$dir/commands"
	while read -r command; do
		check "$1: $command" inside sh -c \
		    "cd $installed/$1 && $command" </dev/null
	done <"$dir/commands"
}

# What a host of the LAN is to say, with "$ ".
host_says() { # example regex
	local command
	command=$(sed -n 's/^\t\$ //p' "$root/etc/examples/$1/README" |
	    head -n 1)
	wait_for 30 host_has "$command" "$2"
	check_match "$1: on a host: $command" "$(cat "$dir/host")" "$2"
}

host_has() { # command regex
	in_ns "$client" sh -c "$1" >"$dir/host" 2>&1
	grep -Eq -- "$2" "$dir/host"
}

# --- the lab ---

# The lab's gateway with the interfaces of the examples.
start_lab() {
	lab_create
	ip -n "$gateway" link set g0 down
	ip -n "$gateway" link set g0 name lan0
	ip -n "$gateway" link set g1 down
	ip -n "$gateway" link set g1 name wan0
	start_nsd
	start_web
	echo hello >"$dir/www/file"
}

# As it is before any README: two interfaces with the first addresses.
begin() { # example
	tap_round=$1
	# shellcheck disable=SC2086 # words
	inside systemctl stop $services >/dev/null 2>&1
	inside sh -c 'rm -f /etc/nat64d.conf /etc/dns64d.conf \
	    /etc/systemd/network/*'
	ip -n "$gateway" addr flush dev lan0 scope global
	ip -n "$gateway" addr flush dev wan0 scope global
	in_ns "$gateway" sysctl -qw net.ipv6.conf.all.forwarding=0 \
	    net.ipv4.ip_forward=0
	link_up "$gateway" lan0 "$gateway6/64"
	link_up "$gateway" wan0 198.51.100.1/24
}

forget_network() {
	ip -n "$client" addr flush dev c0 scope global
	ip -n "$client" route flush table main
}

give_network() {
	forget_network
	ip -n "$client" addr add 2001:db8::10/64 dev c0 nodad
	ip -n "$client" route replace default via "$gateway6"
}

# The client's view: a name is resolved and its server reached.
name_works() {
	[ "$(in_ns "$client" curl -gsS -m 10 http://www.example.com/file)" = \
	    hello ]
}

# A host that has nothing gets an address and a router.
test_router() { # first command, unit
	forget_network
	check_not "office: a host has nothing at first" name_works
	follow office "$1" "$2"
	check "office: a host gets an address and a router" wait_for 60 \
	    name_works
	inside systemctl stop "$3"
}

test_office() {
	begin office
	follow office '^ip addr add' '^systemctl enable --now nat64d'
	test_router '^cp radvd.conf' '^systemctl restart radvd' radvd
	test_router '^cp bird.conf' '^systemctl restart bird' bird
	test_router '^cp lan0.network' '^networkctl reload' systemd-networkd
	follow office '^nat64ctl status' '^dns64ctl status'
	host_says office '^2001:db8:8000::'
}

# It begins where the office ends.
test_mostly() {
	tap_round=ipv6-mostly
	follow office '^cp radvd.conf' '^systemctl restart radvd'
	follow ipv6-mostly '^ip addr add' '^nft -f'
	if inside systemctl cat dnsmasq >/dev/null 2>&1; then
		follow ipv6-mostly '^cp dnsmasq.conf' '^systemctl restart dns'
		check_leases dnsmasq
	fi
	inside systemctl stop dnsmasq >/dev/null 2>&1
	follow ipv6-mostly '^cp kea' '^systemctl restart kea'
	check_leases kea-dhcp4-server
	check "a host with IPv6 only works" wait_for 60 name_works
	forget_network
	ip -n "$client" addr add 192.168.1.100/24 dev c0
	ip -n "$client" route add default via 192.168.1.1
	check_equal "a host with IPv4 gets no synthesised address" \
	    "$(in_ns "$client" dig +short @192.168.1.1 www.example.com AAAA)" ""
	check_equal "and the IPv4 one" "$(in_ns "$client" dig +short \
	    @192.168.1.1 www.example.com A)" "$server4"
	ip -n "$internet" route del default
	check_equal "which it reaches" \
	    "$(in_ns "$client" curl -sS -m 10 "http://$server4/file")" hello
	ip -n "$internet" route add default via 198.51.100.1
	ip -n "$client" addr flush dev c0 scope global
}

# Who asks for option 108 is told the time, any other host is not; both learn
# the resolver.
check_leases() { # server
	wait_for 30 udp_listens "$gateway" 67
	check_equal "$1: who asks for the option gets the time" \
	    "$(offer 6 108)" "1800 192.168.1.1"
	check_equal "$1: who does not gets none" "$(offer 6 3)" \
	    "none 192.168.1.1"
}

offer() { # option ...
	in_ns "$client" python3 "$tools/dhcp_offer.py" c0 "$@"
}

# Both translators, one after the other, and the resolver.
test_isp() {
	begin isp
	ip -n "$gateway" addr add 2001:db8::11/64 dev lan0 nodad
	ip -n "$gateway" addr add "$dns6/64" dev lan0 nodad
	give_network
	follow isp '^cp nat64d-1.conf' '^systemctl enable --now nat64d'
	follow isp '^cp dns64d.conf' '^dns64ctl show translators'
	check "the first translator is the one that answers" wait_for 60 \
	    translator_is_up 2001:db8:6401::/96
	check "a name works" wait_for 30 name_works
	check "logrotate accepts its file" inside logrotate -d \
	    /etc/logrotate.d/nat64d
}

translator_is_up() { # prefix
	inside dns64ctl -j show translators |
	    python3 -c 'import json, sys
for t in json.load(sys.stdin)["translators"]:
    if t["nat64-prefix"] == sys.argv[1]:
        sys.exit(t["state"] != "up")
sys.exit(1)' "$1"
}

# Their Internet has no root zone: the server of the lab is asked, and nothing
# that it says is signed.
lab_unbound() {
	printf '\t%s\n' 'do-ip6: no' 'domain-insecure: example.com'
	printf 'stub-zone:\n\tname: example.com\n\tstub-addr: %s\n' "$server4"
}

lab_named() {
	echo "zone example.com {"
	echo "	type static-stub; server-addresses { $server4; };"
	echo "};"
}

test_resolver() { # example file lab's-statements
	begin "$1"
	ip -n "$gateway" addr add "$dns6/64" dev lan0 nodad
	sed -i 's/recursion yes;/& validate-except { "example.com"; };/' \
	    "$sysroot$installed/$1/$2"
	"$3" >>"$sysroot$installed/$1/$2"
	follow "$1" "^cp $2" '^systemctl enable --now dns64d'
	host_says "$1" 'AAAA.2001:db8:8000::'
	check_equal "a name is resolved" "$(in_ns "$client" dig +short \
	    "@$dns6" www.example.com AAAA)" "$server64"
}

test_home() {
	begin home-router
	make_home_line
	follow home-router '^printf' '^systemctl enable --now nat64d'
	host_says home-router '^64:ff9b::'
	check "a host reaches the Internet" peer_is_ours
	check "the firewall can be loaded again" inside \
	    nft -f /etc/nftables.conf
	check "and a host still reaches the Internet" peer_is_ours
	check "also by what removes all tables before" inside sh -c \
	    "nft flush ruleset && nft -f /etc/nftables.conf"
	check "nat64d, as the unit starts it, puts its own back" wait_for 30 \
	    peer_is_ours
	check_not "nobody outside gets in" in_ns "$internet" curl -sS -m 2 \
	    http://203.0.113.2:53/
	check "but the answers of a DHCPv6 server" delegates
	follow home-router '^nat64ctl status' '^nat64ctl status'
	begin "end"
	inside nft flush ruleset
}

# The provider's router answers from a link-local address.
delegates() {
	local to
	in_ns "$internet" sysctl -qw net.ipv6.conf.all.disable_ipv6=0
	ip -n "$internet" addr replace fe80::99/64 dev i0 nodad
	to=$(ip -n "$gateway" -6 -o addr show dev ppp0 scope link |
	    sed -n 's/.* inet6 \([^/]*\).*/\1/p;q')
	start "$gateway" dhcp6.log timeout 20 socat -u UDP6-RECVFROM:546 \
	    "CREATE:$dir/dhcp6"
	wait_for 30 udp_listens "$gateway" 546
	echo delegated | in_ns "$internet" socat -u - \
	    "UDP6-SENDTO:[$to%i0]:546,bind=[fe80::99%i0]:547"
	wait_for 10 grep -q delegated "$dir/dhcp6"
}

peer_is_ours() {
	[ "$(in_ns "$client" curl -gsS -m 10 \
	    "http://[64:ff9b::8.8.8.8]:8080/peer")" = 203.0.113.2 ]
}

# A host of a network whose NAT64 is elsewhere: it translates, and says so.
test_clat() {
	begin clat
	ip -n "$gateway" route add default via 198.51.100.10 2>/dev/null
	follow clat '^cp nat64d.conf' '^nat64ctl show maps'
}

# The first node, which is alone, with the store on the same host.
test_pair() {
	begin pair
	ip -n "$gateway" addr flush dev lan0 scope global
	ip -n "$gateway" addr flush dev wan0 scope global
	link_up "$gateway" lan0 "$dns6/64"
	link_up "$gateway" wan0 198.51.100.2/24 198.51.100.9/24
	follow pair '^install .* nat64d.secrets' '^sysctl -p'
	follow pair '^install .* redis.conf' '^systemctl restart redis'
	check "the store takes commands" wait_for 30 tcp_listens "$gateway" \
	    6379
	follow pair '^nat64d -n' '^systemctl restart keepalived'
	check "the node is active, by keepalived and the role file" \
	    wait_for 60 role_is active
	check "its check is not disabled" journal_has_not keepalived Disabling
	check "the store has what it writes" wait_for 60 store_has_all
	inside systemctl stop nat64d
	check "when nat64d ends, the addresses go" wait_for 60 has_no_address
}

store_has_all() {
	inside nat64ctl status |
	    grep '198\.51\.100\.9:6379: has all sessions'
}

# The first translator and the router, which have nobody to talk to.
test_fleet() {
	begin fleet
	link_up "$gateway" wan0 2001:db8:ff01::2/64 10.64.1.2/30
	follow fleet '^printf' '^systemctl restart bird'
	check "BIRD has the routes of nat64d" wait_for 30 bird_has_pool
	follow fleet '^cp bird-router.conf' '^birdc'
	ip -n "$gateway" addr add "$dns6/64" dev lan0 nodad
	follow fleet '^cp dns64d.conf' '^dns64ctl'
	tap_round=fleet-ecmp
	follow fleet-ecmp '^printf' '^sysctl'
}

bird_has_pool() {
	inside birdc show route | grep -F 192.0.2.0/26
}

# The first node of the first pair.
test_fleet_pairs() {
	begin fleet-pairs
	ip -n "$gateway" addr flush dev wan0
	ip -n "$gateway" link set wan0 down
	ip -n "$gateway" link set wan0 name eth0
	link_up "$gateway" eth0 2001:db8:ff01::2/64 10.64.1.2/29
	follow fleet-pairs '^install' '^nat64ctl role'
	ip -n "$gateway" link set eth0 down
	ip -n "$gateway" link set eth0 name wan0
}

# The collector, and a translator on the same host.
test_collectors() {
	begin collectors
	ip -n "$gateway" addr add 192.0.2.9/32 dev lo
	follow collectors '^cp rsyslog.conf' '^systemctl restart rsyslog'
	check "rsyslog listens" wait_for 30 tcp_listens "$gateway" 601
	sed 's,^pool .*,pool 203.0.113.0/28,' \
	    "$root/etc/examples/office/nat64d.conf" >"$sysroot/etc/nat64d.conf"
	inside systemctl start nat64d
	sed -n 's/^\t\(log events to .* tcp .*\)/\1/p' \
	    "$root/etc/examples/collectors/README" >>"$sysroot/etc/nat64d.conf"
	follow collectors '^systemctl restart nat64d' '^nat64ctl status'
	in_ns "$gateway" sysctl -qp "$sysroot/etc/sysctl.d/nat64d.conf"
	give_network
	ping_works >"$dir/ping"
	check "the collector has events" wait_for 30 grep -q binding-created \
	    "$sysroot/var/log/nat64d/events.log"
	inside systemctl stop rsyslog.service syslog.socket
	ip -n "$gateway" addr del 192.0.2.9/32 dev lo
}

role_is() { # role
	[ "$(inside nat64ctl role)" = "$1" ]
}

journal_has_not() { # unit word
	! inside journalctl -q -o cat -u "$1" | grep -- "$2"
}

has_no_address() {
	! ip -n "$gateway" addr show dev wan0 | grep -F 'inet 198.51.100.1/'
}

need_root
for program in systemd-nspawn nsenter systemctl radvd kea-dhcp4 bird; do
	command -v "$program" >/dev/null || skip_all "no $program"
done
start_lab
make_sysroot || skip_all "no overlay of the root directory"
prepare_boot
# "systemctl enable" would look at each of them.
find "$sysroot/etc/init.d" -type f ! -name dnsmasq -delete
check "make install" make -s -C "$root" BUILD="$BUILD" DESTDIR="$sysroot" RC= \
    install
boot || skip_all "no systemd here: $(tail -n 1 "$dir/boot.log")"
# The settings are those of the gateway's network.
inside mount -o remount,bind,rw /proc/sys
check "systemd-sysusers makes the users" inside systemd-sysusers
test_office
test_mostly
test_isp
test_resolver unbound unbound.conf lab_unbound
test_resolver bind named.conf lab_named
test_pair
test_fleet
test_fleet_pairs
test_collectors
test_clat
test_home
shut_down
tap_done
