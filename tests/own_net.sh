#!/bin/sh
# Run a command with a loopback interface of its own, if we may: there no
# other program takes a port that a test has just found free.
#
#	tests/own_net.sh command ...
set -eu
if [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null; then
	exec unshare -n sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
exec "$@"
