# shellcheck shell=bash disable=SC2154,SC2034 # those of lib.sh
# Another system for the tests: a copy of a root directory, in which programs run
# or systemd is booted; to be sourced after lib.sh.

sysroot= # its root directory
layer=	 # what differs there is in $layer/upper
init=	 # its first process, once it is booted

# A copy of a system's files that nobody else sees. What is written goes to a
# temporary file system: that of our directory may be one that an overlay cannot
# have as its upper layer.
make_sysroot() { # [root directory]
	layer=$dir/layer
	sysroot=$dir/root
	mkdir "$layer" "$sysroot"
	mount -t tmpfs -o mode=755 layer "$layer" || return 1
	lab_mounts=("$layer")
	mkdir "$layer/upper" "$layer/work"
	mount -t overlay -o "lowerdir=${1:-/},$(
	    )upperdir=$layer/upper,workdir=$layer/work" overlay "$sysroot" ||
	    return 1
	lab_mounts=("$sysroot" "$layer")
}

# What a container has there: empty directories and a few devices.
mount_system() {
	local dev=$sysroot/dev name
	mount -t proc proc "$sysroot/proc" &&
	    mount -t sysfs sysfs "$sysroot/sys" || return 1
	for name in run dev tmp; do
		mount -t tmpfs -o mode=755 tmpfs "$sysroot/$name" || return 1
	done
	chmod 1777 "$sysroot/tmp" &&
	    mkdir "$dev/net" "$dev/shm" &&
	    mknod -m 666 "$dev/null" c 1 3 &&
	    mknod -m 666 "$dev/zero" c 1 5 &&
	    mknod -m 666 "$dev/random" c 1 8 &&
	    mknod -m 666 "$dev/urandom" c 1 9 &&
	    mknod -m 666 "$dev/net/tun" c 10 200
}

# Nothing that this system has enabled is to be started there.
prepare_boot() {
	rm -rf "$sysroot"/etc/systemd/system/* "$sysroot/etc/machine-id"
	cat >"$sysroot/etc/systemd/system/lab.target" <<-EOF
		[Unit]
		Requires=basic.target
		After=basic.target
	EOF
	# No service of this system knows the lab's network.
	ln -s /dev/null \
	    "$sysroot/etc/systemd/system/systemd-networkd-wait-online.service"
	# As udev makes it for everybody.
	mknod -m 666 "$layer/tun" c 10 200
}

# In the gateway; systemd-nspawn(1) starts its systemd.
boot() {
	systemd-nspawn -q --register=no --keep-unit --machine="$lab" \
	    --directory="$sysroot" --bind="$layer/tun:/dev/net/tun" \
	    --network-namespace-path="/run/netns/$gateway" \
	    --capability=CAP_NET_ADMIN,CAP_BPF,CAP_PERFMON \
	    --system-call-filter=bpf \
	    --boot -- --unit=lab.target </dev/null >"$dir/boot.log" 2>&1 &
	nspawn=$!
	wait_for 30 has_first_process && wait_for 180 is_active lab.target
}

has_first_process() {
	init=$(pgrep -P "$nspawn")
}

shut_down() {
	inside systemctl --force poweroff >/dev/null 2>&1
	wait_for 30 gone "$nspawn"
}

inside() { # command ...
	nsenter -t "$init" -m -u -i -n -p -r -w -- "$@"
}

is_active() { # unit
	inside systemctl -q is-active "$1"
}

# The process of a service, as it is called there.
main_pid() { # unit
	inside systemctl show -P MainPID "$1"
}
