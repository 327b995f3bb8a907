#!/bin/sh
# Make the root file system of the virtual machine: root.ext4, vmlinuz and
# initrd in a directory. For run.sh; needs root.
#
#	MIRROR= SECURITY_MIRROR= tests/vm/image.sh directory
set -eu
cd "$(dirname "$0")/../.."
vm=$1
tree=$vm/root

# The packages that a build and the tests ask for, as on any other system.
rm -rf --one-file-system "$tree"
mmdebstrap --mode=root --variant=apt \
    --include=apparmor,ca-certificates,dbus,init,initramfs-tools,iproute2,kmod \
    --include=linux-image-amd64,perl,ppp,pppoe,udev \
    --customize-hook='copy-in tests/deps.sh /root' \
    --customize-hook='chroot "$1" sh /root/deps.sh build test' \
    --customize-hook='rm "$1/root/deps.sh"' \
    bookworm "$tree" \
    "deb $MIRROR bookworm main" \
    "deb $MIRROR bookworm-updates main" \
    "deb $SECURITY_MIRROR bookworm-security main"

mkdir -p "$tree/work/tree" "$tree/work/build"
cp "$tree"/boot/vmlinuz-* "$vm/vmlinuz"
cp "$tree"/boot/initrd.img-* "$vm/initrd"
echo ecdysis >"$tree/etc/hostname"
echo '127.0.0.1 localhost ecdysis' >"$tree/etc/hosts"

# Where the guest begins: guest.sh, of the checkout that it is given.
cat >"$tree/etc/systemd/system/tests.service" <<-'EOT'
	[Unit]
	After=multi-user.target apparmor.service
	SuccessAction=poweroff-force
	FailureAction=poweroff-force

	[Service]
	Type=oneshot
	Delegate=yes
	StandardOutput=file:/dev/ttyS1
	StandardError=inherit
	Environment=HOME=/root
	ExecStart=/bin/sh -ec 'stty -F /dev/ttyS1 raw; cd /work; \
	    tar -x -f /dev/disk/by-id/virtio-source; exec tree/tests/vm/guest.sh'

	[Install]
	WantedBy=graphical.target
EOT
ln -sf /lib/systemd/system/graphical.target \
    "$tree/etc/systemd/system/default.target"
mkdir -p "$tree/etc/systemd/system/graphical.target.wants"
ln -sf ../tests.service "$tree/etc/systemd/system/graphical.target.wants"

rm -f "$vm/root.ext4"
truncate -s 12G "$vm/root.ext4"
mke2fs -q -t ext4 -d "$tree" "$vm/root.ext4"
rm -rf --one-file-system "$tree"
