#!/usr/bin/env bash
# Includes go downwards only: a file may include headers of its own layer and
# of those below (design, section 2). Each header is in one layer here.
set -eu

declare -A layer
at() { # layer header ...
	local l=$1 h
	shift
	for h in "$@"; do
		layer[$h]=$l
	done
}

at 0 common/{linerate,compat,monotime,rng,siphash,pref64,ip4class,addr,acl}.h common/hostaddr.h
at 0 common/bundle.h
at 0 common/{addr_hint,nearest,quantity}.h
at 0 common/scoped_addr.h
at 1 nat64d/{stats,tuple,pkt,cksum,iphdr,vnet,gro,gso,slab,ipid,ratelimit}.h
at 1 nat64d/{keyhash,repeat}.h
at 2 nat64d/{addrset,portlist,portset,pool4,pool4_addrs,rest}.h
at 2 nat64d/{refusal,share,subscriber}.h
at 2 nat64d/{bib,flow,session,session_wheel,tcp_fsm}.h
at 2 nat64d/{frag,frag_store,fragment,permit,pool4_group}.h
at 3 nat64d/{xlat,xlat_int,icmp_error,tcp_reset}.h
at 4 nat64d/{nat64,event_text}.h
at 4 nat64d/nat64_{error,event,icmp,in4,in6,out,passage,policy,state,struct}.h
at 4 nat64d/nat64_{prefetch,syn,trace}.h
at 4 nat64d/hostcheck.h
at 1 nat64d/range.h
at 1 dns64d/{msg,msg_edns,msg_name,msg_scan,name_text,reverse,stats,wire}.h
at 4 dns64d/{chain,policy,synth,synth_ptr,upstream}.h
at 4 dns64d/{balance,metrics,view}.h
at 4 dns64d/{answers,cache,cache_int}.h
at 4 dns64d/{cookie,crowd,filter,follow,gate,hosts,hosts_file,local,rate}.h
at 5 common/{debuglog,log,privs,rng_os,sandbox,version}.h
at 5 common/{conf_expect,conf_file,conf_impl,conf_memory,conf_msg}.h common/conf_once.h
at 5 common/{conf_text,conf_value,scan}.h
at 5 common/{files,reader,reload}.h
at 5 {nat64d,dns64d}/{conf,parse}.h
at 5 nat64d/conf_build.h
at 6 common/{hostwatch,netlink,watch}.h
at 6 nat64d/{tun,tun_bsd,largepage}.h dns64d/{frontend,listen,udp}.h
at 4 dns64d/{access,refusals}.h
at 6 dns64d/{connected,frontend_tcp,generation,leg,loop,presence}.h
at 6 dns64d/{probe,udp_group}.h
at 6 dns64d/{upstream_tcp,upstream_udp}.h
at 6 nat64d/{eventlog,eventlog_out,tracelog}.h
at 6 nat64d/{hostview,hostreport,routed,self6,ifwatch}.h
at 6 nat64d/{divert,firewall,poolif}.h
at 6 common/dumpfile.h
at 5 common/pidfile.h
at 7 nat64d/{engine,dump}.h dns64d/{query,query_int}.h
at 6 dns64d/{querylog,resolve}.h
at 4 dns64d/translator.h
at 5 dns64d/{share,freebind,zone}.h
at 7 dns64d/{refuselog,worker,workers}.h

cd "$(dirname "$0")/../.."
n=0
status=0
for file in common/*.[chly] nat64d/*.[chly] dns64d/*.[chly]; do
	n=$((n + 1))
	own=${layer[${file%.*}.h]:-}
	[ "$file" != dns64d/translator.c ] || own=6
	if [ -z "$own" ]; then
		case $file in
		nat64d/nat64_*.c) own=4 ;;
		nat64d/xlat_*.c) own=3 ;;
		nat64d/frag_*.c) own=2 ;;
		dns64d/cache_*.c) own=4 ;;
		*/tun_*.c | */routed_*.c | */hostview_*.c) own=6 ;;
		*/firewall_*.c) own=6 ;;
		*/divert_*.c | */hostwatch_*.c) own=6 ;;
		common/scan.l | common/privs_*.c | common/sandbox_*.c) own=5 ;;
		dns64d/share_*.c | dns64d/freebind_*.c) own=5 ;;
		*/conf_*.c | */parse.y) own=5 ;;
		*.h) own=none ;;
		*) own=7 ;;
		esac
	fi
	if [ "$own" = none ]; then
		echo "not ok $n - $file is in no layer of $0"
		status=1
		continue
	fi
	bad=
	for header in $(sed -n 's/^#include "\(.*\)"$/\1/p' "$file"); do
		case $header in
		*/*) ;;
		*) header=$(dirname "$file")/$header ;;
		esac
		if [ "${layer[$header]:-99}" -gt "$own" ]; then
			bad="$bad $header"
		fi
	done
	if [ -n "$bad" ]; then
		echo "not ok $n - $file includes downwards:$bad"
		status=1
	else
		echo "ok $n - $file includes downwards"
	fi
done
echo "1..$n"
exit $status
