#!/bin/sh
# Run a command with a loopback interface of its own, if we may: there no
# other program takes a port that a test has just found free. And with an empty
# /run of its own, where the daemons' control sockets are by default.
#
#	tests/own_net.sh command ...
set -eu
if [ "$(id -u)" -ne 0 ] || ! unshare -n true 2>/dev/null; then
	exec "$@"
fi
if ! unshare -m mount -t tmpfs -o mode=755 tmpfs /run 2>/dev/null; then
	exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
exec unshare -n -m sh -c 'mount -t tmpfs -o mode=755 tmpfs /run &&
    ip link set lo up && exec "$@"' sh "$@"
