#!/bin/sh
# Run suites as root in a virtual machine with Debian 12's own kernel.
#
#	tests/vm/run.sh BUILDDIR [-c] [pattern ...]
#
# Patterns are those of tests/run.sh; without one, all end-to-end tests run. -c
# confines the daemons by their AppArmor profiles.
#
# The root file system is made by mmdebstrap(1) in BUILDDIR/vm and stays there;
# it is made again when tests/deps.sh or image.sh has changed. What a run writes
# to it is forgotten. The programs are built outside of the machine, with the
# compiler and the libraries of that file system. What the tests have printed
# is in BUILDDIR/vm/tap afterwards, with the kernel's messages (dmesg); the
# console of the machine is in BUILDDIR/vm/console.
#
# VM_CPUS, VM_MEMORY (in MB) and VM_TIME, a limit in seconds, have defaults.
# MIRROR and SECURITY_MIRROR name other archives.
set -eu
cd "$(dirname "$0")/../.."

export MIRROR="${MIRROR:-http://deb.debian.org/debian}"
security=http://deb.debian.org/debian-security
export SECURITY_MIRROR="${SECURITY_MIRROR:-$security}"

skip() { # reason
	echo "check-vm: skipped: $1"
	exit 0
}

# What decides about the image.
recipe() {
	cat tests/deps.sh tests/vm/image.sh | cksum
}

make_image() {
	[ "$(cat "$vm/recipe" 2>/dev/null)" != "$(recipe)" ] || return 0
	echo "making the root file system, which takes some minutes"
	rm -f "$vm/recipe"
	tests/vm/image.sh "$vm" >"$vm/image.log" 2>&1 || {
		tail -n 20 "$vm/image.log" >&2
		return 1
	}
	recipe >"$vm/recipe"
}

# The unit tests that patterns name.
unit_tests() { # pattern ...
	find tests/unit -name 'check_*.c' | while read -r file; do
		name=$(basename "$file" .c)
		for pattern; do
			# shellcheck disable=SC2254 # a pattern is meant
			case $name in
			$pattern) echo "/work/build/${file%.c}" ;;
			esac
		done
	done | sort -u
}

# Under the paths that they have in the machine.
# shellcheck disable=SC2016,SC2046
build() { # pattern ...
	mkdir -p "$vm/build" "$vm/root"
	unshare -m --propagation private sh -ec '
	    vm=$1
	    shift
	    mount -o loop,ro "$vm/root.ext4" "$vm/root"
	    mount --bind . "$vm/root/work/tree"
	    mount -o remount,bind,ro "$vm/root/work/tree"
	    mount --bind "$vm/build" "$vm/root/work/build"
	    mount -t proc proc "$vm/root/proc"
	    mount --rbind /dev "$vm/root/dev"
	    mount -t tmpfs tmp "$vm/root/tmp"
	    exec chroot "$vm/root" make -s -C /work/tree BUILD=/work/build "$@"
	' sh "$vm" -j"$(getconf _NPROCESSORS_ONLN)" all $(unit_tests "$@") \
	    >"$vm/build.log" 2>&1 || {
		tail -n 20 "$vm/build.log" >&2
		return 1
	}
}

# The files of the checkout as they are now, the programs, and what is to run.
pack() { # argument ...
	printf '%s\n' "$@" >"$vm/arguments"
	git ls-files -z --cached --others --exclude-standard >"$vm/files"
	tar -c -f "$vm/source.tar" --transform='flags=r;s,^,tree/,' \
	    --ignore-failed-read --null -T "$vm/files" 2>/dev/null
	tar -r -f "$vm/source.tar" -C "$vm" --exclude='*.[od]' \
	    build arguments
}

disk() { # name file option
	echo "-drive if=none,id=$1,format=raw,cache=unsafe,file=$2$3" \
	    "-device virtio-blk-pci,drive=$1,serial=$1"
}

# The kernel ends the machine when it panics.
machine() { # seconds accelerator processor option ...
	limit=$1 accel=$2 cpu=$3
	shift 3
	timeout "$limit" qemu-system-x86_64 -machine q35 -accel "$accel" \
	    -cpu "$cpu" -smp "${VM_CPUS:-2}" -m "${VM_MEMORY:-4096}" \
	    -nodefaults -no-user-config -no-reboot -display none \
	    -device virtio-rng-pci -serial "file:$vm/console" \
	    -kernel "$vm/vmlinuz" -initrd "$vm/initrd" "$@" </dev/null
}

# Does this kernel start with KVM? It does not where KVM is that of a virtual
# machine which can nest only kernels made for that. Without a root file system
# it panics at once.
kvm_works() {
	[ -w /dev/kvm ] && machine 20 kvm "$kvm_cpu" \
	    -append "console=ttyS0 panic=-1" >"$vm/kvm.log" 2>&1 &&
	    grep -q 'Linux version' "$vm/console"
}
kvm_cpu=host,arch-capabilities=off

# The machine reads the checkout from a disk and writes what is left of the run
# to another, both of them tar archives: that needs nothing of this system but
# qemu. Its second serial line has the output of the tests.
boot() { # accelerator processor
	truncate -s 0 "$vm/result.tar"
	truncate -s 256M "$vm/result.tar"
	# shellcheck disable=SC2046 # options
	TMPDIR=$vm machine "${VM_TIME:-7200}" "$@" \
	    -append "root=/dev/vda rw console=ttyS0 panic=-1 quiet" \
	    $(disk root "$vm/root.ext4" ,snapshot=on) \
	    $(disk source "$vm/source.tar" ,readonly=on) \
	    $(disk result "$vm/result.tar" '') -serial stdio
}

vm=$(mkdir -p "$1/vm" && cd "$1/vm" && pwd)
shift
[ "$(id -u)" -eq 0 ] || skip "not root: no root file system can be made"
for program in qemu-system-x86_64 mmdebstrap mke2fs; do
	command -v "$program" >/dev/null || skip "no $program"
done
[ -e /dev/loop-control ] || skip "no loop devices"
make_image
set -f # patterns are for tests, not for files
build "$@"
pack "$@"
if kvm_works; then
	set -- kvm "$kvm_cpu"
else
	echo "no KVM that runs this kernel: the processors are emulated," \
	    "which is slow"
	set -- tcg max
fi
begin=$(date +%s)
boot "$@" || {
	tail -n 20 "$vm/console"
	echo "check-vm: the machine failed, or its time was over"
	exit 1
}
echo "the machine ran for $(($(date +%s) - begin)) s"
rm -rf "$vm/tap" "$vm/status"
tar -x -f "$vm/result.tar" -C "$vm"
exit "$(cat "$vm/status")"
