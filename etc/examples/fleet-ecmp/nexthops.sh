#!/bin/sh
# On the router, instead of the prefix by BIRD: a resilient group of next hops
# (Linux 5.15 or later; ip-nexthop(8)). When a translator leaves, only its
# clients get another one; when one comes back, it gets hosts that have been
# silent for idle_timer seconds. Pools are routed by BIRD as before: remove
# "t1_6" and the like from bird-router.conf.
#
# A translator is in the group while its metrics address answers; see
# nat64d-1.conf. One that drains answers, and keeps its clients.
set -u
prefix=2001:db8:8000::/96
translators='2001:db8:ff01::2 2001:db8:ff02::2 2001:db8:ff03::2'
interfaces='t1 t2 t3'
group=64
buckets=128
idle_timer=300

sysctl -qw net.ipv6.fib_multipath_hash_policy=3 \
    net.ipv6.fib_multipath_hash_fields=1

# The next hop with the number of the translator.
number=0
for interface in $interfaces; do
	number=$((number + 1))
	address=$(echo "$translators" | cut -d' ' -f"$number")
	ip nexthop replace id "$number" via "$address" dev "$interface"
done

# "1/3", those that answer; a second failure makes sure.
alive() {
	list=
	n=0
	for address in $translators; do
		n=$((n + 1))
		curl -gs -m 1 -o /dev/null "http://[$address]:9464/health" ||
		    curl -gs -m 1 -o /dev/null \
			"http://[$address]:9464/health" || continue
		list=$list${list:+/}$n
	done
	echo "$list"
}

last=
while :; do
	now=$(alive)
	# If none answers, it is more likely that this host has no way to them.
	if [ -n "$now" ] && [ "$now" != "$last" ]; then
		ip nexthop replace id "$group" group "$now" type resilient \
		    buckets "$buckets" idle_timer "$idle_timer" &&
		    ip -6 route replace "$prefix" nhid "$group" &&
		    last=$now && echo "translators: $now"
	fi
	sleep 1
done
