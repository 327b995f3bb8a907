# shellcheck shell=bash disable=SC2154 # those of lib.sh
# The lab of the home router's example; to be sourced after lib.sh.

# wan0 becomes the line to the provider, ppp0 without PPP, and a web server of
# the Internet is at an address that the well-known prefix may carry.
make_home_line() {
	ip -n "$gateway" addr flush dev wan0
	ip -n "$gateway" link set wan0 down
	ip -n "$gateway" link set wan0 name ppp0
	link_up "$gateway" ppp0
	ip -n "$gateway" addr add 203.0.113.2 peer "$server4" dev ppp0
	ip -n "$internet" addr add 8.8.8.8/32 dev lo
	ip -n "$internet" route add 203.0.113.2 dev i0
	ip -n "$gateway" route add default via "$server4"
	start_web "$internet" 8.8.8.8:8080
}
