# shellcheck shell=bash disable=SC2034,SC2154 # those of lib.sh
# The images of oci.sh run by an ordinary user, with podman(1) and the commands of
# README.md; to be sourced after oci.sh. The user, with subordinate ids, is there
# in a mount namespace only, which has what this system may lack: a /dev/net/tun
# that everybody may open, as udev makes it, and one hierarchy of control groups.

ordinary=4321

# A process in that namespace, which lasts as long as it does; sets holder.
make_user() {
	local home=$dir/home
	install -d -o $ordinary -g $ordinary -m 700 "$home" "$home/run" &&
	    mknod -m 666 "$dir/tun" c 10 200 || return 1
	cp /etc/passwd "$dir/passwd"
	echo "ecdysis:x:$ordinary:$ordinary::$home:/bin/sh" >>"$dir/passwd"
	echo "ecdysis:600000:65536" >"$dir/subuid"
	chmod 644 "$dir/passwd" "$dir/subuid"
	# shellcheck disable=SC2016 # for the other shell
	unshare -m sh -ec '
		mount --make-rshared /
		mount --bind "$1/tun" /dev/net/tun
		mount --bind "$1/passwd" /etc/passwd
		mount --bind "$1/subuid" /etc/subuid
		mount --bind "$1/subuid" /etc/subgid
		mount -t cgroup2 none /sys/fs/cgroup
		exec sleep infinity' sh "$dir" &
	holder=$!
	wait_for 30 grep -qx sleep "/proc/$holder/comm"
}

as_user() { # command ...
	nsenter -t "$holder" -m setpriv --reuid $ordinary --regid $ordinary \
	    --clear-groups env -i -C "$dir/home" HOME="$dir/home" \
	    XDG_RUNTIME_DIR="$dir/home/run" PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	    "$@"
}

give_image() { # daemon
	buildah_here push -q "localhost/$1" "oci-archive:$dir/home/$1.oci:$1" &&
	    as_user podman load -q -i "$1.oci" && rm "$dir/home/$1.oci"
}

# The command with which README.md runs a daemon.
readme_command() { # daemon
	sed -n "/^    podman run .*--name $1 /,/[^\\\\]\$/s/^    //p" \
	    "$root/README.md"
}

container_pid() { # daemon
	as_user podman inspect -f '{{.State.Pid}}' "$1"
}

in_container_net() { # daemon command ...
	nsenter -t "$(container_pid "$1")" -n "${@:2}"
}

# Whether a client of the container says so.
answers_inside() { # daemon
	as_user podman exec "$1" "${1%d}ctl" status
}

run_rootless() { # daemon
	local command
	command=$(readme_command "$1")
	check "$1: an ordinary user has the image" give_image "$1" &&
	    check_match "$1: there is a command" "$command" '^podman run' &&
	    check "$1: it runs the image" as_user sh -c "$command" || return
	check "$1: the daemon answers" wait_for 60 answers_inside "$1" || {
		as_user podman logs "$1" 2>&1 | sed 's/^/# /'
		return 1
	}
	check_match "$1: it is nobody, with none of our rights" \
	    "$(tr '\t' ' ' <"/proc/$(container_pid "$1")/status")" \
	    '^Uid: 665533 665533 '
}

# From IPv6 to IPv4 and back, in the network of the container.
translates_inside() {
	in_container_net nat64d curl -gsSf -m 10 \
	    "http://[2001:db8:8000::198.51.100.10]:9464/health"
}

test_rootless_nat64d() {
	printf '%s\n' 'prefix 2001:db8:8000::/96' 'pool 192.0.2.0/24' \
	    'metrics listen on 0.0.0.0 port 9464' >"$dir/home/nat64d.conf"
	run_rootless nat64d || return
	in_container_net nat64d ip addr add 198.51.100.10/32 dev lo
	check "nat64d: it translates" wait_for 30 translates_inside
	check_match "nat64d: by a session" \
	    "$(as_user podman exec nat64d nat64ctl show sessions)" \
	    '198.51.100.10'
}

has_prefix() {
	in_container_net dns64d dig +short +tries=1 +timeout=2 @::1 \
	    ipv4only.arpa AAAA | grep -x '2001:db8:8000::c000:aa'
}

test_rootless_dns64d() {
	printf '%s\n' 'listen on ::' 'upstream 192.0.2.53' \
	    'prefix 2001:db8:8000::/96' >"$dir/home/dns64d.conf"
	run_rootless dns64d || return
	check "dns64d: it answers at port 53" wait_for 30 has_prefix
}

# Nobody's processes are left: podman keeps one that has its namespaces.
end_user() {
	as_user podman rm -fa -t 0
	as_user podman system migrate
	as_user podman unshare rm -rf "$dir/home/.local"
	as_user podman system migrate
	stop "$holder"
}

test_rootless() {
	command -v podman >/dev/null || {
		skip "images run by an ordinary user" "no podman"
		return
	}
	tap_round=rootless
	make_user || {
		skip "images run by an ordinary user" "no user namespaces"
		tap_round=
		return
	}
	test_rootless_nat64d
	test_rootless_dns64d
	end_user >"$dir/end_user" 2>&1
	check_equal "nothing is left" "$(pgrep -r DRS -a \
	    -u "$ordinary,665533")" ""
	tap_round=
}
