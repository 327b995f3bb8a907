# shellcheck shell=bash disable=SC2154 # those of lib.sh
# A translator with a small pool and events of all kinds, for the suites of the
# collectors; to be sourced after lib.sh, with $file set to the name of the event
# log that others are compared with.
#
#	client -------------- gateway -------------- internet
#	2001:db8::10          nat64d, pool:          198.51.100.10
#	                      203.0.113.5:40000-1    the collectors

nat64ctl=$BUILD/nat64d/ctl/nat64ctl

start_lab() {
	lab_create
	mkdir "$dir/log" "$dir/nf"
	chown nobody "$dir/log"
	start "$internet" tcp.log python3 -c "
import socket
s = socket.create_server(('$server4', 80))
while True:
    s.accept()[0].close()"
	wait_for 30 tcp_listens "$internet" 80
}

configure() { # statement ...
	cat >"$dir/nat64d.conf" <<-EOF
		prefix 2001:db8:8000::/96
		pool 203.0.113.5 port 40000-40001
		address $gateway6
		user nobody
		quarantine udp 0
		quarantine tcp 0
		subscriber prefix-length 64
		control "$dir/log/sock"
		log events bindings sessions addresses
		log destination yes
		warn pool at 100
		log events to "$dir/log/$file" json
	EOF
	{
		fastpath_statement
		printf '%s\n' "$@"
	} >>"$dir/nat64d.conf"
}

ctl() { # argument ...
	"$nat64ctl" -s "$dir/log/sock" "$@"
}

start_nfcapd() { # argument ...
	start "$internet" nfcapd.log nfcapd -w "$dir/nf" -p 4739 \
	    -b "$server4" "$@"
	# shellcheck disable=SC2034 # for the script
	nfcapd=$!
	wait_for 30 udp_listens "$internet" 4739
}

# What reads of the TCP connection nothing but octets.
start_stream() {
	start "$internet" stream nc -lk "$server4" 4740
	wait_for 30 tcp_listens "$internet" 4740
}

send() { # source-port
	in_ns "$client" python3 -c "
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(('2001:db8::10', $1))
s.sendto(b'x', ('$server64', 7777))"
}

connect_tcp() {
	in_ns "$client" nc -w 5 -s 2001:db8::10 "$server64" 80 </dev/null
}

has() { # file regex
	grep -Eq -- "$2" "$dir/$1"
}

# As many events of the translator as the file has.
collected() { # kind file [domain]
	python3 "$tools/collected.py" "$@" 2>/dev/null
}

as_the_file() { # kind file [domain]
	collected "$@" | diff - "$dir/expected"
}

# All kinds of events; what the file has of them is in $dir/expected.
make_events() {
	in_ns "$client" ping -c 1 -W "$(secs 5)" "$server64" >"$dir/ping" 2>&1
	connect_tcp
	send 5000
	send 5001
	send 5002
	kill -HUP "$nat64d"
	wait_for 30 has "log/$file" address-released
	collected json "$dir/log/$file" >"$dir/expected"
}
