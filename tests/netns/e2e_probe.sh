#!/usr/bin/env bash
# An idle connection outlives its timeout (RFC 6146, 3.5.2.2) behind a
# firewall that follows connections and drops what is outside their windows.
#
#	client ------- gateway ------- internet
#	nftables       nat64d          echo service
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

probes() { # at least
	[ "$(dump_value "$(nat64d_dump)" tcp-probes)" -ge "$1" ]
}

# Shows: TCP-11
need_root
lab_create
drop_invalid || skip_all "nftables does not follow connections here"
start "$internet" echo.log socat TCP4-LISTEN:7,fork,reuseaddr EXEC:cat
wait_for 30 tcp_listens "$internet" 7
write_nat64d_conf "timeout tcp established 10 override" \
    "timeout tcp closing 10 override"
check "nat64d starts with short timeouts" start_nat64d || give_up

in_ns "$client" /usr/bin/python3 "$root/tests/netns/tools/late_segment.py" \
    "$server64" 7 10 "$dir/ready" "$dir/go" >"$dir/late" 2>&1 &
pid=$!
wait_for 30 test -e "$dir/ready"
check "an idle connection is probed again and again" wait_for 60 probes 2
touch "$dir/go"
wait "$pid"
check_equal "and still works" "$(cat "$dir/late")" answered
check_match "no probe was outside the window" \
    "$(in_ns "$client" nft list chain inet filter input)" \
    'invalid counter packets 0 '
stop "$nat64d"
tap_done
