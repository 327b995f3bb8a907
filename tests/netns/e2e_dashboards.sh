#!/usr/bin/env bash
# The dashboards for Grafana, against real daemons and a real Prometheus that
# reads their metrics.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

prometheus=127.0.0.1:9090
declare -A at=([nat64d]=127.0.0.1:9464 [dns64d]=127.0.0.1:9465)

get() { # address:port path
	in_ns "$gateway" curl -gsS -m 30 "http://$1$2"
}

start_daemons() {
	cat >"$dir/nat64d.conf" <<-CONF
		user nobody
		prefix 2001:db8:8000::/96
		pool 192.0.2.0/28
		log events bindings
		log events to syslog udp $server4 port 5140
		control no
		metrics listen on 127.0.0.1 port 9464
	CONF
	cat >"$dir/dns64d.conf" <<-CONF
		user nobody
		listen on $dns6
		upstream $server4
		prefix 2001:db8:8000::/96
		allow from ::/0
		control no
		metrics listen on 127.0.0.1 port 9465
	CONF
	check "nat64d starts" start_nat64d || give_up
	check "dns64d starts" start_dns64d || give_up
}

start_prometheus() {
	cat >"$dir/prometheus.yml" <<-YML
		global:
		  scrape_interval: 1s
		scrape_configs:
		  - job_name: ecdysis
		    static_configs:
		      - targets: ["${at[nat64d]}", "${at[dns64d]}"]
	YML
	start "$gateway" prometheus.log prometheus \
	    --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" \
	    --web.listen-address="$prometheus" --log.level=warn
	wait_for 60 get "$prometheus" /-/ready || {
		cat "$dir/prometheus.log"
		return 1
	}
}

# Its answer has both as they are.
both_are_read() {
	[ "$(get "$prometheus" '/api/v1/query?query=nat64d_up+or+dns64d_up' |
	    grep -o '"1"' | wc -l)" -eq 2 ]
}

use_them() {
	in_ns "$client" dig +tries=10 "@$dns6" www.example.com AAAA
	ping_works
}

need_root
lab_create
start_nsd
start_daemons
use_them >"$dir/used" 2>&1
check "Prometheus starts" start_prometheus || give_up
check "it reads the metrics of both" wait_for 60 both_are_read
for daemon in nat64d dns64d; do
	file=$root/etc/grafana/$daemon.json
	get "${at[$daemon]}" /metrics >"$dir/metrics"
	check "$daemon: all panels have values" \
	    in_ns "$gateway" "$root/tests/netns/tools/dashboard.py" "$file" \
	    "$dir/metrics" "http://$prometheus"
	sed 's/_up{/_upside{/' "$file" >"$dir/$daemon.json"
	check "$daemon: a metric that does not exist is found" fails_with \
	    "there is no metric ${daemon}_upside" in_ns "$gateway" \
	    "$root/tests/netns/tools/dashboard.py" "$dir/$daemon.json" \
	    "$dir/metrics" "http://$prometheus"
done
tap_done
