#!/usr/bin/env bash
# The firewall commands of the README, as written there, on a system without
# rules and on one that forwards nothing: a home router with a private pool.
#
#	client ------- gateway ------- internet
#	2001:db8::10   nat64d          198.51.100.10, without a route to the pool
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# The commands are the indented lines that begin with "# nft".
readme_commands() { # regular expression
	sed -n 's/^    # nft /nft /p' "$root/README.md" | grep -E -- "$1"
}

run_commands() { # regular expression
	local command
	readme_commands "$1" >"$dir/commands"
	[ -s "$dir/commands" ] || return 1
	while read -r command; do
		in_ns "$gateway" sh -c "$command" || return 1
	done <"$dir/commands"
}

forward_nothing() {
	in_ns "$gateway" nft add table inet filter
	in_ns "$gateway" nft add chain inet filter forward \
	    '{ type filter hook forward priority filter; policy drop; }'
}

reaches() {
	in_ns "$client" ping -n -c 1 -W 1 "$server64"
}

need_root
lab_create
ip -n "$internet" route del default
write_nat64d_conf "pool 192.168.255.0/24"
sed -i '/^pool 192.0.2/d' "$dir/nat64d.example"
check "nat64d starts" start_nat64d || give_up
check_not "nothing comes back to a private pool" reaches
check "the commands for a private pool work on a fresh system" \
    run_commands ' ip nat64'
check "and then a client reaches the server" reaches
forward_nothing
check_not "a firewall that forwards nothing is in the way" reaches
check "the commands for it work" run_commands 'inet filter'
check "and then a client reaches the server" reaches
tap_done
